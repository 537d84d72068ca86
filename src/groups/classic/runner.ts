/** Gives events to classic groups and does what they ask for: answers requests, runs timers, has records written. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { Facts } from '../../platform/logger.ts';
import type { Group } from '../group.ts';
import type { GroupShard } from '../group-partition.ts';
import type { RebalanceProgress } from '../group-progress.ts';
import type { GroupRunner, RunnerHost } from '../group-runner.ts';
import { GroupTimers } from '../group-timers.ts';
import type { HeartbeatRequest, JoinCall, LeaveRequest, SyncRequest } from '../requests.ts';
import type { ClassicGroupRecord } from './records.ts';
import type { ClassicEffect, ClassicGroup, ClassicLimits, JoinResponse } from './state.ts';
import type { LeaveResponse, SyncResponse, TimerName } from './state.ts';
import { groupMetadata, isClassicGroup, joinError, newClassicGroup, syncError } from './state.ts';
import type { ClassicEvent } from './step.ts';
import { step } from './step.ts';

/** What the log calls it when a group has come to a state. */
const PHASES = { CompletingRebalance: 'group.joined', Stable: 'group.stable', Empty: 'group.empty' };

/** A JoinGroup or SyncGroup: answered within the call, or later through its promise. */
interface ParkedRequest<Response> {
  response?: Response;
  resolve?: (response: Response) => void;
}

export class ClassicGroupRunner implements GroupRunner<ClassicGroup> {
  readonly #host: RunnerHost;
  readonly #limits: ClassicLimits;
  readonly #timers = new Map<ClassicGroup, GroupTimers<TimerName>>();
  readonly #joins = new Map<number, ParkedRequest<JoinResponse>>();
  readonly #syncs = new Map<number, ParkedRequest<SyncResponse>>();
  #lastRequest = 0;

