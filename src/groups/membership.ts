/** Members come, stay and go: each request of theirs is given to the kind of group that theirs is. */
import { ErrorCode } from '../../protocol/errors.ts';
import type { ServerConfig } from '../config/server.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Random } from '../platform/random.ts';
import type { ClassicGroup, JoinResponse, SyncResponse } from './classic/state.ts';
import { groupMetadata, joinError, newClassicGroup, syncError } from './classic/state.ts';
import type { ConsumerConfig } from './consumer/limits.ts';
import { sharedLimits } from './consumer/limits.ts';
import type { ConsumerHeartbeat, ConsumerHeartbeatResponse } from './consumer/request.ts';
import type { ConsumerGroup } from './consumer/state.ts';
import type { GroupTopics } from './consumer/topics.ts';
import type { GroupRefusal } from './consumer/decision.ts';
import { ConsumerGroupRunner } from './consumer/runner.ts';
import type { Group } from './group.ts';
import type { GroupPartition } from './group-partition.ts';
import type { LeaveResponse } from './classic/runner.ts';
import { ClassicGroupRunner } from './classic/runner.ts';
import { newMemberId } from './member-id.ts';
import type { GroupRecord } from './records.ts';
import type { HeartbeatRequest, JoinAbilities, JoinRequest, LeaveRequest, Origin, SyncRequest } from './requests.ts';

export type MembershipConfig = ConsumerConfig &
  Pick<
    ServerConfig,
    | 'group.initial.rebalance.delay.ms'
    | 'group.max.session.timeout.ms'
    | 'group.min.session.timeout.ms'
    | 'group.max.size'
  >;

export interface MembershipOptions {
  readonly clock: Clock;
  readonly config: MembershipConfig;
  readonly logger: Logger;
  readonly random: Random;
  /** The cluster's topics as of now. */
  topics(): GroupTopics;
  /** The dynamic configurations of one group. */
  groupConfig(groupId: string): ReadonlyMap<string, string>;
}

/** What the coordinator does for it. */
export interface GroupAccess {
  /** Where the group lives, or what a client is told when that is not here. */
  find(groupId: string): GroupPartition | number;
  /** Writes records in one piece. NONE, or what the client is told. */
  append(at: GroupPartition, records: readonly GroupRecord[]): number;
}

export class Membership {
  readonly #options: MembershipOptions;
  readonly #access: GroupAccess;
  readonly #runner: ClassicGroupRunner;
  readonly #consumers: ConsumerGroupRunner;
  readonly #joinedThrough = new Map<number, Set<ClassicGroup>>();

