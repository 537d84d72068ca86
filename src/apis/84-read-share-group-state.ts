/** Reads the state of share partitions; asked by their leaders. */
import { ReadShareGroupState } from '../../protocol/apis/84-read-share-group-state.ts';
import { errorMessage } from '../../protocol/errors.ts';
import { handler } from './handler.ts';
import { inTopics, refusedInTopics, type ShareParts } from './share-state-request.ts';
import { clusterAction } from '../security/needs.ts';

export const readShareGroupState = handler(ReadShareGroupState, {
  needs: () => clusterAction,
  handle: ({ groupId, topics }, _context, broker: ShareParts) =>
    inTopics(broker, groupId, topics, ({ state }, partitions) => state.read(groupId, partitions)),
  refuse: ({ topics }, errorCode) =>
    refusedInTopics(topics, {
      errorCode,
      errorMessage: errorMessage(errorCode),
      stateEpoch: 0,
      startOffset: 0,
      stateBatches: [],
    }),
});
