/**
 * What coordinators of every kind have in common: the partitions of an internal topic that this broker leads, read when it
 * begins to lead them, written before anything takes effect, and dropped when it leads them no longer. Like CoordinatorRuntime
 * in Kafka; docs/decisions/0015 says where it differs.
 */
import { ErrorCode } from '../../protocol/errors.ts';
import type { RecordDraft } from '../../protocol/records/encode.ts';
import { LogError, type AppendOptions } from '../partitions/partition.ts';
import type { OnUnreadable } from '../partitions/record-pieces.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { allOf, andThen, type Answer } from './answers.ts';
import { appendError } from './append-error.ts';
import type { AppendReceipt, StatePartition } from './state-partition.ts';
import { CoordinatorShard } from './coordinator-shard.ts';
import { SlicedTasks, type SlicedTask } from './sliced-tasks.ts';

export interface CoordinatorKind<State, R> {
  /** Stands in front of the events that the log is told: 'group', 'transaction'. */
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The partition of the internal topic where this broker leads it. */
  partitionOf(index: number): StatePartition | undefined;
  newState(): State;
  /** Reads the log into the state, a piece at each turn. */
  load(partition: StatePartition, state: State, index: number, onUnreadable: OnUnreadable): Iterator<void>;
  /** Milliseconds since 1970. */
  encode(record: R, nowMs: number): RecordDraft;
  /**
   * Lets a record take effect that has been appended at `offset`; `producerId` is that of its transaction, -1 outside of one.
   */
  replay(state: State, record: R, producerId: number, offset: number): void;
  /** How long answers wait for what the leader before has appended. */
  readonly loadedTimeoutMs: number;
  /** The shard answers from now on. */
  loaded(shard: CoordinatorShard<State>): void;
  /** The shard is closed: its parked requests are told `errorCode`, and its timers end. */
  unloaded(shard: CoordinatorShard<State>, errorCode: number): void;
}

export interface WriteOptions {
  /** How long answers wait for the records to be committed. */
  readonly timeoutMs: number;
  readonly transaction?: AppendOptions['transaction'];
}

export interface SweepOptions<State> {
  readonly shards?: readonly CoordinatorShard<State>[];
  /** Called at the end, after a failure too; not where the coordinator stops before. */
  readonly done?: () => void;
}

/** Of the many partitions that are led at once, all after the first few are read between requests. */
const LOAD_REST_MS = 100;
/** Large enough for any group but few, small enough for one batch. */
export const RECORDS_A_BATCH = 1000;
/** The partition is not led here any more, or cannot be read: to load it again would be to coordinate from an old log. */
const GONE: ReadonlySet<number> = new Set([
  ErrorCode.KAFKA_STORAGE_ERROR,
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
]);

export class CoordinatorRuntime<State, R> {
  readonly #kind: CoordinatorKind<State, R>;
  readonly #shards = new Map<number, CoordinatorShard<State>>();
  readonly #loads = new Map<CoordinatorShard<State>, SlicedTask>();
  readonly #loader: SlicedTasks;
  readonly #sweeper: SlicedTasks;

  constructor(kind: CoordinatorKind<State, R>) {
    this.#kind = kind;
    this.#loader = new SlicedTasks(kind.clock, LOAD_REST_MS);
    this.#sweeper = new SlicedTasks(kind.clock, 0);
  }

  /**
   * This broker leads the partition now: its state is read from the log, and served from then on. A small log is read when
   * this returns; while a large one is, clients are told COORDINATOR_LOAD_IN_PROGRESS.
   */
  onLeader(index: number, leaderEpoch: number): void {
    const partition = this.#kind.partitionOf(index);
    const present = this.#shards.get(index);
    // A topic that was deleted and made again has another log, and its epochs begin anew.
    if (present !== undefined && present.partition === partition && present.leaderEpoch >= leaderEpoch) return;
    this.onResign(index);
    if (partition === undefined) return;
    const shard = new CoordinatorShard({ index, leaderEpoch }, this.#kind.newState(), partition, (lost, errorCode) =>
      this.#lose(lost, errorCode),
    );
    const unreadable = new UnreadableRecords();
    const load: SlicedTask = {
      pieces: this.#kind.load(partition, shard.state, index, unreadable.add),
      done: () => {
        if (unreadable.count > 0) this.#passedOver(shard, unreadable);
        this.#loaded(shard);
      },
      failed: (error) => this.#loadFailed(shard, error),
    };
    this.#shards.set(index, shard);
    this.#loads.set(shard, load);
    this.#loader.start(load);
  }

  #loaded(shard: CoordinatorShard<State>): void {
    this.#loads.delete(shard);
    // The leader before may have appended what not every replica has: the state tells of it already.
    const end = shard.partition.uncommittedEnd();
    if (end !== null) shard.note(end, this.#kind.loadedTimeoutMs);
    shard.activate();
    this.#kind.loaded(shard);
  }

