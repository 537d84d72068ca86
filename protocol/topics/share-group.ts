/** Records of __consumer_offsets: share groups (KIP-932). */
import { array, int32, int53, int64, int8, message, string, uuid } from '../schema.ts';

const topicPartitionsInfo = {
  topicId: uuid,
  topicName: string,
  partitions: array(int32),
};

/** A member: who it is and what it subscribes to. */
export const ShareGroupMemberMetadataKey = message(
  'ShareGroupMemberMetadataKey',
  {
    apiKey: 10,
    versions: '0',
    flexible: 'none',
  },
  {
    groupId: string,
    memberId: string,
  },
);

export const ShareGroupMemberMetadataValue = message(
  'ShareGroupMemberMetadataValue',
  {
    apiKey: 10,
    versions: '0',
    flexible: '0+',
  },
  {
    rackId: string.nullable(),
    clientId: string,
    clientHost: string,
    subscribedTopicNames: array(string),
  },
);

/** The group and its epoch. */
export const ShareGroupMetadataKey = message(
  'ShareGroupMetadataKey',
  { apiKey: 11, versions: '0', flexible: 'none' },
  {
    groupId: string,
  },
);

export const ShareGroupMetadataValue = message(
  'ShareGroupMetadataValue',
  {
    apiKey: 11,
    versions: '0',
    flexible: '0+',
  },
  {
    epoch: int32,
    /** Of the topics subscribed to; only ever compared, hence all 64 bits (KIP-1101). */
    metadataHash: int64,
  },
);

/** The epoch of the target assignment. */
export const ShareGroupTargetAssignmentMetadataKey = message(
  'ShareGroupTargetAssignmentMetadataKey',
  {
    apiKey: 12,
    versions: '0',
    flexible: 'none',
  },
  {
    groupId: string,
  },
);

export const ShareGroupTargetAssignmentMetadataValue = message(
  'ShareGroupTargetAssignmentMetadataValue',
  {
    apiKey: 12,
    versions: '0',
    flexible: '0+',
  },
  {
    assignmentEpoch: int32,
    assignmentTimestamp: int53.tagged(0).default(0),
  },
);

/** What a member shall have. */
export const ShareGroupTargetAssignmentMemberKey = message(
  'ShareGroupTargetAssignmentMemberKey',
  {
    apiKey: 13,
    versions: '0',
    flexible: 'none',
  },
  {
    groupId: string,
    memberId: string,
  },
);

export const ShareGroupTargetAssignmentMemberValue = message(
  'ShareGroupTargetAssignmentMemberValue',
  {
    apiKey: 13,
    versions: '0',
    flexible: '0+',
  },
  {
    topicPartitions: array({ topicId: uuid, partitions: array(int32) }),
  },
);

/** What a member has. */
export const ShareGroupCurrentMemberAssignmentKey = message(
  'ShareGroupCurrentMemberAssignmentKey',
  {
    apiKey: 14,
    versions: '0',
    flexible: 'none',
  },
  {
    groupId: string,
    memberId: string,
  },
);

export const ShareGroupCurrentMemberAssignmentValue = message(
  'ShareGroupCurrentMemberAssignmentValue',
  {
    apiKey: 14,
    versions: '0',
    flexible: '0+',
  },
  {
    memberEpoch: int32,
    previousMemberEpoch: int32,
    /** 0 stable: a share member never has to give up anything first. */
    state: int8,
    assignedPartitions: array({ topicId: uuid, partitions: array(int32) }),
  },
);

/** For which partitions the share coordinator keeps state, or is about to. */
export const ShareGroupStatePartitionMetadataKey = message(
  'ShareGroupStatePartitionMetadataKey',
  {
    apiKey: 15,
    versions: '0',
    flexible: 'none',
  },
  {
    groupId: string,
  },
);

export const ShareGroupStatePartitionMetadataValue = message(
  'ShareGroupStatePartitionMetadataValue',
  {
    apiKey: 15,
    versions: '0',
    flexible: '0+',
  },
  {
    initializingTopics: array(topicPartitionsInfo),
    initializedTopics: array(topicPartitionsInfo),
    deletingTopics: array({ topicId: uuid, topicName: string }),
  },
);
