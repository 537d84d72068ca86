/** Who may commit offsets of a classic group: its members, in the generation they are in. Pure. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { Committer } from '../offsets/requests.ts';
import type { ClassicGroup } from './state.ts';
import { checkMember } from './state.ts';

/** NONE, or why this commit is refused as a whole. */
export function checkCommit(group: ClassicGroup, committer: Committer): number {
  const { memberId, groupInstanceId, generationId } = committer;
  if (group.state === 'Dead') return ErrorCode.COORDINATOR_NOT_AVAILABLE;
  // Admin clients and consumers with partitions of their own choice, on a group without members.
  if (generationId < 0 && group.state === 'Empty') return ErrorCode.NONE;
  if (generationId < 0 && memberId === '' && groupInstanceId === null) return ErrorCode.UNKNOWN_MEMBER_ID;
  const errorCode = checkMember(group, memberId, groupInstanceId);
  if (errorCode !== ErrorCode.NONE) return errorCode;
  if (generationId !== group.generationId) return ErrorCode.ILLEGAL_GENERATION;
  // It has had its JoinGroup answer but no assignment: what it commits may belong to another by now.
  return group.state === 'CompletingRebalance' ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE;
}

/**
 * The same within a transaction: a client that says who it is in the group is checked (KIP-447), one that does not (before
 * TxnOffsetCommit v3) may commit, for its transactional id keeps others out. A rebalance under way is no reason to refuse.
 */
export function checkTransactionalCommit(group: ClassicGroup, committer: Committer): number {
  const { memberId, groupInstanceId, generationId } = committer;
  if (group.state === 'Dead') return ErrorCode.COORDINATOR_NOT_AVAILABLE;
  if (generationId < 0 && group.state === 'Empty') return ErrorCode.NONE;
  if (generationId < 0 && memberId === '' && groupInstanceId === null) return ErrorCode.NONE;
  const errorCode = checkMember(group, memberId, groupInstanceId);
  if (errorCode !== ErrorCode.NONE) return errorCode;
  return generationId === group.generationId ? ErrorCode.NONE : ErrorCode.ILLEGAL_GENERATION;
}
