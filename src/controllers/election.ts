/**
 * One controller's part in the election of the active one. etcd's key decides who that is; this is about when to ask for it, when
 * to stop acting, and how the key of a dead one goes away.
 *
 *     standby ──nobody holds the key: claimed──▶ active ──⅔ of the TTL without a keepalive──▶ paused
 *        ▲                                          │ ▲                                           │
 *        │                                          │ └── keepalive answered, the key is mine ────┤
 *        └── steps down: keepalive ends, then the lease is revoked ◀── deposed, key gone or another's, resigned
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
import type { EtcdLeadership, EtcdMetadataLog, EtcdTerm } from './etcd-metadata-log.ts';
import type { ControllerClaim, ControllerElection, Leadership, Term } from './metadata-log.ts';

/** What is found at a controller's address: that very process, none that listens (or another one), or no answer. */
export type ProbeResult = 'there' | 'gone' | 'silent';

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
  /** Asked at each check: a connection that stands is answer enough. */
  readonly probe: (claim: ControllerClaim) => Promise<ProbeResult>;
  /** What a standby's look at etcd has found. */
  readonly saw: (seen: Leadership) => void;
  /** This process may append from now on, under this term. */
  readonly elected: (term: EtcdTerm) => void;
  /** It may not any more; what it has decided and not appended is void. */
  readonly deposed: (term: EtcdTerm) => void;
}

export type ElectionState = ControllerElection['state'];

/** The state is looked at this often, whatever is heard meanwhile. */
const CHECK_MS = 200;
/** etcd is asked this often, whatever the watch tells: versions of it lose events. */
const READ_MS = 1000;
/** Between two probes of an address where nobody listened. */
const PROBE_AGAIN_MS = 200;
/** Who has resigned asks for the claim no sooner: all others have looked at etcd by then. */
const OTHERS_FIRST_MS = READ_MS + 2 * CHECK_MS;
/** A controller is dead when so many probes have found nobody. */
const PROBES = 2;
const LEASE_BYTES = 8;
/** A step under way may wait for an etcd that is away; a process that stops does not. */
const STOP_MS = 1000;

export class Election implements ControllerElection {
  #isStopped = false;
  /** Keepalives are not answered: nothing is decided. */
  #isPaused = false;
  #term: EtcdTerm | null = null;
  #keeper: LeaseKeeper | null = null;
  #timer: Timer | null = null;
  /** A step under way, which waits for etcd or for a probe. */
  #stepping: Promise<void> | null = null;
  #lastRevokedMs = -Infinity;
  /** It has resigned: others come first until then. */
  #campaignsAtMs = -Infinity;
  #seen: EtcdLeadership | null = null;
  /** When etcd was asked for that. */
  #readMs = -Infinity;
  /** The watch has told that what was seen may be old. */
  #isTold = false;
  /** The last probe has found the process that was seen. */
  #isHolderThere = false;
  #isEtcdAway = false;
  readonly #options: ElectionOptions;
  /** Of a standby: the active controller has its lease and its commits to tell it. */
  #watcher: Watcher | null = null;

  constructor(options: ElectionOptions) {
    this.#options = options;
    this.#watch();
    this.#checkLater();
  }

