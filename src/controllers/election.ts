/**
 * One controller's part in the election of the active one. etcd's key decides who that is; this is about when to ask for it, when
 * to stop acting, and how the key of a dead one goes away.
 *
 *     standby ──nobody holds the key──▶ campaigning ──claimed──▶ active ──⅔ of the TTL without a keepalive──▶ paused
 *        ▲                                  │ another was faster   │ ▲                                           │
 *        │                                  ▼                      │ └── keepalive answered, the key is mine ────┤
 *        └──────────────── steps down: keepalive ends, then the lease is revoked ◀── deposed, key gone or another's
 *
 * A process that steps down ends its keepalive before all else: one that acts no longer, and keeps its lease, blocks every
 * election. And etcd gives all leases their whole time again at each change of its own leader, so that the key of a dead process
 * may stand for long: a standby that finds nobody at its address, twice, revokes its lease (docs/decisions/0023).
 */
import type { EtcdClient } from '../etcd/client.ts';
import { AmbiguousError, RefusedError, UnreachableError } from '../etcd/client.ts';
import { LeaseKeeper } from '../etcd/lease-keeper.ts';
import { Watcher } from '../etcd/watcher.ts';
import type { EtcdId } from '../etcd/channel.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Random } from '../platform/random.ts';
import type { EtcdKeys, StoredClaim } from './etcd-keys.ts';
import type { EtcdMetadataLog, EtcdTerm } from './etcd-metadata-log.ts';
import type { ControllerClaim } from './metadata-log.ts';

/** What a look at a controller's address finds: the very process, none that listens (or another one), or no answer at all. */
export type Sighting = 'there' | 'gone' | 'silent';

export interface ElectionOptions {
  readonly client: EtcdClient;
  readonly keys: EtcdKeys;
  readonly metadataLog: EtcdMetadataLog;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly claim: ControllerClaim;
  /** ottla.etcd.lease.ttl.ms, in whole seconds. */
  readonly ttlMs: number;
  readonly look: (claim: ControllerClaim) => Promise<Sighting>;
  /** This process may append from now on, under this term. */
  readonly elected: (term: EtcdTerm) => void;
  /** It may not any more; what it has decided and not appended is void. */
  readonly deposed: (term: EtcdTerm) => void;
}

export type ElectionState = 'standby' | 'campaigning' | 'active' | 'paused' | 'stopped';

/** The state is looked at this often, whatever is heard meanwhile. */
const CHECK_MS = 200;
/** Between two looks at an address where nobody was. */
const LOOK_AGAIN_MS = 200;
/** Nobody was there so many times: it is dead. */
const LOOKS = 2;
const LEASE_BYTES = 8;

export class Election {
  #state: ElectionState = 'standby';
  #term: EtcdTerm | null = null;
  #keeper: LeaseKeeper | null = null;
  #timer: Timer | null = null;
  /** A step is under way that waits for etcd, or for a look. */
  #isBusy = false;
  #lastRevokedMs = -Infinity;
  readonly #options: ElectionOptions;
  readonly #watcher: Watcher;

  constructor(options: ElectionOptions) {
    this.#options = options;
    const { client, clock, keys } = options;
    this.#watcher = new Watcher({ client, clock, key: keys.controller, changed: () => this.#check() });
    this.#checkLater();
  }

  get state(): ElectionState {
    return this.#state;
  }

  /** Null unless this process may append; of a paused one, too, for it answers what it knows. */
  get term(): EtcdTerm | null {
    return this.#term;
  }

