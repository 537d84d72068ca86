/** What a streams group says of itself, and what it allows. Pure. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { GroupRules } from '../group-rules.ts';
import type { OffsetCommitRequest } from '../offsets/requests.ts';
import { groupTombstones } from './leave.ts';
import type { StreamsGroup, StreamsMember } from './state.ts';
import { stateOf } from './state.ts';
import { inputTopics } from './topology.ts';

export const streamsRules: GroupRules<StreamsGroup> = {
  isEmpty: ({ members }) => members.size === 0,
  isInUse: (group, topic) => group.members.size > 0 && readTopics(group).has(topic),
  mayBeReplaced: ({ members }) => members.size === 0,
  expires: () => true,
  checkCommit: (group, commit) => {
    // Admin clients, on a group without members.
    if (commit.generationId < 0 && group.members.size === 0) return ErrorCode.NONE;
    const member = group.members.get(commit.memberId);
    if (member === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
    return commit.knowsEpochs ? checkEpoch(group, member, commit) : ErrorCode.UNSUPPORTED_VERSION;
  },
  /** The transaction's own fencing keeps others out: a client need not say who it is in the group. */
  checkTransactionalCommit: (group, commit) => {
    if (commit.memberId === '' && commit.generationId < 0) return ErrorCode.NONE;
    const member = group.members.get(commit.memberId);
    return member === undefined ? ErrorCode.UNKNOWN_MEMBER_ID : checkEpoch(group, member, commit);
  },
  checkFetch: (group, memberId, memberEpoch) => {
    // An epoch without a member makes Kafka fail: clients know its answer.
    if (memberId === null) return memberEpoch < 0 ? ErrorCode.NONE : ErrorCode.UNKNOWN_SERVER_ERROR;
    const member = group.members.get(memberId);
    if (member === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
    return memberEpoch === member.memberEpoch ? ErrorCode.NONE : ErrorCode.STALE_MEMBER_EPOCH;
  },
  /** Answered topic by topic. */
  checkOffsetDelete: () => ErrorCode.NONE,
  checkDelete: ({ members }) => (members.size === 0 ? ErrorCode.NONE : ErrorCode.NON_EMPTY_GROUP),
  expiryBase:
    () =>
    ({ commitTimestamp }) =>
      commitTimestamp,
  list: (group) => ({ protocolType: 'streams', groupState: stateOf(group) }),
  tombstones: groupTombstones,
};

/** The epoch may move on while a commit is on its way: the member may commit what it had then and has still (KIP-1251). */
function checkEpoch(group: StreamsGroup, member: StreamsMember, { generationId, topics }: OffsetCommitRequest): number {
  if (generationId === member.memberEpoch) return ErrorCode.NONE;
  if (generationId > member.memberEpoch || group.topology === null) return ErrorCode.STALE_MEMBER_EPOCH;
  const hasHadAll = topics.every(({ name, partitions }) => {
    const subtopologyId = group.topology!.subtopologies.find((each) => inputTopics(each).includes(name))?.subtopologyId;
    if (subtopologyId === undefined) return false;
    return partitions.every(({ partitionIndex }) => {
      const since =
        member.assigned.active.get(subtopologyId)?.get(partitionIndex) ??
        member.pendingRevocation.active.get(subtopologyId)?.get(partitionIndex);
      return since !== undefined && since <= generationId;
    });
  });
  return hasHadAll ? ErrorCode.NONE : ErrorCode.STALE_MEMBER_EPOCH;
}

function readTopics(group: StreamsGroup): ReadonlySet<string> {
  group.readTopics ??= new Set(group.topology?.subtopologies.flatMap(inputTopics));
  return group.readTopics;
}
