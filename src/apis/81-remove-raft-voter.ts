/** Removes a voter from the metadata quorum (KIP-853). This broker is its only voter, and stays. */
import { RemoveRaftVoter } from '../../protocol/apis/81-remove-raft-voter.ts';
import { ErrorCode, errorMessage } from '../../protocol/errors.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { alter } from '../security/needs.ts';

export const removeRaftVoter = handler(RemoveRaftVoter, {
  needs: () => alter.cluster(),
  forwarded: true,
  handle: ({ clusterId, voterId, voterDirectoryId }, _context, { metadata, nodeId }: Parts<'nodeId' | 'metadata'>) => {
    if (clusterId !== null && clusterId !== metadata.image.clusterId) {
      return fail(
        ErrorCode.INCONSISTENT_CLUSTER_ID,
        `This cluster's id is ${metadata.image.clusterId}, not ${clusterId}`,
      );
    }
    if (voterId < 0 || voterDirectoryId === ZERO_UUID) {
      return fail(ErrorCode.INVALID_REQUEST, 'Give the id and the directory id of the voter');
    }
    return fail(
      ErrorCode.VOTER_NOT_FOUND,
      `${voterId} is not a voter that can be removed: broker ${nodeId} is the only voter`,
    );
  },
  refuse: (_request, errorCode) => fail(errorCode, errorMessage(errorCode)),
});

function fail(errorCode: number, message: string) {
  return { errorCode, errorMessage: message };
}
