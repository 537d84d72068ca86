/** The record of __consumer_offsets that a classic group is kept in, in Kafka's own bytes. */
import { messageCodec } from '../../../protocol/compile.ts';
import { GroupMetadataKey, GroupMetadataValue } from '../../../protocol/topics/classic-group.ts';
import type { GroupRecord, GroupRecordFormat } from '../group-record.ts';
import { readValue, writeMessage } from '../record-bytes.ts';
import { subscribedTopics } from './protocol-vote.ts';
import type { ClassicGroup, GroupMetadata } from './state.ts';
import { addMember, isClassicGroup, newClassicGroup } from './state.ts';

export interface ClassicGroupRecord extends GroupRecord {
  readonly type: 'group';
  /** Null: a tombstone. */
  readonly metadata: GroupMetadata | null;
}

/** What Apache Kafka 4.4 writes. */
const VALUE_VERSION = 3;

export const classicRecords: GroupRecordFormat<ClassicGroupRecord> = {
  types: ['group'],
  write({ groupId, metadata }, key, value) {
    writeMessage(key, GroupMetadataKey.apiKey, GroupMetadataKey, 0, { group: groupId });
    if (metadata !== null) writeMessage(value, VALUE_VERSION, GroupMetadataValue, VALUE_VERSION, metadata);
    return metadata !== null;
  },
  read(kind, key, value) {
    if (kind !== GroupMetadataKey.apiKey) return null;
    const { group } = messageCodec(GroupMetadataKey, 0).decode(key);
    return { type: 'group', groupId: group, metadata: readValue(GroupMetadataValue, value) };
  },
  /** A tombstone may outlive what it ended: it says nothing of a group of another kind. */
  replay(groups, { groupId, metadata }) {
    if (metadata !== null) groups.set(groupId, groupFrom(groupId, metadata));
    else if (isClassicGroup(groups.get(groupId))) groups.delete(groupId);
  },
};

/** A group with members was stable when it was written: each generation is stored with its assignment. */
function groupFrom(groupId: string, metadata: GroupMetadata): ClassicGroup {
  const group = newClassicGroup(groupId, metadata.currentStateTimestamp);
  group.generationId = metadata.generation;
  group.protocolType = metadata.protocolType === '' ? null : metadata.protocolType;
  group.protocolName = metadata.protocol;
  for (const stored of metadata.members) {
    const rebalanceTimeoutMs = stored.rebalanceTimeout === -1 ? stored.sessionTimeout : stored.rebalanceTimeout;
    addMember(group, {
      memberId: stored.memberId,
      groupInstanceId: stored.groupInstanceId,
      clientId: stored.clientId,
      clientHost: stored.clientHost,
      connectionId: -1,
      rebalanceTimeoutMs,
      sessionTimeoutMs: stored.sessionTimeout,
      protocols: [{ name: metadata.protocol ?? '', metadata: stored.subscription }],
      assignment: stored.assignment,
      joining: null,
      syncing: null,
      isNew: false,
    });
  }
  group.leader = metadata.leader;
  if (metadata.members.length > 0) group.state = 'Stable';
  group.subscribedTopics = subscribedTopics(group);
  return group;
}
