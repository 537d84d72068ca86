import { api, array, int16, int32, int53, string, uuid } from '../schema.ts';

/** Reads how far share partitions have come, without their batches (KIP-932). */
export const ReadShareGroupStateSummary = api(87, 'ReadShareGroupStateSummary', {
  versions: '0-1', // v1 counts finished deliveries (KIP-1226)
  flexible: '0+',
  request: {
    groupId: string,
    topics: array({
      topicId: uuid,
      partitions: array({ partition: int32, leaderEpoch: int32 }),
    }),
  },
  response: {
    results: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
        errorCode: int16,
        errorMessage: string.nullable().default(null),
        stateEpoch: int32,
        leaderEpoch: int32,
        startOffset: int53,
        deliveryCompleteCount: int32.versions('1+').default(-1),
      }),
    }),
  },
});
