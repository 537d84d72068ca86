/** Writes the state of share partitions; asked by their leaders. */
import { WriteShareGroupState } from '../../protocol/apis/85-write-share-group-state.ts';
import { errorMessage } from '../../protocol/errors.ts';
import { handler } from './handler.ts';
import { inTopics, refusedInTopics, type ShareParts } from './share-state-request.ts';
import { clusterAction } from '../security/needs.ts';

export const writeShareGroupState = handler(WriteShareGroupState, {
  needs: () => clusterAction,
  handle: ({ groupId, topics }, _context, broker: ShareParts) =>
    inTopics(broker, groupId, topics, ({ state }, partitions) => state.write(groupId, partitions)),
  refuse: ({ topics }, errorCode) => refusedInTopics(topics, { errorCode, errorMessage: errorMessage(errorCode) }),
});
