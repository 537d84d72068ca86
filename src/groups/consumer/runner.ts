/** Gives requests to consumer groups (KIP-848), has their records written, and runs their members' timers. */
import { ErrorCode } from '../../../protocol/errors.ts';
import { isClassicGroup, joinError, syncError } from '../classic/state.ts';
import type { JoinResponse, LeaveResponse, SyncResponse } from '../classic/state.ts';
import type { GroupShard } from '../group-partition.ts';
import type { RebalanceProgress } from '../group-progress.ts';
import type { GroupRunner, RunnerHost } from '../group-runner.ts';
import { sharedLimits } from '../modern/limits.ts';
import { ModernShell } from '../modern/shell.ts';
import type { PatternWaiter } from '../pattern-resolver.ts';
import type { HeartbeatRequest, JoinCall, LeaveRequest, MayDescribe, SyncRequest } from '../requests.ts';
import { isRefusal } from '../modern/refusal.ts';
import type { GroupRefusal } from '../modern/refusal.ts';
import { timeRevocation } from './apply-member.ts';
import { classicHeartbeat, classicJoin, classicLeave, classicSync } from './classic-member.ts';
import type { ConsumerDecision, ConsumerTimerName } from './decision.ts';
import { newDecision, startSession } from './decision.ts';
import { heartbeat } from './heartbeat.ts';
import { isSubscribed, takeResolved } from './regexes.ts';
import { removeMembers } from './leave.ts';
import { limitsOf } from './limits.ts';
import { downgrade, mayDowngrade, noConsumerGroup, upgrade } from './migration.ts';
import type { ConsumerHeartbeat, ConsumerHeartbeatResponse } from './request.ts';
import { JOIN_EPOCH } from './request.ts';
import type { ConsumerGroup, ConsumerMember } from './state.ts';
import { isConsumerGroup, isReconciled, MemberState, newConsumerGroup, stateOf, usesClassicProtocol } from './state.ts';

export class ConsumerGroupRunner implements GroupRunner<ConsumerGroup> {
  readonly #host: RunnerHost;
  readonly #limitsOf = sharedLimits(limitsOf);
  readonly #shell: ModernShell<ConsumerMember, ConsumerGroup, ConsumerTimerName>;