  /** To be called when an append was told 'deposed'. */
  lost(term: EtcdTerm): void {
    if (term === this.#term) void this.#stepDown();
  }

  /** The key goes away, so that another one is elected at once. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#watcher.stop();
    await this.#stepDown();
    this.#state = 'stopped';
  }

  #checkLater(): void {
    this.#timer = this.#options.clock.after(CHECK_MS, () => {
      this.#checkLater();
      this.#check();
    });
  }

  #check(): void {
    if (this.#isBusy || this.#state === 'stopped') return;
    this.#isBusy = true;
    this.#step()
      .catch((error: unknown) => {
        if (isOfEtcd(error)) return; // asked again at the next check
        this.#options.logger.error('election-failed', { error: (error as Error).stack ?? String(error) });
      })
      .finally(() => {
        this.#isBusy = false;
      });
  }

  async #step(): Promise<void> {
    if (this.#term !== null) return this.#look(this.#term);
    const holder = await this.#options.metadataLog.holder();
    if (holder === null) return this.#campaign();
    if (this.#state !== 'standby') return;
    const { nodeId, incarnation } = this.#options.claim;
    // A former life of this process: it does not come back.
    if (holder.nodeId === nodeId && holder.incarnation !== incarnation) return this.#revoke(holder);
    if (await this.#isDead(holder)) await this.#revoke(holder);
  }

  /** Whether to go on as the active controller. */
  async #look(term: EtcdTerm): Promise<void> {
    const { ttlMs, metadataLog } = this.#options;
    const isSilent = this.#keeper!.silentMs >= (ttlMs * 2) / 3;
    if (this.#state === 'active') {
      if (isSilent) this.#state = 'paused';
      return;
    }
    if (isSilent) return;
    if (!(await metadataLog.isHeld(term))) return this.#stepDown();
    if (this.#term === term) this.#state = 'active';
  }

  async #isDead(holder: StoredClaim): Promise<boolean> {
    const { look, clock, ttlMs } = this.#options;
    if (clock.monotonic() - this.#lastRevokedMs < ttlMs) return false;
    for (let looks = 0; looks < LOOKS; looks++) {
      if (looks > 0) await new Promise<void>((resolve) => void clock.after(LOOK_AGAIN_MS, resolve));
      if ((await look(holder)) !== 'gone') return false;
    }
    return true;
  }

  async #revoke({ leaseId, nodeId }: StoredClaim): Promise<void> {
    const { client, clock, logger } = this.#options;
    this.#lastRevokedMs = clock.monotonic();
    logger.warn('controller-gone', { node: nodeId, next: 'its claim ends, and another controller is elected' });
    await client.leaseRevoke(leaseId);
  }

  async #campaign(): Promise<void> {
    const { client, clock, metadataLog, claim, ttlMs } = this.#options;
    this.#state = 'campaigning';
    const leaseId = this.#newLeaseId();
    let term: EtcdTerm | null = null;
    try {
      await client.leaseGrant(leaseId, Math.ceil(ttlMs / 1000));
      term = await metadataLog.claim(claim, leaseId);
    } finally {
      if (term === null) {
        this.#state = 'standby';
        await client.leaseRevoke(leaseId).catch(() => {}); // it runs out
      }
    }
    if (term === null) return;
    this.#term = term;
    this.#state = 'active';
    this.#keeper = new LeaseKeeper({ client, clock, leaseId, ttlMs, gone: () => void this.#stepDown() });
    this.#options.logger.info('controller-elected', { epoch: term.epoch });
    this.#options.elected(term);
  }

  async #stepDown(): Promise<void> {
    const term = this.#term;
    if (term === null) return;
    const { client, deposed } = this.#options;
    this.#keeper!.stop();
    this.#keeper = null;
    this.#term = null;
    this.#state = 'standby';
    term.isOver = true;
    deposed(term);
    await client.leaseRevoke(term.claim.leaseId).catch(() => {}); // it runs out
  }

  /** 63 random bits, as etcd's clients choose them. */
  #newLeaseId(): EtcdId {
    const bytes = Buffer.alloc(LEASE_BYTES);
    this.#options.random.fill(bytes);
    bytes[0] &= 0x7f;
    return bytes.readBigInt64BE().toString();
  }
}

function isOfEtcd(error: unknown): boolean {
  return error instanceof UnreachableError || error instanceof AmbiguousError || error instanceof RefusedError;
}
