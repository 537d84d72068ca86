/** Reconciles one member with its target assignment: it gives tasks up first, and is given others then (KIP-1071). */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { GroupRefusal } from '../modern/refusal.ts';
import type { StreamsGroup, StreamsMember } from './state.ts';
import { MemberState } from './state.ts';
import type { ListedTasksByRole, OwnedTasks, TaskIds, Tasks, TasksWithEpochs } from './tasks.ts';
import { hasNoTasks, listsAny, OWNS_NO_TASKS, ownSameTasks } from './tasks.ts';

export interface Target {
  readonly epoch: number;
  readonly tasks: Tasks;
}

/**
 *                     new epoch, nothing to give up, all free
 *               ┌───────────────────────────────────────────┐
 *               ▼                                           │
 *            STABLE ───── new epoch, tasks to give up ──────┼──► UNREVOKED_TASKS
 *               │  ▲                                        │         │
 *               │  │ the last one is free                   │         │ the member no longer tells that it has them
 *               │  └─────────── UNRELEASED_TASKS ◄──────────┴─────────┘
 *               └────────────────────┘
 *           new epoch, nothing to give up, some tasks still with others
 *
 * `owned` is what the member says it has; null where it does not say.
 */
export function reconcile(
  group: StreamsGroup,
  member: StreamsMember,
  target: Target,
  owned: ListedTasksByRole | null,
): StreamsMember | GroupRefusal {
  switch (member.state) {
    case MemberState.STABLE:
      return member.memberEpoch === target.epoch ? member : advance(group, member, target, owned);
    case MemberState.UNREVOKED_TASKS:
      return stillHas(owned, member.pendingRevocation) ? member : advance(group, member, target, owned);
    case MemberState.UNRELEASED_TASKS:
      return advance(group, member, target, owned);
  }
  // A later Kafka's: nobody here knows what it has.
  if (
    owned !== null &&
    [owned.activeTasks, owned.standbyTasks, owned.warmupTasks].every((tasks) => tasks.length === 0)
  ) {
    return advance(group, member, target, owned);
  }
  const errorMessage =
    'The streams group member is in a unknown state. The member must abandon all its tasks and rejoin.';
  return { errorCode: ErrorCode.FENCED_MEMBER_EPOCH, errorMessage };
}

function advance(
  group: StreamsGroup,
  member: StreamsMember,
  target: Target,
  owned: ListedTasksByRole | null,
): StreamsMember {
  const { assigned } = member;
  const active = divided(assigned.active, target.tasks.active);
  const standby = dividedIds(assigned.standby, target.tasks.standby);
  const warmup = dividedIds(assigned.warmup, target.tasks.warmup);
  const pending: OwnedTasks = { active: active.given, standby: standby.given, warmup: warmup.given };
  if (!hasNoTasks(pending) && stillHas(owned, pending)) {
    return {
      ...member,
      previousMemberEpoch: member.memberEpoch,
      state: MemberState.UNREVOKED_TASKS,
      assigned: { active: active.kept, standby: standby.kept, warmup: warmup.kept },
      pendingRevocation: pending,
    };
  }
  const others = new OtherMembers(group, member);
  const [moreActive, moreStandby, moreWarmup] = [
    others.free(target.tasks.active, assigned.active, (key) => others.holdsUp(key)),
    others.free(target.tasks.standby, assigned.standby, (key) => others.isInProcess(key)),
    others.free(target.tasks.warmup, assigned.warmup, (key) => others.isInProcess(key)),
  ];
  const waits = moreActive.waits || moreStandby.waits || moreWarmup.waits;
  const after: OwnedTasks = {
    active: joinedWithEpochs(active.kept, moreActive.tasks, target.epoch),
    standby: joined(standby.kept, moreStandby.tasks),
    warmup: joined(warmup.kept, moreWarmup.tasks),
  };
  const state = waits ? MemberState.UNRELEASED_TASKS : MemberState.STABLE;
  const same = state === member.state && target.epoch === member.memberEpoch && ownSameTasks(after, assigned);
  // The member waits on: there is nothing to record.
  if (same && hasNoTasks(member.pendingRevocation)) return member;
  return {
    ...member,
    memberEpoch: target.epoch,
    previousMemberEpoch: member.memberEpoch,
    state,
    assigned: ownSameTasks(after, assigned) ? assigned : after,
    pendingRevocation: OWNS_NO_TASKS,
  };
}

