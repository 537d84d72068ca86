/** What a consumer group says of itself, and what it allows. Pure. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { GroupRules } from '../group-rules.ts';
import { checkEpochCommit, checkEpochFetch, checkTransactionalEpochCommit } from './offset-checks.ts';
import type { ConsumerGroup } from './state.ts';
import { stateOf } from './state.ts';
import { groupTombstones } from './tombstones.ts';
import { readsTopic } from './topics.ts';

export const consumerRules: GroupRules<ConsumerGroup> = {
  isEmpty: ({ members }) => members.size === 0,
  isInUse: readsTopic,
  mayBeReplaced: ({ members }) => members.size === 0,
  expires: () => true,
  checkCommit: checkEpochCommit,
  checkTransactionalCommit: checkTransactionalEpochCommit,
  checkFetch: checkEpochFetch,
  /** Answered topic by topic. */
  checkOffsetDelete: () => ErrorCode.NONE,
  checkDelete: ({ members }) => (members.size === 0 ? ErrorCode.NONE : ErrorCode.NON_EMPTY_GROUP),
  expiryBase:
    () =>
    ({ commitTimestamp }) =>
      commitTimestamp,
  list: (group) => ({ protocolType: 'consumer', groupState: stateOf(group) }),
  tombstones: groupTombstones,
};
