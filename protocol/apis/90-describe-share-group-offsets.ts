import { api, array, int16, int32, int53, string, uuid } from '../schema.ts';

/** Shows where share groups begin to deliver (KIP-932). */
export const DescribeShareGroupOffsets = api(90, 'DescribeShareGroupOffsets', {
  versions: '0-1', // v1 lag (KIP-1226)
  flexible: '0+',
  request: {
    groups: array({
      groupId: string,
      /** null: all. */
      topics: array({ topicName: string, partitions: array(int32) }).nullable(),
    }),
  },
  response: {
    throttleTimeMs: int32.default(0),
    groups: array({
      groupId: string,
      topics: array({
        topicName: string,
        topicId: uuid,
        partitions: array({
          partitionIndex: int32,
          startOffset: int53,
          leaderEpoch: int32,
          lag: int53.versions('1+').default(-1),
          errorCode: int16,
          errorMessage: string.nullable().default(null),
        }),
      }),
      errorCode: int16,
      errorMessage: string.nullable().default(null),
    }),
  },
});