/** Whether the member may still have some of these: it says so, or does not say. */
function stillHas(owned: ListedTasksByRole | null, { active, standby, warmup }: OwnedTasks): boolean {
  if (owned === null) return true;
  const { activeTasks, standbyTasks, warmupTasks } = owned;
  return listsAny(activeTasks, active) || listsAny(standbyTasks, standby) || listsAny(warmupTasks, warmup);
}

/** What the other members of the group have, or have not given up yet. */
class OtherMembers {
  /** By task: held as the active one. */
  readonly #active = new Set<string>();
  /** By task: held in the process of the member. */
  readonly #activeHere = new Set<string>();
  readonly #replicaHere = new Set<string>();

  constructor({ members }: StreamsGroup, { memberId, processId }: StreamsMember) {
    for (const other of members.values()) {
      if (other.memberId === memberId) continue;
      const isHere = other.processId === processId;
      for (const { active, standby, warmup } of [other.assigned, other.pendingRevocation]) {
        addAll(this.#active, active);
        if (!isHere) continue;
        addAll(this.#activeHere, active);
        addAll(this.#replicaHere, standby);
        addAll(this.#replicaHere, warmup);
      }
    }
  }

  /** An active task is free when nobody runs it, and no other member of the process has its state open. */
  holdsUp(key: string): boolean {
    return this.#active.has(key) || this.#replicaHere.has(key);
  }

  isInProcess(key: string): boolean {
    return this.#activeHere.has(key) || this.#replicaHere.has(key);
  }

  /** Of those the member does not have yet. */
  free(
    wanted: TaskIds,
    has: ReadonlyMap<string, { has(partition: number): boolean }>,
    isTaken: (key: string) => boolean,
  ): { readonly tasks: TaskIds; readonly waits: boolean } {
    const tasks = new Map<string, Set<number>>();
    let waits = false;
    for (const [subtopologyId, partitions] of wanted) {
      for (const partition of partitions) {
        if (has.get(subtopologyId)?.has(partition) === true) continue;
        if (isTaken(keyOf(subtopologyId, partition))) waits = true;
        else add(tasks, subtopologyId, partition);
      }
    }
    return { tasks, waits };
  }
}

function keyOf(subtopologyId: string, partition: number): string {
  return `${partition} ${subtopologyId}`;
}

function addAll(keys: Set<string>, tasks: ReadonlyMap<string, { keys(): Iterable<number> }>): void {
  for (const [subtopologyId, partitions] of tasks) {
    for (const partition of partitions.keys()) keys.add(keyOf(subtopologyId, partition));
  }
}

function add(into: Map<string, Set<number>>, subtopologyId: string, partition: number): void {
  const partitions = into.get(subtopologyId);
  if (partitions === undefined) into.set(subtopologyId, new Set([partition]));
  else partitions.add(partition);
}

function divided(assigned: TasksWithEpochs, wanted: TaskIds): { kept: TasksWithEpochs; given: TasksWithEpochs } {
  const [kept, given] = [new Map<string, Map<number, number>>(), new Map<string, Map<number, number>>()];
  for (const [subtopologyId, partitions] of assigned) {
    for (const [partition, epoch] of partitions) {
      const into = wanted.get(subtopologyId)?.has(partition) === true ? kept : given;
      const tasks = into.get(subtopologyId);
      if (tasks === undefined) into.set(subtopologyId, new Map([[partition, epoch]]));
      else tasks.set(partition, epoch);
    }
  }
  return { kept, given };
}

function dividedIds(assigned: TaskIds, wanted: TaskIds): { kept: TaskIds; given: TaskIds } {
  const [kept, given] = [new Map<string, Set<number>>(), new Map<string, Set<number>>()];
  for (const [subtopologyId, partitions] of assigned) {
    for (const partition of partitions) {
      add(wanted.get(subtopologyId)?.has(partition) === true ? kept : given, subtopologyId, partition);
    }
  }
  return { kept, given };
}

function joined(kept: TaskIds, more: TaskIds): TaskIds {
  const all = new Map(Array.from(kept, ([id, partitions]) => [id, new Set(partitions)]));
  for (const [id, partitions] of more) for (const partition of partitions) add(all, id, partition);
  return all;
}

function joinedWithEpochs(kept: TasksWithEpochs, more: TaskIds, epoch: number): TasksWithEpochs {
  const all = new Map(Array.from(kept, ([id, partitions]) => [id, new Map(partitions)]));
  for (const [id, partitions] of more) {
    const tasks = all.get(id) ?? new Map<number, number>();
    for (const partition of partitions) tasks.set(partition, epoch);
    all.set(id, tasks);
  }
  return all;
}
