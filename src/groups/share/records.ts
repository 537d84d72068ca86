/** The records of __consumer_offsets that a share group is kept in, in Kafka's own bytes. */
import type { Reader } from '../../../protocol/reader.ts';
import {
  ShareGroupCurrentMemberAssignmentKey,
  ShareGroupCurrentMemberAssignmentValue,
  ShareGroupMemberMetadataKey,
  ShareGroupMemberMetadataValue,
  ShareGroupMetadataKey,
  ShareGroupMetadataValue,
  ShareGroupStatePartitionMetadataKey,
  ShareGroupStatePartitionMetadataValue,
  ShareGroupTargetAssignmentMemberKey,
  ShareGroupTargetAssignmentMemberValue,
  ShareGroupTargetAssignmentMetadataKey,
  ShareGroupTargetAssignmentMetadataValue,
} from '../../../protocol/topics/share-group.ts';
import type { Writer } from '../../../protocol/writer.ts';
import type { Assignment } from '../modern/assignment.ts';
import { assignmentOf, listPartitions } from '../modern/assignment.ts';
import type { ModernRecords } from '../modern/decision.ts';
import { readKey, readValue, writeKey, writeValue } from '../modern/records.ts';
import type { ShareCurrentAssignment, ShareMemberMetadata, StatefulTopic, StatePartitions } from './state.ts';

/** One fact of a share group; `value` null is a tombstone. */
export type ShareRecord =
  | {
      readonly type: 'shareEpoch';
      readonly groupId: string;
      readonly value: { readonly epoch: number; readonly metadataHash: bigint } | null;
    }
  | {
      readonly type: 'shareMember';
      readonly groupId: string;
      readonly memberId: string;
      readonly value: ShareMemberMetadata | null;
    }
  | {
      readonly type: 'shareTargetEpoch';
      readonly groupId: string;
      readonly value: { readonly assignmentEpoch: number; readonly assignmentTimestamp: number } | null;
    }
  | {
      readonly type: 'shareTarget';
      readonly groupId: string;
      readonly memberId: string;
      readonly value: Assignment | null;
    }
  | {
      readonly type: 'shareCurrent';
      readonly groupId: string;
      readonly memberId: string;
      readonly value: ShareCurrentAssignment | null;
    }
  | { readonly type: 'shareState'; readonly groupId: string; readonly value: StatePartitions | null };

export const SHARE_RECORD_TYPES = [
  'shareEpoch',
  'shareMember',
  'shareTargetEpoch',
  'shareTarget',
  'shareCurrent',
  'shareState',
] as const;

export const shareRecords: ModernRecords<ShareRecord> = {
  epoch: (groupId, value) => ({ type: 'shareEpoch', groupId, value }),
  target: (groupId, memberId, value) => ({ type: 'shareTarget', groupId, memberId, value }),
  targetEpoch: (groupId, value) => ({ type: 'shareTargetEpoch', groupId, value }),
};

const STABLE = 0;

/** Writes the key with its kind in front into `key`, the value with its version into `value`; false for a tombstone. */
export function writeShareRecord(record: ShareRecord, key: Writer, value: Writer): boolean {
  const { groupId } = record;
  switch (record.type) {
    case 'shareEpoch':
      writeKey(key, ShareGroupMetadataKey, { groupId });
      return record.value !== null && writeValue(value, ShareGroupMetadataValue, record.value);
    case 'shareMember': {
      writeKey(key, ShareGroupMemberMetadataKey, { groupId, memberId: record.memberId });
      if (record.value === null) return false;
      const { rackId, clientId, clientHost, subscribedTopicNames } = record.value;
      const draft = { rackId, clientId, clientHost, subscribedTopicNames: [...subscribedTopicNames] };
      return writeValue(value, ShareGroupMemberMetadataValue, draft);
    }
    case 'shareTargetEpoch':
      writeKey(key, ShareGroupTargetAssignmentMetadataKey, { groupId });
      return record.value !== null && writeValue(value, ShareGroupTargetAssignmentMetadataValue, record.value);
    case 'shareTarget': {
      writeKey(key, ShareGroupTargetAssignmentMemberKey, { groupId, memberId: record.memberId });
      if (record.value === null) return false;
      const topicPartitions = listPartitions(record.value);
      return writeValue(value, ShareGroupTargetAssignmentMemberValue, { topicPartitions });
    }
    case 'shareCurrent': {
      writeKey(key, ShareGroupCurrentMemberAssignmentKey, { groupId, memberId: record.memberId });
      if (record.value === null) return false;
      const { memberEpoch, previousMemberEpoch, assignedPartitions } = record.value;
      const draft = { memberEpoch, previousMemberEpoch, state: STABLE };
      return writeValue(value, ShareGroupCurrentMemberAssignmentValue, {
        ...draft,
        assignedPartitions: listPartitions(assignedPartitions),
      });
    }
    case 'shareState': {
      writeKey(key, ShareGroupStatePartitionMetadataKey, { groupId });
      if (record.value === null) return false;
      const { initializing, initialized, deleting } = record.value;
      return writeValue(value, ShareGroupStatePartitionMetadataValue, {
        initializingTopics: listTopics(initializing),
        initializedTopics: listTopics(initialized),
        deletingTopics: Array.from(deleting, ([topicId, topicName]) => ({ topicId, topicName })),
      });
    }
  }
}

