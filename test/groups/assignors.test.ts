import { describe, expect, test } from 'vitest';
import { assignors } from '../../src/groups/assignors/index.ts';
import type { AssignedMember } from '../../src/groups/assignors/assignor.ts';
import type { Assignment } from '../../src/groups/modern/assignment.ts';
import { seededRandom } from '../../src/platform/random.ts';

const { uniform, range } = assignors;

function member(
  memberId: string,
  topics: string,
  assigned: Assignment = new Map(),
  instanceId: string | null = null,
): AssignedMember {
  return { memberId, instanceId, topicIds: new Set(topics.split(' ').filter(Boolean)), assigned };
}

/** `t 3, u 2`: topic t with three partitions, u with two. */
function counts(text: string): (topicId: string) => number {
  const map = new Map(
    text
      .split(', ')
      .map((each) => each.split(' '))
      .map(([topic, count]) => [topic, Number(count)]),
  );
  return (topicId) => map.get(topicId) ?? 0;
}

/** `a: t0 t1, b: t2` */
function shown(assignments: ReadonlyMap<string, Assignment>): string {
  return [...assignments]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([memberId, assignment]) => `${memberId}: ${partitionsOf(assignment).join(' ')}`.trim())
    .join(', ');
}

function partitionsOf(assignment: Assignment): string[] {
  return [...assignment]
    .flatMap(([topicId, partitions]) => Array.from(partitions, (partition) => `${topicId}${partition}`))
    .toSorted();
}

describe('range', () => {
  test('gives each member a range of each topic, the larger ones to the first', () => {
    expect(shown(range([member('b', 't u'), member('a', 't u')], counts('t 3, u 4')))).toBe(
      'a: t0 t1 u0 u1, b: t2 u2 u3',
    );
  });

  test('knows only members that read the topic', () => {
    expect(shown(range([member('a', 't u'), member('b', 'u'), member('c', '')], counts('t 2, u 3')))).toBe(
      'a: t0 t1 u0 u1, b: u2, c:',
    );
  });

  test('puts static members first, by their instances: a restart moves nothing', () => {
    const before = range([member('z', 't', new Map(), 'one'), member('a', 't')], counts('t 3'));
    expect(shown(before)).toBe('a: t2, z: t0 t1');
    expect(shown(range([member('b', 't', new Map(), 'one'), member('a', 't')], counts('t 3')))).toBe('a: t2, b: t0 t1');
  });

  test('leaves members without partitions where there are too few', () => {
    expect(shown(range([member('a', 't'), member('b', 't'), member('c', 't')], counts('t 2')))).toBe(
      'a: t0, b: t1, c:',
    );
  });
});

describe('uniform', () => {
  test('spreads all partitions over all members', () => {
    expect(shown(uniform([member('a', 't u'), member('b', 't u')], counts('t 3, u 2')))).toBe('a: t0 t1 t2, b: u0 u1');
  });

  test('moves to a new member only what it is to have', () => {
    const a = new Map([['t', new Set([0, 1, 2, 3])]]);
    expect(shown(uniform([member('a', 't', a), member('b', 't')], counts('t 4')))).toBe('a: t0 t1, b: t2 t3');
  });

  test('lets who has one more than the rest keep it', () => {
    const b = new Map([['t', new Set([1, 2])]]);
    expect(shown(uniform([member('a', 't', new Map([['t', new Set([0])]])), member('b', 't', b)], counts('t 3')))).toBe(
      'a: t0, b: t1 t2',
    );
  });

  test('forgets partitions that are gone, and topics no longer read', () => {
    const a = new Map([
      ['t', new Set([0, 9])],
      ['gone', new Set([0])],
    ]);
    expect(shown(uniform([member('a', 't', a)], counts('t 2')))).toBe('a: t0 t1');
  });

  test('evens out what subscriptions leave to it', () => {
    expect(shown(uniform([member('a', 't u'), member('b', 'u')], counts('t 4, u 4')))).toBe(
      'a: t0 t1 t2 t3, b: u0 u1 u2 u3',
    );
  });

  test('takes from who has more when subscriptions differ', () => {
    const a = new Map([
      ['t', new Set([0, 1, 2, 3])],
      ['u', new Set([0])],
    ]);
    expect(shown(uniform([member('a', 't u', a), member('b', 't')], counts('t 4, u 1')))).toBe('a: t2 t3 u0, b: t0 t1');
  });
});

