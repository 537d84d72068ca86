/** Records of __consumer_offsets: groups of the consumer protocol (KIP-848), in several records each. */
import { array, bytes, int32, int53, int64, int8, message, string, struct, uuid } from '../schema.ts';

const topicPartitions = {
  topicId: uuid,
  partitions: array(int32),
  /** When each partition was assigned, in the order of partitions. */
  assignmentEpochs: array(int32).nullable().tagged(0),
};

/** The group and its epoch. */
export const ConsumerGroupMetadataKey = message(
  'ConsumerGroupMetadataKey',
  {
    apiKey: 3,
    versions: '0',
    flexible: 'none',
  },
  {
    groupId: string,
  },
);

export const ConsumerGroupMetadataValue = message(
  'ConsumerGroupMetadataValue',
  {
    apiKey: 3,
    versions: '0',
    flexible: '0+',
  },
  {
    epoch: int32,
    /** Of the topics subscribed to; only ever compared, hence all 64 bits (KIP-1101). */
    metadataHash: int64.tagged(0).default(0n),
  },
);

/** What the group knew of its topics; Kafka 4.1 put a hash in its place (KIP-1101) and only deletes these. */
export const ConsumerGroupPartitionMetadataKey = message(
  'ConsumerGroupPartitionMetadataKey',
  {
    apiKey: 4,
    versions: '0',
    flexible: 'none',
  },
  {
    groupId: string,
  },
);

export const ConsumerGroupPartitionMetadataValue = message(
  'ConsumerGroupPartitionMetadataValue',
  {
    apiKey: 4,
    versions: '0',
    flexible: '0+',
  },
  {
    topics: array({
      topicId: uuid,
      topicName: string,
      numPartitions: int32,
      partitionMetadata: array({ partition: int32, racks: array(string) }),
    }),
  },
);

/** A member: who it is and what it subscribes to. */
export const ConsumerGroupMemberMetadataKey = message(
  'ConsumerGroupMemberMetadataKey',
  {
    apiKey: 5,
    versions: '0',
    flexible: 'none',
  },
  {
    groupId: string,
    memberId: string,
  },
);

export const ConsumerGroupMemberMetadataValue = message(
  'ConsumerGroupMemberMetadataValue',
  {
    apiKey: 5,
    versions: '0',
    flexible: '0+',
  },
  {
    instanceId: string.nullable(),
    rackId: string.nullable(),
    clientId: string,
    clientHost: string,
    subscribedTopicNames: array(string),
    subscribedTopicRegex: string.nullable(),
    rebalanceTimeoutMs: int32.default(-1),
    serverAssignor: string.nullable(),
    /** Set for a member that still speaks the classic protocol, null for the others. */
    classicMemberMetadata: struct({
      sessionTimeoutMs: int32,
      supportedProtocols: array({ name: string, metadata: bytes }),
    })
      .nullable()
      .tagged(0),
  },
);

/** The epoch of the target assignment; it stands behind those of the members. */
export const ConsumerGroupTargetAssignmentMetadataKey = message(
  'ConsumerGroupTargetAssignmentMetadataKey',
  {
    apiKey: 6,
    versions: '0',
    flexible: 'none',
  },
  {
    groupId: string,
  },
);

export const ConsumerGroupTargetAssignmentMetadataValue = message(
  'ConsumerGroupTargetAssignmentMetadataValue',
  {
    apiKey: 6,
    versions: '0',
    flexible: '0+',
  },
  {
    assignmentEpoch: int32,
    assignmentTimestamp: int53.tagged(0).default(0),
  },
);

/** What a member shall have. */
export const ConsumerGroupTargetAssignmentMemberKey = message(
  'ConsumerGroupTargetAssignmentMemberKey',
  {
    apiKey: 7,
    versions: '0',
    flexible: 'none',
  },
  {
    groupId: string,
    memberId: string,
  },
);

export const ConsumerGroupTargetAssignmentMemberValue = message(
  'ConsumerGroupTargetAssignmentMemberValue',
  {
    apiKey: 7,
    versions: '0',
    flexible: '0+',
  },
  {
    topicPartitions: array({ topicId: uuid, partitions: array(int32) }),
  },
);

/** What a member has, on its way to what it shall have. */
export const ConsumerGroupCurrentMemberAssignmentKey = message(
  'ConsumerGroupCurrentMemberAssignmentKey',
  {
    apiKey: 8,
    versions: '0',
    flexible: 'none',
  },
  {
    groupId: string,
    memberId: string,
  },
);

export const ConsumerGroupCurrentMemberAssignmentValue = message(
  'ConsumerGroupCurrentMemberAssignmentValue',
  {
    apiKey: 8,
    versions: '0',
    flexible: '0+',
  },
  {
    memberEpoch: int32,
    previousMemberEpoch: int32,
    /** 0 stable, 1 has partitions to give up, 2 waits for others to give theirs up. */
    state: int8,
    assignedPartitions: array(topicPartitions),
    partitionsPendingRevocation: array(topicPartitions),
  },
);

/** The topics that a regular expression matched. */
export const ConsumerGroupRegularExpressionKey = message(
  'ConsumerGroupRegularExpressionKey',
  {
    apiKey: 16,
    versions: '0',
    flexible: 'none',
  },
  {
    groupId: string,
    regularExpression: string,
  },
);

export const ConsumerGroupRegularExpressionValue = message(
  'ConsumerGroupRegularExpressionValue',
  {
    apiKey: 16,
    versions: '0',
    flexible: '0+',
  },
  {
    topics: array(string),
    /** The metadata offset at which the topics were matched. */
    version: int53,
    timestamp: int53,
  },
);
