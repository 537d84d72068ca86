import { api, array, bool, int16, int32, int53, int8, string, struct, uuid } from '../schema.ts';

/** Says what became of records a share consumer had acquired (KIP-932). */
export const ShareAcknowledge = api(79, 'ShareAcknowledge', {
  versions: '1-2', // v0 was of a preview and is gone; v2 renews locks (KIP-1222)
  flexible: '0+',
  request: {
    groupId: string.nullable().default(null),
    memberId: string.nullable(),
    /** -1 closes the session, else the number of this request in it. */
    shareSessionEpoch: int32,
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
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable().default(null),
    acquisitionLockTimeoutMs: int32.versions('2+').default(0),
    responses: array({
      topicId: uuid,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        errorMessage: string.nullable().default(null),
        currentLeader: struct({ leaderId: int32, leaderEpoch: int32 }),
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