  constructor(host: RunnerHost) {
    this.#host = host;
    this.#limits = {
      get maxSize() {
        return host.config['group.max.size'];
      },
      get initialRebalanceDelayMs() {
        return host.config['group.initial.rebalance.delay.ms'];
      },
    };
  }

  join(shard: GroupShard, call: JoinCall): JoinResponse | Promise<JoinResponse> {
    const { groupId, memberId, connectionId } = call;
    let group = shard.state.groups.get(groupId);
    if (!isClassicGroup(group)) {
      if (memberId !== '') return joinError(memberId, ErrorCode.UNKNOWN_MEMBER_ID);
      const created = this.#create(shard, groupId, group);
      if (typeof created === 'number') return joinError(memberId, created);
      group = created;
    }
    const joined = group as ClassicGroup;
    this.#host.noteConnection(connectionId, groupId);
    const nowMs = this.#host.clock.now();
    return this.#park(this.#joins, (to) => this.#run(shard, joined, { type: 'join', nowMs, ...call, to }));
  }

  /** A new group; an empty group of another kind gives way to it. */
  #create(shard: GroupShard, groupId: string, before: Group | undefined): ClassicGroup | number {
    const host = this.#host;
    const group = newClassicGroup(groupId, host.clock.now());
    const failed = host.append(shard, [
      ...(before === undefined ? [] : host.rulesOf(before).tombstones(before)),
      groupRecord(group),
    ]);
    if (failed !== ErrorCode.NONE) return failed;
    if (before !== undefined) host.runnerOf(before).unload(shard, before, ErrorCode.UNKNOWN_MEMBER_ID);
    shard.state.groups.set(groupId, group);
    return group;
  }

  sync(shard: GroupShard, group: ClassicGroup, request: SyncRequest): SyncResponse | Promise<SyncResponse> {
    const nowMs = this.#host.clock.now();
    return this.#park(this.#syncs, (to) => this.#run(shard, group, { type: 'sync', nowMs, ...request, to }));
  }

  heartbeat(shard: GroupShard, group: ClassicGroup, request: HeartbeatRequest): number {
    const { memberId, groupInstanceId, generationId } = request;
    const nowMs = this.#host.clock.now();
    return this.#run(shard, group, { type: 'heartbeat', nowMs, memberId, groupInstanceId, generationId }).errorCode;
  }

  leave(shard: GroupShard, group: ClassicGroup, { members }: LeaveRequest): LeaveResponse {
    return this.#run(shard, group, { type: 'leave', nowMs: this.#host.clock.now(), members });
  }

  offsetsCommitted(shard: GroupShard, group: ClassicGroup, memberId: string): void {
    this.#run(shard, group, { type: 'committed', nowMs: this.#host.clock.now(), memberId });
  }

  evict(shard: GroupShard, group: ClassicGroup, connectionId: number): void {
    this.#run(shard, group, { type: 'connectionClosed', nowMs: this.#host.clock.now(), connectionId });
  }

  load(shard: GroupShard, group: ClassicGroup): void {
    this.#run(shard, group, { type: 'loaded', nowMs: this.#host.clock.now() });
  }

  adopt(shard: GroupShard, group: ClassicGroup, reason: string): void {
    for (const { connectionId } of group.members.values()) this.#host.noteConnection(connectionId, group.groupId);
    this.#run(shard, group, { type: 'downgraded', nowMs: this.#host.clock.now(), reason });
  }

  unload(shard: GroupShard, group: ClassicGroup, errorCode: number): void {
    this.#run(shard, group, { type: 'unloaded', nowMs: this.#host.clock.now(), errorCode });
    this.#timers.delete(group);
  }

  progress(group: ClassicGroup): RebalanceProgress | null {
    const { state, members, pendingSync, initialDelay } = group;
    const isJoining = state === 'PreparingRebalance';
    if (!isJoining && state !== 'CompletingRebalance') return null;
    const awaited = isJoining
      ? Array.from(members.values()).filter(({ joining }) => joining === null)
      : Array.from(members.values()).filter(({ memberId }) => memberId === group.leader && pendingSync.has(memberId));
    const leftMs = this.#timers.get(group)?.leftMs(isJoining ? 'join' : 'sync', '') ?? null;
    return {
      phase: !isJoining ? 'assigning' : initialDelay === null ? 'joining' : 'gathering',
      sinceMs: group.currentStateTimestamp < 0 ? null : group.currentStateTimestamp,
      untilMs: leftMs === null ? null : Math.round(this.#host.clock.now() + leftMs),
      waitingFor: awaited.map(({ memberId, clientId }) => ({ memberId, clientId })),
    };
  }

  #park<R>(parked: Map<number, ParkedRequest<R>>, run: (to: number) => void): R | Promise<R> {
    const to = ++this.#lastRequest;
    const request: ParkedRequest<R> = {};
    parked.set(to, request);
    run(to);
    if (request.response !== undefined) return request.response;
    return new Promise((resolve) => {
      request.resolve = resolve;
    });
  }

  #run(shard: GroupShard, group: ClassicGroup, event: ClassicEvent): LeaveResponse {
    const response: LeaveResponse = { errorCode: ErrorCode.NONE, members: [] };
    // Grows while it is worked off: a record that was written is an event of its own.
    const effects = step(group, event, this.#limits);
    for (let i = 0; i < effects.length; i++) this.#perform(shard, group, effects[i], effects, response);
    return response;
  }

  #perform(
    shard: GroupShard,
    group: ClassicGroup,
    effect: ClassicEffect,
    queue: ClassicEffect[],
    outcome: LeaveResponse,
  ): void {
    switch (effect.type) {
      case 'startTimer':
        return this.#timersOf(shard, group).start(effect.timer, effect.memberId, effect.afterMs);
      case 'cancelTimer':
        return this.#timers.get(group)?.cancel(effect.timer, effect.memberId);
      case 'heartbeatReply':
        outcome.errorCode = effect.errorCode;
        return;
      case 'leaveReply':
        outcome.errorCode = effect.errorCode;
        outcome.members = effect.members;
        return;
      case 'joinReply': {
        const { memberId } = effect.response;
        return reply(shard, this.#joins, effect, (errorCode) => joinError(memberId, errorCode));
      }
      case 'syncReply':
        return reply(shard, this.#syncs, effect, syncError);
      case 'append': {
        const { metadata, onceStored } = effect;
        const record: ClassicGroupRecord = { type: 'group', groupId: group.groupId, metadata };
        const errorCode = this.#host.append(shard, [record]);
        const nowMs = this.#host.clock.now();
        const stored = step(group, { type: 'stored', nowMs, stored: onceStored, errorCode }, this.#limits);
        for (const next of stored) queue.push(next);
        return;
      }
      case 'log':
        return this.#log(effect.event, group, { reason: effect.reason });
      case 'left': {
        const { clientId: client, memberId: member } = effect.member;
        return this.#log('group.member-left', group, { client, member, reason: effect.reason });
      }
      case 'entered':
        return this.#log(PHASES[effect.state], group, { members: group.members.size, last: effect.last });
    }
  }

  #log(event: string, { groupId, generationId }: ClassicGroup, facts: Facts): void {
    this.#host.logger.info(event, { group: groupId, generation: generationId, ...facts });
  }

  #timersOf(shard: GroupShard, group: ClassicGroup): GroupTimers<TimerName> {
    let timers = this.#timers.get(group);
    if (timers === undefined) {
      const { clock } = this.#host;
      timers = new GroupTimers(['join', 'sync', 'session'], clock, (timer, memberId) => {
        this.#run(shard, group, { type: `${timer}Timer`, nowMs: clock.now(), memberId });
      });
      this.#timers.set(group, timers);
    }
    return timers;
  }
}

function groupRecord(group: ClassicGroup): ClassicGroupRecord {
  return { type: 'group', groupId: group.groupId, metadata: groupMetadata(group) };
}

/** Answers a request once what it is told is committed; another answer must not overtake that. */
function reply<R>(
  shard: GroupShard,
  parked: Map<number, ParkedRequest<R>>,
  { to, response }: { readonly to: number; readonly response: R },
  refuse: (errorCode: number) => R,
): void {
  const request = parked.get(to);
  if (request === undefined) return;
  parked.delete(to);
  const answer = shard.answer(response, refuse);
  if (answer instanceof Promise) void answer.then((later) => settle(request, later));
  else settle(request, answer);
}

function settle<R>(request: ParkedRequest<R>, response: R): void {
  if (request.resolve === undefined) request.response = response;
  else request.resolve(response);
}
