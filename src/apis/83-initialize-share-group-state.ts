/** Begins the state of share partitions; asked by the coordinator of their group. */
import { InitializeShareGroupState } from '../../protocol/apis/83-initialize-share-group-state.ts';
import { errorMessage } from '../../protocol/errors.ts';
import { handler } from './handler.ts';
import { inTopics, refusedInTopics, type ShareParts } from './share-state-request.ts';
import { clusterAction } from '../security/needs.ts';

export const initializeShareGroupState = handler(InitializeShareGroupState, {
  needs: () => clusterAction,
  handle: ({ groupId, topics }, _context, broker: ShareParts) =>
    inTopics(broker, groupId, topics, ({ state }, partitions) => state.initialize(groupId, partitions)),
  refuse: ({ topics }, errorCode) => refusedInTopics(topics, { errorCode, errorMessage: errorMessage(errorCode) }),
});
