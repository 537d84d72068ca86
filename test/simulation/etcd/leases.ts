/** The leases of a simulated etcd, and when each runs out. Pure: it is told the time. */
import type { EtcdId } from '../../../src/etcd/channel.ts';

/** etcd's least: 1.5 × its election time-out, in whole seconds. */
const LEAST_TTL_S = 2;
export const ELECTION_MS = 1000;

interface Lease {
  readonly ttlS: number;
  expiresMs: number;
}

export class Leases {
  readonly #byId = new Map<EtcdId, Lease>();

  has(id: EtcdId): boolean {
    return this.#byId.has(id);
  }

  /** Answers the seconds granted. */
  grant(id: EtcdId, ttl: number, nowMs: number): number {
    const ttlS = Math.max(ttl, LEAST_TTL_S);
    this.#byId.set(id, { ttlS, expiresMs: nowMs + ttlS * 1000 });
    return ttlS;
  }

  /** Answers its time to live, 0: there is no such lease. */
  renew(id: EtcdId, nowMs: number): number {
    const lease = this.#byId.get(id);
    if (lease === undefined) return 0;
    lease.expiresMs = nowMs + lease.ttlS * 1000;
    return lease.ttlS;
  }

  /** Whether it was there. */
  revoke(id: EtcdId): boolean {
    return this.#byId.delete(id);
  }

  timeToLive(id: EtcdId, nowMs: number): { readonly ttl: number; readonly grantedTtl: number } {
    const lease = this.#byId.get(id);
    if (lease === undefined) return { ttl: -1, grantedTtl: 0 };
    return { ttl: Math.floor((lease.expiresMs - nowMs) / 1000), grantedTtl: lease.ttlS };
  }

  /** lessor.Promote, at each change of the leader: to now, plus the election time-out, plus the whole time to live. */
  extendAll(nowMs: number): void {
    for (const lease of this.#byId.values()) lease.expiresMs = nowMs + ELECTION_MS + lease.ttlS * 1000;
  }

  expired(nowMs: number): EtcdId[] {
    return [...this.#byId].flatMap(([id, { expiresMs }]) => (expiresMs <= nowMs ? [id] : []));
  }
}
