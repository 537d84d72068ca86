import { api, array, int16, int32, int53, records, string, struct, uuid, ZERO_UUID } from '../schema.ts';

/** Appends record batches to partitions; with acks=0 it is the one request that has no response. */
export const Produce = api(0, 'Produce', {
  // v3 record batches (KIP-98); v7 zstd (KIP-110); v8 errors by record (KIP-467); v9 flexible; v10 new leaders in the
  // answer (KIP-951); v12 adds partitions to the transaction by itself (KIP-890); v13 topic ids (KIP-516). Brokers
  // say 0 to 13 and refuse 0 to 2.
  versions: '3-13',
  flexible: '9+',
  request: {
    /** null outside transactions. */
    transactionalId: string.nullable().default(null),
    /** 0: no answer; 1: once the leader has it; -1: once all in-sync replicas have it. */
    acks: int16,
    /** How long to wait for the replicas with acks=-1. */
    timeoutMs: int32,
    topicData: array({
      name: string.versions('0-12').default(''),
      topicId: uuid.versions('13+').default(ZERO_UUID),
      partitionData: array({
        index: int32,
        /** Exactly one batch from v3 on. */
        records: records.nullable(),
      }),
    }),
  },
  response: {
    responses: array({
      name: string.versions('0-12').default(''),
      topicId: uuid.versions('13+').default(ZERO_UUID),
      partitionResponses: array({
        index: int32,
        errorCode: int16,
        /** The offset of the first record appended, -1 on an error. */
        baseOffset: int53,
        /** -1 where the topic keeps the time of creation. */
        logAppendTimeMs: int53.default(-1),
        logStartOffset: int53.versions('5+').default(-1),
        /** The records for which the whole batch was refused. */
        recordErrors: array({
          /** The place of the record in its batch. */
          batchIndex: int32,
          batchIndexErrorMessage: string.nullable().default(null),
        })
          .versions('8+')
          .default([]),
        errorMessage: string.versions('8+').nullable().default(null),
        /** On NOT_LEADER_OR_FOLLOWER: whom to ask instead. */
        currentLeader: struct({
          leaderId: int32.default(-1),
          leaderEpoch: int32.default(-1),
        })
          .versions('10+')
          .tagged(0),
      }),
    }),
    throttleTimeMs: int32.default(0),
    /** Where to reach the leaders named above. */
    nodeEndpoints: array({
      nodeId: int32,
      host: string,
      port: int32,
      rack: string.nullable().default(null),
    })
      .versions('10+')
      .tagged(0),
  },
});
