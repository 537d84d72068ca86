/**
 * The group coordinator: what other parts of the broker ask of groups. Members' requests go to the runner of the group's kind;
 * offsets, descriptions and expiry are the same for every kind. What is answered is committed; see CoordinatorShard.
 */
import { ErrorCode } from '../../protocol/errors.ts';
import { andThen, type Answer } from '../coordination/answers.ts';
import type { AppendReceipt } from '../coordination/state-partition.ts';
import { CoordinatorRuntime } from '../coordination/coordinator-runtime.ts';
import { partitionFor } from '../coordination/java-hash.ts';
import type { Timer } from '../platform/clock.ts';
import { finish, inPieces, type Pieces } from '../platform/pieces.ts';
import type { GroupRefusal } from './modern/refusal.ts';
import type { GroupCoordinatorOptions } from './coordinator-options.ts';
import { isClassicGroup, type JoinResponse, type LeaveResponse, type SyncResponse } from './classic/state.ts';
import { describeConsumerGroup, undescribedConsumerGroup, type DescribedConsumerGroup } from './consumer/describe.ts';
import type { ConsumerHeartbeat, ConsumerHeartbeatResponse } from './consumer/request.ts';
import { isConsumerGroup } from './consumer/state.ts';
import { describeGroup, listGroups, undescribedGroup, type DescribedGroup, type ListedGroups } from './describe.ts';
import type { Group } from './group.ts';
import type { GroupPartition, GroupShard } from './group-partition.ts';
import type { GroupRecord } from './group-record.ts';
import type { RebalanceProgress } from './group-progress.ts';
import type { RunnerHost } from './group-runner.ts';
import { newGroupPartition, openRunners, rulesOf, runnerOf, type GroupRunners } from './kinds.ts';
import { MemberRequestRouter } from './member-request-router.ts';
import { allTombstones, type DeletedTopic } from './offsets/expiry.ts';
import type { CommittedTopic, DeletedOffsets, DeleteTopic, FetchedGroup } from './offsets/requests.ts';
import type { OffsetCommitRequest, OffsetFetchRequest, TransactionalCommit } from './offsets/requests.ts';
import { commitOffsets, deleteOffsets, fetchOffsets, refuseCommit } from './offsets/requests.ts';
import { ShareGroups } from './share/share-groups.ts';
import { isShareGroup } from './share/state.ts';
import { StreamsGroups } from './streams/streams-groups.ts';
import { PatternResolver } from './pattern-resolver.ts';
import { OffsetSweeps } from './offsets/sweeps.ts';
import { encodeRecord } from './records.ts';
import { replayPieces } from './replay-log.ts';
import type { HeartbeatRequest, JoinAbilities, JoinRequest, LeaveRequest, Origin, SyncRequest } from './requests.ts';

export class GroupCoordinator {
  readonly #options: GroupCoordinatorOptions;
  readonly #runtime: CoordinatorRuntime<GroupPartition, GroupRecord>;
  readonly #runners: GroupRunners;
  readonly #members: MemberRequestRouter;
  readonly #sweeps: OffsetSweeps;
  readonly #patterns: PatternResolver;
  /** What only share groups have. */
  readonly share: ShareGroups;
  readonly streams: StreamsGroups;
  #expiry: Timer | null = null;

