import { api, array, bool, int16, int32, int53, string } from '../schema.ts';

/** Shows what lies in each log directory, and how large it is. */
export const DescribeLogDirs = api(35, 'DescribeLogDirs', {
  // v2 flexible; v3 error for all; v4 sizes of the volumes (KIP-827); v5 cordoned directories (KIP-1066)
  versions: '1-5',
  flexible: '2+',
  request: {
    /** null: all. */
    topics: array({ topic: string, partitions: array(int32) }).nullable(),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16.versions('3+').default(0),
    results: array({
      errorCode: int16,
      logDir: string,
      topics: array({
        name: string,
        partitions: array({
          partitionIndex: int32,
          partitionSize: int53,
          /** How far the log lies behind the high watermark, or behind the log it shall replace. */
          offsetLag: int53,
          /** It will replace the replica's log once it has caught up. */
          isFutureKey: bool,
        }),
      }),
      /** Of the volume; -1 where unknown. */
      totalBytes: int53.versions('4+').default(-1),
      /** Of the volume; -1 where unknown. */
      usableBytes: int53.versions('4+').default(-1),
      isCordoned: bool.versions('5+').default(false),
    }),
  },
});
