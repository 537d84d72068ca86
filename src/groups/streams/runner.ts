/** Gives requests to streams groups (KIP-1071), has their records written, and runs their members' timers. */
import { ErrorCode } from '../../../protocol/errors.ts';
import { isClassicGroup } from '../classic/state.ts';
import type { GroupShard } from '../group-partition.ts';
import type { RebalanceProgress } from '../group-progress.ts';
import type { GroupRunner, RunnerHost } from '../group-runner.ts';
import { startSession } from '../modern/decision.ts';
import { sharedLimits } from '../modern/limits.ts';
import type { GroupRefusal } from '../modern/refusal.ts';
import { isRefusal } from '../modern/refusal.ts';
import { RefusesClassic } from '../modern/refuses-classic.ts';
import { ModernShell } from '../modern/shell.ts';
import type { StreamsDecision, StreamsTimerName } from './decision.ts';
import { newStreamsDecision } from './decision.ts';
import { streamsHeartbeat, timeRevocation } from './heartbeat.ts';
import { removeMembers } from './leave.ts';
import { streamsLimitsOf } from './limits.ts';
import type { StreamsHeartbeat, StreamsHeartbeatResponse } from './request.ts';
import { JOIN_EPOCH } from './request.ts';
import type { StreamsGroup, StreamsMember } from './state.ts';
import { isReconciled, isStreamsGroup, MemberState, newStreamsGroup, stateOf } from './state.ts';

export class StreamsGroupRunner extends RefusesClassic implements GroupRunner<StreamsGroup> {
  readonly #host: RunnerHost;
  readonly #limitsOf = sharedLimits(streamsLimitsOf);
  readonly #shell: ModernShell<StreamsMember, StreamsGroup, StreamsTimerName>;

