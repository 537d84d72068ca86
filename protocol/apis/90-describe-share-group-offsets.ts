import { api, array, bool, int16, int32, int53, string, uuid } from '../schema.ts';

/** Far from those that Kafka gives. Kafka's brokers and clients pass over tags that they do not know (KIP-482). */
const OWN_TAG = 10_000;

/** Shows where share groups begin to deliver (KIP-932). */
export const DescribeShareGroupOffsets = api(90, 'DescribeShareGroupOffsets', {
  versions: '0-1', // v1 lag (KIP-1226)
  flexible: '0+',
  request: {
    groups: array({
      groupId: string,
      /** null: all. */
      topics: array({ topicName: string, partitions: array(int32) }).nullable(),
    }),
    /** Not in Kafka: the answer tells of each group what of it is in flight at the broker that is asked. */
    includeInFlight: bool.tagged(OWN_TAG).default(false),
  },
  response: {
    throttleTimeMs: int32.default(0),
    groups: array({
      groupId: string,
      topics: array({
        topicName: string,
        topicId: uuid,
        partitions: array({
          partitionIndex: int32,
          startOffset: int53,
          leaderEpoch: int32,
          lag: int53.versions('1+').default(-1),
          errorCode: int16,
          errorMessage: string.nullable().default(null),
        }),
      }),
      errorCode: int16,
      errorMessage: string.nullable().default(null),
      /** Not in Kafka: of partitions that this broker leads, whether or not it coordinates the group. */
      inFlight: array({
        topicId: uuid,
        partition: int32,
        /** Records that members hold. */
        acquired: int32,
        /** Records that were handed out before, and wait for their next turn. */
        available: int32,
        /** Records whose dead letters are being written. */
        archiving: int32,
        /** The highest of their delivery counts. */
        mostDeliveries: int16,
        /** Milliseconds until the first lock runs out; -1: nothing is locked. */
        nextLockEndMs: int53,
      }).tagged(OWN_TAG),
    }),
  },
});
