/** Records of the metadata log: topics and their partitions. */
import { array, int32, int8, message, string, uuid } from '../schema.ts';

export const TopicRecord = message(
  'TopicRecord',
  { apiKey: 2, versions: '0', flexible: '0+' },
  {
    name: string,
    topicId: uuid,
  },
);

/** Its partitions and configuration go with it. */
export const RemoveTopicRecord = message(
  'RemoveTopicRecord',
  { apiKey: 9, versions: '0', flexible: '0+' },
  {
    topicId: uuid,
  },
);

// v1 log directories (KIP-858); v2 eligible leader replicas (KIP-966)
export const PartitionRecord = message(
  'PartitionRecord',
  { apiKey: 3, versions: '0-2', flexible: '0+' },
  {
    partitionId: int32.default(-1),
    topicId: uuid,
    replicas: array(int32),
    /** In sync: those who have all up to the high watermark. */
    isr: array(int32),
    removingReplicas: array(int32),
    addingReplicas: array(int32),
    leader: int32.default(-1),
    /** 1 after an unclean election, until the leader has recovered. */
    leaderRecoveryState: int8.tagged(0).default(0),
    leaderEpoch: int32.default(-1),
    partitionEpoch: int32.default(-1),
    /** One for each of replicas, in their order. */
    directories: array(uuid).versions('1+').default([]),
    eligibleLeaderReplicas: array(int32).versions('2+').nullable().tagged(1).default(null),
    lastKnownElr: array(int32).versions('2+').nullable().tagged(2).default(null),
  },
);

// v1 log directories (KIP-858); v2 eligible leader replicas (KIP-966)
export const PartitionChangeRecord = message(
  'PartitionChangeRecord',
  { apiKey: 5, versions: '0-2', flexible: '0+' },
  {
    partitionId: int32.default(-1),
    topicId: uuid,
    /** null, here and below: unchanged. */
    isr: array(int32).nullable().tagged(0).default(null),
    /** -1: none; -2: unchanged. */
    leader: int32.tagged(1).default(-2),
    replicas: array(int32).nullable().tagged(2).default(null),
    removingReplicas: array(int32).nullable().tagged(3).default(null),
    addingReplicas: array(int32).nullable().tagged(4).default(null),
    /** -1: unchanged. */
    leaderRecoveryState: int8.tagged(5).default(-1),
    directories: array(uuid).versions('1+').nullable().tagged(8).default(null),
    eligibleLeaderReplicas: array(int32).versions('2+').nullable().tagged(6).default(null),
    lastKnownElr: array(int32).versions('2+').nullable().tagged(7).default(null),
  },
);

export const ClearElrRecord = message(
  'ClearElrRecord',
  { apiKey: 28, versions: '0', flexible: '0+' },
  {
    topicName: string,
  },
);
