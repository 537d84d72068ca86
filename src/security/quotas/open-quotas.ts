/** The quotas of clients, with the windows that the configuration says. */
import type { ClusterImage } from '../../cluster/image.ts';
import { refuseClass } from '../../config/java-classes.ts';
import type { ServerConfig } from '../../config/server.ts';
import type { Clock } from '../../platform/clock.ts';
import { ClientQuotas } from './client-quotas.ts';

/** @throws {ConfigError} for a class of one's own that would decide on them */
export function openQuotas(config: ServerConfig, image: () => ClusterImage, clock: Clock): ClientQuotas {
  refuseClass('client.quota.callback.class', config['client.quota.callback.class'], []);
  const windows = { count: config['quota.window.num'], sizeMs: config['quota.window.size.seconds'] * 1000 };
  const mutationWindows = {
    count: config['controller.quota.window.num'],
    sizeMs: config['controller.quota.window.size.seconds'] * 1000,
  };
  return new ClientQuotas({ clock, image, windows, mutationWindows });
}