  constructor(host: RunnerHost) {
    this.#host = host;
    this.#shell = new ModernShell<ConsumerMember, ConsumerGroup, ConsumerTimerName>(host, {
      timers: ['session', 'rebalance', 'join', 'sync'],
      isOfKind: isConsumerGroup,
      isSettled: isReconciled,
      due: (shard, group, name, memberId) => this.#due(shard, group, name, memberId),
    });
  }

  /** ConsumerGroupHeartbeat; the request is in order by itself. */
  consumerHeartbeat(
    shard: GroupShard,
    groupId: string,
    request: ConsumerHeartbeat,
    connectionId: number,
  ): ConsumerHeartbeatResponse | GroupRefusal {
    const decision = this.#decision(shard, groupId, request.mayDescribe);
    const group = this.#open(shard, groupId, request.memberEpoch === JOIN_EPOCH, decision);
    if (isRefusal(group)) return group;
    const response = heartbeat(group, request, decision);
    if (isRefusal(response)) return response;
    const errorCode = this.#apply(shard, groupId, decision);
    if (errorCode !== ErrorCode.NONE) return { errorCode, errorMessage: 'The heartbeat could not be stored.' };
    if (request.memberEpoch >= 0) this.#shell.noteConnection(shard, groupId, request.memberId, connectionId);
    return response;
  }

  /** As it is, or as it will be once the decision's records are written. */
  #open(shard: GroupShard, groupId: string, joins: boolean, decision: ConsumerDecision): ConsumerGroup | GroupRefusal {
    const group = shard.state.groups.get(groupId);
    if (isConsumerGroup(group)) return group;
    if (!joins) return noConsumerGroup(groupId, 'only a member that joins makes it one');
    if (group === undefined) return newConsumerGroup(groupId);
    return isClassicGroup(group) ? upgrade(group, decision) : noConsumerGroup(groupId, `it is a ${group.type} group`);
  }

  join(shard: GroupShard, call: JoinCall): JoinResponse {
    const { groupId, memberId, connectionId, mayDescribe } = call;
    const group = shard.state.groups.get(groupId) as ConsumerGroup;
    const decision = this.#decision(shard, groupId, mayDescribe);
    const response = classicJoin(group, call, decision);
    const errorCode = this.#apply(shard, groupId, decision);
    if (errorCode !== ErrorCode.NONE) return joinError(memberId, errorCode);
    if (response.errorCode === ErrorCode.NONE) {
      this.#shell.noteConnection(shard, groupId, response.memberId, connectionId);
      this.#downgradeIfClassic(shard, group);
    }
    return response;
  }

  /** A member of the classic protocol may have come for the last one of the other. */
  #downgradeIfClassic(shard: GroupShard, group: ConsumerGroup): void {
    const decision = this.#decision(shard, group.groupId);
    if (!mayDowngrade(group, [], decision.limits)) return;
    decision.why = 'all members speak the classic protocol';
    downgrade(group, [], decision);
    this.#apply(shard, group.groupId, decision);
  }

  sync(shard: GroupShard, group: ConsumerGroup, request: SyncRequest): SyncResponse {
    const decision = this.#decision(shard, group.groupId);
    const response = classicSync(group, request, decision);
    const errorCode = this.#apply(shard, group.groupId, decision);
    return errorCode === ErrorCode.NONE ? response : syncError(errorCode);
  }

  heartbeat(shard: GroupShard, group: ConsumerGroup, request: HeartbeatRequest): number {
    const decision = this.#decision(shard, group.groupId);
    const errorCode = classicHeartbeat(group, request, decision);
    return this.#apply(shard, group.groupId, decision) || errorCode;
  }

  leave(shard: GroupShard, group: ConsumerGroup, request: LeaveRequest): LeaveResponse {
    const decision = this.#decision(shard, group.groupId);
    const members = classicLeave(group, request, decision);
    const errorCode = this.#apply(shard, group.groupId, decision);
    return { errorCode, members: errorCode === ErrorCode.NONE ? members : [] };
  }

  /** Only heartbeats keep a member of this protocol in its group. */
  offsetsCommitted(): void {}

  /** Members may have been alive all along: each gets a whole session to show it. */
  load(shard: GroupShard, group: ConsumerGroup): void {
    const decision = this.#decision(shard, group.groupId);
    for (const member of group.members.values()) {
      startSession(member, decision);
      if (!usesClassicProtocol(member)) timeRevocation(member, decision);
    }
    this.#apply(shard, group.groupId, decision);
  }

  adopt(shard: GroupShard, group: ConsumerGroup): void {
    this.load(shard, group);
  }

  unload(_shard: GroupShard, group: ConsumerGroup): void {
    this.#shell.unload(group);
  }

  progress(group: ConsumerGroup): RebalanceProgress | null {
    const state = stateOf(group);
    const { assignmentTimestamp, assignmentEpoch } = group;
    const sinceMs = assignmentTimestamp === 0 ? null : assignmentTimestamp;
    if (state === 'Assigning') {
      const host = this.#host;
      const { assignmentIntervalMs } = this.#limitsOf(host.config, host.groupConfig(group.groupId));
      const untilMs = sinceMs === null ? null : sinceMs + assignmentIntervalMs;
      return { phase: 'assigning', sinceMs: null, untilMs, waitingFor: [] };
    }
    if (state !== 'Reconciling') return null;
    const late = Array.from(group.members.values()).filter((member) => !isReconciled(member, assignmentEpoch));
    const holding = late.filter((member) => member.state === MemberState.UNREVOKED_PARTITIONS);
    const leftMs = holding.map(({ memberId }) => this.#shell.leftMs(group, 'rebalance', memberId) ?? Infinity);
    const soonestMs = leftMs.reduce((a, b) => Math.min(a, b), Infinity);
    return {
      phase: holding.length > 0 ? 'revoking' : 'reconciling',
      sinceMs,
      untilMs: soonestMs === Infinity ? null : Math.round(this.#host.clock.now() + soonestMs),
      waitingFor: (holding.length > 0 ? holding : late).map(({ memberId, clientId }) => ({ memberId, clientId })),
    };
  }

  /** Takes out dynamic members that last spoke through a connection which is gone. */
  evict(shard: GroupShard, group: ConsumerGroup, connectionId: number): void {
    const gone = [...group.members.values()].filter(
      ({ memberId, instanceId }) => instanceId === null && group.connections.get(memberId) === connectionId,
    );
    this.#remove(shard, group, gone, 'its connection was closed');
  }

  /** `mayDescribe`: of the client that asks, for whom regular expressions are resolved. */
  #decision(shard: GroupShard, groupId: string, mayDescribe?: MayDescribe): ConsumerDecision {
    const host = this.#host;
    const topics = host.topics();
    const limits = this.#limitsOf(host.config, host.groupConfig(groupId));
    return newDecision(host.clock.now(), limits, topics, (regex) => {
      const waiter = this.#patternWaiter(shard, groupId, regex, mayDescribe);
      const names = host.patterns.resolve(regex, topics, groupId, waiter);
      return names === null || mayDescribe === undefined ? names : names.filter(mayDescribe);
    });
  }

  #patternWaiter(shard: GroupShard, groupId: string, regex: string, mayDescribe?: MayDescribe): PatternWaiter {
    const group = (): ConsumerGroup | null => {
      const present = shard.isActive ? shard.state.groups.get(groupId) : undefined;
      return isConsumerGroup(present) && isSubscribed(present, regex) ? present : null;
    };
    return {
      isWanted: () => group() !== null,
      found: (names, topics) => {
        const present = group();
        if (present === null) return;
        const decision = this.#decision(shard, groupId);
        const known = mayDescribe === undefined ? names : names.filter(mayDescribe);
        takeResolved(present, regex, known, topics, decision);
        this.#apply(shard, groupId, decision);
      },
    };
  }

  /** Writes what has been decided, and lets it take effect. NONE, or why nothing has happened. */
  #apply(shard: GroupShard, groupId: string, decision: ConsumerDecision): number {
    const host = this.#host;
    const { groups } = shard.state;
    const before = groups.get(groupId);
    const classic = decision.records.length > 0 && isClassicGroup(before) ? before : null;
    const errorCode = this.#shell.apply(shard, groupId, decision, () => {
      if (classic !== null) host.runnerOf(classic).unload(shard, classic, ErrorCode.REBALANCE_IN_PROGRESS);
    });
    if (errorCode !== ErrorCode.NONE) return errorCode;
    // They have not sent a heartbeat in the new group yet, and are known by the connection of the old one.
    for (const { memberId, connectionId } of classic?.members.values() ?? []) {
      this.#shell.noteConnection(shard, groupId, memberId, connectionId);
    }
    const { downgraded } = decision;
    if (downgraded !== null) {
      groups.set(groupId, downgraded);
      host.runnerOf(downgraded).adopt(shard, downgraded, 'only members of the classic protocol are left');
      return ErrorCode.NONE;
    }
    const group = groups.get(groupId);
    if (isConsumerGroup(group)) noteRegexes(group, decision);
    return ErrorCode.NONE;
  }

  #due(shard: GroupShard, group: ConsumerGroup, name: ConsumerTimerName, memberId: string): void {
    const member = group.members.get(memberId);
    if (member === undefined) return;
    if (name === 'rebalance' && member.state !== MemberState.UNREVOKED_PARTITIONS) return;
    this.#remove(shard, group, [member], WHY[name]);
  }

  #remove(shard: GroupShard, group: ConsumerGroup, gone: readonly ConsumerMember[], why: string): void {
    const decision = this.#decision(shard, group.groupId);
    removeMembers(group, gone, why, decision);
    if (this.#apply(shard, group.groupId, decision) === ErrorCode.NONE) return;
    if (!shard.isActive) return;
    // The log refused: the members are still there, and are looked at again.
    for (const member of gone) startSession(member, decision);
    this.#shell.keepTimers(shard, group, decision);
  }
}

function noteRegexes(group: ConsumerGroup, { askedRegexes, nowMs, unchangedRegexes }: ConsumerDecision): void {
  if (askedRegexes) group.regexesRefreshedMs = nowMs;
  for (const [regex, version] of unchangedRegexes) {
    const known = group.regexes.get(regex);
    if (known !== undefined) group.regexes.set(regex, { ...known, version });
  }
}

const WHY: Readonly<Record<ConsumerTimerName, string>> = {
  session: 'it sent no heartbeat in time (session timeout)',
  rebalance: 'it did not give partitions up in time (max.poll.interval.ms)',
  join: 'it did not join again in time (max.poll.interval.ms)',
  sync: 'it did not ask for its assignment in time (SyncGroup)',
};
