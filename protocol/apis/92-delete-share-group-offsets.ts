import { api, array, int16, int32, string, uuid } from '../schema.ts';

/** Forgets topics of a share group without members (KIP-932). */
export const DeleteShareGroupOffsets = api(92, 'DeleteShareGroupOffsets', {
  versions: '0',
  flexible: '0+',
  request: {
    groupId: string,
    topics: array({ topicName: string }),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable().default(null),
    responses: array({
      topicName: string,
      topicId: uuid,
      errorCode: int16,
      errorMessage: string.nullable().default(null),
    }),
  },
});
