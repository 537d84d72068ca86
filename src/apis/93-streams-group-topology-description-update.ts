/** Refuses topology descriptions: Kafka has a Java plugin keep them, and this broker loads none (KIP-1331). */
import { StreamsGroupTopologyDescriptionUpdate } from '../../protocol/apis/93-streams-group-topology-description-update.ts';
import { ErrorCode, errorMessage } from '../../protocol/errors.ts';
import { handler } from './handler.ts';

export const streamsGroupTopologyDescriptionUpdate = handler(StreamsGroupTopologyDescriptionUpdate, {
  open: 'it is refused, for nothing keeps descriptions of topologies',
  handle: () => ({
    errorCode: ErrorCode.UNSUPPORTED_VERSION,
    errorMessage: 'This broker keeps no descriptions of topologies',
  }),
  refuse: (_request, errorCode) => ({ errorCode, errorMessage: errorMessage(errorCode) }),
});
