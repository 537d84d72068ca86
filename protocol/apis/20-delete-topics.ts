import { api, array, int16, int32, string, uuid, ZERO_UUID } from '../schema.ts';

/** Deletes topics by name or id. */
export const DeleteTopics = api(20, 'DeleteTopics', {
  versions: '1-6', // v4 flexible; v5 error messages, quota errors (KIP-599); v6 topic ids (KIP-516)
  flexible: '4+',
  request: {
    /** From v6 on, each by name or by id. */
    topics: array({
      name: string.nullable().default(null),
      topicId: uuid,
    })
      .versions('6+')
      .default([]),
    /** Up to v5. */
    topicNames: array(string).versions('0-5').default([]),
    timeoutMs: int32,
  },
  response: {
    throttleTimeMs: int32.default(0),
    responses: array({
      name: string.nullable('6+'),
      topicId: uuid.versions('6+').default(ZERO_UUID),
      errorCode: int16,
      errorMessage: string.versions('5+').nullable().default(null),
    }),
  },
});
