/** The share coordinator: keeps the state of share partitions in the partitions of __share_group_state that this broker leads. The shell. */
import { ErrorCode, errorMessageOrNull } from '../../protocol/errors.ts';
import type { ServerConfig } from '../config/server.ts';
import { allOf, type Answer } from '../coordination/answers.ts';
import { CoordinatorRuntime } from '../coordination/coordinator-runtime.ts';
import { partitionFor } from '../coordination/java-hash.ts';
import { deleteRecordsBefore } from '../partitions/delete-records.ts';
import type { Partition } from '../partitions/partition.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { initialized, readBy, written, type SharePartitionState } from './share-partition-state.ts';
import type {
  InitializeState,
  ReadState,
  ShareState,
  StatePartitionId,
  StateRead,
  StateResult,
  StateSummary,
  WriteState,
} from './share-state.ts';
import { nameOf, StateKey } from './state-key.ts';
import { ShareStatePartition, type ShareStateShard } from './state-partition.ts';
import { encodeState, type ShareStateRecord } from './state-records.ts';

export type ShareCoordinatorConfig = Pick<
  ServerConfig,
  | 'share.coordinator.cold.partition.snapshot.interval.ms'
  | 'share.coordinator.snapshot.update.records.per.snapshot'
  | 'share.coordinator.state.topic.num.partitions'
  | 'share.coordinator.state.topic.prune.interval.ms'
  | 'share.coordinator.write.timeout.ms'
>;

export interface ShareCoordinatorOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Read at each use. */
  config(): ShareCoordinatorConfig;
  /** The partition of __share_group_state where this broker leads it. */
  partitionOf(index: number): Partition | undefined;
  /** How many partitions __share_group_state has; undefined while there is none: the configured number counts then. */
  partitionCount(): number | undefined;
  /** Creates __share_group_state where it is missing. */
  ensureTopic(): Promise<void>;
  /** Whether the cluster has the partition. */
  exists(partition: StatePartitionId): boolean;
}

/** What a request asks of one partition, decided on its state as it is then: records, and what its asker is told once they are committed. */
interface Decision<Result> {
  readonly value: ShareStateRecord['value'] | undefined;
  readonly answer: Result;
}

/** What is asked of one partition, and where in the request. */
interface Place<Asked> {
  readonly index: number;
  readonly asked: Asked;
  /** Of its state. */
  readonly name: string;
}

type Refuse<Result> = (errorCode: number) => Result;

const DONE: StateResult = { errorCode: ErrorCode.NONE, errorMessage: null };

/** Partitions that one piece of a sweep looks at. */
const STATES_A_PIECE = 200;

export class ShareCoordinator implements ShareState {
  readonly #options: ShareCoordinatorOptions;
  readonly #runtime: CoordinatorRuntime<ShareStatePartition, ShareStateRecord>;
  /** Calls to `write`, and how long they took; milliseconds. */
  readonly writes = { count: 0, totalMs: 0, longestMs: 0 };
  /** None while no partition has anything to be tidied up. */
  #upkeep: Timer | null = null;

