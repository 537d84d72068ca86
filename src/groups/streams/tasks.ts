/** Tasks of a Streams application: a subtopology and a partition, in one of three roles. */
import type { Assignment } from '../modern/assignment.ts';
import { NO_PARTITIONS, sameAssignment } from '../modern/assignment.ts';

/** Partitions by subtopology id; no subtopology without partitions. */
export type TaskIds = Assignment;

/** Each task with the epoch in which the member got it, by subtopology id. */
export type TasksWithEpochs = ReadonlyMap<string, ReadonlyMap<number, number>>;

export interface Tasks {
  readonly active: TaskIds;
  readonly standby: TaskIds;
  readonly warmup: TaskIds;
}

export interface OwnedTasks {
  readonly active: TasksWithEpochs;
  readonly standby: TaskIds;
  readonly warmup: TaskIds;
}

/** As requests, answers and records list them. */
export interface ListedTasks {
  readonly subtopologyId: string;
  readonly partitions: readonly number[];
}

/** Named as in StreamsGroupHeartbeat. */
export interface ListedTasksByRole {
  readonly activeTasks: readonly ListedTasks[];
  readonly standbyTasks: readonly ListedTasks[];
  readonly warmupTasks: readonly ListedTasks[];
}

export const NO_TASKS: Tasks = { active: NO_PARTITIONS, standby: NO_PARTITIONS, warmup: NO_PARTITIONS };
export const OWNS_NO_TASKS: OwnedTasks = { active: new Map(), standby: NO_PARTITIONS, warmup: NO_PARTITIONS };

export function listTasks(tasks: ReadonlyMap<string, { keys(): Iterable<number> }>): ListedTasks[] {
  return Array.from(tasks, ([subtopologyId, partitions]) => ({
    subtopologyId,
    partitions: [...partitions.keys()].sort((a, b) => a - b),
  }));
}

export function taskIdsOf(listed: readonly ListedTasks[]): TaskIds {
  return new Map(listed.map(({ subtopologyId, partitions }) => [subtopologyId, new Set(partitions)]));
}

export function listByRole({ active, standby, warmup }: Tasks | OwnedTasks): ListedTasksByRole {
  return { activeTasks: listTasks(active), standbyTasks: listTasks(standby), warmupTasks: listTasks(warmup) };
}

export function sameTasks(a: Tasks, b: Tasks): boolean {
  return (
    sameAssignment(a.active, b.active) && sameAssignment(a.standby, b.standby) && sameAssignment(a.warmup, b.warmup)
  );
}

/** Whether both are the same tasks, whenever they were got. */
export function ownSameTasks(a: OwnedTasks, b: OwnedTasks): boolean {
  return sameTasks(withoutEpochs(a), withoutEpochs(b));
}

export function withoutEpochs({ active, standby, warmup }: OwnedTasks): Tasks {
  const ids = new Map(Array.from(active, ([id, partitions]) => [id, new Set(partitions.keys())]));
  return { active: ids, standby, warmup };
}

export function hasNoTasks({ active, standby, warmup }: Tasks | OwnedTasks): boolean {
  return active.size === 0 && standby.size === 0 && warmup.size === 0;
}

/** Whether one of the listed tasks is among `tasks`. */
export function listsAny(
  listed: readonly ListedTasks[],
  tasks: ReadonlyMap<string, { has(partition: number): boolean }>,
): boolean {
  return listed.some(({ subtopologyId, partitions }) => {
    const among = tasks.get(subtopologyId);
    return among !== undefined && partitions.some((partition) => among.has(partition));
  });
}

/** Whether all of the listed tasks are among `tasks`. */
export function listsOnly(
  listed: readonly ListedTasks[],
  tasks: ReadonlyMap<string, { has(partition: number): boolean }>,
): boolean {
  return listed.every(({ subtopologyId, partitions }) => {
    const among = tasks.get(subtopologyId);
    return among !== undefined && partitions.every((partition) => among.has(partition));
  });
}
