/** What a server-side assignor is (KIP-848): members with their topics in, partitions by member out. */
import type { Assignment } from '../modern/assignment.ts';

export interface AssignedMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly topicIds: ReadonlySet<string>;
  /** What it was to have so far. */
  readonly assigned: Assignment;
}

/** By member id; every member is in it. The same input gives the same output, whatever the order of the members. */
export type Assignor = (
  members: readonly AssignedMember[],
  partitionCount: (topicId: string) => number,
) => Map<string, Assignment>;

export type MutableAssignment = Map<string, Set<number>>;

export function add(assignment: MutableAssignment, topicId: string, partition: number): void {
  const partitions = assignment.get(topicId);
  if (partitions === undefined) assignment.set(topicId, new Set([partition]));
  else partitions.add(partition);
}

/** Whether all members read the same topics. */
export function isUniform(members: readonly AssignedMember[]): boolean {
  const first = members[0]?.topicIds;
  return members.every(
    ({ topicIds }) =>
      topicIds === first || (topicIds.size === first.size && [...topicIds].every((id) => first.has(id))),
  );
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
