/** Who may commit and fetch the offsets of a consumer group: its members, in their own epoch (KIP-848). */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { ConsumerGroup, ConsumerMember } from './state.ts';
import { usesClassicProtocol } from './state.ts';
import type { GroupTopics } from '../group-topics.ts';
import type { Committer } from '../offsets/requests.ts';

export interface EpochCommit extends Committer {
  /** False for OffsetCommit before v9, which knows no member epochs. */
  readonly knowsEpochs: boolean;
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly { readonly partitionIndex: number }[];
  }[];
}

/** NONE, or why this commit is refused as a whole. */
export function checkEpochCommit(group: ConsumerGroup, commit: EpochCommit, topics: GroupTopics): number {
  const { memberId, generationId } = commit;
  // Admin clients, on a group without members.
  if (generationId < 0 && group.members.size === 0) return ErrorCode.NONE;
  const member = group.members.get(memberId);
  if (member === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
  if (!commit.knowsEpochs && !usesClassicProtocol(member)) return ErrorCode.UNSUPPORTED_VERSION;
  return checkMemberEpoch(member, commit, topics);
}

function checkMemberEpoch(member: ConsumerMember, commit: EpochCommit, topics: GroupTopics): number {
  const { generationId } = commit;
  if (generationId === member.memberEpoch) return ErrorCode.NONE;
  if (usesClassicProtocol(member)) return ErrorCode.ILLEGAL_GENERATION;
  const isEarlier = generationId >= 0 && generationId < member.memberEpoch;
  return isEarlier && hasHadAll(member, commit, topics) ? ErrorCode.NONE : ErrorCode.STALE_MEMBER_EPOCH;
}

/** The epoch may move on while a commit is on its way: the member may commit what it had then and has still (KIP-1251). */
function hasHadAll(
  member: ConsumerMember,
  { generationId, topics }: EpochCommit,
  { topicsByName }: GroupTopics,
): boolean {
  return topics.every(({ name, partitions }) => {
    const topicId = topicsByName.get(name)?.id ?? '';
    return partitions.every(({ partitionIndex }) => {
      const since =
        member.assignedPartitions.get(topicId)?.get(partitionIndex) ??
        member.partitionsPendingRevocation.get(topicId)?.get(partitionIndex);
      return since !== undefined && since <= generationId;
    });
  });
}

/** The same within a transaction, whose fencing keeps others out: a client need not say who it is in the group. */
export function checkTransactionalEpochCommit(group: ConsumerGroup, commit: EpochCommit, topics: GroupTopics): number {
  const { memberId, groupInstanceId, generationId } = commit;
  if (generationId < 0 && (group.members.size === 0 || (memberId === '' && groupInstanceId === null))) {
    return ErrorCode.NONE;
  }
  const member = group.members.get(memberId);
  return member === undefined ? ErrorCode.UNKNOWN_MEMBER_ID : checkMemberEpoch(member, commit, topics);
}

/** NONE, or why this member may not fetch; a client that says it is no member may. */
export function checkEpochFetch(group: ConsumerGroup, memberId: string | null, memberEpoch: number): number {
  // An epoch without a member makes Kafka fail: clients know its answer.
  if (memberId === null) return memberEpoch < 0 ? ErrorCode.NONE : ErrorCode.UNKNOWN_SERVER_ERROR;
  const member = group.members.get(memberId);
  if (member === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
  if (memberEpoch === member.memberEpoch) return ErrorCode.NONE;
  return usesClassicProtocol(member) ? ErrorCode.ILLEGAL_GENERATION : ErrorCode.STALE_MEMBER_EPOCH;
}
