/** Has the records of decisions written, lets them take effect, and runs the timers of members. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { Group } from '../group.ts';
import type { GroupShard } from '../group-partition.ts';
import type { GroupRecord } from '../group-record.ts';
import type { RunnerHost } from '../group-runner.ts';
import { GroupTimers } from '../group-timers.ts';
import type { MemberTimer, ModernDecision } from './decision.ts';
import type { AssignedMember, ModernGroup } from './group.ts';
import { LateMembers } from './late-members.ts';

export interface ShellOptions<M extends AssignedMember, G extends ModernGroup<M, unknown>, Name extends string> {
  readonly timers: readonly Name[];
  isOfKind(group: Group | undefined): group is G;
  /** Whether the member has what the assignment of that epoch gives it. */
  isSettled(member: M, groupEpoch: number): boolean;
  /** A member's timer has run out; the member is still in the group. */
  due(shard: GroupShard, group: G, name: Name, memberId: string): void;
}

export class ModernShell<M extends AssignedMember, G extends ModernGroup<M, unknown>, Name extends string> {
  readonly #host: RunnerHost;
  readonly #options: ShellOptions<M, G, Name>;
  readonly #timers = new Map<G, GroupTimers<Name>>();
  /** Groups whose members have not all learned of their newest assignment, as far as the log has told. */
  readonly #unsettled = new Map<G, LateMembers<M>>();

  constructor(host: RunnerHost, options: ShellOptions<M, G, Name>) {
    this.#host = host;
    this.#options = options;
  }

  /**
   * Writes what has been decided, and lets it take effect; `written` runs in between. NONE, or why nothing has happened.
   */
  apply(
    shard: GroupShard,
    groupId: string,
    decision: ModernDecision<GroupRecord, Name>,
    written: () => void = () => {},
  ): number {
    const { groups } = shard.state;
    const before = groups.get(groupId);
    const assignmentEpoch = this.#options.isOfKind(before) ? before.assignmentEpoch : 0;
    if (decision.records.length > 0) {
      const errorCode = this.#host.append(shard, decision.records);
      if (errorCode !== ErrorCode.NONE) return errorCode;
      written();
      for (const record of decision.records) shard.state.replay(record);
    }
    const group = groups.get(groupId);
    this.#tellWhy(groupId, this.#options.isOfKind(group) ? group.groupEpoch : undefined, decision);
    if (this.#options.isOfKind(before) && group !== before) this.unload(before);
    if (this.#options.isOfKind(group)) {
      if (decision.why !== null) this.#unsettled.set(group, new LateMembers(group.members));
      if (decision.records.length > 0) this.#tellHowFar(group, assignmentEpoch);
      if (decision.looked) group.seenTopics = decision.topics.topicsByName;
      this.#runTimers(shard, group, decision.timers);
    }
    return ErrorCode.NONE;
  }

  /** Only the timers that the decision starts: the log has refused its records. */
  keepTimers(shard: GroupShard, group: G, { timers }: ModernDecision<GroupRecord, Name>): void {
    this.#runTimers(
      shard,
      group,
      timers.filter(({ afterMs }) => afterMs !== null),
    );
  }

  /** The group is no more, here: its timers end. */
  unload(group: G): void {
    this.#timers.get(group)?.cancelAll();
    this.#timers.delete(group);
    this.#unsettled.delete(group);
  }

  /** Milliseconds until a member's timer is due; null where it does not run. */
  leftMs(group: G, name: Name, memberId: string): number | null {
    return this.#timers.get(group)?.leftMs(name, memberId) ?? null;
  }

  #tellWhy(group: string, generation: number | undefined, { left, why }: ModernDecision<GroupRecord, Name>): void {
    const { logger } = this.#host;
    for (const { memberId: member, clientId: client, reason } of left)
      logger.info('group.member-left', { group, generation, client, member, reason });
    if (why !== null) logger.info('group.rebalance', { group, generation, reason: why });
  }

  #tellHowFar(group: G, assignmentEpochBefore: number): void {
    const late = this.#unsettled.get(group);
    if (late === undefined) return;
    const { logger } = this.#host;
    const facts = { group: group.groupId, generation: group.groupEpoch, members: group.members.size };
    if (group.members.size > 0 && group.assignmentEpoch !== assignmentEpochBefore) logger.info('group.assigned', facts);
    const isEmpty = group.members.size === 0;
    if (late.isAny((member) => !this.#options.isSettled(member, group.groupEpoch))) return;
    this.#unsettled.delete(group);
    logger.info(isEmpty ? 'group.empty' : 'group.stable', facts);
  }

  /** The member speaks through the connection now. */
  noteConnection(shard: GroupShard, groupId: string, memberId: string, connectionId: number): void {
    const group = shard.state.groups.get(groupId);
    if (!this.#options.isOfKind(group) || !group.members.has(memberId)) return;
    if (group.connections.get(memberId) === connectionId) return;
    group.connections.set(memberId, connectionId);
    this.#host.noteConnection(connectionId, groupId);
  }

  #runTimers(shard: GroupShard, group: G, timers: readonly MemberTimer<Name>[]): void {
    let running = this.#timers.get(group);
    for (const { name, memberId, afterMs, keep = false } of timers) {
      if (afterMs === null) running?.cancel(name, memberId);
      else {
        running ??= this.#timersOf(shard, group);
        if (!keep || !running.isRunning(name, memberId)) running.start(name, memberId, afterMs);
      }
    }
  }

  #timersOf(shard: GroupShard, group: G): GroupTimers<Name> {
    const timers = new GroupTimers(this.#options.timers, this.#host.clock, (name, memberId) => {
      if (group.members.has(memberId)) this.#options.due(shard, group, name, memberId);
    });
    this.#timers.set(group, timers);
    return timers;
  }
}
