/** What groups have in common whose members the broker assigns (Kafka's ModernGroup). They change by replayed records only. */
import type { Group } from '../group.ts';
import type { Assignment } from './assignment.ts';
import { NO_PARTITIONS } from './assignment.ts';

export interface AssignedMember {
  readonly memberId: string;
  readonly memberEpoch: number;
}

export interface ModernMember extends AssignedMember {
  /** In alphabetical order. */
  readonly subscribedTopicNames: readonly string[];
}

export interface ModernGroup<M extends AssignedMember = ModernMember, Target = Assignment> extends Group {
  /** Grows with every change that calls for a new assignment. */
  groupEpoch: number;
  /** Of the topics subscribed to; 0n for none. */
  metadataHash: bigint;
  readonly members: Map<string, M>;
  /** The group epoch that the assignment was made for. */
  assignmentEpoch: number;
  /** When it was made, milliseconds since 1970; 0 for never. */
  assignmentTimestamp: number;
  /** The target assignment of each member, by member id. */
  readonly targets: Map<string, Target>;
  /** The names that members subscribe to, null until they are asked for anew; not kept in the log. */
  readTopics: ReadonlySet<string> | null;
  /** The topics that `metadataHash` was last compared with; not kept in the log. */
  seenTopics: unknown;
  /** The connection each member last spoke through; not kept in the log. */
  readonly connections: Map<string, number>;
}

export function targetOf(group: ModernGroup, memberId: string): Assignment {
  return group.targets.get(memberId) ?? NO_PARTITIONS;
}

export function sortedNames(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}

export function sameNames(a: ModernMember, b: ModernMember): boolean {
  const names = b.subscribedTopicNames;
  return a.subscribedTopicNames.length === names.length && a.subscribedTopicNames.every((name, i) => name === names[i]);
}

/** The group's members as they will be: `updated` in its own place, or new. */
export function membersWith<M extends ModernMember>(group: ModernGroup<M>, updated: M, without: M | null = null): M[] {
  const members: M[] = [];
  for (const member of group.members.values()) {
    if (member.memberId !== updated.memberId && member !== without) members.push(member);
  }
  members.push(updated);
  return members;
}
