/** The group coordinator: gives events to groups, runs what they ask for, and writes their records. The shell. */
import { ErrorCode } from '../../protocol/errors.ts';
import type { DecodedBatch, Record } from '../../protocol/records/decode.ts';
import type { RecordDraft } from '../../protocol/records/encode.ts';
import type { ServerConfig } from '../config/server.ts';
import { LogError, type AppendOptions } from '../partitions/partition.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Random } from '../platform/random.ts';
import { appendError } from './append-error.ts';
import type { ClassicGroup, JoinResponse, SyncResponse } from './classic-state.ts';
import { groupMetadata, joinError, newClassicGroup, syncError } from './classic-state.ts';
import type { DescribedGroup, ListedGroup } from './describe.ts';
import { describeGroup, listGroup, undescribedGroup } from './describe.ts';
import { GroupPartition } from './group-partition.ts';
import type { Outcome } from './group-runner.ts';
import { GroupRunner } from './group-runner.ts';
import { partitionFor } from './java-hash.ts';
import { newMemberId } from './member-id.ts';
import type {
  CommitRequest, CommittedTopic, DeletedTopic, DeleteTopic, FetchedGroup, FetchRequest, TransactionalCommit,
} from './offset-requests.ts';
import { commitOffsets, deleteOffsets, fetchOffsets, refuseCommit } from './offset-requests.ts';
import { checkCommit, checkGroupDelete, checkOffsetDelete, checkTransactionalCommit, expiredOffsets } from './offsets.ts';
import type { GroupRecord } from './records.ts';
import { encodeRecord } from './records.ts';
import { replayLog } from './replay-log.ts';
import type {
  HeartbeatRequest, JoinAbilities, JoinRequest, LeaveRequest, Origin, SyncRequest,
} from './requests.ts';

/** What the coordinator needs of a partition of __consumer_offsets; partitions/partition.ts has it. */
export interface GroupLog {
  /** @throws {LogError} where nothing was appended */
  appendRecords(records: readonly RecordDraft[], options?: AppendOptions): unknown;
  forEachRecord(visit: (record: Record, batch: DecodedBatch) => void): void;
  hasOpenTransaction(producerId: number, producerEpoch: number): boolean;
}

export type GroupConfig = Pick<
  ServerConfig,
  | 'group.initial.rebalance.delay.ms' | 'group.max.session.timeout.ms' | 'group.min.session.timeout.ms'
  | 'group.max.size' | 'offset.metadata.max.bytes' | 'offsets.retention.check.interval.ms'
  | 'offsets.retention.minutes' | 'offsets.topic.num.partitions'
>;

export interface GroupCoordinatorOptions {
  readonly clock: Clock;
  readonly config: GroupConfig;
  readonly logger: Logger;
  readonly random: Random;
  /** The partition of __consumer_offsets where this broker leads it. */
  partitionOf(index: number): GroupLog | undefined;
  /** Creates __consumer_offsets where it is missing; done once its partitions have leaders. */
  ensureOffsetsTopic(): Promise<void>;
  /** How many partitions __consumer_offsets has; undefined while there is none: the configured number counts then. */
  partitionCount?(): number | undefined;
}

const LOADING = 'loading';
/** Large enough for any group but few, small enough for one batch. */
const RECORDS_A_BATCH = 1000;

export class GroupCoordinator {
  readonly #options: GroupCoordinatorOptions;
  readonly #runner: GroupRunner;
  readonly #partitions = new Map<number, GroupPartition | typeof LOADING>();
  readonly #joinedThrough = new Map<number, Set<ClassicGroup>>();
  #expiry: Timer | null = null;

