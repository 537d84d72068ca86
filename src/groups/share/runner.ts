/** Gives requests to share groups (KIP-932), has their records written, and runs their members' timers. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { Answer } from '../../coordination/answers.ts';
import { andThen } from '../../coordination/answers.ts';
import type { GroupShard } from '../group-partition.ts';
import type { GroupRunner, RunnerHost } from '../group-runner.ts';
import { startSession } from '../modern/decision.ts';
import { sharedLimits } from '../modern/limits.ts';
import type { GroupRefusal } from '../modern/refusal.ts';
import { isRefusal } from '../modern/refusal.ts';
import { RefusesClassic } from '../modern/refuses-classic.ts';
import { ModernShell } from '../modern/shell.ts';
import type { ShareDecision, ShareTimerName } from './decision.ts';
import { newShareDecision } from './decision.ts';
import { shareHeartbeat } from './heartbeat.ts';
import { removeMembers } from './leave.ts';
import { shareLimitsOf } from './limits.ts';
import type { ShareHeartbeat, ShareHeartbeatResponse } from './request.ts';
import { JOIN_EPOCH } from './request.ts';
import { ShareStateCalls } from './state-calls.ts';
import { statefulTopics } from './state-partitions.ts';
import type { ShareGroup, ShareMember } from './state.ts';
import { isShareGroup, newShareGroup } from './state.ts';

export class ShareGroupRunner extends RefusesClassic implements GroupRunner<ShareGroup> {
  readonly #host: RunnerHost;
  readonly #limitsOf = sharedLimits(shareLimitsOf);
  readonly #shell: ModernShell<ShareMember, ShareGroup, ShareTimerName>;
  readonly states: ShareStateCalls;

  constructor(host: RunnerHost) {
    super();
    this.#host = host;
    this.states = new ShareStateCalls(host);
    this.#shell = new ModernShell<ShareMember, ShareGroup, ShareTimerName>(host, {
      timers: ['session'],
      isOfKind: isShareGroup,
      isSettled: ({ memberEpoch }, groupEpoch) => memberEpoch === groupEpoch,
      due: (shard, group, _name, memberId) => this.#expired(shard, group, memberId),
    });
  }

  /** ShareGroupHeartbeat; the request is in order by itself. */
  shareHeartbeat(
    shard: GroupShard,
    groupId: string,
    request: ShareHeartbeat,
    connectionId: number,
  ): ShareHeartbeatResponse | GroupRefusal {
    const present = shard.state.groups.get(groupId);
    if (present !== undefined && !isShareGroup(present)) return noShareGroup(groupId, `it is a ${present.type} group`);
    const joins = request.memberEpoch === JOIN_EPOCH;
    if (present === undefined && !joins) return noShareGroup(groupId, 'only a member that joins makes it one');
    const decision = this.#decision(groupId);
    const response = shareHeartbeat(present ?? newShareGroup(groupId), request, decision);
    if (isRefusal(response)) return response;
    const errorCode = this.#apply(shard, groupId, decision);
    if (errorCode !== ErrorCode.NONE) return { errorCode, errorMessage: 'The heartbeat could not be stored.' };
    if (request.memberEpoch >= 0) this.#shell.noteConnection(shard, groupId, request.memberId, connectionId);
    return response;
  }

  /** Members may have been alive all along: each gets a whole session to show it. */
  load(shard: GroupShard, group: ShareGroup): void {
    const decision = this.#decision(group.groupId);
    for (const member of group.members.values()) startSession(member, decision);
    this.#apply(shard, group.groupId, decision);
    this.states.resume(shard, group);
  }

  unload(_shard: GroupShard, group: ShareGroup): void {
    this.#shell.unload(group);
    this.states.unload(group);
  }

  /** No member waits for another. */
  progress(): null {
    return null;
  }

  /** Takes out members that last spoke through a connection which is gone. */
  evict(shard: GroupShard, group: ShareGroup, connectionId: number): void {
    const gone = [...group.members.values()].filter(({ memberId }) => group.connections.get(memberId) === connectionId);
    this.#remove(shard, group, gone, 'its connection was closed');
  }

  /** Forgets the states of all of the group's partitions: it is about to be deleted. NONE, or why some are still there. */
  forgetStates(shard: GroupShard, group: ShareGroup): Answer<number> {
    return andThen(this.states.delete(shard, group, statefulTopics(group.state)), (codes) => {
      return [...codes.values()].find((errorCode) => errorCode !== ErrorCode.NONE) ?? ErrorCode.NONE;
    });
  }

  /** States of topics that are no more are forgotten, whether or not the group has members. */
  topicsDeleted(shard: GroupShard, group: ShareGroup, topics: readonly { readonly id: string }[]): void {
    const known = statefulTopics(group.state);
    const gone = new Map(topics.flatMap(({ id }) => (known.has(id) ? [[id, known.get(id) as string] as const] : [])));
    void this.states.delete(shard, group, gone);
  }

  #decision(groupId: string): ShareDecision {
    const host = this.#host;
    const limits = this.#limitsOf(host.config, host.groupConfig(groupId));
    return newShareDecision(host.clock.now(), limits, host.topics());
  }

  /** Writes what has been decided, and lets it take effect. NONE, or why nothing has happened. */
  #apply(shard: GroupShard, groupId: string, decision: ShareDecision): number {
    const errorCode = this.#shell.apply(shard, groupId, decision);
    const group = shard.state.groups.get(groupId);
    if (errorCode !== ErrorCode.NONE || !isShareGroup(group)) return errorCode;
    if (decision.lookedAtState) group.seenState = true;
    // No member waits for it: partitions are assigned once they have state.
    void this.states.initialize(shard, group, decision.initialize);
    return errorCode;
  }

  #expired(shard: GroupShard, group: ShareGroup, memberId: string): void {
    const member = group.members.get(memberId);
    if (member === undefined) return;
    this.#remove(shard, group, [member], 'it sent no heartbeat in time (session timeout)');
  }

  #remove(shard: GroupShard, group: ShareGroup, gone: readonly ShareMember[], why: string): void {
    const decision = this.#decision(group.groupId);
    removeMembers(group, gone, why, decision);
    if (this.#apply(shard, group.groupId, decision) === ErrorCode.NONE || !shard.isActive) return;
    // The log refused: the members are still there, and are looked at again.
    for (const member of gone) startSession(member, decision);
    this.#shell.keepTimers(shard, group, decision);
  }
}

function noShareGroup(groupId: string, why: string): GroupRefusal {
  const errorMessage = `Group '${groupId}' is not a share group, and ${why}.`;
  return { errorCode: ErrorCode.GROUP_ID_NOT_FOUND, errorMessage };
}
