/** The group coordinator: gives events to groups, runs what they ask for, and writes their records. The shell. */
import { ErrorCode } from '../../protocol/errors.ts';
import type { RecordDraft } from '../../protocol/records/encode.ts';
import type { ServerConfig } from '../config/server.ts';
import { LogError, type AppendOptions } from '../partitions/partition.ts';
import { ReplayLoader, type ReplayedLog } from '../coordination/replay-loader.ts';
import type { Timer } from '../platform/clock.ts';
import { appendError } from '../coordination/append-error.ts';
import type { JoinResponse, SyncResponse } from './classic/state.ts';
import type { DescribedConsumerGroup } from './consumer/describe.ts';
import { describeConsumerGroup, undescribedConsumerGroup } from './consumer/describe.ts';
import type { ConsumerHeartbeat, ConsumerHeartbeatResponse } from './consumer/request.ts';
import { checkEpochCommit, checkTransactionalEpochCommit } from './consumer/offset-checks.ts';
import type { GroupRefusal } from './consumer/decision.ts';
import type { DescribedGroup, ListedGroup } from './describe.ts';
import { describeGroup, listGroup, undescribedGroup } from './describe.ts';
import type { Group } from './group.ts';
import { GroupLoad } from './group-loading.ts';
import { GroupPartition } from './group-partition.ts';
import type { LeaveResponse } from './classic/runner.ts';
import { partitionFor } from '../coordination/java-hash.ts';
import type { MembershipConfig, MembershipOptions } from './membership.ts';
import { Membership } from './membership.ts';
import type {
  OffsetCommitRequest,
  CommittedTopic,
  DeletedTopic,
  DeleteTopic,
  FetchedGroup,
  OffsetFetchRequest,
  TransactionalCommit,
} from './offsets/requests.ts';
import { commitOffsets, deleteOffsets, fetchOffsets, refuseCommit } from './offsets/requests.ts';
import { expiredRecords, groupTombstone, isUnused, offsetTombstones } from './offsets/expiry.ts';
import { checkCommit, checkGroupDelete, checkOffsetDelete, checkTransactionalCommit } from './offsets/group-offsets.ts';
import type { GroupRecord } from './records.ts';
import { encodeRecord } from './records.ts';
import type { HeartbeatRequest, JoinAbilities, JoinRequest, LeaveRequest, Origin, SyncRequest } from './requests.ts';

/** What the coordinator needs of a partition of __consumer_offsets; partitions/partition.ts has it. */
export interface GroupLog extends ReplayedLog {
  /** @throws {LogError} where nothing was appended */
  appendRecords(records: readonly RecordDraft[], options?: AppendOptions): unknown;
  hasOpenTransaction(producerId: number, producerEpoch: number): boolean;
}

export type GroupConfig = MembershipConfig &
  Pick<
    ServerConfig,
    | 'offset.metadata.max.bytes'
    | 'offsets.retention.check.interval.ms'
    | 'offsets.retention.minutes'
    | 'offsets.topic.num.partitions'
  >;

export interface GroupCoordinatorOptions extends MembershipOptions {
  readonly config: GroupConfig;
  /** The partition of __consumer_offsets where this broker leads it. */
  partitionOf(index: number): GroupLog | undefined;
  /** Creates __consumer_offsets where it is missing; done once its partitions have leaders. */
  ensureOffsetsTopic(): Promise<void>;
  /** How many partitions __consumer_offsets has; undefined while there is none: the configured number counts then. */
  partitionCount?(): number | undefined;
}

/** Large enough for any group but few, small enough for one batch. */
const RECORDS_A_BATCH = 1000;

export class GroupCoordinator {
  readonly #options: GroupCoordinatorOptions;
  readonly #membership: Membership;
  readonly #loader: ReplayLoader<GroupLoad>;
  readonly #partitions = new Map<number, GroupPartition | GroupLoad>();
  #expiry: Timer | null = null;

