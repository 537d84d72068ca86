/** The records of __consumer_offsets that a group of the consumer protocol is kept in, in Kafka's own bytes. */
import type { Reader } from '../../../protocol/reader.ts';
import type { Draft, Values } from '../../../protocol/schema.ts';
import {
  ConsumerGroupCurrentMemberAssignmentKey,
  ConsumerGroupCurrentMemberAssignmentValue,
  ConsumerGroupMemberMetadataKey,
  ConsumerGroupMemberMetadataValue,
  ConsumerGroupMetadataKey,
  ConsumerGroupMetadataValue,
  ConsumerGroupRegularExpressionKey,
  ConsumerGroupRegularExpressionValue,
  ConsumerGroupTargetAssignmentMemberKey,
  ConsumerGroupTargetAssignmentMemberValue,
  ConsumerGroupTargetAssignmentMetadataKey,
  ConsumerGroupTargetAssignmentMetadataValue,
} from '../../../protocol/topics/consumer-group.ts';
import type { Writer } from '../../../protocol/writer.ts';
import type { Assignment } from '../modern/assignment.ts';
import { assignmentOf, listPartitions } from '../modern/assignment.ts';
import type { ModernRecords } from '../modern/decision.ts';
import { readKey, readValue, writeKey, writeValue } from '../modern/records.ts';
import type { CurrentAssignment, MemberMetadata, OwnedPartitions, ResolvedRegex } from './state.ts';

/** One fact of a consumer group; `value` null is a tombstone. */
export type ConsumerRecord =
  | {
      readonly type: 'consumerEpoch';
      readonly groupId: string;
      readonly value: { readonly epoch: number; readonly metadataHash: bigint } | null;
    }
  | {
      readonly type: 'consumerMember';
      readonly groupId: string;
      readonly memberId: string;
      readonly value: MemberMetadata | null;
    }
  | {
      readonly type: 'consumerTargetEpoch';
      readonly groupId: string;
      readonly value: { readonly assignmentEpoch: number; readonly assignmentTimestamp: number } | null;
    }
  | {
      readonly type: 'consumerTarget';
      readonly groupId: string;
      readonly memberId: string;
      readonly value: Assignment | null;
    }
  | {
      readonly type: 'consumerCurrent';
      readonly groupId: string;
      readonly memberId: string;
      readonly value: CurrentAssignment | null;
    }
  | {
      readonly type: 'consumerRegex';
      readonly groupId: string;
      readonly regularExpression: string;
      readonly value: ResolvedRegex | null;
    };

export const consumerRecords: ModernRecords<ConsumerRecord> = {
  epoch: (groupId, value) => ({ type: 'consumerEpoch', groupId, value }),
  target: (groupId, memberId, value) => ({ type: 'consumerTarget', groupId, memberId, value }),
  targetEpoch: (groupId, value) => ({ type: 'consumerTargetEpoch', groupId, value }),
};

/** Writes the key with its kind in front into `key`, the value with its version into `value`; false for a tombstone. */
export function writeConsumerRecord(record: ConsumerRecord, key: Writer, value: Writer): boolean {
  const { groupId } = record;
  switch (record.type) {
    case 'consumerEpoch':
      writeKey(key, ConsumerGroupMetadataKey, { groupId });
      return record.value !== null && writeValue(value, ConsumerGroupMetadataValue, record.value);
    case 'consumerMember':
      writeKey(key, ConsumerGroupMemberMetadataKey, { groupId, memberId: record.memberId });
      return record.value !== null && writeValue(value, ConsumerGroupMemberMetadataValue, memberDraft(record.value));
    case 'consumerTargetEpoch':
      writeKey(key, ConsumerGroupTargetAssignmentMetadataKey, { groupId });
      return record.value !== null && writeValue(value, ConsumerGroupTargetAssignmentMetadataValue, record.value);
    case 'consumerTarget': {
      writeKey(key, ConsumerGroupTargetAssignmentMemberKey, { groupId, memberId: record.memberId });
      if (record.value === null) return false;
      const topicPartitions = listPartitions(record.value);
      return writeValue(value, ConsumerGroupTargetAssignmentMemberValue, { topicPartitions });
    }
    case 'consumerCurrent':
      writeKey(key, ConsumerGroupCurrentMemberAssignmentKey, { groupId, memberId: record.memberId });
      return (
        record.value !== null &&
        writeValue(value, ConsumerGroupCurrentMemberAssignmentValue, currentDraft(record.value))
      );
    case 'consumerRegex': {
      const { regularExpression } = record;
      writeKey(key, ConsumerGroupRegularExpressionKey, { groupId, regularExpression });
      if (record.value === null) return false;
      const { topics, version, timestamp } = record.value;
      return writeValue(value, ConsumerGroupRegularExpressionValue, { topics: [...topics], version, timestamp });
    }
  }
}

