/** The limits on connections as the configuration and the client quotas have them now. */
import type { Parts } from '../apis/broker-parts.ts';
import { quotaKey } from '../cluster/image.ts';
import { effectiveText } from '../config/layers.ts';
import { UNLIMITED, type ConnectionLimits, type LimitsInForce } from '../net/connection-quotas.ts';

/** What the limits are read from; a controller has these, too. */
export type LimitingParts = Parts<'config' | 'layers' | 'metadata'>;

export function connectionLimits(parts: LimitingParts): LimitsInForce {
  let overridesText = '';
  let overrides = new Map<string, number>();
  return {
    ofBroker: () => ({
      maxConnections: parts.config['max.connections'],
      creationRate: parts.config['max.connection.creation.rate'],
    }),
    ofListener: (listener) => listenerLimits(parts, listener),
    ofAddress: (address) => {
      const { config } = parts;
      const text = config['max.connections.per.ip.overrides'];
      if (text !== overridesText) [overridesText, overrides] = [text, parseOverrides(text)];
      return {
        maxConnections: overrides.get(address) ?? config['max.connections.per.ip'],
        creationRate: addressRate(parts, address),
      };
    },
    rateWindowSeconds: () => (parts.config['quota.window.num'] - 1) * parts.config['quota.window.size.seconds'],
  };
}

/** `listener.name.<listener>.…`, where it is set. */
function listenerLimits({ layers }: LimitingParts, listener: string): ConnectionLimits {
  const limit = (key: string): number => {
    const value = Number(effectiveText(layers, `listener.name.${listener.toLowerCase()}.${key}`) ?? UNLIMITED);
    return Number.isFinite(value) ? value : UNLIMITED;
  };
  return { maxConnections: limit('max.connections'), creationRate: limit('max.connection.creation.rate') };
}

/** `127.0.0.1:10,::1:20`; an entry that is not a pair is ignored. */
function parseOverrides(text: string): Map<string, number> {
  const pairs = text.split(',').flatMap((pair): [string, number][] => {
    const colon = pair.lastIndexOf(':');
    const limit = Number(pair.slice(colon + 1));
    return colon > 0 && Number.isInteger(limit) ? [[pair.slice(0, colon).trim(), limit]] : [];
  });
  return new Map(pairs);
}

/** The quota of the address, otherwise the default quota of all addresses. */
function addressRate({ metadata }: LimitingParts, address: string): number {
  const { quotas } = metadata.image;
  if (quotas.size === 0) return UNLIMITED;
  for (const entityName of [address, null]) {
    const rate = quotas.get(quotaKey([{ entityType: 'ip', entityName }]))?.values.get('connection_creation_rate');
    if (rate !== undefined) return rate;
  }
  return UNLIMITED;
}
