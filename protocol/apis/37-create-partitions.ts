import { api, array, bool, int16, int32, string } from '../schema.ts';

/** Gives topics more partitions. */
export const CreatePartitions = api(37, 'CreatePartitions', {
  versions: '0-3', // v2 flexible; v3 quota errors (KIP-599)
  flexible: '2+',
  request: {
    topics: array({
      name: string,
      /** The number afterwards, not how many to add. */
      count: int32,
      /** For the new partitions only; null leaves it to the broker. */
      assignments: array({ brokerIds: array(int32) }).nullable(),
    }),
    timeoutMs: int32,
    validateOnly: bool,
  },
  response: {
    throttleTimeMs: int32.default(0),
    results: array({ name: string, errorCode: int16, errorMessage: string.nullable().default(null) }),
  },
});
