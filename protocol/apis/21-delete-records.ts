import { api, array, int16, int32, int53, string } from '../schema.ts';

/** Drops the records of partitions before an offset (KIP-107). */
export const DeleteRecords = api(21, 'DeleteRecords', {
  versions: '0-2',
  flexible: '2+',
  request: {
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        /** Everything before it goes; -1: the high watermark. */
        offset: int53,
      }),
    }),
    timeoutMs: int32,
  },
  response: {
    throttleTimeMs: int32.default(0),
    topics: array({
      name: string,
      partitions: array({ partitionIndex: int32, lowWatermark: int53, errorCode: int16 }),
    }),
  },
});
