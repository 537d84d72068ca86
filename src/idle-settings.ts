/** Says once of each dynamic setting that changes nothing here that it does not; those of the start are told there. */
import { withoutEffect } from './config/settings.ts';
import type { BrokerLayers } from './config/layers.ts';
import type { Logger } from './platform/logger.ts';

export function idleSettings(logger: Logger): (layers: BrokerLayers) => void {
  const told = new Set<string>();
  return ({ cluster, broker }) => {
    const fresh = new Map([...cluster, ...broker].filter(([key]) => !told.has(key)));
    for (const key of fresh.keys()) told.add(key);
    for (const message of withoutEffect(fresh)) logger.warn('configuration', { message });
  };
}