  constructor(options: GroupCoordinatorOptions) {
    this.#options = options;
    this.#membership = new Membership(options, {
      find: (groupId) => this.#partitionOf(groupId),
      append: (at, records) => this.#append(at, records),
    });
    this.#loader = new ReplayLoader(
      options.clock,
      (load) => this.#loaded(load),
      ({ at: { index } }, error) => {
        // One damaged partition must not take the broker down: its groups have no coordinator, all others do.
        this.#partitions.delete(index);
        options.logger.error('group.load-failed', { partition: index, error: String(error) });
      },
    );
  }

  /** The partition of __consumer_offsets whose leader coordinates this group. */
  partitionFor(groupId: string): number {
    const count = this.#options.partitionCount?.() ?? this.#options.config['offsets.topic.num.partitions'];
    return partitionFor(groupId, count);
  }

  ensureOffsetsTopic(): Promise<void> {
    return this.#options.ensureOffsetsTopic();
  }

  /**
   * This broker leads the partition now: its groups are read from the log, and served from then on. A small log is read
   * when this returns; while a large one is, clients are told COORDINATOR_LOAD_IN_PROGRESS.
   */
  onLeader(index: number, leaderEpoch: number): void {
    const present = this.#partitions.get(index);
    const presentEpoch = present instanceof GroupLoad ? present.at.leaderEpoch : present?.leaderEpoch;
    if (presentEpoch !== undefined && presentEpoch >= leaderEpoch) return;
    this.onResign(index);
    const log = this.#options.partitionOf(index);
    if (log === undefined) return;
    const load = new GroupLoad(new GroupPartition(index, leaderEpoch), log, (key) =>
      this.#options.logger.warn('group.unknown-record', { partition: index, key }),
    );
    this.#partitions.set(index, load);
    this.#loader.start(load);
  }

  #loaded({ at, deletedTopics }: GroupLoad): void {
    this.#partitions.set(at.index, at);
    for (const group of at.groups.values()) this.#membership.load(at, group);
    this.#forgetTopics(at, deletedTopics);
    this.#expiry ??= this.#scheduleExpiry();
  }

  /** Another broker leads the partition, or none: whoever waits is sent there, and whoever asks is told NOT_COORDINATOR. */
  onResign(index: number): void {
    const at = this.#partitions.get(index);
    this.#partitions.delete(index);
    if (at instanceof GroupLoad) return this.#loader.cancel(at);
    if (at === undefined) return;
    for (const group of at.groups.values()) this.#membership.unload(at, group, ErrorCode.NOT_COORDINATOR);
  }

  /** Answers everything that waits and leaves no timer behind. */
  stop(): void {
    for (const index of this.#partitions.keys()) this.onResign(index);
    this.#loader.stop();
    this.#expiry?.cancel();
    this.#expiry = null;
    this.#membership.stop();
  }

  join(request: JoinRequest, origin: Origin, abilities: JoinAbilities): JoinResponse | Promise<JoinResponse> {
    return this.#membership.join(request, origin, abilities);
  }

  sync(request: SyncRequest): SyncResponse | Promise<SyncResponse> {
    return this.#membership.sync(request);
  }

  heartbeat(request: HeartbeatRequest): number {
    return this.#membership.heartbeat(request);
  }

  leave(request: LeaveRequest): LeaveResponse {
    return this.#membership.leave(request);
  }

  /** ConsumerGroupHeartbeat; the request is in order by itself. */
  consumerHeartbeat(
    groupId: string,
    request: ConsumerHeartbeat,
    connectionId: number,
  ): ConsumerHeartbeatResponse | GroupRefusal {
    return this.#membership.consumerHeartbeat(groupId, request, connectionId);
  }

  /** The connection is gone. `evict` (ottla.evict.on.disconnect) takes its dynamic members out of their groups. */
  connectionClosed(connectionId: number, evict: boolean): void {
    this.#membership.connectionClosed(connectionId, evict);
  }

  /** Topics must exist: the handler has checked, and filled in both name and id. */
  commitOffsets(request: OffsetCommitRequest): CommittedTopic[] {
    const at = this.#partitionOf(request.groupId);
    if (typeof at === 'number') return refuseCommit(request.topics, at);
    const group = at.groups.get(request.groupId);
    const errorCode = this.#checkCommit(group, request);
    if (errorCode !== ErrorCode.NONE) return refuseCommit(request.topics, errorCode);
    if (group?.type === 'classic') {
      this.#membership.committed(at, group, request.memberId);
    }
    const metadataMaxBytes = this.#options.config['offset.metadata.max.bytes'];
    const { records, topics } = commitOffsets(request, this.#now(), metadataMaxBytes);
    const failed = this.#write(at, records);
    return failed === ErrorCode.NONE ? topics : refuseCommit(request.topics, failed);
  }

  #checkCommit(group: Group | undefined, request: OffsetCommitRequest): number {
    if (group === undefined) return checkGrouplessCommit(request.generationId);
    return group.type === 'consumer'
      ? checkEpochCommit(group, request, this.#options.topics())
      : checkCommit(group, request);
  }

  /** The same as part of a transaction; `admit` says whether the transaction may write to the group's partition. */
  commitTransactionalOffsets(request: TransactionalCommit, admit: (index: number) => number): CommittedTopic[] {
    const { groupId, producerId, producerEpoch, topics } = request;
    if (groupId === '') return refuseCommit(topics, ErrorCode.INVALID_GROUP_ID);
    const at = this.#partitionOf(groupId);
    if (typeof at === 'number') return refuseCommit(topics, at);
    const isOpen = this.#options.partitionOf(at.index)?.hasOpenTransaction(producerId, producerEpoch) === true;
    const refused = isOpen ? ErrorCode.NONE : admit(at.index);
    const errorCode = refused === ErrorCode.NONE ? checkTransactional(at.groups.get(groupId), request) : refused;
    if (errorCode !== ErrorCode.NONE) return refuseCommit(topics, errorCode);
    const commit = commitOffsets(request, this.#now(), this.#options.config['offset.metadata.max.bytes']);
    const failed = this.#write(at, commit.records, { producerId, producerEpoch });
    return failed === ErrorCode.NONE ? commit.topics : refuseCommit(topics, failed);
  }

  /** The transaction's marker is in the partition: its offsets count now, or never did. */
  completeTransaction(index: number, producerId: number, committed: boolean): void {
    const at = this.#partitions.get(index);
    if (at instanceof GroupPartition) at.completeTransaction(producerId, committed);
  }

  fetchOffsets(request: OffsetFetchRequest, requireStable: boolean): FetchedGroup {
    const at = this.#partitionOf(request.groupId);
    if (typeof at === 'number') return { groupId: request.groupId, errorCode: at, topics: [] };
    return fetchOffsets(at, request, requireStable);
  }

  deleteOffsets(groupId: string, topics: readonly DeleteTopic[]): { errorCode: number; topics: DeletedTopic[] } {
    const refuse = (errorCode: number) => ({ errorCode, topics: [] });
    if (groupId === '') return refuse(ErrorCode.INVALID_GROUP_ID);
    const at = this.#partitionOf(groupId);
    if (typeof at === 'number') return refuse(at);
    const group = at.groups.get(groupId);
    const errorCode = group === undefined ? ErrorCode.GROUP_ID_NOT_FOUND : checkOffsetDelete(group);
    if (group === undefined || errorCode !== ErrorCode.NONE) return refuse(errorCode);
    const deletion = deleteOffsets(at, group, topics);
    const failed = this.#write(at, deletion.records);
    return failed === ErrorCode.NONE ? { errorCode: ErrorCode.NONE, topics: deletion.topics } : refuse(failed);
  }

  /** NONE, or why the group is still there. */
  deleteGroup(groupId: string): number {
    const at = this.#partitionOf(groupId);
    if (typeof at === 'number') return at;
    const group = at.groups.get(groupId);
    if (group === undefined) return ErrorCode.GROUP_ID_NOT_FOUND;
    const errorCode = checkGroupDelete(group);
    return errorCode === ErrorCode.NONE ? this.#remove(at, group) : errorCode;
  }

  describeGroup(groupId: string): DescribedGroup {
    const at = this.#partitionOf(groupId);
    if (typeof at === 'number') return undescribedGroup(groupId, at, null);
    const group = at.groups.get(groupId);
    if (group?.type === 'classic') return describeGroup(group);
    return undescribedGroup(groupId, ErrorCode.GROUP_ID_NOT_FOUND, whyNot('classic', groupId, group));
  }

  describeConsumerGroup(groupId: string): DescribedConsumerGroup {
    if (groupId === '') return undescribedConsumerGroup(groupId, ErrorCode.INVALID_GROUP_ID, 'The group has no name.');
    const at = this.#partitionOf(groupId);
    if (typeof at === 'number') return undescribedConsumerGroup(groupId, at, null);
    const group = at.groups.get(groupId);
    if (group?.type === 'consumer') {
      return describeConsumerGroup(group, this.#options.topics(), this.#options.config['group.consumer.assignors']);
    }
    return undescribedConsumerGroup(groupId, ErrorCode.GROUP_ID_NOT_FOUND, whyNot('consumer', groupId, group));
  }

  listGroups(
    statesFilter: readonly string[],
    typesFilter: readonly string[],
  ): {
    errorCode: number;
    groups: ListedGroup[];
  } {
    let errorCode: number = ErrorCode.NONE;
    const groups: ListedGroup[] = [];
    for (const at of this.#partitions.values()) {
      if (at instanceof GroupLoad) errorCode = ErrorCode.COORDINATOR_LOAD_IN_PROGRESS;
      else
        for (const group of at.groups.values()) {
          const listed = listGroup(group, statesFilter, typesFilter);
          if (listed !== null) groups.push(listed);
        }
    }
    return { errorCode, groups };
  }

  /** Offsets of topics that are no more are forgotten, whatever their groups do. */
  topicsDeleted(topics: readonly string[]): void {
    for (const at of this.#partitions.values()) {
      if (at instanceof GroupLoad) at.deletedTopics.push(...topics);
      else this.#forgetTopics(at, topics);
    }
  }

  #forgetTopics(at: GroupPartition, topics: readonly string[]): void {
    if (topics.length === 0) return;
    for (const groupId of at.groups.keys()) this.#write(at, offsetTombstones(at, groupId, topics));
  }

  /** Forgets offsets past offsets.retention.minutes, and groups that have neither offsets nor members. */
  expire(): void {
    const retentionMs = this.#options.config['offsets.retention.minutes'] * 60_000;
    for (const at of this.#partitions.values()) {
      if (at instanceof GroupLoad) continue;
      for (const group of at.groups.values()) this.#expireGroup(at, group, retentionMs);
    }
  }

  #expireGroup(at: GroupPartition, group: Group, retentionMs: number): void {
    this.#write(at, expiredRecords(at, group, this.#now(), retentionMs));
    if (isUnused(at, group)) this.#remove(at, group);
  }

  #scheduleExpiry(): Timer {
    return this.#options.clock.after(this.#options.config['offsets.retention.check.interval.ms'], () => {
      this.#expiry = this.#scheduleExpiry();
      this.expire();
    });
  }

  #now(): number {
    return this.#options.clock.now();
  }

  /** Where the group lives, or what a client is told when that is not here. */
  #partitionOf(groupId: string): GroupPartition | number {
    const at = this.#partitions.get(this.partitionFor(groupId));
    if (at === undefined) return ErrorCode.NOT_COORDINATOR;
    return at instanceof GroupLoad ? ErrorCode.COORDINATOR_LOAD_IN_PROGRESS : at;
  }

  #remove(at: GroupPartition, group: Group): number {
    const failed = this.#write(at, [
      ...offsetTombstones(at, group.groupId),
      ...(group.type === 'consumer' ? this.#membership.tombstones(group) : [groupTombstone(group.groupId)]),
    ]);
    if (failed === ErrorCode.NONE) this.#membership.unload(at, group, ErrorCode.UNKNOWN_MEMBER_ID);
    return failed;
  }

  /** Appends records and lets them take effect. NONE, or what the client is told. */
  #write(at: GroupPartition, records: readonly GroupRecord[], transaction?: AppendOptions['transaction']): number {
    for (let from = 0; from < records.length; from += RECORDS_A_BATCH) {
      const batch = records.slice(from, from + RECORDS_A_BATCH);
      const failed = this.#append(at, batch, transaction);
      if (failed !== ErrorCode.NONE) return failed;
      for (const record of batch) at.replay(record, transaction?.producerId);
    }
    return ErrorCode.NONE;
  }

  #append(at: GroupPartition, records: readonly GroupRecord[], transaction?: AppendOptions['transaction']): number {
    const log = this.#options.partitionOf(at.index);
    if (log === undefined) return ErrorCode.NOT_COORDINATOR;
    try {
      const timestamp = this.#now();
      log.appendRecords(
        records.map((record) => encodeRecord(record, timestamp)),
        { transaction },
      );
      return ErrorCode.NONE;
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
      this.#options.logger.error('group.append-failed', { partition: at.index, error: error.message });
      return appendError(error.errorCode);
    }
  }
}

function whyNot(type: Group['type'], groupId: string, group: Group | undefined): string {
  return group === undefined ? `No group has the id '${groupId}'.` : `Group '${groupId}' is not a ${type} group.`;
}

function checkTransactional(group: Group | undefined, request: OffsetCommitRequest): number {
  return group?.type === 'consumer'
    ? checkTransactionalEpochCommit(group, request)
    : checkTransactionalCommit(group, request);
}

/** A name that no group has can be used without membership only. */
function checkGrouplessCommit(generationId: number): number {
  return generationId < 0 ? ErrorCode.NONE : ErrorCode.GROUP_ID_NOT_FOUND;
}
