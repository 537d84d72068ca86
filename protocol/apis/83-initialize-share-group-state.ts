import { api, array, int16, int32, int53, string, uuid } from '../schema.ts';

/** Begins the state of share partitions; from the group's coordinator to the share coordinator (KIP-932). */
export const InitializeShareGroupState = api(83, 'InitializeShareGroupState', {
  versions: '0',
  flexible: '0+',
  request: {
    groupId: string,
    topics: array({
      topicId: uuid,
      partitions: array({ partition: int32, stateEpoch: int32, startOffset: int53 }),
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
