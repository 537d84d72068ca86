/** The share partitions that are worked on: loaded from their state when the first fetch comes, dropped with their group's last session. */
import { ErrorCode } from '../../protocol/errors.ts';
import { andThen, type Answer } from '../coordination/answers.ts';
import { ledPartition } from '../partitions/hosted-partition.ts';
import { offsetForTimestamp } from '../partitions/offset-lookup.ts';
import type { Partition } from '../partitions/partition.ts';
import type { Partitions } from '../partitions/partitions.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { Transition } from './in-flight.ts';
import { durationOf } from './offset-reset.ts';
import type { ShareGroupConfig } from './share-group-config.ts';
import { SharePartition, type SharePartitionHost } from './share-partition.ts';
import { partitionKey } from './share-sessions.ts';
import type { ShareState, StatePartitionId, StateRead } from './share-state.ts';

export interface SharePartitionsOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly partitions: Partitions;
  readonly state: ShareState;
  /** As of now. */
  config(groupId: string): ShareGroupConfig;
  /** Whether the cluster has dead letters, as of now. */
  hasDeadLetters(): boolean;
  readonly deadLetters: Pick<DeadLetters, 'begin' | 'resume'>;
}

/** Transitions of one share partition. */
export interface Change {
  readonly partition: SharePartition;
  readonly transitions: readonly Transition[];
}

/** The coordinator of the state is on its way: the next fetch asks again. */
const LATER: ReadonlySet<number> = new Set([
  ErrorCode.NOT_COORDINATOR,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
]);
/** The state is not this leader's any more: what is in flight here says nothing. */
const LOST: ReadonlySet<number> = new Set([
  ErrorCode.FENCED_STATE_EPOCH,
  ErrorCode.FENCED_LEADER_EPOCH,
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.INVALID_REQUEST,
]);

export class SharePartitions {
  readonly #options: SharePartitionsOptions;
  readonly #groups = new Map<string, Map<string, SharePartition>>();
  readonly #loading = new Map<string, Promise<SharePartition | number>>();
  /** The groups of which it has been said that a later leader has their state, in this leader epoch of the partition. */
  readonly #fenced = new WeakMap<Partition, { readonly leaderEpoch: number; readonly groups: Set<string> }>();

  constructor(options: SharePartitionsOptions) {
    this.#options = options;
  }

  get all(): Iterable<SharePartition> {
    return [...this.#groups.values()].flatMap((group) => [...group.values()]);
  }

  of(groupId: string): SharePartition[] {
    return [...(this.#groups.get(groupId)?.values() ?? [])];
  }

  /** The one that is there, without loading it; UNKNOWN_TOPIC_OR_PARTITION where it is not, or why it cannot be here. */
  find(groupId: string, id: StatePartitionId, key = partitionKey(id)): SharePartition | number {
    const partition = this.#led(id);
    if (typeof partition === 'number') return partition;
    const known = this.#groups.get(groupId)?.get(key);
    return known?.isCurrent === true ? known : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  }

  /** The one that is there or, loaded, will be; LEADER_NOT_AVAILABLE while its state cannot be read yet. */
  load(groupId: string, id: StatePartitionId): Answer<SharePartition | number> {
    const known = this.find(groupId, id);
    if (known !== ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) return known;
    const partition = this.#led(id);
    if (typeof partition === 'number') return partition;
    const key = `${groupId}:${partitionKey(id)}`;
    const loading = this.#loading.get(key);
    if (loading !== undefined) return loading;
    const { leaderEpoch } = partition;
    const loaded = andThen(this.#options.state.read(groupId, [{ ...id, leaderEpoch }]), ([read]) =>
      this.#loaded(groupId, partition, leaderEpoch, read),
    );
    if (!(loaded instanceof Promise)) return loaded;
    const ending = loaded.finally(() => this.#loading.delete(key));
    this.#loading.set(key, ending);
    return ending;
  }

  #led({ topicId, partition }: StatePartitionId): Partition | number {
    const topic = this.#options.partitions.topicById(topicId);
    return topic === undefined ? ErrorCode.UNKNOWN_TOPIC_ID : ledPartition(topic, partition);
  }

  #loaded(
    groupId: string,
    partition: Partition,
    leaderEpoch: number,
    read: StateRead,
  ): Answer<SharePartition | number> {
    const { errorCode, stateEpoch, stateBatches } = read;
    if (LATER.has(errorCode)) return ErrorCode.LEADER_NOT_AVAILABLE;
    if (errorCode === ErrorCode.FENCED_LEADER_EPOCH) return this.#ofLaterLeader(groupId, partition, leaderEpoch);
    if (errorCode !== ErrorCode.NONE) return ErrorCode.UNKNOWN_SERVER_ERROR; // as Kafka: there is no such group, mostly
    if (!partition.isLeader || partition.leaderEpoch !== leaderEpoch) return ErrorCode.NOT_LEADER_OR_FOLLOWER;
    const startOffset = read.startOffset === -1 ? this.#firstOffset(groupId, partition) : read.startOffset;
    const host = this.#hostOf(groupId);
    const loaded = new SharePartition(groupId, partition, { stateEpoch, startOffset, stateBatches }, host);
    const begin = (): SharePartition => this.#begin(groupId, loaded);
    if (read.startOffset !== -1 || this.#options.config(groupId).offsetReset === 'earliest') return begin();
    // A restart must not begin at a later end: what was handed out meanwhile would be lost to the group.
    return andThen(this.#options.state.write(groupId, [loaded.writeOf([])]), ([written]) =>
      written.errorCode === ErrorCode.NONE ? begin() : ErrorCode.LEADER_NOT_AVAILABLE,
    );
  }

  /** As Kafka, which leaves it at that: it is so for a moment while the leader moves, and for long where the metadata is older than the state. */
  #ofLaterLeader(group: string, partition: Partition, leaderEpoch: number): number {
    let fenced = this.#fenced.get(partition);
    if (fenced?.leaderEpoch !== leaderEpoch) {
      this.#fenced.set(partition, (fenced = { leaderEpoch, groups: new Set() }));
    }
    if (!fenced.groups.has(group)) {
      fenced.groups.add(group);
      const { topic, index } = partition;
      const next =
        'nothing where the leader has just moved; where the metadata was restored from a copy, delete the offsets of the group';
      this.#options.logger.warn('share.state-of-later-leader', { group, topic, partition: index, leaderEpoch, next });
    }
    return ErrorCode.NOT_LEADER_OR_FOLLOWER;
  }

  #begin(groupId: string, loaded: SharePartition): SharePartition {
    const key = partitionKey(loaded.id);
    this.#fenced.get(loaded.partition)?.groups.delete(groupId);
    let group = this.#groups.get(groupId);
    if (group === undefined) this.#groups.set(groupId, (group = new Map()));
    group.get(key)?.close();
    group.set(key, loaded);
    this.#options.deadLetters.resume(loaded);
    return loaded;
  }

  #firstOffset(groupId: string, partition: Partition): number {
    const { offsetReset } = this.#options.config(groupId);
    if (offsetReset === 'earliest') return partition.logStartOffset;
    if (offsetReset === 'latest') return partition.highWatermark;
    const timestamp = this.#options.clock.now() - durationOf(offsetReset);
    const found = offsetForTimestamp(partition, timestamp);
    return Math.min(found?.offset ?? partition.highWatermark, partition.highWatermark);
  }