// Whatever the members, their subscriptions and what they had.
describe.each(['uniform', 'range'])('%s, of 300 groups', (name) => {
  const assign = assignors[name];
  const groups = Array.from({ length: 300 }, (_, seed) => randomGroup(seed + 1));

  test('gives every partition that someone reads to one who reads it, and only to one', () => {
    for (const { members, count, topics } of groups) {
      const owners = new Map<string, string>();
      for (const [memberId, assignment] of assign(members, count)) {
        for (const [topicId, partitions] of assignment) {
          expect(members.find((each) => each.memberId === memberId)?.topicIds.has(topicId)).toBe(true);
          for (const partition of partitions) {
            expect(owners.has(`${topicId}${partition}`)).toBe(false);
            owners.set(`${topicId}${partition}`, memberId);
          }
        }
      }
      const read = topics.filter((topicId) => members.some(({ topicIds }) => topicIds.has(topicId)));
      expect(owners.size).toBe(read.reduce((sum, topicId) => sum + count(topicId), 0));
    }
  });

  test('gives the same whatever the order of the members, and again what it gave', () => {
    for (const { members, count } of groups) {
      const first = assign(members, count);
      expect(shown(assign(members.toReversed(), count))).toBe(shown(first));
      const settled = members.map((each) => ({ ...each, assigned: first.get(each.memberId) ?? new Map() }));
      expect(shown(assign(settled, count))).toBe(shown(first));
    }
  });
});

test('uniform gives no one two more than another who could have them', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const { members, count } = randomGroup(seed);
    const assignments = uniform(members, count);
    expect(assignments.size).toBe(members.length);
    const size = (memberId: string) => partitionsOf(assignments.get(memberId) ?? new Map()).length;
    for (const rich of members) {
      for (const topicId of (assignments.get(rich.memberId) ?? new Map<string, unknown>()).keys()) {
        const readers = members.filter(({ topicIds }) => topicIds.has(topicId));
        for (const poor of readers) expect(size(rich.memberId) - size(poor.memberId)).toBeLessThan(2);
      }
    }
  }
});

test('uniform moves no more than it must when a member comes or goes', () => {
  for (let size = 1; size < 20; size++) {
    const count = counts('t 60, u 40');
    const ids = Array.from({ length: size }, (_, i) => `m${i}`);
    const before = uniform(
      ids.map((id) => member(id, 't u')),
      count,
    );
    const settled = (memberIds: string[]) => memberIds.map((id) => member(id, 't u', before.get(id)));
    const grown = uniform(settled([...ids, 'new']), count);
    expect(moved(before, grown)).toBe(partitionsOf(grown.get('new') ?? new Map()).length);
    if (size === 1) continue;
    const shrunk = uniform(settled(ids.slice(1)), count);
    expect(moved(before, shrunk)).toBe(partitionsOf(before.get('m0') ?? new Map()).length);
  }
});

test('uniform assigns 2,000 partitions of 20 topics to 1,000 members of two kinds within a second', () => {
  const topics = Array.from({ length: 20 }, (_, i) => `t${i}`);
  const members = Array.from({ length: 1000 }, (_, i) => member(`m${i}`, topics.slice(i % 2).join(' ')));
  const sizes = [...uniform(members, () => 100).values()].map((assignment) => partitionsOf(assignment).length);
  expect([Math.min(...sizes), Math.max(...sizes)]).toEqual([2, 2]);
}, 1000);

function moved(before: ReadonlyMap<string, Assignment>, after: ReadonlyMap<string, Assignment>): number {
  const owners = new Map([...before].flatMap(([id, assignment]) => partitionsOf(assignment).map((each) => [each, id])));
  let count = 0;
  for (const [id, assignment] of after)
    for (const each of partitionsOf(assignment)) if (owners.get(each) !== id) count++;
  return count;
}

function randomGroup(seed: number) {
  const random = seededRandom(seed);
  const upTo = (limit: number) => Math.floor(random.float() * limit);
  const topics = Array.from({ length: 1 + upTo(4) }, (_, i) => `t${i}-`);
  const sizes = new Map(topics.map((topic) => [topic, upTo(7)]));
  const free = topics.flatMap((topic) =>
    Array.from({ length: sizes.get(topic) ?? 0 }, (_, partition) => [topic, partition] as const),
  );
  const alike = upTo(2) === 0;
  const members = Array.from({ length: 1 + upTo(6) }, (_, i) => {
    const topicIds = new Set(topics.filter(() => alike || upTo(3) > 0));
    const assigned = new Map<string, Set<number>>();
    // Each partition was one member's at most, whether that one still reads it or not.
    for (let j = 0; j < upTo(5) && free.length > 0; j++) {
      const [[topic, partition]] = free.splice(upTo(free.length), 1);
      assigned.set(topic, (assigned.get(topic) ?? new Set()).add(partition));
    }
    return { memberId: `m${i}`, instanceId: upTo(4) === 0 ? `i${9 - i}` : null, topicIds, assigned };
  });
  return { members, topics, count: (topicId: string) => sizes.get(topicId) ?? 0 };
}
