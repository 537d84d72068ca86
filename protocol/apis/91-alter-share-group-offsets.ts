import { api, array, int16, int32, int53, string, uuid } from '../schema.ts';

/** Sets where a share group without members begins to deliver (KIP-932). */
export const AlterShareGroupOffsets = api(91, 'AlterShareGroupOffsets', {
  versions: '0',
  flexible: '0+',
  request: {
    groupId: string,
    topics: array({
      topicName: string,
      partitions: array({ partitionIndex: int32, startOffset: int53 }),
    }),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable().default(null),
    responses: array({
      topicName: string,
      topicId: uuid,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        errorMessage: string.nullable().default(null),
      }),
    }),
  },
});
