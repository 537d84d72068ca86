/** What a share group says of itself, and what it allows. Pure. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { GroupRules } from '../group-rules.ts';
import { groupTombstones } from './leave.ts';
import type { ShareGroup } from './state.ts';
import { namesOf, stateOf } from './state.ts';

/** Its offsets are the start offsets of share partitions: none are committed, and none are kept here. */
export const shareRules: GroupRules<ShareGroup> = {
  isEmpty: ({ members }) => members.size === 0,
  isInUse: (group, topic) => (group.readTopics ??= namesOf(group.members.values())).has(topic),
  /** A group never changes to or from this kind. */
  mayBeReplaced: () => false,
  expires: () => false,
  checkCommit: () => ErrorCode.GROUP_ID_NOT_FOUND,
  checkTransactionalCommit: () => ErrorCode.GROUP_ID_NOT_FOUND,
  /** As Apache Kafka: there are none, which is no error. */
  checkFetch: () => ErrorCode.NONE,
  checkOffsetDelete: () => ErrorCode.GROUP_ID_NOT_FOUND,
  checkDelete: ({ members }) => (members.size === 0 ? ErrorCode.NONE : ErrorCode.NON_EMPTY_GROUP),
  expiryBase: () => null,
  list: (group) => ({ protocolType: 'share', groupState: stateOf(group) }),
  tombstones: groupTombstones,
};
