/** The records of __consumer_offsets that a streams group is kept in, in Kafka's own bytes. */
import type { Reader } from '../../../protocol/reader.ts';
import type { Draft, Values } from '../../../protocol/schema.ts';
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
} from '../../../protocol/topics/streams-group.ts';
import type { Writer } from '../../../protocol/writer.ts';
import { readKey, readValue, writeKey, writeValue } from '../modern/records.ts';
import type { StreamsCurrentAssignment, StreamsEpoch, StreamsMemberMetadata } from './state.ts';
import type { OwnedTasks, Tasks, TasksWithEpochs } from './tasks.ts';
import { listByRole, listTasks, taskIdsOf } from './tasks.ts';
import type { Topology } from './topology.ts';

/** One fact of a streams group; `value` null is a tombstone. */
export type StreamsRecord =
  | { readonly type: 'streamsEpoch'; readonly groupId: string; readonly value: StreamsEpoch | null }
  | { readonly type: 'streamsTopology'; readonly groupId: string; readonly value: Topology | null }
  | {
      readonly type: 'streamsMember';
      readonly groupId: string;
      readonly memberId: string;
      readonly value: StreamsMemberMetadata | null;
    }
  | {
      readonly type: 'streamsTargetEpoch';
      readonly groupId: string;
      readonly value: { readonly assignmentEpoch: number; readonly assignmentTimestamp: number } | null;
    }
  | {
      readonly type: 'streamsTarget';
      readonly groupId: string;
      readonly memberId: string;
      readonly value: Tasks | null;
    }
  | {
      readonly type: 'streamsCurrent';
      readonly groupId: string;
      readonly memberId: string;
      readonly value: StreamsCurrentAssignment | null;
    };

export const STREAMS_RECORD_TYPES = [
  'streamsEpoch',
  'streamsTopology',
  'streamsMember',
  'streamsTargetEpoch',
  'streamsTarget',
  'streamsCurrent',
] as const;

/** Writes the key with its kind in front into `key`, the value with its version into `value`; false for a tombstone. */
export function writeStreamsRecord(record: StreamsRecord, key: Writer, value: Writer): boolean {
  const { groupId } = record;
  switch (record.type) {
    case 'streamsEpoch':
      writeKey(key, StreamsGroupMetadataKey, { groupId });
      return record.value !== null && writeValue(value, StreamsGroupMetadataValue, epochDraft(record.value));
    case 'streamsTopology':
      writeKey(key, StreamsGroupTopologyKey, { groupId });
      return record.value !== null && writeValue(value, StreamsGroupTopologyValue, record.value);
    case 'streamsMember':
      writeKey(key, StreamsGroupMemberMetadataKey, { groupId, memberId: record.memberId });
      return record.value !== null && writeValue(value, StreamsGroupMemberMetadataValue, memberDraft(record.value));
    case 'streamsTargetEpoch':
      writeKey(key, StreamsGroupTargetAssignmentMetadataKey, { groupId });
      return record.value !== null && writeValue(value, StreamsGroupTargetAssignmentMetadataValue, record.value);
    case 'streamsTarget':
      writeKey(key, StreamsGroupTargetAssignmentMemberKey, { groupId, memberId: record.memberId });
      return (
        record.value !== null && writeValue(value, StreamsGroupTargetAssignmentMemberValue, listByRole(record.value))
      );
    case 'streamsCurrent':
      writeKey(key, StreamsGroupCurrentMemberAssignmentKey, { groupId, memberId: record.memberId });
      return (
        record.value !== null && writeValue(value, StreamsGroupCurrentMemberAssignmentValue, currentDraft(record.value))
      );
  }
}

function epochDraft(epoch: StreamsEpoch): Draft<(typeof StreamsGroupMetadataValue)['fields']> {
  const { lastAssignmentConfigs } = epoch;
  return { ...epoch, lastAssignmentConfigs: lastAssignmentConfigs === null ? null : [...lastAssignmentConfigs] };
}

function memberDraft(member: StreamsMemberMetadata): Draft<(typeof StreamsGroupMemberMetadataValue)['fields']> {
  const { instanceId, rackId, clientId, clientHost, rebalanceTimeoutMs, topologyEpoch, processId } = member;
  const { userEndpoint, clientTags } = member;
  const told = { instanceId, rackId, clientId, clientHost, rebalanceTimeoutMs, topologyEpoch, processId };
  return { ...told, userEndpoint, clientTags: [...clientTags] };
}

