/** Would take a controller out of the metadata quorum (KIP-853); the only one there is stays. */
import { RemoveRaftVoter } from '../../protocol/apis/81-remove-raft-voter.ts';
import { ErrorCode, errorMessage } from '../../protocol/errors.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';

export const removeRaftVoter = handler(RemoveRaftVoter, {
  handle: (
    { clusterId, voterId, voterDirectoryId },
    _context,
    { controller, nodeId }: Parts<'nodeId' | 'controller'>,
  ) => {
    if (clusterId !== null && clusterId !== controller.image.clusterId) {
      return fail(ErrorCode.INCONSISTENT_CLUSTER_ID, `This cluster is ${controller.image.clusterId}, not ${clusterId}`);
    }
    if (voterId < 0 || voterDirectoryId === ZERO_UUID) {
      return fail(ErrorCode.INVALID_REQUEST, 'A voter has a number and a directory id');
    }
    return fail(
      ErrorCode.VOTER_NOT_FOUND,
      `${voterId} is no voter that could go: ${nodeId} is the only one, and stays`,
    );
  },
  refuse: (_request, errorCode) => fail(errorCode, errorMessage(errorCode)),
});

function fail(errorCode: number, message: string) {
  return { errorCode, errorMessage: message };
}