  constructor(options: GroupCoordinatorOptions) {
    this.#options = options;
    this.#runner = new GroupRunner(options, (at, groupId, metadata) => (
      this.#append(at, [{ type: 'group', groupId, metadata }])
    ));
  }

  /** The partition of __consumer_offsets whose leader coordinates this group. */
  partitionFor(groupId: string): number {
    const count = this.#options.partitionCount?.() ?? this.#options.config['offsets.topic.num.partitions'];
    return partitionFor(groupId, count);
  }

  ensureOffsetsTopic(): Promise<void> {
    return this.#options.ensureOffsetsTopic();
  }

  /** This broker leads the partition now: its groups are read from the log, and served from then on. */
  onLeader(index: number, leaderEpoch: number): void {
    const present = this.#partitions.get(index);
    if (present instanceof GroupPartition && present.leaderEpoch >= leaderEpoch) return;
    this.onResign(index);
    const log = this.#options.partitionOf(index);
    if (log === undefined) return;
    const at = new GroupPartition(index, leaderEpoch);
    this.#partitions.set(index, LOADING);
    try {
      replayLog(log, at, (key) => this.#options.logger.warn('group.unknown-record', { partition: index, key }));
    } catch (error) {
      // One damaged partition must not take the broker down: its groups have no coordinator, all others do.
      this.#partitions.delete(index);
      this.#options.logger.error('group.load-failed', { partition: index, error: String(error) });
      return;
    }
    this.#partitions.set(index, at);
    for (const group of at.groups.values()) this.#runner.run(at, group, { type: 'loaded', nowMs: this.#now() });
    this.#expiry ??= this.#scheduleExpiry();
  }

  /** Another broker leads the partition: whoever waits is sent there. */
  onResign(index: number): void {
    const at = this.#partitions.get(index);
    this.#partitions.delete(index);
    if (!(at instanceof GroupPartition)) return;
    for (const group of at.groups.values()) this.#runner.unload(at, group, ErrorCode.NOT_COORDINATOR);
  }

  /** Answers everything that waits and leaves no timer behind. */
  stop(): void {
    for (const index of this.#partitions.keys()) this.onResign(index);
    this.#expiry?.cancel();
    this.#expiry = null;
    this.#joinedThrough.clear();
  }

  join(request: JoinRequest, origin: Origin, abilities: JoinAbilities): JoinResponse | Promise<JoinResponse> {
    const { groupId, memberId, groupInstanceId, sessionTimeoutMs } = request;
    const { config } = this.#options;
    if (groupId === '') return joinError(memberId, ErrorCode.INVALID_GROUP_ID);
    if (
      sessionTimeoutMs < config['group.min.session.timeout.ms'] ||
      sessionTimeoutMs > config['group.max.session.timeout.ms']
    ) {
      return joinError(memberId, ErrorCode.INVALID_SESSION_TIMEOUT);
    }
    const at = this.#partitionOf(groupId);
    if (typeof at === 'number') return joinError(memberId, at);
    let group = at.groups.get(groupId);
    if (group === undefined) {
      if (memberId !== '') return joinError(memberId, ErrorCode.UNKNOWN_MEMBER_ID);
      const created = this.#create(at, groupId);
      if (typeof created === 'number') return joinError(memberId, created);
      group = created;
    }
    this.#noteConnection(origin.connectionId, group);
    const newId = memberId === '' ? newMemberId(origin.clientId, groupInstanceId, this.#options.random) : '';
    return this.#runner.join(at, group, {
      type: 'join', nowMs: this.#now(), newMemberId: newId, ...request, ...origin, ...abilities,
    });
  }

  sync(request: SyncRequest): SyncResponse | Promise<SyncResponse> {
    if (request.groupId === '') return syncError(ErrorCode.INVALID_GROUP_ID);
    const at = this.#partitionOf(request.groupId);
    // Its group is being read: joining again is the safe way to find out what came of this generation.
    if (at === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS) return syncError(ErrorCode.REBALANCE_IN_PROGRESS);
    if (typeof at === 'number') return syncError(at);
    const group = at.groups.get(request.groupId);
    if (group === undefined) return syncError(ErrorCode.UNKNOWN_MEMBER_ID);
    return this.#runner.sync(at, group, { type: 'sync', nowMs: this.#now(), ...request });
  }

  heartbeat(request: HeartbeatRequest): number {
    if (request.groupId === '') return ErrorCode.INVALID_GROUP_ID;
    const at = this.#partitionOf(request.groupId);
    // Its group is being read: an error would make a member give up partitions it still owns.
    if (typeof at === 'number') return at === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS ? ErrorCode.NONE : at;
    const group = at.groups.get(request.groupId);
    if (group === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
    const { memberId, groupInstanceId, generationId } = request;
    return this.#runner.run(at, group, {
      type: 'heartbeat', nowMs: this.#now(), memberId, groupInstanceId, generationId,
    }).errorCode;
  }

  leave(request: LeaveRequest): Outcome {
    const { groupId, members } = request;
    if (groupId === '') return { errorCode: ErrorCode.INVALID_GROUP_ID, members: [] };
    const at = this.#partitionOf(groupId);
    if (typeof at === 'number') return { errorCode: at, members: [] };
    const group = at.groups.get(groupId);
    if (group !== undefined) return this.#runner.run(at, group, { type: 'leave', nowMs: this.#now(), members });
    const errorCode = ErrorCode.UNKNOWN_MEMBER_ID;
    return {
      errorCode: ErrorCode.NONE,
      members: members.map(({ memberId, groupInstanceId }) => ({ memberId, groupInstanceId, errorCode })),
    };
  }

  /** The connection is gone. `evict` (ottla.evict.on.disconnect) takes its dynamic members out of their groups. */
  connectionClosed(connectionId: number, evict: boolean): void {
    const groups = this.#joinedThrough.get(connectionId);
    this.#joinedThrough.delete(connectionId);
    if (groups === undefined || !evict) return;
    for (const group of groups) {
      const at = this.#partitionOf(group.groupId);
      if (typeof at === 'number' || at.groups.get(group.groupId) !== group) continue;
      this.#runner.run(at, group, { type: 'connectionClosed', nowMs: this.#now(), connectionId });
    }
  }

  /** Topics must exist: the handler has checked, and filled in both name and id. */
  commitOffsets(request: CommitRequest): CommittedTopic[] {
    const at = this.#partitionOf(request.groupId);
    if (typeof at === 'number') return refuseCommit(request.topics, at);
    const group = at.groups.get(request.groupId);
    const errorCode = group === undefined ? checkGrouplessCommit(request.generationId) : checkCommit(group, request);
    if (errorCode !== ErrorCode.NONE) return refuseCommit(request.topics, errorCode);
    if (group !== undefined) {
      this.#runner.run(at, group, { type: 'committed', nowMs: this.#now(), memberId: request.memberId });
    }
    const metadataMaxBytes = this.#options.config['offset.metadata.max.bytes'];
    const { records, topics } = commitOffsets(request, this.#now(), metadataMaxBytes);
    const failed = this.#write(at, records);
    return failed === ErrorCode.NONE ? topics : refuseCommit(request.topics, failed);
  }

  /** The same as part of a transaction; `admit` says whether the transaction may write to the group's partition. */
  commitTransactionalOffsets(request: TransactionalCommit, admit: (index: number) => number): CommittedTopic[] {
    const { groupId, producerId, producerEpoch, topics } = request;
    if (groupId === '') return refuseCommit(topics, ErrorCode.INVALID_GROUP_ID);
    const at = this.#partitionOf(groupId);
    if (typeof at === 'number') return refuseCommit(topics, at);
    const isOpen = this.#options.partitionOf(at.index)?.hasOpenTransaction(producerId, producerEpoch) === true;
    const refused = isOpen ? ErrorCode.NONE : admit(at.index);
    const errorCode = refused === ErrorCode.NONE ? checkTransactionalCommit(at.groups.get(groupId), request) : refused;
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

  fetchOffsets(request: FetchRequest, requireStable: boolean): FetchedGroup {
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
    if (group !== undefined) return describeGroup(group);
    return undescribedGroup(groupId, ErrorCode.GROUP_ID_NOT_FOUND, `No group has the id '${groupId}'.`);
  }

  listGroups(statesFilter: readonly string[], typesFilter: readonly string[]): {
    errorCode: number;
    groups: ListedGroup[];
  } {
    let errorCode: number = ErrorCode.NONE;
    const groups: ListedGroup[] = [];
    for (const at of this.#partitions.values()) {
      if (at === LOADING) errorCode = ErrorCode.COORDINATOR_LOAD_IN_PROGRESS;
      else for (const group of at.groups.values()) {
        const listed = listGroup(group, statesFilter, typesFilter);
        if (listed !== null) groups.push(listed);
      }
    }
    return { errorCode, groups };
  }

  /** Offsets of topics that are no more are forgotten, whatever their groups do. */
  topicsDeleted(topics: readonly string[]): void {
    for (const at of this.#partitions.values()) {
      if (at === LOADING) continue;
      for (const groupId of at.groups.keys()) {
        const gone = at.offsetsOf(groupId).list(topics);
        this.#write(at, gone.map((offset) => ({ type: 'offset', groupId, ...offset, committed: null })));
      }
    }
  }

  /** Forgets offsets past offsets.retention.minutes, and groups that have neither offsets nor members. */
  expire(): void {
    const retentionMs = this.#options.config['offsets.retention.minutes'] * 60_000;
    for (const at of this.#partitions.values()) {
      if (at === LOADING) continue;
      for (const group of at.groups.values()) this.#expireGroup(at, group, retentionMs);
    }
  }

  #expireGroup(at: GroupPartition, group: ClassicGroup, retentionMs: number): void {
    const { groupId } = group;
    const expired = expiredOffsets(group, at.offsetsOf(groupId), this.#now(), retentionMs)
      .filter(({ topic, partition }) => !at.pending.has(groupId, topic, partition));
    this.#write(at, expired.map((offset) => ({ type: 'offset', groupId, ...offset, committed: null })));
    const unused = group.state === 'Empty' && group.pendingMembers.size === 0;
    if (unused && at.offsetsOf(groupId).isEmpty && !at.pending.hasGroup(groupId)) this.#remove(at, group);
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
    return at === LOADING ? ErrorCode.COORDINATOR_LOAD_IN_PROGRESS : at;
  }

  #create(at: GroupPartition, groupId: string): ClassicGroup | number {
    const group = newClassicGroup(groupId, this.#now());
    const failed = this.#append(at, [{ type: 'group', groupId, metadata: groupMetadata(group) }]);
    if (failed !== ErrorCode.NONE) return failed;
    at.groups.set(groupId, group);
    return group;
  }

  #remove(at: GroupPartition, group: ClassicGroup): number {
    const { groupId } = group;
    const offsets = at.offsetsOf(groupId).list();
    const failed = this.#write(at, [
      ...offsets.map((offset): GroupRecord => ({ type: 'offset', groupId, ...offset, committed: null })),
      { type: 'group', groupId, metadata: null },
    ]);
    if (failed === ErrorCode.NONE) this.#runner.unload(at, group, ErrorCode.UNKNOWN_MEMBER_ID);
    return failed;
  }

  #noteConnection(connectionId: number, group: ClassicGroup): void {
    const groups = this.#joinedThrough.get(connectionId);
    if (groups === undefined) this.#joinedThrough.set(connectionId, new Set([group]));
    else groups.add(group);
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
      log.appendRecords(records.map((record) => encodeRecord(record, timestamp)), { transaction });
      return ErrorCode.NONE;
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
      this.#options.logger.error('group.append-failed', { partition: at.index, error: error.message });
      return appendError(error.errorCode);
    }
  }
}

/** A name that no group has can be used without membership only. */
function checkGrouplessCommit(generationId: number): number {
  return generationId < 0 ? ErrorCode.NONE : ErrorCode.GROUP_ID_NOT_FOUND;
}
