/** Reads how far share partitions have come; asked by the coordinator of their group. */
import { ReadShareGroupStateSummary } from '../../protocol/apis/87-read-share-group-state-summary.ts';
import { errorMessage } from '../../protocol/errors.ts';
import { handler } from './handler.ts';
import { inTopics, refusedInTopics, type ShareParts } from './share-state-request.ts';
import { clusterAction } from '../security/needs.ts';

export const readShareGroupStateSummary = handler(ReadShareGroupStateSummary, {
  needs: () => clusterAction,
  handle: ({ groupId, topics }, _context, broker: ShareParts) =>
    inTopics(broker, groupId, topics, ({ state }, partitions) => state.readSummary(groupId, partitions)),
  refuse: ({ topics }, errorCode) =>
    refusedInTopics(topics, {
      errorCode,
      errorMessage: errorMessage(errorCode),
      stateEpoch: 0,
      leaderEpoch: 0,
      startOffset: 0,
    }),
});
