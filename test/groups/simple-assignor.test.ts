import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { AssignedMember } from '../../src/groups/assignors/assignor.ts';
import { simple } from '../../src/groups/assignors/simple.ts';
import type { Assignment } from '../../src/groups/modern/assignment.ts';

interface Case {
  readonly topics: Map<string, number>;
  readonly members: AssignedMember[];
  /** What Apache Kafka 4.4.0's SimpleAssignor gave. */
  readonly answer: Map<string, Assignment>;
}

/** Recorded with Answers.java: seeded groups whose members and topics come, go and grow. */
function recorded(): Case[] {
  const cases: Case[] = [];
  const text = readFileSync(new URL('./simple-assignor/answers.txt', import.meta.url), 'utf8');
  for (const line of text.trimEnd().split('\n')) {
    const [what, name, ...rest] = line.split(' ');
    if (what === 'case') cases.push({ topics: new Map(), members: [], answer: new Map() });
    const last = cases[cases.length - 1];
    if (what === 'topic') last.topics.set(name, Number(rest[0]));
    if (what === 'answer') last.answer.set(name, assignmentOf(rest[0]));
    if (what !== 'member') continue;
    const topicIds = new Set(rest[0].split(','));
    last.members.push({ memberId: name, instanceId: null, topicIds, assigned: assignmentOf(rest[1]) });
  }
  return cases;
}

function assignmentOf(text: string): Assignment {
  if (text === '-') return new Map();
  return new Map(
    text.split(';').map((each) => {
      const [topic, partitions] = each.split('=');
      return [topic, new Set(partitions.split('+').map(Number))];
    }),
  );
}

function assign({ members, topics }: Case): Map<string, Assignment> {
  return simple(members, (topicId) => Array.from({ length: topics.get(topicId) ?? 0 }, (_, partition) => partition));
}

function sizes(answer: ReadonlyMap<string, Assignment>): string {
  const counts = Array.from(answer, ([memberId, assignment]) => {
    const size = [...assignment.values()].reduce((sum, partitions) => sum + partitions.size, 0);
    return `${memberId}:${size}`;
  });
  return counts.sort().join(' ');
}

/** How many members have each partition, without saying which: that depends on hashes of ids in Kafka. */
function sharers({ topics }: Case, answer: ReadonlyMap<string, Assignment>): number[] {
  const counts = Array.from(topics, ([topic, count]) =>
    Array.from({ length: count }, (_, partition) =>
      [...answer.values()].reduce((sum, assignment) => sum + Number(assignment.get(topic)?.has(partition) ?? false), 0),
    ),
  );
  return counts.flat().sort((a, b) => a - b);
}

function kept({ members }: Case, answer: ReadonlyMap<string, Assignment>): number {
  let count = 0;
  for (const { memberId, assigned } of members) {
    for (const [topic, partitions] of assigned) {
      for (const partition of partitions) count += Number(answer.get(memberId)?.get(topic)?.has(partition) ?? false);
    }
  }
  return count;
}

test("spreads and shares partitions as Apache Kafka's SimpleAssignor does, and moves no more", () => {
  const cases = recorded();
  expect(cases.length).toBe(300);
  let [ours, theirs] = [0, 0];
  for (const each of cases) {
    const answer = assign(each);
    expect(sizes(answer)).toBe(sizes(each.answer));
    expect(sharers(each, answer)).toEqual(sharers(each, each.answer));
    ours += kept(each, answer);
    theirs += kept(each, each.answer);
  }
  expect(theirs).toBeGreaterThan(1000);
  // Which of two members keeps a partition that both may have decides about one more or less.
  expect(ours).toBeGreaterThanOrEqual(theirs * 0.998);
});

test('gives nobody what it does not read, or what may not be assigned', () => {
  for (const each of recorded()) {
    const answer = simple(each.members, () => [1, 4]);
    for (const { memberId, topicIds } of each.members) {
      for (const [topic, partitions] of answer.get(memberId) as Assignment) {
        expect(topicIds).toContain(topic);
        expect([1, 4]).toEqual(expect.arrayContaining([...partitions]));
      }
    }
  }
});

test('what is even stays as it is', () => {
  for (const each of recorded()) {
    const first = assign(each);
    const members = each.members.map((member) => ({ ...member, assigned: first.get(member.memberId) as Assignment }));
    expect(assign({ ...each, members })).toEqual(first);
  }
});

test('many members and partitions are assigned in time', () => {
  const members = Array.from({ length: 1000 }, (_, i) => ({
    memberId: `m${i}`,
    instanceId: null,
    topicIds: new Set(['t', i % 2 === 0 ? 'u' : 'v']),
    assigned: new Map(),
  }));
  const all = Array.from({ length: 3000 }, (_, partition) => partition);
  const started = process.cpuUsage();
  const first = simple(members, () => all);
  const next = simple(
    members.slice(1).map((member) => ({ ...member, assigned: first.get(member.memberId) as Assignment })),
    () => all,
  );
  const { user, system } = process.cpuUsage(started);
  expect(next.size).toBe(999);
  expect((user + system) / 1000).toBeLessThan(2000);
});
