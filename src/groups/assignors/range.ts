/** Gives each member a range of every topic, the same range where topics have as many partitions: for joins. */
import type { AssignedMember, Assignor, MutableAssignment } from './assignor.ts';
import { add, compareText } from './assignor.ts';

export const range: Assignor = (members, partitionCount) => {
  const sorted = [...members].sort(byName);
  const assignments = new Map<string, MutableAssignment>(sorted.map(({ memberId }) => [memberId, new Map()]));
  const subscribers = new Map<string, AssignedMember[]>();
  for (const member of sorted) {
    for (const topicId of member.topicIds) {
      const others = subscribers.get(topicId);
      if (others === undefined) subscribers.set(topicId, [member]);
      else others.push(member);
    }
  }
  for (const [topicId, readers] of subscribers) {
    const count = partitionCount(topicId);
    const each = Math.floor(count / readers.length);
    const larger = count % readers.length;
    let next = 0;
    for (const [i, { memberId }] of readers.entries()) {
      const end = next + each + (i < larger ? 1 : 0);
      for (; next < end; next++) add(assignments.get(memberId) as MutableAssignment, topicId, next);
    }
  }
  return assignments;
};

/** Static members first, by their instances: a restart under another member id moves no range. */
function byName(a: AssignedMember, b: AssignedMember): number {
  if (a.instanceId !== null && b.instanceId !== null) return compareText(a.instanceId, b.instanceId);
  if (a.instanceId !== null) return -1;
  if (b.instanceId !== null) return 1;
  return compareText(a.memberId, b.memberId);
}
