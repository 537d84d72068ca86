/**
 * One process's controller, from its first look at etcd to its end. It knows who the active controller is, or is that itself:
 *
 *     standby ──elected──▶ loading ──first commit──▶ active ◀──▶ paused      (election.ts)
 *        ▲                    │                        │            │
 *        └── all is dropped ◀─┴────── deposed ─────────┴────────────┘
 */
import type { ControllerRegistration } from '../cluster/begin-term.ts';
import type { ProbeOutcome, SilentProcess } from '../cluster/broker-heartbeats.ts';
import { Controller } from '../cluster/controller.ts';
import { NotControllerError } from '../cluster/controller-errors.ts';
import { ExpiredTokens } from '../cluster/expired-tokens.ts';
import { eachRecordOf } from '../cluster/image-records.ts';
import { emptyImage, type BrokerImage, type ClusterImage } from '../cluster/image.ts';
import type { EpochEnd } from '../cluster/metadata-directory.ts';
import type { ImageListener } from '../cluster/metadata-loader.ts';
import type { MetadataDraft } from '../cluster/metadata-records.ts';
import type { ServerConfig } from '../config/server.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Random } from '../platform/random.ts';
import { BrokerSessions } from './broker-sessions.ts';
import { FollowedLog } from './followed-log.ts';
import { Followers } from './followers.ts';
import { LeaderBalance } from './leader-balance.ts';
import type { ControllerClaim, ControllerElection, Elected, Leadership, MetadataLog, Term } from './metadata-log.ts';
import { TermMetadataStore } from './term-metadata-store.ts';

export interface ControllerNodeOptions {
  readonly clusterId: string;
  readonly registration: ControllerRegistration;
  readonly claim: ControllerClaim;
  readonly metadataLog: MetadataLog;
  /** Begins to take part in the election. */
  readonly elect: (told: Elected) => ControllerElection;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly config: () => ServerConfig;
  /** Told of every image of a term, so that `config` has what is set for all brokers. */
  readonly configure: (image: ClusterImage) => void;
  /** Told of every change in a term. */
  readonly changed?: ImageListener;
  /** What a new cluster begins with, besides the levels of its features. */
  readonly bootstrap?: () => readonly MetadataDraft[];
  /** A connection attempt to a broker. */
  readonly probeBroker: (broker: BrokerImage) => Promise<ProbeOutcome>;
}

/** Who the active controller is, as far as this process knows. */
export interface Leader {
  readonly nodeId: number;
  readonly epoch: number;
  readonly host: string;
  readonly port: number;
}

/** A term of this process, from the moment on when it serves. */
export interface ActiveController {
  readonly epoch: number;
  readonly controller: Controller;
  readonly store: TermMetadataStore;
  readonly followers: Followers;
  readonly sessions: BrokerSessions;
  readonly balance: LeaderBalance;
  readonly expiredTokens: ExpiredTokens;
  /** False once another one may have been elected. */
  readonly isInOffice: () => boolean;
}

/** A term that this process has given up, for it was cut off from most brokers. */
interface Resigned {
  readonly epoch: number;
  readonly atMs: number;
  /** When brokers were heard of, by their epochs. */
  readonly heard: ReadonlyMap<number, number>;
}

/** Where nobody else hears more, controllers resign no more often: the one that is elected then does what is to be done. */
const RESIGNS_AGAIN_MS = 60_000;

export type ControllerNodeState = 'standby' | 'loading' | 'active' | 'paused' | 'stopped';

export class ControllerNode {
  readonly #options: ControllerNodeOptions;
  readonly #election: ControllerElection;
  readonly #none: ClusterImage;
  #active: ActiveController | null = null;
  /** The log as a standby has read it; of an active one nothing: its term goes on with that. */
  #followed: FollowedLog;
  /** Who has held the claim last, of others. */
  #holder: ControllerClaim | null = null;
  #told: string | null = null;
  #isWritingSnapshot = false;
  #resigned: Resigned | null = null;

