/** The quotas of clients, with the windows that the configuration says. */
import type { ClusterImage } from '../../cluster/image.ts';
import { ConfigError } from '../../config/definition.ts';
import type { ServerConfig } from '../../config/server.ts';
import type { Clock } from '../../platform/clock.ts';
import { ClientQuotas } from './client-quotas.ts';

/** @throws {ConfigError} for a class of one's own that would decide on them */
export function openQuotas(config: ServerConfig, image: () => ClusterImage, clock: Clock): ClientQuotas {
  const className = config['client.quota.callback.class'];
  if (className !== null && className !== '') {
    throw new ConfigError(`client.quota.callback.class=${className}: Ottla runs no Java classes: remove it`);
  }
  const windows = { count: config['quota.window.num'], sizeMs: config['quota.window.size.seconds'] * 1000 };
  const mutationWindows = {
    count: config['controller.quota.window.num'],
    sizeMs: config['controller.quota.window.size.seconds'] * 1000,
  };
  return new ClientQuotas({ clock, image, windows, mutationWindows });
}
