/** Whose quota counts for a client: that of its user and client id, of one of them, or a default (KIP-55). PURE. */
import { quotaKey, type ClusterImage, type QuotaPart } from '../../cluster/image.ts';
import { boundedKey } from '../../platform/bounded-key.ts';

export type QuotaName = 'producer_byte_rate' | 'consumer_byte_rate' | 'request_percentage' | 'controller_mutation_rate';
type Quotas = ClusterImage['quotas'];

export interface Limit {
  readonly bound: number;
  /** Who share the quota: clients of one user, of one client id, or of both together; a key of bounded length. */
  readonly sharedBy: string;
  /** The user, and the client id, that they have in common; null where they may be any. */
  readonly user: string | null;
  readonly clientId: string | null;
}

/** Stands for the default of its type. */
const ANY = null;

/** From the most special to the least: the user, and the client id; undefined: whatever it is. */
type Level = readonly [user: string | null | undefined, client: string | null | undefined];

/** Whether there is any such quota. */
export function hasQuota(quotas: Quotas, name: QuotaName): boolean {
  for (const { values } of quotas.values()) if (values.has(name)) return true;
  return false;
}

/** Null where nothing limits the client. `user` without its type. */
export function limitOf(quotas: Quotas, name: QuotaName, user: string, clientId: string): Limit | null {
  for (const level of levelsOf(user, clientId)) {
    const bound = quotas.get(quotaKey(partsOf(level)))?.values.get(name);
    if (bound === undefined) continue;
    const [ofUser, ofClient] = level;
    const shared = [ofUser === undefined ? null : user, ofClient === undefined ? null : clientId] as const;
    return { bound, sharedBy: boundedKey(JSON.stringify(shared)), user: shared[0], clientId: shared[1] };
  }
  return null;
}

function levelsOf(user: string, clientId: string): readonly Level[] {
  return [
    [user, clientId],
    [user, ANY],
    [user, undefined],
    [ANY, clientId],
    [ANY, ANY],
    [ANY, undefined],
    [undefined, clientId],
    [undefined, ANY],
  ];
}

function partsOf([user, clientId]: Level): QuotaPart[] {
  const parts: QuotaPart[] = [];
  if (clientId !== undefined) parts.push({ entityType: 'client-id', entityName: clientId });
  if (user !== undefined) parts.push({ entityType: 'user', entityName: user });
  return parts;
}
