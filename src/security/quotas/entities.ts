/** Whose quota counts for a client: that of its user and client id, of one of them, or a default (KIP-55). PURE. */
import type { ClientQuota } from '../../cluster/image.ts';
import { boundedKey } from '../../platform/bounded-key.ts';

export type QuotaName = 'producer_byte_rate' | 'consumer_byte_rate' | 'request_percentage' | 'controller_mutation_rate';

export interface Limit {
  readonly bound: number;
  /** Who share the quota: clients of one user, of one client id, or of both together; a key of bounded length. */
  readonly sharedBy: string;
}

/** Stands for the default of its type. */
const ANY = null;

/** From the most special to the least: the user, and the client id; undefined: whatever it is. */
type Level = readonly [user: string | null | undefined, client: string | null | undefined];

export class QuotaTable {
  readonly #byName = new Map<string, Map<string, number>>();

  constructor(quotas: Iterable<ClientQuota>) {
    for (const { entity, values } of quotas) {
      const part = (type: string) => entity.find(({ entityType }) => entityType === type)?.entityName;
      const key = keyOf([part('user'), part('client-id')]);
      for (const [name, value] of values) {
        let byKey = this.#byName.get(name);
        if (byKey === undefined) this.#byName.set(name, (byKey = new Map()));
        byKey.set(key, value);
      }
    }
  }

  /** Whether there is any such quota. */
  has(name: QuotaName): boolean {
    return this.#byName.has(name);
  }

  /** Null where nothing limits the client. `user` without its type. */
  limitOf(name: QuotaName, user: string, clientId: string): Limit | null {
    const byKey = this.#byName.get(name);
    if (byKey === undefined) return null;
    for (const level of levelsOf(user, clientId)) {
      const bound = byKey.get(keyOf(level));
      if (bound === undefined) continue;
      const [ofUser, ofClient] = level;
      return {
        bound,
        sharedBy: boundedKey(
          keyOf([ofUser === undefined ? undefined : user, ofClient === undefined ? undefined : clientId]),
        ),
      };
    }
    return null;
  }
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

function keyOf(level: Level): string {
  return JSON.stringify(level.map((name) => (name === undefined ? 0 : name)));
}
