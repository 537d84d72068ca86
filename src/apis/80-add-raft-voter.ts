/** Adds a voter to the metadata quorum (KIP-853). This broker is its only voter, and refuses others. */
import { AddRaftVoter } from '../../protocol/apis/80-add-raft-voter.ts';
import { ErrorCode, errorMessage } from '../../protocol/errors.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { alter } from '../security/needs.ts';

export const addRaftVoter = handler(AddRaftVoter, {
  needs: () => alter.cluster(),
  forwarded: true,
  handle: (
    { clusterId, voterId, voterDirectoryId, listeners },
    _context,
    { metadata, nodeId }: Parts<'nodeId' | 'metadata'>,
  ) => {
    if (clusterId !== null && clusterId !== metadata.image.clusterId) {
      return fail(
        ErrorCode.INCONSISTENT_CLUSTER_ID,
        `This cluster's id is ${metadata.image.clusterId}, not ${clusterId}`,
      );
    }
    if (voterId < 0 || voterDirectoryId === ZERO_UUID) {
      return fail(ErrorCode.INVALID_REQUEST, 'Give the id and the directory id of the voter');
    }
    if (listeners.length === 0) return fail(ErrorCode.INVALID_REQUEST, 'Give a listener of the voter for controllers');
    if (voterId === nodeId) return fail(ErrorCode.DUPLICATE_VOTER, `${voterId} is a voter already`);
    return fail(ErrorCode.REQUEST_TIMED_OUT, 'This broker is its own controller: no voter can join its quorum');
  },
  refuse: (_request, errorCode) => fail(errorCode, errorMessage(errorCode)),
});

function fail(errorCode: number, message: string) {
  return { errorCode, errorMessage: message };
}
