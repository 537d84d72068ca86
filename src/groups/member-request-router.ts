/** Gives each request of a group's member to the runner of the group's kind, and holds its answer until it is committed. */
import { ErrorCode } from '../../protocol/errors.ts';
import type { Answer } from '../coordination/answers.ts';
import type { GroupRefusal } from './modern/refusal.ts';
import { noCoordinator } from './modern/refusal.ts';
import type { JoinResponse, LeaveResponse, SyncResponse } from './classic/state.ts';
import { joinError, syncError } from './classic/state.ts';
import type { ConsumerHeartbeat, ConsumerHeartbeatResponse } from './consumer/request.ts';
import type { GroupShard } from './group-partition.ts';
import type { RunnerOptions } from './group-runner.ts';
import { rulesOf, runnerOf } from './kinds.ts';
import type { GroupRunners } from './kinds.ts';
import { newMemberId } from './member-id.ts';
import type { HeartbeatRequest, JoinAbilities, JoinRequest, LeaveRequest, Origin, SyncRequest } from './requests.ts';

export class MemberRequestRouter {
  readonly #options: RunnerOptions;
  readonly #runners: GroupRunners;
  readonly #find: (groupId: string) => GroupShard | number;
  /** The groups whose members have spoken through a connection. */
  readonly #groupsOf = new Map<number, Set<string>>();

  /** `find` answers where the group lives, or what a client is told when that is not here. */
  constructor(options: RunnerOptions, runners: GroupRunners, find: (groupId: string) => GroupShard | number) {
    this.#options = options;
    this.#runners = runners;
    this.#find = find;
  }

  join(request: JoinRequest, origin: Origin, abilities: JoinAbilities): Answer<JoinResponse> {
    const { groupId, memberId, groupInstanceId, sessionTimeoutMs } = request;
    const { config, random } = this.#options;
    if (groupId === '') return joinError(memberId, ErrorCode.INVALID_GROUP_ID);
    if (
      sessionTimeoutMs < config['group.min.session.timeout.ms'] ||
      sessionTimeoutMs > config['group.max.session.timeout.ms']
    ) {
      return joinError(memberId, ErrorCode.INVALID_SESSION_TIMEOUT);
    }
    const shard = this.#find(groupId);
    if (typeof shard === 'number') return joinError(memberId, shard);
    const group = shard.state.groups.get(groupId);
    const isFree = group === undefined || rulesOf(group).mayBeReplaced(group);
    const runner = isFree ? this.#runners.classic : runnerOf(this.#runners, group);
    const newId = memberId === '' ? newMemberId(origin.clientId, groupInstanceId, random) : '';
    const joined = runner.join(shard, { ...request, ...origin, ...abilities, newMemberId: newId });
    if (joined instanceof Promise) return joined;
    return shard.answer(joined, (errorCode) => joinError(memberId, errorCode));
  }

  sync(request: SyncRequest): Answer<SyncResponse> {
    if (request.groupId === '') return syncError(ErrorCode.INVALID_GROUP_ID);
    const shard = this.#find(request.groupId);
    // Its group is being read: joining again is the safe way to find out what came of this generation.
    if (shard === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS) return syncError(ErrorCode.REBALANCE_IN_PROGRESS);
    if (typeof shard === 'number') return syncError(shard);
    const group = shard.state.groups.get(request.groupId);
    const synced =
      group === undefined
        ? syncError(ErrorCode.UNKNOWN_MEMBER_ID)
        : runnerOf(this.#runners, group).sync(shard, group, request);
    return synced instanceof Promise ? synced : shard.answer(synced, syncError);
  }

  heartbeat(request: HeartbeatRequest): Answer<number> {
    if (request.groupId === '') return ErrorCode.INVALID_GROUP_ID;
    const shard = this.#find(request.groupId);
    // Its group is being read: an error would make a member give up partitions it still owns.
    if (typeof shard === 'number') return shard === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS ? ErrorCode.NONE : shard;
    const group = shard.state.groups.get(request.groupId);
    const errorCode =
      group === undefined
        ? ErrorCode.UNKNOWN_MEMBER_ID
        : runnerOf(this.#runners, group).heartbeat(shard, group, request);
    return shard.answer(errorCode, itself);
  }

  leave(request: LeaveRequest): Answer<LeaveResponse> {
    const { groupId, members } = request;
    const refuse = (errorCode: number): LeaveResponse => ({ errorCode, members: [] });
    if (groupId === '') return refuse(ErrorCode.INVALID_GROUP_ID);
    const shard = this.#find(groupId);
    if (typeof shard === 'number') return refuse(shard);
    const group = shard.state.groups.get(groupId);
    const left =
      group === undefined
        ? { errorCode: ErrorCode.NONE, members: members.map(unknownMember) }
        : runnerOf(this.#runners, group).leave(shard, group, request);
    return shard.answer(left, refuse);
  }

  /** ConsumerGroupHeartbeat; the request is in order by itself. */
  consumerHeartbeat(
    groupId: string,
    request: ConsumerHeartbeat,
    connectionId: number,
  ): Answer<ConsumerHeartbeatResponse | GroupRefusal> {
    const shard = this.#find(groupId);
    if (typeof shard === 'number') return noCoordinator(shard);
    const answer = this.#runners.consumer.consumerHeartbeat(shard, groupId, request, connectionId);
    return shard.answer(answer, noCoordinator);
  }

  noteConnection(connectionId: number, groupId: string): void {
    const groups = this.#groupsOf.get(connectionId);
    if (groups === undefined) this.#groupsOf.set(connectionId, new Set([groupId]));
    else groups.add(groupId);
  }

  /** The connection is gone. `evict` (ottla.evict.on.disconnect) takes its dynamic members out of their groups. */
  connectionClosed(connectionId: number, evict: boolean): void {
    const groupIds = this.#groupsOf.get(connectionId) ?? [];
    this.#groupsOf.delete(connectionId);
    if (!evict) return;
    for (const groupId of groupIds) {
      const shard = this.#find(groupId);
      if (typeof shard === 'number') continue;
      const group = shard.state.groups.get(groupId);
      if (group !== undefined) runnerOf(this.#runners, group).evict(shard, group, connectionId);
    }
  }

  /** No connection is remembered. */
  stop(): void {
    this.#groupsOf.clear();
  }
}

function itself(errorCode: number): number {
  return errorCode;
}

function unknownMember({ memberId, groupInstanceId }: LeaveRequest['members'][number]) {
  return { memberId, groupInstanceId, errorCode: ErrorCode.UNKNOWN_MEMBER_ID as number };
}
