/** When a group gets a new epoch, and when its members are assigned anew for it. */
import type { GroupRecord } from '../group-record.ts';
import type { Assignment } from './assignment.ts';
import { NO_PARTITIONS, sameAssignment } from './assignment.ts';
import type { ModernDecision, ModernRecords } from './decision.ts';
import type { ModernGroup, ModernMember } from './group.ts';
import { metadataHashOf } from './topics.ts';

/**
 * The group's epoch from here on; a new one where something has `changed` that an assignment depends on, or the topics that
 * members subscribe to. `look`: the topics are looked at although they are the ones last seen.
 */
export function nextEpoch<R extends GroupRecord>(
  group: ModernGroup,
  names: () => ReadonlySet<string>,
  { changed, look }: { readonly changed: boolean; readonly look: boolean },
  make: ModernRecords<R>,
  decision: ModernDecision<R>,
): number {
  if (!changed && !look && group.seenTopics === decision.topics.topicsByName) return group.groupEpoch;
  const metadataHash = metadataHashOf(names(), decision.topics);
  decision.looked = true;
  if (!changed && metadataHash === group.metadataHash) return group.groupEpoch;
  const epoch = group.groupEpoch + 1;
  decision.records.push(make.epoch(group.groupId, { epoch, metadataHash }));
  return epoch;
}

/** Whether members are assigned anew for the epoch now, or some milliseconds after the assignment before. */
export function mayAssign(
  group: Pick<ModernGroup, 'assignmentEpoch' | 'assignmentTimestamp'>,
  epoch: number,
  { nowMs, limits }: Pick<ModernDecision, 'nowMs' | 'limits'>,
): boolean {
  return epoch > group.assignmentEpoch && nowMs - group.assignmentTimestamp >= limits.assignmentIntervalMs;
}

/** Adds what has changed between two target assignments to the decision. */
export function addTargets<R extends GroupRecord>(
  groupId: string,
  members: readonly ModernMember[],
  before: ReadonlyMap<string, Assignment>,
  targets: ReadonlyMap<string, Assignment>,
  epoch: number,
  make: ModernRecords<R>,
  { records, nowMs }: ModernDecision<R>,
): void {
  for (const { memberId } of members) {
    const [old, target] = [before.get(memberId), targets.get(memberId) ?? NO_PARTITIONS];
    if (old !== undefined && sameAssignment(old, target)) continue;
    records.push(make.target(groupId, memberId, target));
  }
  records.push(make.targetEpoch(groupId, { assignmentEpoch: epoch, assignmentTimestamp: nowMs }));
}

/** The epoch of a group that members have left; `left` subscribe to `names`. */
export function epochWithout<R extends GroupRecord>(
  { groupId, groupEpoch }: ModernGroup,
  left: readonly ModernMember[],
  names: ReadonlySet<string>,
  make: ModernRecords<R>,
  { records, topics }: ModernDecision<R>,
): void {
  const epoch = groupEpoch + 1;
  records.push(make.epoch(groupId, { epoch, metadataHash: metadataHashOf(names, topics) }));
  // Nobody is left who could be assigned something: the target is up to date, and the next member does not wait for its turn.
  if (left.length === 0) {
    records.push(make.targetEpoch(groupId, { assignmentEpoch: epoch, assignmentTimestamp: 0 }));
  }
}
