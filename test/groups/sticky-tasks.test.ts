/** The assignor of streams groups: every task once, members evenly, and nothing moves without need. */
import { expect, test } from 'vitest';
import { sticky, type TaskMember, type TaskSubtopology } from '../../src/groups/streams/sticky.ts';
import { NO_TASKS, type TaskIds, type Tasks } from '../../src/groups/streams/tasks.ts';
import { seededRandom } from '../../src/platform/random.ts';

const member = (memberId: string, processId = memberId, before = NO_TASKS): TaskMember => ({
  memberId,
  processId,
  before,
});
const stateful = (subtopologyId: string, tasks: number): TaskSubtopology => ({
  subtopologyId,
  tasks,
  isStateful: true,
});

const listed = (tasks: TaskIds): string[] =>
  [...tasks].flatMap(([id, partitions]) => [...partitions].map((partition) => `${id}_${partition}`)).sort();
const all = (targets: ReadonlyMap<string, Tasks>, role: 'active' | 'standby'): string[] =>
  [...targets.values()].flatMap((tasks) => listed(tasks[role])).sort();

function moved(members: readonly TaskMember[], targets: ReadonlyMap<string, Tasks>): number {
  return members.reduce((sum, { memberId, before }) => {
    const after = new Set(listed(targets.get(memberId)!.active));
    return sum + listed(before.active).filter((task) => !after.has(task)).length;
  }, 0);
}

test('members get as many tasks as each other, of every subtopology', () => {
  const targets = sticky([member('a'), member('b')], [stateful('0', 2), stateful('1', 2)], 0);
  expect([...targets].map(([id, { active }]) => [id, listed(active)])).toEqual([
    ['a', ['0_0', '1_0']],
    ['b', ['0_1', '1_1']],
  ]);
});

test('without members nothing is assigned, and without tasks nothing to members', () => {
  expect(sticky([], [stateful('0', 2)], 1).size).toBe(0);
  expect(sticky([member('a')], [], 1).get('a')).toEqual(NO_TASKS);
});

test('a task whose owner is gone goes to who has its state', () => {
  const standby = { ...NO_TASKS, standby: new Map([['0', new Set([1])]]) };
  const targets = sticky([member('a'), member('b', 'b', standby)], [stateful('0', 2)], 0);
  expect(listed(targets.get('b')!.active)).toEqual(['0_1']);
});

test('stories of members that come and go: every task once, evenly, and only as many move as must', () => {
  const random = seededRandom(88);
  const below = (most: number): number => Math.floor(random.float() * most);
  for (let story = 0; story < 200; story++) {
    const subtopologies = Array.from({ length: 1 + below(3) }, (_, id) => ({
      subtopologyId: String(id),
      tasks: 1 + below(9),
      isStateful: random.float() < 0.7,
    }));
    const [total, replicas] = [subtopologies.reduce((sum, { tasks }) => sum + tasks, 0), below(3)];
    const statefulTasks = subtopologies.reduce((sum, { tasks, isStateful }) => sum + (isStateful ? tasks : 0), 0);
    let members: TaskMember[] = [];
    for (let step = 0; step < 8; step++) {
      const joins = members.length === 0 || random.float() < 0.6;
      const gone = joins ? null : members[below(members.length)];
      members = joins
        ? [...members, member(`m${story}-${step}`, `p${below(4)}`)]
        : members.filter((one) => one !== gone);
      const targets = sticky(members, subtopologies, replicas);
      if (members.length === 0) continue;
      const counts = members.map(({ memberId }) => listed(targets.get(memberId)!.active).length);
      expect(new Set(all(targets, 'active')).size).toBe(total);
      expect(all(targets, 'active')).toHaveLength(total);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      // One member that joins takes its share from the others, and no task moves between those; where one has left, none does.
      expect(moved(members, targets)).toBeLessThanOrEqual(joins ? Math.floor(total / members.length) + 1 : 0);
      checkStandbys(members, targets, statefulTasks, replicas);
      members = members.map((one) => ({ ...one, before: targets.get(one.memberId)! }));
    }
  }
});

/** Never where the active task, or another replica, already is; as many as there are processes for. */
function checkStandbys(
  members: readonly TaskMember[],
  targets: ReadonlyMap<string, Tasks>,
  statefulTasks: number,
  replicas: number,
): void {
  const processes = new Set(members.map(({ processId }) => processId));
  const inProcess = new Set<string>();
  let twice = 0;
  for (const { memberId, processId } of members) {
    const { active, standby } = targets.get(memberId)!;
    for (const task of [...listed(active), ...listed(standby)]) {
      if (inProcess.has(`${processId} ${task}`)) twice++;
      inProcess.add(`${processId} ${task}`);
    }
  }
  expect(twice).toBe(0);
  expect(all(targets, 'standby')).toHaveLength(statefulTasks * Math.min(replicas, processes.size - 1));
}