  constructor(options: GroupCoordinatorOptions) {
    this.#options = options;
    this.#runtime = new CoordinatorRuntime<GroupPartition, GroupRecord>({
      name: 'group',
      clock: options.clock,
      logger: options.logger,
      partitionOf: (index) => options.partitionOf(index),
      newState: newGroupPartition,
      load: (log, groups, index, onUnreadable) => {
        const unknown = (key: number) => options.logger.warn('group.unknown-record', { partition: index, key });
        return replayPieces(log, groups, unknown, onUnreadable);
      },
      get loadedTimeoutMs() {
        return options.config['offsets.commit.timeout.ms'];
      },
      encode: encodeRecord,
      replay: (partition, record, producerId) => partition.replay(record, producerId),
      loaded: (shard) => this.#loaded(shard),
      unloaded: (shard, errorCode) => {
        for (const group of shard.state.groups.values()) this.#unload(shard, group, errorCode);
      },
    });
    this.#patterns = new PatternResolver(options);
    const host = this.#host();
    this.#runners = openRunners(host);
    this.share = new ShareGroups(host, this.#runners.share, (groupId) => this.#shardOf(groupId), options);
    this.streams = new StreamsGroups(this.#runners.streams, (groupId) => this.#shardOf(groupId), options);
    this.#members = new MemberRequestRouter(options, this.#runners, (groupId) => this.#shardOf(groupId));
    this.#sweeps = new OffsetSweeps(options.clock, {
      write: (shard, records) => this.#write(shard, records),
      remove: (shard, group) => this.#remove(shard, group),
    });
  }

  #host(): RunnerHost {
    const { options, runners } = { options: this.#options, runners: () => this.#runners };
    return {
      clock: options.clock,
      logger: options.logger,
      random: options.random,
      get config() {
        return options.config;
      },
      patterns: this.#patterns,
      topics: () => options.topics(),
      groupConfig: (groupId) => options.groupConfig(groupId),
      shareState: options.shareState,
      append: (shard, records) => this.#runtime.append(shard, records, { timeoutMs: this.#commitTimeoutMs }),
      noteConnection: (connectionId, groupId) => this.#members.noteConnection(connectionId, groupId),
      runnerOf: (group) => runnerOf(runners(), group),
      rulesOf,
    };
  }

  /** The partition of __consumer_offsets whose leader coordinates this group. */
  partitionFor(groupId: string): number {
    const count = this.#options.partitionCount?.() ?? this.#options.config['offsets.topic.num.partitions'];
    return partitionFor(groupId, count);
  }

  ensureOffsetsTopic(): Promise<void> {
    return this.#options.ensureOffsetsTopic();
  }

  /** See CoordinatorRuntime. */
  onLeader(index: number, leaderEpoch: number): void {
    this.#runtime.onLeader(index, leaderEpoch);
  }

  onResign(index: number): void {
    this.#runtime.onResign(index);
  }

  /** Answers everything that waits and leaves no timer behind. */
  stop(): void {
    this.#runtime.stop();
    this.#patterns.stop();
    this.#expiry?.cancel();
    this.#expiry = null;
    this.#members.stop();
  }

  #loaded(shard: GroupShard): void {
    for (const group of shard.state.groups.values()) runnerOf(this.#runners, group).load(shard, group);
    this.#expiry ??= this.#scheduleExpiry();
  }

  join(request: JoinRequest, origin: Origin, abilities: JoinAbilities): Answer<JoinResponse> {
    return this.#members.join(request, origin, abilities);
  }

  sync(request: SyncRequest): Answer<SyncResponse> {
    return this.#members.sync(request);
  }

  heartbeat(request: HeartbeatRequest): Answer<number> {
    return this.#members.heartbeat(request);
  }

  leave(request: LeaveRequest): Answer<LeaveResponse> {
    return this.#members.leave(request);
  }

  /** ConsumerGroupHeartbeat; the request is in order by itself. */
  consumerHeartbeat(
    groupId: string,
    request: ConsumerHeartbeat,
    connectionId: number,
  ): Answer<ConsumerHeartbeatResponse | GroupRefusal> {
    return this.#members.consumerHeartbeat(groupId, request, connectionId);
  }

  /** The connection is gone. `evict` (ottla.evict.on.disconnect) takes its dynamic members out of their groups. */
  connectionClosed(connectionId: number, evict: boolean): void {
    this.#members.connectionClosed(connectionId, evict);
  }

  /** Topics must exist: the handler has checked, and filled in both name and id. */
  commitOffsets(request: OffsetCommitRequest): Answer<CommittedTopic[]> {
    const refuse = (errorCode: number): CommittedTopic[] => refuseCommit(request.topics, errorCode);
    const shard = this.#shardOf(request.groupId);
    if (typeof shard === 'number') return refuse(shard);
    const group = shard.state.groups.get(request.groupId);
    const errorCode =
      group === undefined
        ? checkGrouplessCommit(request.generationId)
        : rulesOf(group).checkCommit(group, request, this.#options.topics());
    if (errorCode !== ErrorCode.NONE) return shard.answer(refuse(errorCode), refuse);
    if (group !== undefined) runnerOf(this.#runners, group).offsetsCommitted(shard, group, request.memberId);
    const { records, topics } = commitOffsets(request, this.#now(), this.#options.config['offset.metadata.max.bytes']);
    const failed = this.#write(shard, records);
    return shard.answer(failed === ErrorCode.NONE ? topics : refuse(failed), refuse);
  }

  /** The same in a transaction; `admit` says whether it may write to the group's partition, and tells before it asks that once more. */
  commitTransactionalOffsets(
    request: TransactionalCommit,
    admit: (index: number, askedAgain: () => void) => Answer<number>,
  ): Answer<CommittedTopic[]> {
    const { groupId, producerId, producerEpoch, topics } = request;
    const refuse = (errorCode: number): CommittedTopic[] => refuseCommit(topics, errorCode);
    if (groupId === '') return refuse(ErrorCode.INVALID_GROUP_ID);
    const shard = this.#shardOf(groupId);
    if (typeof shard === 'number') return refuse(shard);
    const isOpen = shard.partition.hasOpenTransaction(producerId, producerEpoch);
    let markers = shard.partition.markersOf(producerId);
    const askedAgain = (): void => void (markers = shard.partition.markersOf(producerId)); // they end the one before
    return andThen(isOpen ? ErrorCode.NONE : admit(shard.index, askedAgain), (errorCode) => {
      if (errorCode !== ErrorCode.NONE) return refuse(errorCode);
      if (shard.partition.markersOf(producerId) !== markers) return refuse(ErrorCode.INVALID_TXN_STATE); // it has ended
      return this.#commitAdmitted(shard, request, refuse);
    });
  }

  #commitAdmitted(
    shard: GroupShard,
    request: TransactionalCommit,
    refuse: (errorCode: number) => CommittedTopic[],
  ): Answer<CommittedTopic[]> {
    const { groupId, producerId, producerEpoch } = request;
    const group = shard.state.groups.get(groupId);
    const errorCode =
      group === undefined
        ? checkGrouplessCommit(request.generationId)
        : rulesOf(group).checkTransactionalCommit(group, request, this.#options.topics());
    if (errorCode !== ErrorCode.NONE) return shard.answer(refuse(errorCode), refuse);
    const commit = commitOffsets(request, this.#now(), this.#options.config['offset.metadata.max.bytes']);
    const timeoutMs = this.#commitTimeoutMs;
    const failed = this.#runtime.write(shard, commit.records, {
      timeoutMs,
      transaction: { producerId, producerEpoch },
    });
    return shard.answer(failed === ErrorCode.NONE ? commit.topics : refuse(failed), refuse);
  }

  /** The transaction's marker is in the partition, by this receipt: its offsets count now, or never did. */
  completeTransaction(index: number, producerId: number, committed: boolean, receipt: AppendReceipt): void {
    const shard = this.#runtime.find(index);
    if (typeof shard === 'number') return;
    shard.note(receipt, this.#commitTimeoutMs);
    shard.state.completeTransaction(producerId, committed);
  }

  /** As this coordinator knows them now: pass it through `whenCommitted` before a client is told. */
  fetchOffsets(request: OffsetFetchRequest, requireStable: boolean): FetchedGroup {
    return finish(this.fetchOffsetsInPieces(request, requireStable));
  }

  /** The same; what is committed meanwhile may be told or not. */
  fetchOffsetsInPieces(request: OffsetFetchRequest, requireStable: boolean): Pieces<FetchedGroup> {
    const { groupId, memberId = null, memberEpoch = -1 } = request;
    const shard = this.#shardOf(groupId);
    if (typeof shard === 'number') return inPieces({ groupId, errorCode: shard, topics: [] });
    const group = shard.state.groups.get(groupId);
    const errorCode = group === undefined ? ErrorCode.NONE : rulesOf(group).checkFetch(group, memberId, memberEpoch);
    if (errorCode !== ErrorCode.NONE) return inPieces({ groupId, errorCode, topics: [] });
    return fetchOffsets(shard.state, request, requireStable);
  }

  deleteOffsets(groupId: string, topics: readonly DeleteTopic[]): Answer<DeletedOffsets> {
    const refuse = (errorCode: number): DeletedOffsets => ({ errorCode, topics: [] });
    if (groupId === '') return refuse(ErrorCode.INVALID_GROUP_ID);
    const shard = this.#shardOf(groupId);
    if (typeof shard === 'number') return refuse(shard);
    const group = shard.state.groups.get(groupId);
    if (group === undefined) return shard.answer(refuse(ErrorCode.GROUP_ID_NOT_FOUND), refuse);
    const rules = rulesOf(group);
    const errorCode = rules.checkOffsetDelete(group);
    if (errorCode !== ErrorCode.NONE) return shard.answer(refuse(errorCode), refuse);
    const deletion = deleteOffsets(shard.state, groupId, topics, (topic) => rules.isInUse(group, topic));
    const failed = this.#write(shard, deletion.records);
    const deleted = { errorCode: ErrorCode.NONE, topics: deletion.topics };
    return shard.answer(failed === ErrorCode.NONE ? deleted : refuse(failed), refuse);
  }

  /** NONE, or why the group is still there. */
  deleteGroup(groupId: string): Answer<number> {
    const shard = this.#shardOf(groupId);
    if (typeof shard === 'number') return shard;
    const group = shard.state.groups.get(groupId);
    const errorCode = group === undefined ? ErrorCode.GROUP_ID_NOT_FOUND : rulesOf(group).checkDelete(group);
    const isRefused = group === undefined || errorCode !== ErrorCode.NONE;
    if (isRefused) return shard.answer(errorCode, itself);
    if (isShareGroup(group)) return this.share.remove(shard, group, () => this.#remove(shard, group));
    return shard.answer(this.#remove(shard, group), itself);
  }

  /** As this coordinator knows it now: pass it through `whenCommitted` before a client is told. */
  describeGroup(groupId: string): DescribedGroup {
    const shard = this.#shardOf(groupId);
    if (typeof shard === 'number') return undescribedGroup(groupId, shard, null);
    const group = shard.state.groups.get(groupId);
    if (isClassicGroup(group)) return describeGroup(group);
    return undescribedGroup(groupId, ErrorCode.GROUP_ID_NOT_FOUND, whyNot('classic', groupId, group));
  }

  /** The same of a group of the consumer protocol. */
  describeConsumerGroup(groupId: string): DescribedConsumerGroup {
    if (groupId === '') return undescribedConsumerGroup(groupId, ErrorCode.INVALID_GROUP_ID, 'The group has no name.');
    const shard = this.#shardOf(groupId);
    if (typeof shard === 'number') return undescribedConsumerGroup(groupId, shard, null);
    const group = shard.state.groups.get(groupId);
    if (isConsumerGroup(group)) {
      return describeConsumerGroup(group, this.#options.topics(), this.#options.config['group.consumer.assignors']);
    }
    return undescribedConsumerGroup(groupId, ErrorCode.GROUP_ID_NOT_FOUND, whyNot('consumer', groupId, group));
  }

  /** The rebalance that is under way; null where there is none, or the group is not here. For people. */
  progress(groupId: string): RebalanceProgress | null {
    const shard = this.#shardOf(groupId);
    const group = typeof shard === 'number' ? undefined : shard.state.groups.get(groupId);
    return group === undefined ? null : runnerOf(this.#runners, group).progress(group);
  }

  /** As this coordinator knows them now: pass it through `whenAllCommitted` before a client is told. */
  listGroups(statesFilter: readonly string[], typesFilter: readonly string[]): ListedGroups {
    return finish(this.listGroupsInPieces(statesFilter, typesFilter));
  }

  /** The same; groups that come or go meanwhile may be told of or not. */
  *listGroupsInPieces(statesFilter: readonly string[], typesFilter: readonly string[]): Pieces<ListedGroups> {
    const errorCode = this.#runtime.isLoading ? ErrorCode.COORDINATOR_LOAD_IN_PROGRESS : ErrorCode.NONE;
    const all = this.#runtime.active().map(({ state }) => state.groups);
    return { errorCode, groups: yield* listGroups(all, statesFilter, typesFilter) };
  }

  /** An answer that tells of the group as it is now, once that is committed. */
  whenCommitted<T>(groupId: string, answer: T, refuse: (errorCode: number) => T): Answer<T> {
    const shard = this.#shardOf(groupId);
    return typeof shard === 'number' ? answer : shard.answer(answer, refuse);
  }

  /** The same of all groups. */
  whenAllCommitted<T>(answer: T, refuse: (errorCode: number) => T): Answer<T> {
    return this.#runtime.whenAllCommitted(answer, refuse);
  }

  /** Offsets of topics that are no more are forgotten, whatever their groups do. */
  topicsDeleted(topics: readonly DeletedTopic[]): void {
    if (topics.length === 0) return;
    for (const shard of this.#runtime.shards()) {
      const visit = (): Iterator<void> => this.#sweeps.forgetTopics(shard, topics);
      shard.onceActive(() => {
        this.#runtime.sweep(visit, { shards: [shard] });
        this.share.topicsDeleted(shard, topics);
      });
    }
  }

  /** Forgets offsets past offsets.retention.minutes, and groups that have neither offsets nor members. */
  expire(done?: () => void): void {
    const retentionMs = this.#options.config['offsets.retention.minutes'] * 60_000;
    this.#runtime.sweep((shard) => this.#sweeps.expire(shard, retentionMs), { done });
  }

  #scheduleExpiry(): Timer {
    return this.#options.clock.after(this.#options.config['offsets.retention.check.interval.ms'], () => {
      this.expire(() => {
        this.#expiry = this.#scheduleExpiry();
      });
    });
  }

  #now(): number {
    return this.#options.clock.now();
  }

  get #commitTimeoutMs(): number {
    return this.#options.config['offsets.commit.timeout.ms'];
  }

  /** Where the group lives, or what a client is told when that is not here. */
  #shardOf(groupId: string): GroupShard | number {
    return this.#runtime.find(this.partitionFor(groupId));
  }

  #remove(shard: GroupShard, group: Group): number {
    const failed = this.#write(shard, [
      ...allTombstones(shard.state, group.groupId),
      ...rulesOf(group).tombstones(group),
    ]);
    if (failed === ErrorCode.NONE) this.#unload(shard, group, ErrorCode.UNKNOWN_MEMBER_ID);
    return failed;
  }

  #unload(shard: GroupShard, group: Group, errorCode: number): void {
    runnerOf(this.#runners, group).unload(shard, group, errorCode);
  }

  #write(shard: GroupShard, records: readonly GroupRecord[]): number {
    return this.#runtime.write(shard, records, { timeoutMs: this.#commitTimeoutMs });
  }
}

function itself(errorCode: number): number {
  return errorCode;
}

function whyNot(type: string, groupId: string, group: Group | undefined): string {
  return group === undefined ? `Group ${groupId} not found.` : `Group ${groupId} is not a ${type} group.`;
}

/** A name that no group has can be used without membership only. */
function checkGrouplessCommit(generationId: number): number {
  return generationId < 0 ? ErrorCode.NONE : ErrorCode.GROUP_ID_NOT_FOUND;
}
