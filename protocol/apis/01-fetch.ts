import { api, array, int16, int32, int53, int8, records, string, struct, uuid, ZERO_UUID } from '../schema.ts';

/** Reads record batches from partitions, waiting a while for enough of them; consumers and followers both use it. */
export const Fetch = api(1, 'Fetch', {
  // v5 log start offset; v7 sessions (KIP-227); v9 leader epochs (KIP-320); v10 zstd; v11 nearest replica (KIP-392);
  // v12 flexible; v13 topic ids (KIP-516); v15 replica state (KIP-903); v16 new leaders (KIP-951); v17 directories
  // (KIP-853); v18 high watermark (KIP-1166)
  versions: '4-18',
  flexible: '12+',
  request: {
    clusterId: string.versions('12+').nullable().tagged(0).default(null),
    /** A follower's broker id; -1 for consumers. From v15 on in replicaState. */
    replicaId: int32.versions('0-14').default(-1),
    replicaState: struct({
      /** -1 for consumers. */
      replicaId: int32.default(-1),
      replicaEpoch: int53.default(-1),
    })
      .versions('15+')
      .tagged(1),
    /** How long to wait for minBytes. */
    maxWaitMs: int32,
    minBytes: int32,
    /** Exceeded where the first batch alone is larger, so that every consumer gets on (KIP-74). */
    maxBytes: int32.default(0x7fff_ffff),
    /** 0 read uncommitted, 1 read committed. */
    isolationLevel: int8.default(0),
    /** 0 for no session, or to ask for one. */
    sessionId: int32.versions('7+').default(0),
    /** -1 no session or its end, 0 a full fetch, else the number of this fetch in its session. */
    sessionEpoch: int32.versions('7+').default(-1),
    topics: array({
      topic: string.versions('0-12').default(''),
      topicId: uuid.versions('13+').default(ZERO_UUID),
      partitions: array({
        partition: int32,
        /** The leader epoch that the client believes in; -1 does not check. */
        currentLeaderEpoch: int32.versions('9+').default(-1),
        fetchOffset: int53,
        /** Lets the leader find where a follower's log goes astray. */
        lastFetchedEpoch: int32.versions('12+').default(-1),
        /** Of a follower; -1 from consumers. */
        logStartOffset: int53.versions('5+').default(-1),
        partitionMaxBytes: int32,
        replicaDirectoryId: uuid.versions('17+').tagged(0),
        /** What the follower knows; the largest number where it does not say. */
        highWatermark: int53.versions('18+').tagged(1).default(Number.MAX_SAFE_INTEGER),
      }),
    }),
    /** Partitions to take out of the session. */
    forgottenTopicsData: array({
      topic: string.versions('7-12').default(''),
      topicId: uuid.versions('13+').default(ZERO_UUID),
      partitions: array(int32),
    })
      .versions('7+')
      .default([]),
    /** Lets the leader name a nearer replica. */
    rackId: string.versions('11+').default(''),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16.versions('7+').default(0),
    sessionId: int32.versions('7+').default(0),
    responses: array({
      topic: string.versions('0-12').default(''),
      topicId: uuid.versions('13+').default(ZERO_UUID),
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        highWatermark: int53,
        /** All before it is decided: what a reader of committed records may see. */
        lastStableOffset: int53.default(-1),
        logStartOffset: int53.versions('5+').default(-1),
        /** Set where the follower's log has gone another way after this epoch's end. */
        divergingEpoch: struct({
          epoch: int32.default(-1),
          endOffset: int53.default(-1),
        })
          .versions('12+')
          .tagged(0),
        /** On NOT_LEADER_OR_FOLLOWER and FENCED_LEADER_EPOCH: whom to ask instead. */
        currentLeader: struct({
          leaderId: int32.default(-1),
          leaderEpoch: int32.default(-1),
        })
          .versions('12+')
          .tagged(1),
        /** Set where a snapshot must be fetched first. */
        snapshotId: struct({
          endOffset: int53.default(-1),
          epoch: int32.default(-1),
        })
          .versions('12+')
          .tagged(2),
        /** Their records lie among those of this answer and must be skipped; null for read uncommitted. */
        abortedTransactions: array({ producerId: int53, firstOffset: int53 }).nullable(),
        /** The broker to read from instead; -1 to stay. */
        preferredReadReplica: int32.versions('11+').default(-1),
        records: records.nullable(),
      }),
    }),
    nodeEndpoints: array({
      nodeId: int32,
      host: string,
      port: int32,
      rack: string.nullable().default(null),
    })
      .versions('16+')
      .tagged(0),
  },
});
