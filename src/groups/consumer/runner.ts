/** Gives requests to consumer groups (KIP-848), has their records written, and runs their members' timers. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { ClassicGroup, JoinResponse, LeftMember, SyncResponse } from '../classic/state.ts';
import { joinError, syncError } from '../classic/state.ts';
import { classicHeartbeat, classicJoin, classicLeave, classicSync } from './classic-member.ts';
import { addGroupTombstones } from './tombstones.ts';
import { heartbeat } from './heartbeat.ts';
import { removeMembers } from './leave.ts';
import { downgrade, mayDowngrade, noConsumerGroup, upgrade } from './migration.ts';
import type { ConsumerHeartbeat, ConsumerHeartbeatResponse } from './request.ts';
import { JOIN_EPOCH } from './request.ts';
import type { ConsumerGroup, ConsumerMember } from './state.ts';
import { MemberState, newConsumerGroup, usesClassicProtocol } from './state.ts';
import { timeRevocation } from './apply-member.ts';
import type { GroupTopics } from './topics.ts';
import type { ConsumerLimits, ConsumerTimerName, ConsumerDecision, GroupRefusal } from './decision.ts';
import { isRefusal, newDecision, startSession } from './decision.ts';
import type { GroupPartition } from '../group-partition.ts';
import { GroupTimers } from '../group-timers.ts';
import type { GroupRecord } from '../records.ts';
import type { HeartbeatRequest, JoinAbilities, JoinRequest, LeaveRequest, Origin, SyncRequest } from '../requests.ts';

export interface ConsumerRunnerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** The cluster as of now. */
  topics(): GroupTopics;
  /** What applies to a group now. */
  limits(groupId: string): ConsumerLimits;
  /** Writes records in one piece. NONE, or what the client is told. */
  append(at: GroupPartition, records: readonly GroupRecord[]): number;
  /** A classic group gives way to a consumer group: whoever waits in it is told this code. */
  endClassic(at: GroupPartition, group: ClassicGroup, errorCode: number): void;
  /** And the other way round. */
  beginClassic(at: GroupPartition, group: ClassicGroup): void;
}

export class ConsumerGroupRunner {
  readonly #options: ConsumerRunnerOptions;
  readonly #timers = new Map<ConsumerGroup, GroupTimers<ConsumerTimerName>>();
  /** The groups whose members have spoken through a connection. */
  readonly #spokenThrough = new Map<number, Set<string>>();

  constructor(options: ConsumerRunnerOptions) {
    this.#options = options;
  }

  heartbeat(
    at: GroupPartition,
    groupId: string,
    request: ConsumerHeartbeat,
    connectionId: number,
  ): ConsumerHeartbeatResponse | GroupRefusal {
    const decision = this.#decision(groupId);
    const group = this.#open(at, groupId, request.memberEpoch === JOIN_EPOCH, decision);
    if (isRefusal(group)) return group;
    const response = heartbeat(group, request, decision);
    if (isRefusal(response)) return response;
    const errorCode = this.#apply(at, groupId, decision);
    if (errorCode !== ErrorCode.NONE) return { errorCode, errorMessage: 'The heartbeat could not be stored.' };
    if (request.memberEpoch >= 0) this.#spoke(at, groupId, request.memberId, connectionId);
    return response;
  }

