/** Whether the members of a group, of whatever type, read a topic: then its offsets are in use. Pure. */
import { readsTopic } from './consumer/topics.ts';
import type { Group } from './group.ts';
import { isSubscribed } from './classic/protocol-vote.ts';

export function isInUse(group: Group, topic: string): boolean {
  return group.type === 'consumer' ? readsTopic(group, topic) : isSubscribed(group, topic);
}

/** No member, and none on its way. */
export function isEmpty(group: Group): boolean {
  if (group.type === 'consumer') return group.members.size === 0;
  return group.state === 'Empty' && group.pendingMembers.size === 0;
}
