/** Spreads partitions evenly over the members, and moves as few as that allows. */
import type { Assignment } from '../modern/assignment.ts';
import type { AssignedMember, Assignor, MutableAssignment } from './assignor.ts';
import { add, compareText, isUniform } from './assignor.ts';
import { spreadUnevenly } from './uneven-subscriptions.ts';

export const uniform: Assignor = (members, partitionCount) => {
  const sorted = [...members].sort((a, b) => compareText(a.memberId, b.memberId));
  if (sorted.length === 0) return new Map();
  return isUniform(sorted) ? spreadEvenly(sorted, partitionCount) : spreadUnevenly(sorted, partitionCount);
};

/** All members read the same topics: each gets as many partitions as any other, or one less. */
function spreadEvenly(
  members: readonly AssignedMember[],
  partitionCount: (topicId: string) => number,
): Map<string, Assignment> {
  const topicIds = [...members[0].topicIds].sort(compareText);
  const total = topicIds.reduce((sum, topicId) => sum + partitionCount(topicId), 0);
  const quota = Math.floor(total / members.length);
  const kept = members.map((member) => keepable(member, topicIds, partitionCount));
  // Those that have one more than the rest already keep it, as far as there is one for them.
  let larger = total % members.length;
  const limits = kept.map((partitions) => (partitions.length > quota && larger-- > 0 ? quota + 1 : quota));
  for (let i = 0; i < limits.length && larger > 0; i++) {
    if (limits[i] > quota) continue;
    limits[i]++;
    larger--;
  }
  const taken = new Map<string, Set<number>>(topicIds.map((topicId) => [topicId, new Set()]));
  const assignments = members.map((_member, i) => {
    const assignment: MutableAssignment = new Map();
    for (const [topicId, partition] of kept[i].slice(0, limits[i])) {
      // Two members may claim one partition: the first keeps it.
      const owned = taken.get(topicId) as Set<number>;
      if (owned.has(partition)) continue;
      owned.add(partition);
      add(assignment, topicId, partition);
    }
    return assignment;
  });
  const sizes = assignments.map(sizeOf);
  let i = 0;
  for (const topicId of topicIds) {
    const owned = taken.get(topicId) as Set<number>;
    for (let partition = 0; partition < partitionCount(topicId); partition++) {
      if (owned.has(partition)) continue;
      while (sizes[i] >= limits[i]) i++;
      add(assignments[i], topicId, partition);
      sizes[i]++;
    }
  }
  return new Map(members.map(({ memberId }, at) => [memberId, assignments[at]]));
}

/** What the member has of the topics that it still reads and that still have it. */
function keepable(
  member: AssignedMember,
  topicIds: readonly string[],
  partitionCount: (topicId: string) => number,
): [string, number][] {
  return topicIds.flatMap((topicId) => {
    const count = partitionCount(topicId);
    return [...(member.assigned.get(topicId) ?? [])]
      .filter((partition) => partition < count)
      .sort((a, b) => a - b)
      .map((partition): [string, number] => [topicId, partition]);
  });
}

export function sizeOf(assignment: Assignment): number {
  let size = 0;
  for (const partitions of assignment.values()) size += partitions.size;
  return size;
}