  /** As it is, or as it will be once the decision's records are written. */
  #open(at: GroupPartition, groupId: string, joins: boolean, decision: ConsumerDecision): ConsumerGroup | GroupRefusal {
    const group = at.groups.get(groupId);
    if (group?.type === 'consumer') return group;
    if (!joins) return noConsumerGroup(groupId, 'only a member that joins makes it one');
    return group === undefined ? newConsumerGroup(groupId) : upgrade(group, decision);
  }

  join(
    at: GroupPartition,
    group: ConsumerGroup,
    request: JoinRequest & Origin & JoinAbilities,
    newMemberId: string,
  ): JoinResponse {
    const { groupId } = group;
    const decision = this.#decision(groupId);
    const response = classicJoin(group, request, newMemberId, decision);
    const errorCode = this.#apply(at, groupId, decision);
    if (errorCode !== ErrorCode.NONE) return joinError(request.memberId, errorCode);
    if (response.errorCode === ErrorCode.NONE) {
      this.#spoke(at, groupId, response.memberId, request.connectionId);
      this.#downgradeIfClassic(at, group);
    }
    return response;
  }

  /** A member of the classic protocol may have come for the last one of the other. */
  #downgradeIfClassic(at: GroupPartition, group: ConsumerGroup): void {
    const decision = this.#decision(group.groupId);
    if (!mayDowngrade(group, [], decision.limits)) return;
    decision.removed = 'all members speak the classic protocol';
    downgrade(group, [], decision);
    this.#apply(at, group.groupId, decision);
  }

  sync(at: GroupPartition, group: ConsumerGroup, request: SyncRequest): SyncResponse {
    const decision = this.#decision(group.groupId);
    const response = classicSync(group, request, decision);
    const errorCode = this.#apply(at, group.groupId, decision);
    return errorCode === ErrorCode.NONE ? response : syncError(errorCode);
  }

  classicHeartbeat(at: GroupPartition, group: ConsumerGroup, request: HeartbeatRequest): number {
    const decision = this.#decision(group.groupId);
    const errorCode = classicHeartbeat(group, request, decision);
    return this.#apply(at, group.groupId, decision) || errorCode;
  }

  leave(at: GroupPartition, group: ConsumerGroup, request: LeaveRequest): { errorCode: number; members: LeftMember[] } {
    const decision = this.#decision(group.groupId);
    const members = classicLeave(group, request, decision);
    const errorCode = this.#apply(at, group.groupId, decision);
    return { errorCode, members: errorCode === ErrorCode.NONE ? members : [] };
  }

  /** Every trace of the group but its offsets, as records. */
  tombstones(group: ConsumerGroup): GroupRecord[] {
    const decision = this.#decision(group.groupId);
    addGroupTombstones(group, decision);
    return decision.records;
  }

  /** Members may have been alive all along: each gets a whole session to show it. */
  load(at: GroupPartition, group: ConsumerGroup): void {
    const decision = this.#decision(group.groupId);
    for (const member of group.members.values()) {
      startSession(member, decision);
      if (!usesClassicProtocol(member)) timeRevocation(member, decision);
    }
    this.#apply(at, group.groupId, decision);
  }

  unload(group: ConsumerGroup): void {
    this.#timers.get(group)?.cancelAll();
    this.#timers.delete(group);
  }

  /** Groups in which a member last spoke through this connection; it is forgotten. */
  takeConnection(connectionId: number): ReadonlySet<string> {
    const groups = this.#spokenThrough.get(connectionId) ?? new Set<string>();
    this.#spokenThrough.delete(connectionId);
    return groups;
  }

  /** Takes out dynamic members that last spoke through a connection which is gone. */
  evict(at: GroupPartition, group: ConsumerGroup, connectionId: number): void {
    const gone = [...group.members.values()].filter(
      ({ memberId, instanceId }) => instanceId === null && group.connections.get(memberId) === connectionId,
    );
    this.#remove(at, group, gone, 'connection closed');
  }

  #spoke(at: GroupPartition, groupId: string, memberId: string, connectionId: number): void {
    const group = at.groups.get(groupId);
    if (group?.type !== 'consumer' || !group.members.has(memberId)) return;
    if (group.connections.get(memberId) === connectionId) return;
    group.connections.set(memberId, connectionId);
    const groups = this.#spokenThrough.get(connectionId);
    if (groups === undefined) this.#spokenThrough.set(connectionId, new Set([groupId]));
    else groups.add(groupId);
  }

  #decision(groupId: string): ConsumerDecision {
    const options = this.#options;
    return newDecision(options.clock.now(), options.limits(groupId), options.topics());
  }

  /** Writes what the decision has decided, and lets it take effect. NONE, or why nothing has happened. */
  #apply(at: GroupPartition, groupId: string, decision: ConsumerDecision): number {
    const before = at.groups.get(groupId);
    if (decision.records.length > 0) {
      const errorCode = this.#options.append(at, decision.records);
      if (errorCode !== ErrorCode.NONE) return errorCode;
      if (before?.type === 'classic') this.#options.endClassic(at, before, ErrorCode.REBALANCE_IN_PROGRESS);
      for (const record of decision.records) at.replay(record);
      // They have not said a word in the new group yet, and are known by the connection of the old one.
      if (before?.type === 'classic') {
        for (const member of before.members.values()) this.#spoke(at, groupId, member.memberId, member.connectionId);
      }
    }
    const { removed, downgraded } = decision;
    if (removed !== null) this.#options.logger.info('group.rebalance', { group: groupId, reason: removed });
    const group = at.groups.get(groupId);
    if (before?.type === 'consumer' && group !== before) this.unload(before);
    if (downgraded !== null) {
      at.groups.set(groupId, downgraded);
      this.#options.beginClassic(at, downgraded);
    } else if (group?.type === 'consumer') {
      if (decision.looked) group.seenTopics = decision.topics.topicsByName;
      if (decision.askedRegexes) group.regexesRefreshedMs = decision.nowMs;
      this.#runTimers(at, group, decision);
    }
    return ErrorCode.NONE;
  }

  #runTimers(at: GroupPartition, group: ConsumerGroup, { timers }: ConsumerDecision): void {
    let running = this.#timers.get(group);
    for (const { name, memberId, afterMs, keep = false } of timers) {
      if (afterMs === null) running?.cancel(name, memberId);
      else {
        running ??= this.#timersOf(at, group);
        if (!keep || !running.isRunning(name, memberId)) running.start(name, memberId, afterMs);
      }
    }
  }

  #timersOf(at: GroupPartition, group: ConsumerGroup): GroupTimers<ConsumerTimerName> {
    const { clock } = this.#options;
    const timers = new GroupTimers(['session', 'rebalance', 'join', 'sync'] as const, clock, (name, memberId) => {
      const member = group.members.get(memberId);
      if (member === undefined) return;
      if (name === 'rebalance' && member.state !== MemberState.UNREVOKED_PARTITIONS) return;
      this.#remove(at, group, [member], `${memberId}: ${WHY[name]}`);
    });
    this.#timers.set(group, timers);
    return timers;
  }

  #remove(at: GroupPartition, group: ConsumerGroup, gone: readonly ConsumerMember[], why: string): void {
    const decision = this.#decision(group.groupId);
    removeMembers(group, gone, why, decision);
    if (this.#apply(at, group.groupId, decision) === ErrorCode.NONE) return;
    // The disk refused: the members are still there, and are looked at again.
    for (const member of gone) startSession(member, decision);
    this.#runTimers(at, group, { ...decision, timers: decision.timers.filter(({ afterMs }) => afterMs !== null) });
  }
}

const WHY: Readonly<Record<ConsumerTimerName, string>> = {
  session: 'heartbeat expired',
  rebalance: 'did not give partitions up in time',
  join: 'did not join again in time',
  sync: 'did not ask for its assignment in time',
};
