/** The records of the coordinators' topics by their type: the number in front of every key says which tables apply. */
import type { AnyMessage } from '../schema.ts';
import { LegacyOffsetCommitKey, LegacyOffsetCommitValue, OffsetCommitKey, OffsetCommitValue } from './offset-commit.ts';
import { GroupMetadataKey, GroupMetadataValue } from './classic-group.ts';
import {
  ConsumerGroupCurrentMemberAssignmentKey,
  ConsumerGroupCurrentMemberAssignmentValue,
  ConsumerGroupMemberMetadataKey,
  ConsumerGroupMemberMetadataValue,
  ConsumerGroupMetadataKey,
  ConsumerGroupMetadataValue,
  ConsumerGroupPartitionMetadataKey,
  ConsumerGroupPartitionMetadataValue,
  ConsumerGroupRegularExpressionKey,
  ConsumerGroupRegularExpressionValue,
  ConsumerGroupTargetAssignmentMemberKey,
  ConsumerGroupTargetAssignmentMemberValue,
  ConsumerGroupTargetAssignmentMetadataKey,
  ConsumerGroupTargetAssignmentMetadataValue,
} from './consumer-group.ts';
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
} from './share-group.ts';
import {
  StreamsGroupCurrentMemberAssignmentKey,
  StreamsGroupCurrentMemberAssignmentValue,
  StreamsGroupMemberMetadataKey,
  StreamsGroupMemberMetadataValue,
  StreamsGroupMetadataKey,
  StreamsGroupMetadataValue,
  StreamsGroupTargetAssignmentMemberKey,
  StreamsGroupTargetAssignmentMemberValue,
  StreamsGroupTargetAssignmentMetadataKey,
  StreamsGroupTargetAssignmentMetadataValue,
  StreamsGroupTopologyKey,
  StreamsGroupTopologyValue,
} from './streams-group.ts';
import { TransactionLogKey, TransactionLogValue } from './transaction-log.ts';
import { ShareSnapshotKey, ShareSnapshotValue, ShareUpdateKey, ShareUpdateValue } from './share-state.ts';

export interface RecordTable {
  readonly type: number;
  readonly key: AnyMessage;
  readonly value: AnyMessage;
}

function table(key: AnyMessage, value: AnyMessage): RecordTable {
  return { type: key.apiKey, key, value };
}

/** __consumer_offsets. */
export const groupRecords: readonly RecordTable[] = [
  table(LegacyOffsetCommitKey, LegacyOffsetCommitValue),
  table(OffsetCommitKey, OffsetCommitValue),
  table(GroupMetadataKey, GroupMetadataValue),
  table(ConsumerGroupMetadataKey, ConsumerGroupMetadataValue),
  table(ConsumerGroupPartitionMetadataKey, ConsumerGroupPartitionMetadataValue),
  table(ConsumerGroupMemberMetadataKey, ConsumerGroupMemberMetadataValue),
  table(ConsumerGroupTargetAssignmentMetadataKey, ConsumerGroupTargetAssignmentMetadataValue),
  table(ConsumerGroupTargetAssignmentMemberKey, ConsumerGroupTargetAssignmentMemberValue),
  table(ConsumerGroupCurrentMemberAssignmentKey, ConsumerGroupCurrentMemberAssignmentValue),
  table(ShareGroupMemberMetadataKey, ShareGroupMemberMetadataValue),
  table(ShareGroupMetadataKey, ShareGroupMetadataValue),
  table(ShareGroupTargetAssignmentMetadataKey, ShareGroupTargetAssignmentMetadataValue),
  table(ShareGroupTargetAssignmentMemberKey, ShareGroupTargetAssignmentMemberValue),
  table(ShareGroupCurrentMemberAssignmentKey, ShareGroupCurrentMemberAssignmentValue),
  table(ShareGroupStatePartitionMetadataKey, ShareGroupStatePartitionMetadataValue),
  table(ConsumerGroupRegularExpressionKey, ConsumerGroupRegularExpressionValue),
  table(StreamsGroupMetadataKey, StreamsGroupMetadataValue),
  table(StreamsGroupMemberMetadataKey, StreamsGroupMemberMetadataValue),
  table(StreamsGroupTargetAssignmentMetadataKey, StreamsGroupTargetAssignmentMetadataValue),
  table(StreamsGroupTargetAssignmentMemberKey, StreamsGroupTargetAssignmentMemberValue),
  table(StreamsGroupCurrentMemberAssignmentKey, StreamsGroupCurrentMemberAssignmentValue),
  table(StreamsGroupTopologyKey, StreamsGroupTopologyValue),
];

/** __transaction_state. */
export const transactionRecords: readonly RecordTable[] = [table(TransactionLogKey, TransactionLogValue)];

/** __share_group_state. */
export const shareRecords: readonly RecordTable[] = [
  table(ShareSnapshotKey, ShareSnapshotValue),
  table(ShareUpdateKey, ShareUpdateValue),
];