function memberDraft(member: MemberMetadata): Draft<(typeof ConsumerGroupMemberMetadataValue)['fields']> {
  const { instanceId, rackId, clientId, clientHost, subscribedTopicRegex, rebalanceTimeoutMs } = member;
  const classic = member.classicMemberMetadata;
  return {
    instanceId,
    rackId,
    clientId,
    clientHost,
    subscribedTopicRegex,
    rebalanceTimeoutMs,
    subscribedTopicNames: [...member.subscribedTopicNames],
    serverAssignor: member.serverAssignor,
    classicMemberMetadata:
      classic === null
        ? null
        : { sessionTimeoutMs: classic.sessionTimeoutMs, supportedProtocols: [...classic.supportedProtocols] },
  };
}

function currentDraft(current: CurrentAssignment): Draft<(typeof ConsumerGroupCurrentMemberAssignmentValue)['fields']> {
  const { memberEpoch, previousMemberEpoch, state } = current;
  return {
    memberEpoch,
    previousMemberEpoch,
    state,
    assignedPartitions: withEpochs(current.assignedPartitions),
    partitionsPendingRevocation: withEpochs(current.partitionsPendingRevocation),
  };
}

function withEpochs(owned: OwnedPartitions) {
  return listPartitions(owned).map(({ topicId, partitions }) => ({
    topicId,
    partitions,
    assignmentEpochs: partitions.map((partition) => owned.get(topicId)?.get(partition) ?? 0),
  }));
}

/** Null where the kind is not one of a consumer group's. `value` stands at the version in front of it. */
export function readConsumerRecord(kind: number, key: Reader, value: Reader | null): ConsumerRecord | null {
  switch (kind) {
    case ConsumerGroupMetadataKey.apiKey: {
      const { groupId } = readKey(ConsumerGroupMetadataKey, key);
      return { type: 'consumerEpoch', groupId, value: readValue(ConsumerGroupMetadataValue, value) };
    }
    case ConsumerGroupMemberMetadataKey.apiKey: {
      const { groupId, memberId } = readKey(ConsumerGroupMemberMetadataKey, key);
      const member = readValue(ConsumerGroupMemberMetadataValue, value);
      if (member === null) return { type: 'consumerMember', groupId, memberId, value: null };
      const subscribedTopicRegex = member.subscribedTopicRegex ?? '';
      return { type: 'consumerMember', groupId, memberId, value: { ...member, subscribedTopicRegex } };
    }
    case ConsumerGroupTargetAssignmentMetadataKey.apiKey: {
      const { groupId } = readKey(ConsumerGroupTargetAssignmentMetadataKey, key);
      return {
        type: 'consumerTargetEpoch',
        groupId,
        value: readValue(ConsumerGroupTargetAssignmentMetadataValue, value),
      };
    }
    case ConsumerGroupTargetAssignmentMemberKey.apiKey: {
      const { groupId, memberId } = readKey(ConsumerGroupTargetAssignmentMemberKey, key);
      const target = readValue(ConsumerGroupTargetAssignmentMemberValue, value);
      return { type: 'consumerTarget', groupId, memberId, value: target && assignmentOf(target.topicPartitions) };
    }
    case ConsumerGroupCurrentMemberAssignmentKey.apiKey: {
      const { groupId, memberId } = readKey(ConsumerGroupCurrentMemberAssignmentKey, key);
      const current = readValue(ConsumerGroupCurrentMemberAssignmentValue, value);
      return { type: 'consumerCurrent', groupId, memberId, value: current && currentOf(current) };
    }
    case ConsumerGroupRegularExpressionKey.apiKey: {
      const { groupId, regularExpression } = readKey(ConsumerGroupRegularExpressionKey, key);
      const resolved = readValue(ConsumerGroupRegularExpressionValue, value);
      return { type: 'consumerRegex', groupId, regularExpression, value: resolved };
    }
    default:
      return null;
  }
}

type StoredCurrent = Values<(typeof ConsumerGroupCurrentMemberAssignmentValue)['fields']>;

function currentOf({ assignedPartitions, partitionsPendingRevocation, ...epochs }: StoredCurrent): CurrentAssignment {
  return {
    ...epochs,
    assignedPartitions: ownedOf(assignedPartitions, epochs.memberEpoch),
    partitionsPendingRevocation: ownedOf(partitionsPendingRevocation, epochs.memberEpoch),
  };
}

/** Kafka before 4.3 did not write the epochs of partitions: the member's own epoch stands for all then. */
function ownedOf(topics: StoredCurrent['assignedPartitions'], memberEpoch: number): OwnedPartitions {
  return new Map(
    topics.map(({ topicId, partitions, assignmentEpochs }) => [
      topicId,
      new Map(partitions.map((partition, i) => [partition, assignmentEpochs?.[i] ?? memberEpoch])),
    ]),
  );
}
