import { api, array, bool, int16, int32, int53, int8, records, string, struct, uuid } from '../schema.ts';

/** Acquires records for a share consumer, and acknowledges earlier ones on the way (KIP-932). */
export const ShareFetch = api(78, 'ShareFetch', {
  versions: '1-2', // v0 was of a preview and is gone; v2 renews locks (KIP-1222), a strict record limit (KIP-1206)
  flexible: '0+',
  request: {
    groupId: string.nullable().default(null),
    memberId: string.nullable(),
    /** 0 opens a session, -1 closes it, else the number of this request in it. */
    shareSessionEpoch: int32,
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: int32.default(0x7fff_ffff),
    maxRecords: int32,
    batchSize: int32,
    /** 0 whole batches, 1 never more than maxRecords. */
    shareAcquireMode: int8.versions('2+').default(0),
    isRenewAck: bool.versions('2+').default(false),
    topics: array({
      topicId: uuid,
      partitions: array({
        partitionIndex: int32,
        acknowledgementBatches: array({
          firstOffset: int53,
          lastOffset: int53,
          /** One for all or one each: 0 gap, 1 accept, 2 release, 3 reject, 4 renew. */
          acknowledgeTypes: array(int8),
        }),
      }),
    }),
    forgottenTopicsData: array({ topicId: uuid, partitions: array(int32) }),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable().default(null),
    acquisitionLockTimeoutMs: int32,
    responses: array({
      topicId: uuid,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        errorMessage: string.nullable().default(null),
        acknowledgeErrorCode: int16,
        acknowledgeErrorMessage: string.nullable().default(null),
        currentLeader: struct({ leaderId: int32, leaderEpoch: int32 }),
        records: records,
        /** Which of the records are the consumer's to work on; others may lie among them. */
        acquiredRecords: array({ firstOffset: int53, lastOffset: int53, deliveryCount: int16 }),
      }),
    }),
    nodeEndpoints: array({
      nodeId: int32,
      host: string,
      port: int32,
      rack: string.nullable().default(null),
    }),
  },
});