  get state(): ElectionState {
    if (this.#isStopped) return 'stopped';
    if (this.#term === null) return 'standby';
    return this.#isPaused ? 'paused' : 'active';
  }

  /** Null unless this process may append; of a paused one, too, for it answers what it knows. */
  get term(): EtcdTerm | null {
    return this.#term;
  }

  /** What etcd said of the active controller when it was asked last; null: it was not asked yet. */
  get seen(): EtcdLeadership | null {
    return this.#seen;
  }

  /** To be called when an append was told 'deposed'. */
  lost(term: EtcdTerm): void {
    if (term === this.#term) void this.#stepDown();
  }

  resign(term: Term): boolean {
    if (term !== this.#term) return false;
    this.#campaignsAtMs = this.#options.clock.monotonic() + OTHERS_FIRST_MS;
    void this.#stepDown();
    return true;
  }

  /** The key goes away, so that another one is elected at once. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#unwatch();
    await Promise.race([this.#stepping, this.#after(STOP_MS)]); // what a step claims later it gives back itself
    await this.#stepDown();
  }

  #watch(): void {
    const { client, clock, keys } = this.#options;
    const changed = (): void => {
      this.#isTold = true;
      this.#check();
    };
    this.#watcher ??= new Watcher({ client, clock, ...keys.leadership, changed });
  }

  #unwatch(): void {
    this.#watcher?.stop();
    this.#watcher = null;
    this.#isTold = false;
  }

  #checkLater(): void {
    this.#timer = this.#options.clock.after(CHECK_MS, () => {
      this.#checkLater();
      this.#check();
    });
  }

  #check(): void {
    if (this.#stepping !== null || this.#isStopped) return;
    this.#stepping = this.#step()
      .then(() => this.#etcdIs(this.#isPaused ? 'its keepalives are not answered' : null))
      .catch((error: unknown) => {
        if (this.#isStopped) return;
        if (isOfEtcd(error)) return this.#etcdIs((error as Error).message); // asked again at the next check
        this.#options.logger.error('election-failed', { error: (error as Error).stack ?? String(error) });
      })
      .finally(() => {
        this.#stepping = null;
        if (this.#isTold) this.#check();
      });
  }

  async #step(): Promise<void> {
    if (this.#term !== null) return this.#review(this.#term);
    const { claim: holder } = await this.#look();
    if (holder === null) return this.#hasToWait() ? undefined : this.#campaign();
    if (this.#isStopped) return;
    if ((await this.#isFormerLife(holder)) || (await this.#isDead(holder))) await this.#revoke(holder);
  }

  /** Whether a former life of this process has made the claim: it does not come back. It may have been on another machine. */
  async #isFormerLife(holder: StoredClaim): Promise<boolean> {
    const { claim, probe } = this.#options;
    if (holder.nodeId !== claim.nodeId || holder.incarnation === claim.incarnation) return false;
    if (holder.host === claim.host && holder.port === claim.port) return true;
    return (await probe(holder)) !== 'there'; // else one that lives has the same node.id
  }

  #hasToWait(): boolean {
    return this.#options.clock.monotonic() < this.#campaignsAtMs;
  }

  /** Who holds the claim: as etcd says, or as it has said where nothing speaks against it. */
  async #look(): Promise<EtcdLeadership> {
    const { metadataLog, clock, saw } = this.#options;
    const nowMs = clock.monotonic();
    const isFresh = this.#isHolderThere && !this.#isTold && nowMs - this.#readMs < READ_MS;
    this.#isHolderThere = false; // until it is found again
    if (isFresh && this.#seen?.hasBegun === true) return this.#seen;
    this.#isTold = false;
    const seen = await metadataLog.leader();
    this.#readMs = nowMs;
    this.#seen = seen;
    saw(seen);
    return seen;
  }

  /** One line when it goes, one when it is back; null: it answers. */
  #etcdIs(trouble: string | null): void {
    const { logger } = this.#options;
    if (this.#isEtcdAway === (trouble !== null)) return;
    this.#isEtcdAway = trouble !== null;
    if (trouble === null) return logger.info('etcd-is-back', { state: this.state });
    logger.warn('etcd-is-away', {
      error: trouble,
      next: 'nothing changes in the cluster until it answers; records go on',
    });
  }

  /** Whether to go on as the active controller. */
  async #review(term: EtcdTerm): Promise<void> {
    const { ttlMs, metadataLog } = this.#options;
    const isSilent = this.#keeper!.silentMs >= (ttlMs * 2) / 3;
    if (isSilent) this.#isPaused = true;
    else if (this.#isPaused) {
      if (!(await metadataLog.isHeld(term))) return this.#stepDown();
      this.#isPaused = false;
    }
  }

  async #isDead(holder: StoredClaim): Promise<boolean> {
    const { probe, clock, ttlMs } = this.#options;
    if (clock.monotonic() - this.#lastRevokedMs < ttlMs) return false;
    for (let probes = 0; probes < PROBES; probes++) {
      if (probes > 0) await this.#after(PROBE_AGAIN_MS);
      if (this.#isTold) return false; // it may be another one by now
      const found = await probe(holder);
      this.#isHolderThere = found === 'there';
      if (found !== 'gone') return false;
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
    const leaseId = this.#newLeaseId();
    let term: EtcdTerm | null = null;
    try {
      await client.leaseGrant(leaseId, Math.ceil(ttlMs / 1000));
      if (!this.#isStopped) term = await metadataLog.claim(claim, leaseId);
    } finally {
      if (term === null || this.#isStopped) await client.leaseRevoke(leaseId).catch(() => {}); // it runs out
    }
    if (term === null || this.#isStopped) return;
    this.#term = term;
    this.#isPaused = false;
    this.#unwatch();
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
    term.isOver = true;
    if (!this.#isStopped) this.#watch();
    deposed(term);
    await client.leaseRevoke(term.claim.leaseId).catch(() => {}); // it runs out
  }

  #after(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#options.clock.after(delayMs, resolve));
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
