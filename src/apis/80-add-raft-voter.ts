/** Would add a controller to the metadata quorum (KIP-853); Ottla's broker keeps its metadata itself. */
import { AddRaftVoter } from '../../protocol/apis/80-add-raft-voter.ts';
import { ErrorCode, errorMessage } from '../../protocol/errors.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';

export const addRaftVoter = handler(AddRaftVoter, {
  handle: (
    { clusterId, voterId, voterDirectoryId, listeners },
    _context,
    { controller, nodeId }: Parts<'nodeId' | 'controller'>,
  ) => {
    if (clusterId !== null && clusterId !== controller.image.clusterId) {
      return fail(ErrorCode.INCONSISTENT_CLUSTER_ID, `This cluster is ${controller.image.clusterId}, not ${clusterId}`);
    }
    if (voterId < 0 || voterDirectoryId === ZERO_UUID) {
      return fail(ErrorCode.INVALID_REQUEST, 'A voter has a number and a directory id');
    }
    if (listeners.length === 0) return fail(ErrorCode.INVALID_REQUEST, 'A voter has a listener for controllers');
    if (voterId === nodeId) return fail(ErrorCode.DUPLICATE_VOTER, `${voterId} is the voter that there is`);
    return fail(
      ErrorCode.REQUEST_TIMED_OUT,
      'Ottla has no quorum that others could join: the broker is its own controller',
    );
  },
  refuse: (_request, errorCode) => fail(errorCode, errorMessage(errorCode)),
});

function fail(errorCode: number, message: string) {
  return { errorCode, errorMessage: message };
}
