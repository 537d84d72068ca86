/** Has the records of decisions written, lets them take effect, and runs the timers of members. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { Group } from '../group.ts';
import type { GroupShard } from '../group-partition.ts';
import type { GroupRecord } from '../group-record.ts';
import type { RunnerHost } from '../group-runner.ts';
import { GroupTimers } from '../group-timers.ts';
import type { MemberTimer, ModernDecision } from './decision.ts';
import type { ModernGroup } from './group.ts';

export interface ShellOptions<G extends ModernGroup, Name extends string> {
  readonly timers: readonly Name[];
  isOfKind(group: Group | undefined): group is G;
  /** A member's timer has run out; the member is still in the group. */
  due(shard: GroupShard, group: G, name: Name, memberId: string): void;
}

export class ModernShell<G extends ModernGroup, Name extends string> {
  readonly #host: RunnerHost;
  readonly #options: ShellOptions<G, Name>;
  readonly #timers = new Map<G, GroupTimers<Name>>();

  constructor(host: RunnerHost, options: ShellOptions<G, Name>) {
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
    if (decision.records.length > 0) {
      const errorCode = this.#host.append(shard, decision.records);
      if (errorCode !== ErrorCode.NONE) return errorCode;
      written();
      for (const record of decision.records) shard.state.replay(record);
    }
    if (decision.removed !== null) {
      this.#host.logger.info('group.rebalance', { group: groupId, reason: decision.removed });
    }
    const group = groups.get(groupId);
    if (this.#options.isOfKind(before) && group !== before) this.unload(before);
    if (this.#options.isOfKind(group)) {
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