function listTopics(topics: ReadonlyMap<string, StatefulTopic>) {
  return Array.from(topics, ([topicId, { name, partitions }]) => ({
    topicId,
    topicName: name,
    partitions: [...partitions].sort((a, b) => a - b),
  }));
}

/** Null where the kind is not one of a share group's. `value` stands at the version in front of it. */
export function readShareRecord(kind: number, key: Reader, value: Reader | null): ShareRecord | null {
  switch (kind) {
    case ShareGroupMetadataKey.apiKey: {
      const { groupId } = readKey(ShareGroupMetadataKey, key);
      return { type: 'shareEpoch', groupId, value: readValue(ShareGroupMetadataValue, value) };
    }
    case ShareGroupMemberMetadataKey.apiKey: {
      const { groupId, memberId } = readKey(ShareGroupMemberMetadataKey, key);
      return { type: 'shareMember', groupId, memberId, value: readValue(ShareGroupMemberMetadataValue, value) };
    }
    case ShareGroupTargetAssignmentMetadataKey.apiKey: {
      const { groupId } = readKey(ShareGroupTargetAssignmentMetadataKey, key);
      return { type: 'shareTargetEpoch', groupId, value: readValue(ShareGroupTargetAssignmentMetadataValue, value) };
    }
    case ShareGroupTargetAssignmentMemberKey.apiKey: {
      const { groupId, memberId } = readKey(ShareGroupTargetAssignmentMemberKey, key);
      const target = readValue(ShareGroupTargetAssignmentMemberValue, value);
      return { type: 'shareTarget', groupId, memberId, value: target && assignmentOf(target.topicPartitions) };
    }
    case ShareGroupCurrentMemberAssignmentKey.apiKey: {
      const { groupId, memberId } = readKey(ShareGroupCurrentMemberAssignmentKey, key);
      const current = readValue(ShareGroupCurrentMemberAssignmentValue, value);
      if (current === null) return { type: 'shareCurrent', groupId, memberId, value: null };
      const { memberEpoch, previousMemberEpoch, assignedPartitions } = current;
      const assigned = assignmentOf(assignedPartitions);
      const held = { memberEpoch, previousMemberEpoch, assignedPartitions: assigned };
      return { type: 'shareCurrent', groupId, memberId, value: held };
    }
    case ShareGroupStatePartitionMetadataKey.apiKey: {
      const { groupId } = readKey(ShareGroupStatePartitionMetadataKey, key);
      const state = readValue(ShareGroupStatePartitionMetadataValue, value);
      if (state === null) return { type: 'shareState', groupId, value: null };
      const partitions: StatePartitions = {
        initializing: topicsOf(state.initializingTopics),
        initialized: topicsOf(state.initializedTopics),
        deleting: new Map(state.deletingTopics.map(({ topicId, topicName }) => [topicId, topicName])),
      };
      return { type: 'shareState', groupId, value: partitions };
    }
    default:
      return null;
  }
}

function topicsOf(
  topics: readonly { topicId: string; topicName: string; partitions: readonly number[] }[],
): Map<string, StatefulTopic> {
  return new Map(
    topics.map(({ topicId, topicName, partitions }) => [topicId, { name: topicName, partitions: new Set(partitions) }]),
  );
}
