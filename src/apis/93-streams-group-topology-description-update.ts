/** Refuses topology descriptions: this broker has no streams groups (KIP-1331). */
import { StreamsGroupTopologyDescriptionUpdate } from '../../protocol/apis/93-streams-group-topology-description-update.ts';
import { ErrorCode, errorMessage } from '../../protocol/errors.ts';
import { handler } from './handler.ts';

export const streamsGroupTopologyDescriptionUpdate = handler(StreamsGroupTopologyDescriptionUpdate, {
  open: 'it is refused, for there are no streams groups',
  handle: () => ({
    errorCode: ErrorCode.UNSUPPORTED_VERSION,
    errorMessage: 'This broker has no streams groups',
  }),
  refuse: (_request, errorCode) => ({ errorCode, errorMessage: errorMessage(errorCode) }),
});