  constructor(options: MembershipOptions, access: GroupAccess) {
    this.#options = options;
    this.#access = access;
    const { clock } = options;
    this.#runner = new ClassicGroupRunner(options, (at, groupId, metadata) =>
      access.append(at, [{ type: 'group', groupId, metadata }]),
    );
    const limits = sharedLimits();
    this.#consumers = new ConsumerGroupRunner({
      clock,
      logger: options.logger,
      topics: () => options.topics(),
      append: (at, records) => access.append(at, records),
      limits: (groupId) => limits(options.config, options.groupConfig(groupId)),
      endClassic: (at, group, errorCode) => this.#runner.unload(at, group, errorCode),
      beginClassic: (at, group) => {
        for (const { connectionId } of group.members.values()) this.#noteConnection(connectionId, group);
        const reason = 'only members of the classic protocol are left';
        this.#runner.run(at, group, { type: 'downgraded', nowMs: clock.now(), reason });
      },
    });
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
    const at = this.#access.find(groupId);
    if (typeof at === 'number') return joinError(memberId, at);
    let group = at.groups.get(groupId);
    const newId = memberId === '' ? newMemberId(origin.clientId, groupInstanceId, this.#options.random) : '';
    if (group?.type === 'consumer' && group.members.size > 0) {
      return this.#consumers.join(at, group, { ...request, ...origin, ...abilities }, newId);
    }
    if (group?.type !== 'classic') {
      if (memberId !== '') return joinError(memberId, ErrorCode.UNKNOWN_MEMBER_ID);
      const created = this.#create(at, groupId);
      if (typeof created === 'number') return joinError(memberId, created);
      group = created;
    }
    this.#noteConnection(origin.connectionId, group);
    return this.#runner.join(at, group, {
      type: 'join',
      nowMs: this.#options.clock.now(),
      newMemberId: newId,
      ...request,
      ...origin,
      ...abilities,
    });
  }

  sync(request: SyncRequest): SyncResponse | Promise<SyncResponse> {
    if (request.groupId === '') return syncError(ErrorCode.INVALID_GROUP_ID);
    const at = this.#access.find(request.groupId);
    // Its group is being read: joining again is the safe way to find out what came of this generation.
    if (at === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS) return syncError(ErrorCode.REBALANCE_IN_PROGRESS);
    if (typeof at === 'number') return syncError(at);
    const group = at.groups.get(request.groupId);
    if (group === undefined) return syncError(ErrorCode.UNKNOWN_MEMBER_ID);
    if (group.type === 'consumer') return this.#consumers.sync(at, group, request);
    return this.#runner.sync(at, group, { type: 'sync', nowMs: this.#options.clock.now(), ...request });
  }

  heartbeat(request: HeartbeatRequest): number {
    if (request.groupId === '') return ErrorCode.INVALID_GROUP_ID;
    const at = this.#access.find(request.groupId);
    // Its group is being read: an error would make a member give up partitions it still owns.
    if (typeof at === 'number') return at === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS ? ErrorCode.NONE : at;
    const group = at.groups.get(request.groupId);
    if (group === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
    if (group.type === 'consumer') return this.#consumers.classicHeartbeat(at, group, request);
    const { memberId, groupInstanceId, generationId } = request;
    return this.#runner.run(at, group, {
      type: 'heartbeat',
      nowMs: this.#options.clock.now(),
      memberId,
      groupInstanceId,
      generationId,
    }).errorCode;
  }

  leave(request: LeaveRequest): LeaveResponse {
    const { groupId, members } = request;
    if (groupId === '') return { errorCode: ErrorCode.INVALID_GROUP_ID, members: [] };
    const at = this.#access.find(groupId);
    if (typeof at === 'number') return { errorCode: at, members: [] };
    const group = at.groups.get(groupId);
    if (group?.type === 'consumer') return this.#consumers.leave(at, group, request);
    const nowMs = this.#options.clock.now();
    if (group !== undefined) return this.#runner.run(at, group, { type: 'leave', nowMs, members });
    const errorCode = ErrorCode.UNKNOWN_MEMBER_ID;
    return {
      errorCode: ErrorCode.NONE,
      members: members.map(({ memberId, groupInstanceId }) => ({ memberId, groupInstanceId, errorCode })),
    };
  }

  /** ConsumerGroupHeartbeat; the request is in order by itself. */
  consumerHeartbeat(
    groupId: string,
    request: ConsumerHeartbeat,
    connectionId: number,
  ): ConsumerHeartbeatResponse | GroupRefusal {
    const at = this.#access.find(groupId);
    if (typeof at === 'number') return { errorCode: at, errorMessage: 'The group has no coordinator here now.' };
    return this.#consumers.heartbeat(at, groupId, request, connectionId);
  }

  /** The connection is gone. `evict` (ottla.evict.on.disconnect) takes its dynamic members out of their groups. */
  connectionClosed(connectionId: number, evict: boolean): void {
    const groups = this.#joinedThrough.get(connectionId);
    this.#joinedThrough.delete(connectionId);
    const consumerGroups = this.#consumers.takeConnection(connectionId);
    if (!evict) return;
    for (const groupId of consumerGroups) {
      const at = this.#access.find(groupId);
      const group = typeof at === 'number' ? undefined : at.groups.get(groupId);
      if (typeof at !== 'number' && group?.type === 'consumer') this.#consumers.evict(at, group, connectionId);
    }
    for (const group of groups ?? []) {
      const at = this.#access.find(group.groupId);
      if (typeof at === 'number' || at.groups.get(group.groupId) !== group) continue;
      this.#runner.run(at, group, { type: 'connectionClosed', nowMs: this.#options.clock.now(), connectionId });
    }
  }

  /** A member has committed offsets, which is as good as a heartbeat. */
  committed(at: GroupPartition, group: ClassicGroup, memberId: string): void {
    this.#runner.run(at, group, { type: 'committed', nowMs: this.#options.clock.now(), memberId });
  }

  /** The group was read from the log, and this broker speaks for it now. */
  load(at: GroupPartition, group: Group): void {
    if (group.type === 'consumer') this.#consumers.load(at, group);
    else this.#runner.run(at, group, { type: 'loaded', nowMs: this.#options.clock.now() });
  }

  /** The group is no more, here: whoever waits is told this code, and no timer stays. */
  unload(at: GroupPartition, group: Group, errorCode: number): void {
    if (group.type === 'consumer') this.#consumers.unload(group);
    else this.#runner.unload(at, group, errorCode);
  }

  /** Every trace of a consumer group but its offsets, as records. */
  tombstones(group: ConsumerGroup): GroupRecord[] {
    return this.#consumers.tombstones(group);
  }

  /** No connection is remembered. */
  stop(): void {
    this.#joinedThrough.clear();
  }

  /** A new classic group; an empty group of the consumer protocol gives way to it. */
  #create(at: GroupPartition, groupId: string): ClassicGroup | number {
    const group = newClassicGroup(groupId, this.#options.clock.now());
    const before = at.groups.get(groupId);
    const failed = this.#access.append(at, [
      ...(before?.type === 'consumer' ? this.#consumers.tombstones(before) : []),
      { type: 'group', groupId, metadata: groupMetadata(group) },
    ]);
    if (failed !== ErrorCode.NONE) return failed;
    if (before?.type === 'consumer') this.#consumers.unload(before);
    at.groups.set(groupId, group);
    return group;
  }

  #noteConnection(connectionId: number, group: ClassicGroup): void {
    const groups = this.#joinedThrough.get(connectionId);
    if (groups === undefined) this.#joinedThrough.set(connectionId, new Set([group]));
    else groups.add(group);
  }
}
