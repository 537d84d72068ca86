/** Compares what a member says of itself with what it said before. */
import { sameNames } from '../modern/group.ts';
import type { ConsumerMember } from './state.ts';

/** The old object where the new one says the same. */
export function sameMember(before: ConsumerMember, after: ConsumerMember): ConsumerMember {
  const same =
    before.instanceId === after.instanceId &&
    before.rackId === after.rackId &&
    before.clientId === after.clientId &&
    before.clientHost === after.clientHost &&
    before.subscribedTopicRegex === after.subscribedTopicRegex &&
    before.serverAssignor === after.serverAssignor &&
    before.rebalanceTimeoutMs === after.rebalanceTimeoutMs &&
    sameNames(before, after) &&
    before.classicMemberMetadata === after.classicMemberMetadata;
  return same ? before : after;
}
