import { api, array, int16, int32, int53, int8, uuid } from '../schema.ts';

/** Proposes a partition's new in-sync replicas to the controller; sent by its leader (KIP-497). */
export const AlterPartition = api(56, 'AlterPartition', {
  versions: '2-3', // v2 topic ids (KIP-841); v3 broker epochs of the replicas (KIP-903)
  flexible: '0+',
  request: {
    brokerId: int32,
    brokerEpoch: int53.default(-1),
    topics: array({
      topicId: uuid,
      partitions: array({
        partitionIndex: int32,
        leaderEpoch: int32,
        /** Up to v2; afterwards with epochs. */
        newIsr: array(int32).versions('0-2').default([]),
        newIsrWithEpochs: array({
          brokerId: int32,
          brokerEpoch: int53.default(-1),
        })
          .versions('3+')
          .default([]),
        leaderRecoveryState: int8.default(0),
        /** The state the leader knows: the controller refuses changes to an older one. */
        partitionEpoch: int32,
      }),
    }),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    topics: array({
      topicId: uuid,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        leaderId: int32,
        leaderEpoch: int32,
        isr: array(int32),
        leaderRecoveryState: int8.default(0),
        partitionEpoch: int32,
      }),
    }),
  },
});