  /** One line, however many they are: a client that may write to the topic must not fill the disk with lines. */
  #passedOver({ index }: CoordinatorShard<State>, { count, offset, error }: UnreadableRecords): void {
    const next = 'nothing: the state is what all other records tell; dump the log to see who wrote these';
    const facts = { partition: index, count, firstOffset: offset, error: String(error), next };
    this.#kind.logger.warn(`${this.#kind.name}.records-unreadable`, facts);
  }

  /** One damaged partition must not take the broker down: its state has no coordinator, all others have. */
  #loadFailed(shard: CoordinatorShard<State>, error: unknown): void {
    this.#loads.delete(shard);
    this.#shards.delete(shard.index);
    shard.close();
    this.#kind.logger.error(`${this.#kind.name}.load-failed`, { partition: shard.index, error: String(error) });
  }

  /** Another broker leads the partition, or none: clients that wait, and clients that come, are told NOT_COORDINATOR. */
  onResign(index: number): void {
    const shard = this.#shards.get(index);
    if (shard === undefined) return;
    const load = this.#loads.get(shard);
    this.#shards.delete(index);
    this.#loads.delete(shard);
    shard.close();
    if (load !== undefined) this.#loader.cancel(load);
    else this.#kind.unloaded(shard, ErrorCode.NOT_COORDINATOR);
  }

  /**
   * A write has taken effect in the state, and may be in the log or not: the state is dropped, and read again from the log,
   * at once or when this broker leads the partition the next time.
   */
  #lose(shard: CoordinatorShard<State>, errorCode: number): void {
    if (this.#shards.get(shard.index) !== shard) return;
    this.#kind.logger.error(`${this.#kind.name}.append-lost`, { partition: shard.index, errorCode });
    this.onResign(shard.index);
    if (!GONE.has(errorCode)) this.onLeader(shard.index, shard.leaderEpoch);
  }

  /** Ends the waits of all clients and leaves no timer behind. */
  stop(): void {
    for (const index of this.#shards.keys()) this.onResign(index);
    this.#loader.stop();
    this.#sweeper.stop();
  }

  /** The shard, or the error that a client is told which asks for it. */
  find(index: number): CoordinatorShard<State> | number {
    const shard = this.#shards.get(index);
    if (shard === undefined) return ErrorCode.NOT_COORDINATOR;
    if (shard.isActive) return shard;
    return shard.isLoading ? ErrorCode.COORDINATOR_LOAD_IN_PROGRESS : ErrorCode.NOT_COORDINATOR;
  }

  get isLoading(): boolean {
    return this.#loads.size > 0;
  }

  /** All that is led, whether or not it has been read. */
  shards(): CoordinatorShard<State>[] {
    return [...this.#shards.values()];
  }

  /** Those that have been read. */
  active(): CoordinatorShard<State>[] {
    return this.shards().filter(({ isActive }) => isActive);
  }

  /** An answer that tells of all that is coordinated here as it is now, once that is committed. */
  whenAllCommitted<T>(answer: T, refuse: (errorCode: number) => T): Answer<T> {
    return andThen(allOf(this.active().map((shard) => shard.committed())), (outcomes) =>
      outcomes.every((errorCode) => errorCode === ErrorCode.NONE)
        ? answer
        : refuse(ErrorCode.COORDINATOR_NOT_AVAILABLE),
    );
  }

  /** Appends records and lets them take effect. NONE, or what the client is told. */
  write(shard: CoordinatorShard<State>, records: readonly R[], options: WriteOptions): number {
    for (let from = 0; from < records.length; from += RECORDS_A_BATCH) {
      const batch = records.slice(from, from + RECORDS_A_BATCH);
      const appended = this.#append(shard, batch, options);
      if (typeof appended === 'number') return appended;
      let offset = appended.lastOffset - batch.length + 1;
      for (const record of batch) {
        this.#kind.replay(shard.state, record, options.transaction?.producerId ?? -1, offset++);
      }
    }
    return ErrorCode.NONE;
  }

  /** Appends records as one batch; the caller lets them take effect. NONE, or what the client is told: nothing was appended. */
  append(shard: CoordinatorShard<State>, records: readonly R[], options: WriteOptions): number {
    const appended = this.#append(shard, records, options);
    return typeof appended === 'number' ? appended : ErrorCode.NONE;
  }

  #append(
    shard: CoordinatorShard<State>,
    records: readonly R[],
    { timeoutMs, transaction }: WriteOptions,
  ): AppendReceipt | number {
    if (!shard.isActive) return ErrorCode.NOT_COORDINATOR;
    const { name, clock, logger } = this.#kind;
    const nowMs = clock.now();
    try {
      const drafts = records.map((record) => this.#kind.encode(record, nowMs));
      const receipt = shard.partition.appendRecords(drafts, { transaction });
      shard.note(receipt, timeoutMs);
      return receipt;
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
      logger.error(`${name}.append-failed`, { partition: shard.index, error: error.message });
      return appendError(error.errorCode);
    }
  }

  /** Goes over the state of all shards, or of one, in slices between requests; a shard that closes meanwhile is passed over. */
  sweep(
    visit: (shard: CoordinatorShard<State>) => Iterator<void>,
    { shards = this.active(), done = () => {} }: SweepOptions<State> = {},
  ): void {
    this.#sweeper.start({
      pieces: sweepOf(shards, visit),
      done,
      failed: (error) => {
        this.#kind.logger.error(`${this.#kind.name}.sweep-failed`, { error: String(error) });
        done();
      },
    });
  }
}

/** What a load has passed over. */
class UnreadableRecords {
  count = 0;
  /** Of the first. */
  offset = -1;
  error: Error | null = null;

  readonly add: OnUnreadable = (offset, error) => {
    if (this.count++ > 0) return;
    this.offset = offset;
    this.error = error;
  };
}

function* sweepOf<State>(
  shards: readonly CoordinatorShard<State>[],
  visit: (shard: CoordinatorShard<State>) => Iterator<void>,
): Generator<void> {
  for (const shard of shards) {
    const pieces = visit(shard);
    while (shard.isActive && pieces.next().done !== true) yield;
  }
}
