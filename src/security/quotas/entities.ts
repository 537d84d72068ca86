/** Whose quota counts for a client: that of its user and client id, of one of them, or a default (KIP-55). PURE. */
import { quotaKey, type ClusterImage, type QuotaPart } from '../../cluster/image.ts';
import type { QuotaName } from '../../config/quota-names.ts';
import { differingParts } from '../../cluster/sharing-map.ts';
import { boundedKey } from '../../platform/bounded-key.ts';

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

/** How many entities have a quota of one name: a change of the quotas costs what it changes. */
export class QuotaCount {
  readonly #name: QuotaName;
  #quotas: Quotas = new Map();
  #count = 0;

  constructor(name: QuotaName) {
    this.#name = name;
  }

  /** Among these, which are another map after each change. */
  among(quotas: Quotas): number {
    if (quotas === this.#quotas) return this.#count;
    for (const [before, after] of differingParts(this.#quotas, quotas)) {
      this.#count += this.#countIn(after) - this.#countIn(before);
    }
    this.#quotas = quotas;
    return this.#count;
  }

  #countIn(part: Quotas): number {
    let count = 0;
    for (const { values } of part.values()) if (values.has(this.#name)) count++;
    return count;
  }
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
