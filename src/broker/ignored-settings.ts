/** Logs, once a key, dynamic settings that have no effect here. The command line reports those given at start. */
import { withoutEffect } from '../config/settings.ts';
import type { BrokerLayers } from '../config/layers.ts';
import type { Logger } from '../platform/logger.ts';

export function ignoredSettings(logger: Logger): (layers: BrokerLayers) => void {
  const told = new Set<string>();
  return ({ cluster, broker }) => {
    const fresh = new Map([...cluster, ...broker].filter(([key]) => !told.has(key)));
    for (const key of fresh.keys()) told.add(key);
    for (const message of withoutEffect(fresh)) logger.warn('configuration', { message });
  };
}
