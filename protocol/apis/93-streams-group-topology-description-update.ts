import { api, int16, int32, string, struct } from '../schema.ts';
import { topologyDescription } from './streams-topology.ts';

/** Gives the broker the description of a streams group's topology, which a plugin of the broker keeps (KIP-1331). */
export const StreamsGroupTopologyDescriptionUpdate = api(93, 'StreamsGroupTopologyDescriptionUpdate', {
  versions: '0',
  flexible: '0+',
  request: {
    groupId: string,
    memberId: string,
    topologyEpoch: int32,
    topologyDescription: struct(topologyDescription),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable().default(null),
  },
});
