/**
 * The assignor `sticky`: every task has one active owner, members have as many active tasks as each other, and who has a task or its
 * state keeps it. Standby tasks of stateful subtopologies go to other processes. Pure.
 */
import type { TaskIds, Tasks } from './tasks.ts';

export interface TaskMember {
  readonly memberId: string;
  readonly processId: string;
  /** What it was to have until now. */
  readonly before: Tasks;
}

export interface TaskSubtopology {
  readonly subtopologyId: string;
  readonly tasks: number;
  readonly isStateful: boolean;
}

interface Task {
  readonly subtopologyId: string;
  readonly partition: number;
}

interface Load {
  readonly member: TaskMember;
  readonly process: ProcessLoad;
  readonly active: Map<string, Set<number>>;
  readonly standby: Map<string, Set<number>>;
  count: number;
}

interface ProcessLoad {
  readonly loads: Load[];
  count: number;
}

export function sticky(
  members: readonly TaskMember[],
  subtopologies: readonly TaskSubtopology[],
  standbyReplicas: number,
): Map<string, Tasks> {
  const loads = loadsOf(members);
  if (loads.length > 0) {
    assignActive(loads, subtopologies);
    if (standbyReplicas > 0) assignStandby(loads, subtopologies, standbyReplicas);
  }
  return new Map(loads.map(({ member, active, standby }) => [member.memberId, { active, standby, warmup: new Map() }]));
}

function loadsOf(members: readonly TaskMember[]): Load[] {
  const processes = new Map<string, ProcessLoad>();
  // In the order of their ids: the same members are assigned the same, whoever joined first.
  const inOrder = [...members].sort((a, b) => (a.memberId < b.memberId ? -1 : 1));
  return inOrder.map((member) => {
    let process = processes.get(member.processId);
    if (process === undefined) processes.set(member.processId, (process = { loads: [], count: 0 }));
    const load: Load = { member, process, active: new Map(), standby: new Map(), count: 0 };
    process.loads.push(load);
    return load;
  });
}

function assignActive(loads: readonly Load[], subtopologies: readonly TaskSubtopology[]): void {
  const quota = new Quota(taskCount(subtopologies), loads.length);
  /** Those that none of these had, or has room for. */
  const keep = (tasks: readonly Task[], before: Holders): Task[] =>
    tasks.filter((task) => {
      const load = before.get(keyOf(task))?.find((each) => quota.takes(each));
      if (load !== undefined) give(load, load.active, task);
      return load === undefined;
    });
  const unowned = keep(
    tasksOf(subtopologies),
    holders(loads, ({ active }) => active),
  );
  const left = keep(
    unowned,
    holders(loads, ({ standby }) => standby),
  );
  for (const task of left) {
    const load = leastLoaded(loads, NO_PROCESSES)!;
    give(load, load.active, task);
  }
}

function assignStandby(loads: readonly Load[], subtopologies: readonly TaskSubtopology[], replicas: number): void {
  const stateful = subtopologies.filter(({ isStateful }) => isStateful);
  const actives = new Map<string, Load>();
  for (const load of loads) {
    for (const [subtopologyId, partitions] of load.active) {
      for (const partition of partitions) actives.set(keyOf({ subtopologyId, partition }), load);
    }
  }
  const before = holders(loads, ({ standby }) => standby);
  const wereActive = holders(loads, ({ active }) => active);
  const total = loads.reduce((sum, { count }) => sum + count, 0) + taskCount(stateful) * replicas;
  const most = Math.ceil(total / loads.length);
  for (const task of tasksOf(stateful)) {
    const key = keyOf(task);
    const taken = new Set<ProcessLoad>();
    const active = actives.get(key);
    if (active !== undefined) taken.add(active.process);
    for (let replica = 0; replica < replicas; replica++) {
      const had = [...(before.get(key) ?? []), ...(wereActive.get(key) ?? [])];
      const sticks = had.find((load) => !taken.has(load.process) && load.count < most);
      const load = sticks ?? leastLoaded(loads, taken);
      if (load === undefined) break; // fewer processes than replicas
      taken.add(load.process);
      give(load, load.standby, task);
    }
  }
}

/** Members have as many tasks as each other, and some one more. */
class Quota {
  readonly #least: number;
  #more: number;

  constructor(tasks: number, members: number) {
    this.#least = Math.floor(tasks / members);
    this.#more = tasks % members;
  }

  takes({ count }: Load): boolean {
    if (count < this.#least) return true;
    if (count > this.#least || this.#more === 0) return false;
    this.#more--;
    return true;
  }
}

const NO_PROCESSES: ReadonlySet<ProcessLoad> = new Set();

/** The member with the fewest tasks, of the process with the fewest for each of its members; undefined: all are excluded. */
function leastLoaded(loads: readonly Load[], without: ReadonlySet<ProcessLoad>): Load | undefined {
  let least: Load | undefined;
  for (const load of loads) {
    if (without.has(load.process)) continue;
    if (least === undefined || load.count < least.count) least = load;
    else if (load.count === least.count && perMember(load) < perMember(least)) least = load;
  }
  return least;
}

function perMember({ process }: Load): number {
  return process.count / process.loads.length;
}

function give(load: Load, into: Map<string, Set<number>>, { subtopologyId, partition }: Task): void {
  const partitions = into.get(subtopologyId);
  if (partitions === undefined) into.set(subtopologyId, new Set([partition]));
  else partitions.add(partition);
  load.count++;
  load.process.count++;
}

/** Who had each task, by `keyOf`. */
type Holders = ReadonlyMap<string, readonly Load[]>;

function holders(loads: readonly Load[], of: (before: Tasks) => TaskIds): Holders {
  const found = new Map<string, Load[]>();
  for (const load of loads) {
    for (const [subtopologyId, partitions] of of(load.member.before)) {
      for (const partition of partitions) {
        const key = keyOf({ subtopologyId, partition });
        const some = found.get(key);
        if (some === undefined) found.set(key, [load]);
        else some.push(load);
      }
    }
  }
  return found;
}

function keyOf({ subtopologyId, partition }: Task): string {
  return `${partition} ${subtopologyId}`;
}

function tasksOf(subtopologies: readonly TaskSubtopology[]): Task[] {
  return subtopologies.flatMap(({ subtopologyId, tasks }) =>
    Array.from({ length: tasks }, (_, partition) => ({ subtopologyId, partition })),
  );
}

function taskCount(subtopologies: readonly TaskSubtopology[]): number {
  return subtopologies.reduce((sum, { tasks }) => sum + tasks, 0);
}
