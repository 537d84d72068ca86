/** The uniform assignor where members read different topics: as even as their subscriptions allow. */
import type { Assignment } from '../modern/assignment.ts';
import type { AssignedMember, MutableAssignment } from './assignor.ts';
import { add, compareText } from './assignor.ts';

/** Enough for any group that is not made to need more; the assignment is a good one after the first few. */
const MOST_ROUNDS = 16;

interface Topic {
  readonly topicId: string;
  /** Places in the list of members. */
  readonly readers: number[];
  /** The reader of each partition, -1 for none. */
  readonly owners: number[];
}

export function spreadUnevenly(
  members: readonly AssignedMember[],
  partitionCount: (topicId: string) => number,
): Map<string, Assignment> {
  const sizes = members.map(() => 0);
  const topics = topicsOf(members, partitionCount);
  for (const { readers, owners, topicId } of topics) keepOwners(members, readers, owners, topicId, sizes);
  // Topics with few readers first: those with many can make up for them.
  for (const { readers, owners } of topics) {
    for (let partition = 0; partition < owners.length; partition++) {
      if (owners[partition] !== -1) continue;
      const reader = smallest(readers, sizes);
      owners[partition] = reader;
      sizes[reader]++;
    }
  }
  for (let round = 0; round < MOST_ROUNDS; round++) {
    let moved = false;
    for (const topic of topics) moved = balance(topic, sizes) || moved;
    if (!moved) break;
  }
  const assignments = members.map((): MutableAssignment => new Map());
  for (const { topicId, owners } of topics) {
    for (const [partition, owner] of owners.entries()) add(assignments[owner], topicId, partition);
  }
  return new Map(members.map(({ memberId }, i) => [memberId, assignments[i]]));
}

function topicsOf(members: readonly AssignedMember[], partitionCount: (topicId: string) => number): Topic[] {
  const topics = new Map<string, Topic>();
  for (const [i, member] of members.entries()) {
    for (const topicId of member.topicIds) {
      const topic = topics.get(topicId);
      if (topic !== undefined) topic.readers.push(i);
      else topics.set(topicId, { topicId, readers: [i], owners: Array(partitionCount(topicId)).fill(-1) });
    }
  }
  return [...topics.values()].sort((a, b) => a.readers.length - b.readers.length || compareText(a.topicId, b.topicId));
}

function keepOwners(
  members: readonly AssignedMember[],
  readers: readonly number[],
  owners: number[],
  topicId: string,
  sizes: number[],
): void {
  for (const reader of readers) {
    for (const partition of members[reader].assigned.get(topicId) ?? []) {
      if (partition >= owners.length || owners[partition] !== -1) continue;
      owners[partition] = reader;
      sizes[reader]++;
    }
  }
}

/** Moves partitions of one topic from its fullest readers to its emptiest while that evens them out. */
function balance({ readers, owners }: Topic, sizes: number[]): boolean {
  let moved = false;
  for (;;) {
    let from = -1;
    for (const [partition, owner] of owners.entries()) {
      if (from === -1 || sizes[owner] > sizes[owners[from]]) from = partition;
    }
    const to = smallest(readers, sizes);
    if (from === -1 || sizes[owners[from]] - sizes[to] < 2) return moved;
    sizes[owners[from]]--;
    sizes[to]++;
    owners[from] = to;
    moved = true;
  }
}

function smallest(readers: readonly number[], sizes: readonly number[]): number {
  let found = readers[0];
  for (const reader of readers) if (sizes[reader] < sizes[found]) found = reader;
  return found;
}
