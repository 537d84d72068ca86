import { api, array, bool, int16, int32, int8, string, uuid, ZERO_UUID } from '../schema.ts';

/** Creates topics. */
export const CreateTopics = api(19, 'CreateTopics', {
  // v4 default partitions and replicas (KIP-464); v5 flexible, the resulting configs (KIP-525); v6 quota errors
  // (KIP-599); v7 topic ids (KIP-516)
  versions: '2-7',
  flexible: '5+',
  request: {
    topics: array({
      name: string,
      /** -1: num.partitions, or as the assignments say. */
      numPartitions: int32,
      /** -1: default.replication.factor, or as the assignments say. */
      replicationFactor: int16,
      assignments: array({ partitionIndex: int32, brokerIds: array(int32) }),
      configs: array({ name: string, value: string.nullable() }),
    }),
    timeoutMs: int32.default(60000),
    validateOnly: bool.default(false),
  },
  response: {
    throttleTimeMs: int32.default(0),
    topics: array({
      name: string,
      topicId: uuid.versions('7+').default(ZERO_UUID),
      errorCode: int16,
      errorMessage: string.nullable(),
      /** Set where the configs may not be shown. */
      topicConfigErrorCode: int16.versions('5+').tagged(0),
      numPartitions: int32.versions('5+').default(-1),
      replicationFactor: int16.versions('5+').default(-1),
      configs: array({
        name: string,
        value: string.nullable(),
        readOnly: bool,
        /** 1 topic, 2 dynamic broker, 3 dynamic default, 4 static broker, 5 default. */
        configSource: int8.default(-1),
        isSensitive: bool,
      })
        .versions('5+')
        .nullable()
        .default([]),
    }),
  },
});
