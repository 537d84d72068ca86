/** What a classic group says of itself, and what it allows. Pure. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { GroupRules } from '../group-rules.ts';
import { checkCommit, checkTransactionalCommit } from './offset-checks.ts';
import { isSubscribed } from './protocol-vote.ts';
import type { ClassicGroup } from './state.ts';

export const classicRules: GroupRules<ClassicGroup> = {
  isEmpty: ({ state, pendingMembers }) => state === 'Empty' && pendingMembers.size === 0,
  isInUse: isSubscribed,
  mayBeReplaced: ({ state, members }) => state === 'Empty' && members.size === 0,
  expires: () => true,
  checkCommit,
  checkTransactionalCommit,
  /** Of a classic group anyone may know the offsets. */
  checkFetch: () => ErrorCode.NONE,
  checkOffsetDelete({ state, protocolType }) {
    if (state === 'Dead') return ErrorCode.GROUP_ID_NOT_FOUND;
    // Groups of consumers answer topic by topic.
    return state === 'Empty' || protocolType === 'consumer' ? ErrorCode.NONE : ErrorCode.NON_EMPTY_GROUP;
  },
  checkDelete({ state }) {
    if (state === 'Dead') return ErrorCode.GROUP_ID_NOT_FOUND;
    return state === 'Empty' ? ErrorCode.NONE : ErrorCode.NON_EMPTY_GROUP;
  },
  /**
   * Counted from when the group became empty; in a stable group of consumers from each commit, for topics that no member
   * reads any more; for a group that only stores offsets, from each commit.
   */
  expiryBase({ state, protocolType, subscribedTopics, currentStateTimestamp: enteredMs }) {
    const sinceCommit = ({ commitTimestamp }: { commitTimestamp: number }): number => commitTimestamp;
    if (protocolType === null) return sinceCommit;
    if (state === 'Empty') return enteredMs < 0 ? sinceCommit : () => enteredMs;
    return protocolType === 'consumer' && subscribedTopics !== null && state === 'Stable' ? sinceCommit : null;
  },
  list: ({ protocolType, state }) => ({ protocolType: protocolType ?? '', groupState: state }),
  tombstones: ({ groupId }) => [{ type: 'group', groupId, metadata: null } as const],
};
