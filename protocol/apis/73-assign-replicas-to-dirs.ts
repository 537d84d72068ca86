import { api, array, int16, int32, int53, uuid } from '../schema.ts';

/** Tells the controller in which log directories a broker keeps its replicas (KIP-858). */
export const AssignReplicasToDirs = api(73, 'AssignReplicasToDirs', {
  versions: '0',
  flexible: '0+',
  request: {
    brokerId: int32,
    brokerEpoch: int53.default(-1),
    directories: array({
      id: uuid,
      topics: array({
        topicId: uuid,
        partitions: array({ partitionIndex: int32 }),
      }),
    }),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    directories: array({
      id: uuid,
      topics: array({
        topicId: uuid,
        partitions: array({ partitionIndex: int32, errorCode: int16 }),
      }),
    }),
  },
});