  constructor(options: ControllerNodeOptions) {
    this.#options = options;
    this.#none = emptyImage(options.clusterId);
    this.#followed = new FollowedLog(options.metadataLog, options.clusterId);
    this.#election = options.elect({
      elected: (term) => void this.#begin(term),
      deposed: () => this.#end(),
      saw: (seen) => {
        if (seen.claim !== null) this.#holder = seen.claim;
        void this.#follow(seen);
      },
    });
  }

  get nodeId(): number {
    return this.#options.claim.nodeId;
  }

  get clusterId(): string {
    return this.#options.clusterId;
  }

  get registration(): ControllerRegistration {
    return this.#options.registration;
  }

  get state(): ControllerNodeState {
    const { state } = this.#election;
    return state === 'active' && this.#active === null ? 'loading' : state;
  }

  /** Null where this process does not serve; of a paused one, too, for it answers what it knows. */
  get active(): ActiveController | null {
    return this.#active;
  }

  /** As far as this process has read the log: of an active one, as it is. */
  get image(): ClusterImage {
    return this.#active?.controller.image ?? this.#followed.read?.image ?? this.#none;
  }

  /** Null where nobody is known to serve. */
  get leader(): Leader | null {
    const { claim } = this.#options;
    if (this.#active !== null) return { ...claim, epoch: this.#active.epoch };
    const { seen } = this.#election;
    if (seen === null || seen.claim === null || !seen.hasBegun || seen.claim.nodeId === claim.nodeId) return null;
    const { nodeId, host, port } = seen.claim;
    return { nodeId, host, port, epoch: seen.epoch };
  }

  /** How far this process has read the log as a standby; null: it has not yet. */
  get position(): EpochEnd | null {
    const read = this.#followed.read;
    return read === null ? null : { endOffset: read.copy.endOffset, epoch: read.copy.lastEpoch };
  }

  /** The newest epoch that is known. */
  get epoch(): number {
    return this.#active?.epoch ?? this.#election.seen?.epoch ?? 0;
  }

  /** Another one is elected at once. */
  async stop(): Promise<void> {
    await this.#election.stop();
  }

  async #begin(term: Term): Promise<void> {
    const {
      clusterId,
      metadataLog,
      random,
      config,
      configure,
      changed,
      registration,
      clock,
      logger,
      probeBroker,
      bootstrap = () => [],
    } = this.#options;
    const followers = new Followers(clock);
    const startedMs = clock.monotonic();
    let store: TermMetadataStore;
    let controller: Controller;
    try {
      const { image, ...found } = await this.#followed.readOn();
      this.#followNothing(); // a term may last for months: the image that it began with is not kept
      const deposed = (): void => this.#election.lost(term);
      store = new TermMetadataStore({ metadataLog, term, found, clock, deposed, appended: () => followers.appended() });
      controller = new Controller({ store, clusterId, image, random, config, bootstrap, isCluster: true });
      await controller.load();
      configure(image);
      controller.onChange((image) => configure(image));
      if (changed !== undefined) controller.onChange(changed);
      await controller.beginTerm(registration);
    } catch (error) {
      this.#failed(term, error);
      return;
    }
    if (term.isOver) return;
    const before = this.#controllerBefore();
    const heard = this.#heardBefore(term);
    const cutOff = (): void => {
      if (controller.image.controllers.size > 1) this.#cutOff(term, sessions.heard);
    };
    const sessions = new BrokerSessions({
      controller,
      config,
      clock,
      logger,
      probe: probeBroker,
      before,
      heard,
      readUpTo: (brokerId) => followers.endOffsetOf(brokerId) - 1,
      cutOff,
    });
    const balance = new LeaderBalance({ controller, config, clock, logger });
    const expiredTokens = new ExpiredTokens({ controller, config, clock, logger });
    const isInOffice = (): boolean => !term.isOver;
    this.#active = { epoch: term.epoch, controller, store, followers, sessions, balance, expiredTokens, isInOffice };
    controller.onChange(() => this.#mindSnapshot());
    this.#mindSnapshot();
    logger.info('controller-active', { epoch: term.epoch, loadMs: Math.round(clock.monotonic() - startedMs) });
  }

  /** Its claim is over: it has not renewed its lease for as long as that stands, or it has given it back. */
  #controllerBefore(): SilentProcess | null {
    const { claim, config } = this.#options;
    if (this.#holder === null || this.#holder.nodeId === claim.nodeId) return null;
    return { nodeId: this.#holder.nodeId, silentMs: config()['ottla.etcd.lease.ttl.ms'] };
  }

  /** Nobody else was elected since this process has resigned: what it knew of brokers is not of another's time. */
  #heardBefore({ epoch }: Term): ReadonlyMap<number, number> | undefined {
    return this.#resigned?.epoch === epoch - 1 ? this.#resigned.heard : undefined;
  }

  #cutOff(term: Term, heard: ReadonlyMap<number, number>): void {
    const { clock, logger } = this.#options;
    const atMs = clock.monotonic();
    if (this.#resigned !== null && atMs - this.#resigned.atMs < RESIGNS_AGAIN_MS) return;
    if (!this.#election.resign(term)) return;
    this.#resigned = { epoch: term.epoch, atMs, heard };
    const next = 'another controller takes over, which may hear them; where none does, this one is elected again';
    logger.warn('controller-resigned', { error: 'most brokers have not been heard of for long', next });
  }

  /** The log could not be read, or not be appended to: another process may do better, or this one later. */
  #failed(term: Term, error: unknown): void {
    if (!(error instanceof NotControllerError) && !term.isOver) {
      const next = 'it steps down; another controller is elected, or this one again';
      this.#options.logger.error('controller-not-active', { error: (error as Error).message, next });
    }
    this.#election.lost(term);
  }

  /** A standby reads what the active controller has appended. What fails is tried again at the next look. */
  async #follow({ nextOffset }: Leadership): Promise<void> {
    if (nextOffset <= (this.position?.endOffset ?? -1)) return;
    try {
      await this.#followed.readOn();
      this.#told = null;
    } catch (error) {
      const { message } = error as Error;
      if (this.#told === message) return;
      this.#told = message;
      this.#options.logger.warn('metadata-not-followed', { error: message, next: 'it is tried again' });
    }
  }

  #followNothing(): void {
    this.#followed = new FollowedLog(this.#options.metadataLog, this.clusterId);
  }

  #end(): void {
    const active = this.#active;
    this.#active = null;
    if (active === null) return;
    active.sessions.stop();
    active.balance.stop();
    active.expiredTokens.stop();
    active.followers.close();
    void active.controller.close();
  }

  /** Snapshots are written beside the commits; the image they are of does not change. */
  #mindSnapshot(): void {
    const active = this.#active;
    const { config } = this.#options;
    if (active === null || this.#isWritingSnapshot) return;
    if (!active.store.isSnapshotDue(config()['metadata.log.max.record.bytes.between.snapshots'])) return;
    const { image } = active.controller;
    if (image.pending !== null) return;
    this.#isWritingSnapshot = true;
    void this.#writeSnapshot(active, image).finally(() => {
      this.#isWritingSnapshot = false;
    });
  }

  async #writeSnapshot({ store, isInOffice }: ActiveController, image: ClusterImage): Promise<void> {
    const { logger } = this.#options;
    const endOffset = image.revision + 1;
    try {
      const isWritten = await store.writeSnapshot(eachRecordOf(image), image.revision);
      if (isWritten) logger.info('metadata-snapshot', { endOffset, bytes: store.snapshot?.bytes });
    } catch (error) {
      if (!isInOffice()) return;
      logger.warn('metadata-snapshot-failed', { error: (error as Error).message, next: 'the next change tries again' });
    }
  }
}