  constructor(options: ShareCoordinatorOptions) {
    this.#options = options;
    const nowMs = (): number => options.clock.now();
    this.#runtime = new CoordinatorRuntime<ShareStatePartition, ShareStateRecord>({
      name: 'share',
      clock: options.clock,
      logger: options.logger,
      partitionOf: (index) => options.partitionOf(index),
      newState: () => new ShareStatePartition(),
      load: (log, partition, _index, onUnreadable) => log.recordPieces(partition.reader(), onUnreadable),
      loadedTimeoutMs: options.config()['share.coordinator.write.timeout.ms'],
      encode: encodeState,
      replay: (partition, record, _producerId, offset) => partition.replay(record, offset, nowMs()),
      loaded: ({ state }) => {
        if (state.hasNeedless) this.#scheduleUpkeep();
      },
      unloaded: () => {},
    });
  }

  /** The partition of __share_group_state that keeps a share partition's state. */
  partitionFor(groupId: string, partition: StatePartitionId): number {
    return this.#partitionOf(nameOf(groupId, partition));
  }

  #partitionOf(name: string): number {
    const configured = this.#options.config()['share.coordinator.state.topic.num.partitions'];
    return partitionFor(name, this.#options.partitionCount() ?? configured);
  }

  ensureTopic(): Promise<void> {
    return this.#options.ensureTopic();
  }

  onLeader(index: number, leaderEpoch: number): void {
    this.#runtime.onLeader(index, leaderEpoch);
  }

  onResign(index: number): void {
    this.#runtime.onResign(index);
  }

  stop(): void {
    this.#upkeep?.cancel();
    this.#upkeep = null;
    this.#runtime.stop();
  }

  initialize(groupId: string, partitions: readonly InitializeState[]): Answer<readonly StateResult[]> {
    return this.#whenThereIsATopic(() =>
      this.#decideAll(groupId, partitions, refused, (asked, state) => {
        const snapshot = initialized(state, asked, this.#options.clock.now());
        if (typeof snapshot === 'number') return snapshot;
        return this.#options.exists(asked) ? { value: snapshot, answer: DONE } : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
      }),
    );
  }

  read(groupId: string, partitions: readonly ReadState[]): Answer<readonly StateRead[]> {
    return this.#decideAll(groupId, partitions, unread, (asked, state) => {
      const update = readBy(state, asked);
      if (typeof update === 'number') return update;
      if (!this.#options.exists(asked)) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
      const { facts, stateBatches } = state!;
      const { stateEpoch, startOffset } = facts;
      return { value: update ?? undefined, answer: { ...DONE, stateEpoch, startOffset, stateBatches } };
    });
  }

  write(groupId: string, partitions: readonly WriteState[]): Answer<readonly StateResult[]> {
    const perSnapshot = this.#options.config()['share.coordinator.snapshot.update.records.per.snapshot'];
    const begunMs = this.#options.clock.monotonic();
    const results = this.#decideAll(groupId, partitions, refused, (asked, state) => {
      const update = written(state, asked);
      if (typeof update === 'number') return update;
      if (!this.#options.exists(asked)) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
      const isDue = state!.updateCount >= perSnapshot;
      return { value: isDue ? state!.snapshotWith(update, this.#options.clock.now()) : update, answer: DONE };
    });
    // What is committed at once takes microseconds, which no clock need be asked for.
    if (!(results instanceof Promise)) return this.#noted(results, 0);
    return results.then((all) => this.#noted(all, this.#options.clock.monotonic() - begunMs));
  }

  #noted<T>(results: T, tookMs: number): T {
    this.writes.count++;
    this.writes.totalMs += tookMs;
    this.writes.longestMs = Math.max(this.writes.longestMs, tookMs);
    return results;
  }

  /** Partitions of __share_group_state that are led here, as far as they have been read. */
  get partitionCounts(): { readonly active: number; readonly loading: number } {
    const active = this.#runtime.active().length;
    return { active, loading: this.#runtime.shards().length - active };
  }

  delete(groupId: string, partitions: readonly StatePartitionId[]): Answer<readonly StateResult[]> {
    return this.#decideAll(groupId, partitions, refused, (asked, state) => {
      // The group forgets topics that are gone, and their state with them.
      if (state === undefined && !this.#options.exists(asked)) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
      return { value: state === undefined ? undefined : null, answer: DONE };
    });
  }

  readSummary(groupId: string, partitions: readonly ReadState[]): Answer<readonly StateSummary[]> {
    return this.#decideAll(groupId, partitions, unsummarized, (asked, state) => {
      if (!this.#options.exists(asked)) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
      if (state === undefined) return { value: undefined, answer: unsummarized(ErrorCode.NONE) };
      const { stateEpoch, leaderEpoch, startOffset, deliveryCompleteCount } = state.facts;
      return { value: undefined, answer: { ...DONE, stateEpoch, leaderEpoch, startOffset, deliveryCompleteCount } };
    });
  }

  /** States that have been quiet for long are written whole, and what no snapshot needs is deleted. */
  upkeep(done: () => void = () => {}): void {
    this.#runtime.sweep((shard) => this.#tidy(shard), { done });
  }

  /** A request is one batch in each partition of the log it touches, whatever it asks there. */
  #decideAll<Asked extends StatePartitionId, Result>(
    groupId: string,
    partitions: readonly Asked[],
    refuse: Refuse<Result>,
    decide: (asked: Asked, state: SharePartitionState | undefined) => Decision<Result> | number,
  ): Answer<readonly Result[]> {
    const results: Answer<Result>[] = [];
    const byShard = new Map<number, Place<Asked>[]>();
    for (const [index, asked] of partitions.entries()) {
      if (asked.partition < 0 || groupId === '') {
        results[index] = refuse(ErrorCode.INVALID_REQUEST);
        continue;
      }
      const name = nameOf(groupId, asked);
      group(byShard, this.#partitionOf(name), { index, asked, name });
    }
    for (const [index, places] of byShard) {
      const answers = this.#decideIn(index, groupId, places, refuse, decide);
      for (const [i, place] of places.entries()) {
        results[place.index] = answers instanceof Promise ? answers.then((all) => all[i]) : answers[i];
      }
    }
    return allOf(results);
  }

  #decideIn<Asked extends StatePartitionId, Result>(
    index: number,
    groupId: string,
    places: readonly Place<Asked>[],
    refuse: Refuse<Result>,
    decide: (asked: Asked, state: SharePartitionState | undefined) => Decision<Result> | number,
  ): Answer<Result[]> {
    const shard = this.#runtime.find(index);
    if (typeof shard === 'number') return places.map(() => refuse(shard));
    const records: ShareStateRecord[] = [];
    const seen = new Set<string>();
    const results = places.map(({ asked, name }) => {
      if (seen.has(name)) return refuse(ErrorCode.INVALID_REQUEST); // twice in one request: which of the two counts?
      seen.add(name);
      const state = shard.state.states.get(name);
      const decision = decide(asked, state);
      if (typeof decision === 'number') return refuse(decision);
      const { value, answer } = decision;
      if (value !== undefined) records.push({ key: state?.key ?? new StateKey(groupId, asked, name), value });
      return answer;
    });
    const failed = this.#append(shard, records);
    const answers = failed === ErrorCode.NONE ? results : places.map(() => refuse(failed));
    return shard.answer(answers, (errorCode) => places.map(() => refuse(errorCode)));
  }

  #append(shard: ShareStateShard, records: readonly ShareStateRecord[]): number {
    if (records.length === 0) return ErrorCode.NONE;
    const timeoutMs = this.#options.config()['share.coordinator.write.timeout.ms'];
    const failed = this.#runtime.write(shard, records, { timeoutMs });
    if (failed === ErrorCode.NONE) this.#scheduleUpkeep();
    return failed;
  }

  #whenThereIsATopic<T>(use: () => Answer<T>): Answer<T> {
    if (this.#options.partitionCount() !== undefined) return use();
    return this.ensureTopic()
      .catch((error: unknown) =>
        this.#options.logger.error('internal-topic.not-created', {
          topic: '__share_group_state',
          error: String(error),
        }),
      )
      .then(use);
  }

  #scheduleUpkeep(): void {
    if (this.#upkeep !== null) return;
    const config = this.#options.config();
    const afterMs = Math.min(
      config['share.coordinator.cold.partition.snapshot.interval.ms'],
      config['share.coordinator.state.topic.prune.interval.ms'],
    );
    this.#upkeep = this.#options.clock.after(afterMs, () =>
      this.upkeep(() => {
        this.#upkeep = null;
        if (this.#runtime.active().some(({ state }) => state.hasNeedless)) this.#scheduleUpkeep();
      }),
    );
  }

  #prune({ index, state }: ShareStateShard): void {
    const partition = this.#options.partitionOf(index);
    if (partition === undefined) return;
    const upTo = Math.min(state.firstNeededOffset(), partition.highWatermark);
    if (deleteRecordsBefore(partition, upTo) === ErrorCode.NONE) state.pruned(upTo);
  }

  *#tidy(shard: ShareStateShard): Generator<void> {
    const quietMs = this.#options.config()['share.coordinator.cold.partition.snapshot.interval.ms'];
    let records: ShareStateRecord[] = [];
    let looked = 0;
    if (!shard.state.hasNeedless) return;
    for (const state of shard.state.states.values()) {
      const nowMs = this.#options.clock.now();
      if (nowMs - state.writtenMs >= quietMs) {
        records.push({ key: state.key, value: state.snapshot(nowMs) });
      }
      if (++looked % STATES_A_PIECE !== 0) continue;
      // Before a request has its turn, which may write to one of them.
      this.#append(shard, records);
      records = [];
      yield;
    }
    this.#append(shard, records);
    this.#prune(shard);
  }
}

function group<T>(places: Map<number, T[]>, index: number, place: T): void {
  const known = places.get(index);
  if (known === undefined) places.set(index, [place]);
  else known.push(place);
}

function refused(errorCode: number): StateResult {
  return { errorCode, errorMessage: errorMessageOrNull(errorCode) };
}

function unread(errorCode: number): StateRead {
  return { ...refused(errorCode), stateEpoch: 0, startOffset: 0, stateBatches: [] };
}

function unsummarized(errorCode: number): StateSummary {
  const startOffset = errorCode === ErrorCode.NONE ? -1 : 0;
  return { ...refused(errorCode), stateEpoch: 0, leaderEpoch: 0, startOffset, deliveryCompleteCount: -1 };
}
