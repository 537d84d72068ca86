import { api, array, int16, int32, int53, int8, string, uuid } from '../schema.ts';

/** Stores the state of share partitions; from their leaders to the share coordinator (KIP-932). */
export const WriteShareGroupState = api(85, 'WriteShareGroupState', {
  versions: '0-1', // v1 counts finished deliveries (KIP-1226)
  flexible: '0+',
  request: {
    groupId: string,
    topics: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
        stateEpoch: int32,
        leaderEpoch: int32,
        startOffset: int53,
        deliveryCompleteCount: int32.versions('1+').default(-1),
        stateBatches: array({
          firstOffset: int53,
          lastOffset: int53,
          /** 0 available, 2 acknowledged, 4 archived. */
          deliveryState: int8,
          deliveryCount: int16,
        }),
      }),
    }),
  },
  response: {
    results: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
        errorCode: int16,
        errorMessage: string.nullable().default(null),
      }),
    }),
  },
});