function currentDraft({
  memberEpoch,
  previousMemberEpoch,
  state,
  assigned,
  pendingRevocation: pending,
}: StreamsCurrentAssignment): Draft<(typeof StreamsGroupCurrentMemberAssignmentValue)['fields']> {
  return {
    memberEpoch,
    previousMemberEpoch,
    state,
    activeTasks: withEpochs(assigned.active),
    standbyTasks: listTasks(assigned.standby),
    warmupTasks: listTasks(assigned.warmup),
    activeTasksPendingRevocation: withEpochs(pending.active),
    standbyTasksPendingRevocation: listTasks(pending.standby),
    warmupTasksPendingRevocation: listTasks(pending.warmup),
  };
}

function withEpochs(active: TasksWithEpochs) {
  return listTasks(active).map(({ subtopologyId, partitions }) => ({
    subtopologyId,
    partitions,
    assignmentEpochs: partitions.map((partition) => active.get(subtopologyId)?.get(partition) ?? 0),
  }));
}

/** Null where the kind is not one of a streams group's. `value` stands at the version in front of it. */
export function readStreamsRecord(kind: number, key: Reader, value: Reader | null): StreamsRecord | null {
  switch (kind) {
    case StreamsGroupMetadataKey.apiKey: {
      const { groupId } = readKey(StreamsGroupMetadataKey, key);
      return { type: 'streamsEpoch', groupId, value: readValue(StreamsGroupMetadataValue, value) };
    }
    case StreamsGroupTopologyKey.apiKey: {
      const { groupId } = readKey(StreamsGroupTopologyKey, key);
      return { type: 'streamsTopology', groupId, value: readValue(StreamsGroupTopologyValue, value) };
    }
    case StreamsGroupMemberMetadataKey.apiKey: {
      const { groupId, memberId } = readKey(StreamsGroupMemberMetadataKey, key);
      return { type: 'streamsMember', groupId, memberId, value: readValue(StreamsGroupMemberMetadataValue, value) };
    }
    case StreamsGroupTargetAssignmentMetadataKey.apiKey: {
      const { groupId } = readKey(StreamsGroupTargetAssignmentMetadataKey, key);
      const targetEpoch = readValue(StreamsGroupTargetAssignmentMetadataValue, value);
      return { type: 'streamsTargetEpoch', groupId, value: targetEpoch };
    }
    case StreamsGroupTargetAssignmentMemberKey.apiKey: {
      const { groupId, memberId } = readKey(StreamsGroupTargetAssignmentMemberKey, key);
      const target = readValue(StreamsGroupTargetAssignmentMemberValue, value);
      return { type: 'streamsTarget', groupId, memberId, value: target && tasksOf(target) };
    }
    case StreamsGroupCurrentMemberAssignmentKey.apiKey: {
      const { groupId, memberId } = readKey(StreamsGroupCurrentMemberAssignmentKey, key);
      const current = readValue(StreamsGroupCurrentMemberAssignmentValue, value);
      return { type: 'streamsCurrent', groupId, memberId, value: current && currentOf(current) };
    }
    default:
      return null;
  }
}

function tasksOf(target: Values<(typeof StreamsGroupTargetAssignmentMemberValue)['fields']>): Tasks {
  const { activeTasks, standbyTasks, warmupTasks } = target;
  return { active: taskIdsOf(activeTasks), standby: taskIdsOf(standbyTasks), warmup: taskIdsOf(warmupTasks) };
}

type StoredCurrent = Values<(typeof StreamsGroupCurrentMemberAssignmentValue)['fields']>;
type StoredTasks = StoredCurrent['activeTasks'];

function currentOf(current: StoredCurrent): StreamsCurrentAssignment {
  const { memberEpoch, previousMemberEpoch, state } = current;
  const owned = (active: StoredTasks, standby: StoredTasks, warmup: StoredTasks): OwnedTasks => ({
    active: epochsOf(active, memberEpoch),
    standby: taskIdsOf(standby),
    warmup: taskIdsOf(warmup),
  });
  return {
    memberEpoch,
    previousMemberEpoch,
    state,
    assigned: owned(current.activeTasks, current.standbyTasks, current.warmupTasks),
    pendingRevocation: owned(
      current.activeTasksPendingRevocation,
      current.standbyTasksPendingRevocation,
      current.warmupTasksPendingRevocation,
    ),
  };
}

/** Where no epochs are written the member's own stands for all. */
function epochsOf(tasks: StoredTasks, memberEpoch: number): TasksWithEpochs {
  return new Map(
    tasks.map(({ subtopologyId, partitions, assignmentEpochs }) => [
      subtopologyId,
      new Map(partitions.map((partition, i) => [partition, assignmentEpochs?.[i] ?? memberEpoch])),
    ]),
  );
}