  #hostOf(groupId: string): SharePartitionHost {
    const options = this.#options;
    return {
      clock: options.clock,
      config: () => options.config(groupId),
      hasDeadLetters: () => options.hasDeadLetters(),
      release: (partition, transitions) => void this.record(groupId, [{ partition, transitions }]),
      isHosted: (partition) =>
        options.partitions.topicById(partition.topicId)?.partitions[partition.index] === partition,
    };
  }

  /** Acknowledgements: they take effect where they could be written. An error code for each, never a rejection. */
  acknowledge(groupId: string, changes: readonly Change[]): Answer<number[]> {
    return this.#write(groupId, changes, false);
  }

  /**
   * What comes about without a member: locks that run out, members that leave, dead letters that are written. It takes effect
   * though it cannot be written, for it is so: nobody waits for it any more, and after a restart it comes about again.
   */
  record(groupId: string, changes: readonly Change[]): Answer<number[]> {
    return this.#write(groupId, changes, true);
  }

  /** As one request. */
  #write(groupId: string, changes: readonly Change[], isSo: boolean): Answer<number[]> {
    const real = changes.filter(isReal);
    if (real.length === 0) return changes.map(() => ErrorCode.NONE);
    const written = this.#options.state.write(
      groupId,
      real.map(({ partition, transitions }) => partition.writeOf(transitions)),
    );
    if (written instanceof Promise) for (const { partition, transitions } of real) partition.began(transitions);
    return andThen(written, (results) => {
      let next = 0;
      return changes.map((change) =>
        isReal(change) ? this.#ended(change, results[next++].errorCode, isSo) : ErrorCode.NONE,
      );
    });
  }

  #ended({ partition, transitions }: Change, errorCode: number, isSo: boolean): number {
    const takesEffect = isSo || errorCode === ErrorCode.NONE;
    partition.ended(transitions, takesEffect);
    if (takesEffect) this.#options.deadLetters.begin(partition, transitions);
    if (errorCode === ErrorCode.NONE) return errorCode;
    const { groupId, id } = partition;
    this.#options.logger.warn('share.not-written', { group: groupId, ...id, errorCode });
    if (!LOST.has(errorCode)) return ErrorCode.COORDINATOR_NOT_AVAILABLE;
    this.#drop(partition);
    if (errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) return errorCode;
    return errorCode === ErrorCode.INVALID_REQUEST ? ErrorCode.GROUP_ID_NOT_FOUND : ErrorCode.NOT_LEADER_OR_FOLLOWER;
  }

  #drop(partition: SharePartition): void {
    partition.close();
    const group = this.#groups.get(partition.groupId);
    const key = partitionKey(partition.id);
    if (group?.get(key) === partition) group.delete(key);
  }

  /** The group has no session any more. */
  dropGroup(groupId: string): void {
    for (const partition of this.of(groupId)) partition.close();
    this.#groups.delete(groupId);
  }

  stop(): void {
    for (const groupId of this.#groups.keys()) this.dropGroup(groupId);
  }
}

function isReal({ transitions }: Change): boolean {
  return transitions.length > 0;
}
