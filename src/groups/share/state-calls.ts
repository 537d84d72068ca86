/**
 * Asks the share coordinator for the state of a group's partitions, or to forget it. What is asked for is recorded before, and
 * what has been done after: a broker that crashes in between asks again.
 */
import { ErrorCode, errorMessage } from '../../../protocol/errors.ts';
import type { Answer } from '../../coordination/answers.ts';
import { andThen } from '../../coordination/answers.ts';
import type { Timer } from '../../platform/clock.ts';
import type { StateResult } from '../../share/share-state.ts';
import type { GroupShard } from '../group-partition.ts';
import type { RunnerHost } from '../group-runner.ts';
import type { InitializedPartition } from './decision.ts';
import { deleting, forgotten, initialized, statefulPartitions } from './state-partitions.ts';
import type { ShareGroup, StatefulTopic, StatePartitions } from './state.ts';

export class ShareStateCalls {
  readonly #host: RunnerHost;
  /** Of groups whose deletions the share coordinator has refused. */
  readonly #retries = new Map<ShareGroup, Timer>();

  constructor(host: RunnerHost) {
    this.#host = host;
  }

  /** The partitions are recorded as initialising. Answers each one's result. */
  initialize(
    shard: GroupShard,
    group: ShareGroup,
    partitions: readonly InitializedPartition[],
  ): Answer<readonly StateResult[]> {
    if (partitions.length === 0) return [];
    group.initializingSince = this.#host.clock.now();
    const stateEpoch = group.groupEpoch;
    const asked = partitions.map(({ topicId, partition, startOffset }) => {
      return { topicId, partition, startOffset, stateEpoch };
    });
    return andThen(this.#host.shareState.initialize(group.groupId, asked), (results) => {
      if (!isThere(shard, group)) return results.map(gone);
      const done = partitions.filter((_, i) => results[i].errorCode === ErrorCode.NONE);
      const failed = partitions.filter((_, i) => results[i].errorCode !== ErrorCode.NONE);
      const errorCode = this.#write(shard, group, initialized(group.state, this.#topics(done), this.#topics(failed)));
      return errorCode === ErrorCode.NONE
        ? results
        : results.map(() => ({ errorCode, errorMessage: errorMessage(errorCode) }));
    });
  }

  /** Forgets the state of whole topics, by id their names. Answers each one's error code. */
  delete(
    shard: GroupShard,
    group: ShareGroup,
    topics: ReadonlyMap<string, string>,
  ): Answer<ReadonlyMap<string, number>> {
    if (topics.size === 0) return new Map();
    const partitions = [...topics.keys()].flatMap((topicId) =>
      Array.from(this.#stateful(group, topicId), (partition) => ({ topicId, partition })),
    );
    const errorCode = this.#write(shard, group, deleting(group.state, topics));
    if (errorCode !== ErrorCode.NONE) return new Map(Array.from(topics.keys(), (topicId) => [topicId, errorCode]));
    return andThen(this.#host.shareState.delete(group.groupId, partitions), (results) => {
      const codes = new Map(Array.from(topics.keys(), (topicId) => [topicId, ErrorCode.NONE as number]));
      for (const [i, { topicId }] of partitions.entries()) {
        if (results[i].errorCode !== ErrorCode.NONE) codes.set(topicId, results[i].errorCode);
      }
      this.#deleted(shard, group, codes);
      return codes;
    });
  }

  #deleted(shard: GroupShard, group: ShareGroup, codes: Map<string, number>): void {
    if (!isThere(shard, group)) return;
    const done = new Set(
      [...codes].filter(([, errorCode]) => errorCode === ErrorCode.NONE).map(([topicId]) => topicId),
    );
    const errorCode = done.size === 0 ? ErrorCode.NONE : this.#write(shard, group, forgotten(group.state, done));
    if (errorCode !== ErrorCode.NONE) for (const topicId of done) codes.set(topicId, errorCode);
    if (group.state.deleting.size > 0) this.#retryLater(shard, group);
  }

  /** The group was read from the log: what it has asked to be deleted may not have been. */
  resume(shard: GroupShard, group: ShareGroup): void {
    if (group.state.deleting.size > 0) void this.delete(shard, group, group.state.deleting);
  }

  unload(group: ShareGroup): void {
    this.#retries.get(group)?.cancel();
    this.#retries.delete(group);
  }

  #retryLater(shard: GroupShard, group: ShareGroup): void {
    if (this.#retries.has(group)) return;
    const { clock, config } = this.#host;
    const timer = clock.after(config['group.share.initialize.retry.interval.ms'], () => {
      this.#retries.delete(group);
      if (isThere(shard, group)) this.resume(shard, group);
    });
    this.#retries.set(group, timer);
  }

  /** A topic that is being deleted is recorded without its partitions: then all it has, while it is there. */
  #stateful(group: ShareGroup, topicId: string): Iterable<number> {
    if (!group.state.deleting.has(topicId)) return statefulPartitions(group.state, topicId);
    return this.#host.topics().topicsById.get(topicId)?.partitions.keys() ?? [];
  }

  #topics(partitions: readonly InitializedPartition[]): Map<string, StatefulTopic> {
    const { topicsById } = this.#host.topics();
    const topics = new Map<string, { name: string; partitions: Set<number> }>();
    for (const { topicId, partition } of partitions) {
      const topic = topics.get(topicId);
      if (topic !== undefined) topic.partitions.add(partition);
      else topics.set(topicId, { name: topicsById.get(topicId)?.name ?? '', partitions: new Set([partition]) });
    }
    return topics;
  }

  #write(shard: GroupShard, { groupId }: ShareGroup, value: StatePartitions): number {
    const record = { type: 'shareState', groupId, value } as const;
    const errorCode = this.#host.append(shard, [record]);
    if (errorCode === ErrorCode.NONE) shard.state.replay(record);
    return errorCode;
  }
}

function isThere(shard: GroupShard, group: ShareGroup): boolean {
  return shard.isActive && shard.state.groups.get(group.groupId) === group;
}

function gone(): StateResult {
  return { errorCode: ErrorCode.NOT_COORDINATOR, errorMessage: errorMessage(ErrorCode.NOT_COORDINATOR) };
}