  constructor(host: RunnerHost) {
    super();
    this.#host = host;
    this.#shell = new ModernShell<StreamsMember, StreamsGroup, StreamsTimerName>(host, {
      timers: ['session', 'rebalance'],
      isOfKind: isStreamsGroup,
      isSettled: isReconciled,
      due: (shard, group, name, memberId) => this.#due(shard, group, name, memberId),
    });
  }

  /** StreamsGroupHeartbeat; the request is in order by itself. */
  streamsHeartbeat(
    shard: GroupShard,
    groupId: string,
    request: StreamsHeartbeat,
    connectionId: number,
  ): StreamsHeartbeatResponse | GroupRefusal {
    const decision = this.#decision(groupId);
    const group = this.#open(shard, groupId, request.memberEpoch === JOIN_EPOCH, decision);
    if (isRefusal(group)) return group;
    const response = streamsHeartbeat(group, request, decision);
    if (isRefusal(response)) return response;
    const errorCode = this.#apply(shard, groupId, decision);
    if (errorCode !== ErrorCode.NONE) return { errorCode, errorMessage: 'The heartbeat could not be stored.' };
    const present = shard.state.groups.get(groupId);
    if (isStreamsGroup(present) && present.members.size > 0 && request.shutdownApplication) {
      present.shutdownMemberId = request.memberId;
    }
    if (request.memberEpoch >= 0) this.#shell.noteConnection(shard, groupId, request.memberId, connectionId);
    return response;
  }

  /** As it is, or as it will be once the decision's records are written. */
  #open(shard: GroupShard, groupId: string, joins: boolean, decision: StreamsDecision): StreamsGroup | GroupRefusal {
    const group = shard.state.groups.get(groupId);
    if (isStreamsGroup(group)) return group;
    if (group === undefined && !joins) return noStreamsGroup(`Streams group ${groupId} not found.`);
    if (group === undefined) return newStreamsGroup(groupId);
    const rules = this.#host.rulesOf(group);
    if (!joins || !isClassicGroup(group) || !rules.isEmpty(group)) {
      return noStreamsGroup(`Group ${groupId} is not a streams group.`);
    }
    for (const record of rules.tombstones(group)) decision.records.push(record as never);
    return newStreamsGroup(groupId);
  }

  /** Members may have been alive all along: each gets a whole session to show it. */
  load(shard: GroupShard, group: StreamsGroup): void {
    const decision = this.#decision(group.groupId);
    for (const member of group.members.values()) {
      startSession(member, decision);
      timeRevocation(member, decision);
    }
    this.#apply(shard, group.groupId, decision);
  }

  unload(_shard: GroupShard, group: StreamsGroup): void {
    this.#shell.unload(group);
  }

  progress(group: StreamsGroup): RebalanceProgress | null {
    const state = stateOf(group);
    const { assignmentEpoch, assignmentTimestamp, assignableAtMs } = group;
    if (state === 'Assigning') {
      const untilMs = assignableAtMs > this.#host.clock.now() ? assignableAtMs : null;
      return { phase: untilMs === null ? 'assigning' : 'gathering', sinceMs: null, untilMs, waitingFor: [] };
    }
    if (state !== 'Reconciling') return null;
    const late = [...group.members.values()].filter((member) => !isReconciled(member, assignmentEpoch));
    const holding = late.filter((member) => member.state === MemberState.UNREVOKED_TASKS);
    return {
      phase: holding.length > 0 ? 'revoking' : 'reconciling',
      sinceMs: assignmentTimestamp === 0 ? null : assignmentTimestamp,
      untilMs: null,
      waitingFor: (holding.length > 0 ? holding : late).map(({ memberId, clientId }) => ({ memberId, clientId })),
    };
  }

  /** Takes out dynamic members that last spoke through a connection which is gone. */
  evict(shard: GroupShard, group: StreamsGroup, connectionId: number): void {
    const gone = [...group.members.values()].filter(
      ({ memberId, instanceId }) => instanceId === null && group.connections.get(memberId) === connectionId,
    );
    this.#remove(shard, group, gone, 'its connection was closed');
  }

  #decision(groupId: string): StreamsDecision {
    const host = this.#host;
    const limits = this.#limitsOf(host.config, host.groupConfig(groupId));
    return newStreamsDecision(host.clock.now(), limits, host.topics());
  }

  /** Writes what has been decided, and lets it take effect. NONE, or why nothing has happened. */
  #apply(shard: GroupShard, groupId: string, decision: StreamsDecision): number {
    const host = this.#host;
    const before = shard.state.groups.get(groupId);
    const errorCode = this.#shell.apply(shard, groupId, decision, () => {
      if (isClassicGroup(before)) host.runnerOf(before).unload(shard, before, ErrorCode.UNKNOWN_MEMBER_ID);
    });
    const group = shard.state.groups.get(groupId);
    if (errorCode !== ErrorCode.NONE || !isStreamsGroup(group)) return errorCode;
    if (decision.configured !== null) group.configured = decision.configured;
    if (decision.assignableAtMs !== null) group.assignableAtMs = decision.assignableAtMs;
    if (decision.endpointsChanged) group.endpointInformationEpoch++;
    return errorCode;
  }

  #due(shard: GroupShard, group: StreamsGroup, name: StreamsTimerName, memberId: string): void {
    const member = group.members.get(memberId);
    if (member === undefined) return;
    if (name === 'rebalance' && member.state !== MemberState.UNREVOKED_TASKS) return;
    this.#remove(shard, group, [member], WHY[name]);
  }

  #remove(shard: GroupShard, group: StreamsGroup, gone: readonly StreamsMember[], why: string): void {
    const decision = this.#decision(group.groupId);
    removeMembers(group, gone, why, decision);
    if (this.#apply(shard, group.groupId, decision) === ErrorCode.NONE || !shard.isActive) return;
    // The log refused: the members are still there, and are looked at again.
    for (const member of gone) startSession(member, decision);
    this.#shell.keepTimers(shard, group, decision);
  }
}

const WHY: Readonly<Record<StreamsTimerName, string>> = {
  session: 'it sent no heartbeat in time (session timeout)',
  rebalance: 'it did not give tasks up in time (max.poll.interval.ms)',
};

function noStreamsGroup(errorMessage: string): GroupRefusal {
  return { errorCode: ErrorCode.GROUP_ID_NOT_FOUND, errorMessage };
}
