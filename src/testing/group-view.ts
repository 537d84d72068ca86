/** Reads consumer groups out of a broker: state, members and what is theirs, committed offsets, lag. */
import { assignedPartitions } from '../../protocol/topics/consumer-protocol-bytes.ts';
import type { BrokerView } from './broker-view.ts';
import type { CommittedOffset, Group, GroupMember, GroupState, TopicPartition } from './group.ts';
import { shareBacklog, shareMembers } from './queue-view.ts';
import { streamsMembers } from './streams-view.ts';
import { TopicReader } from './topic-reader.ts';

export function groupOf(broker: BrokerView, id: string): Group {
  return withLag(broker, groupWithoutLag(broker, id));
}

function withLag(broker: BrokerView, group: Omit<Group, 'lag'>): Group {
  return { ...group, lag: group.type === 'share' ? shareBacklog(broker, group.id) : lagOf(broker, group) };
}

/** For those who look often: counting the lag of a long topic takes a while. */
export function groupWithoutLag(broker: BrokerView, id: string): Omit<Group, 'lag'> {
  const listed = broker.parts.groups.listGroups([], []).groups.find(({ groupId }) => groupId === id);
  return listed === undefined
    ? { id, state: 'Dead', type: null, members: [], offsets: [] }
    : listedGroup(broker, { id, state: listed.groupState as GroupState, type: listed.groupType });
}

/** A group as lists of groups name it. */
export type ListedGroup = Pick<Group, 'id' | 'state'> & { readonly type: string };

/** All groups, by their names: who looks at many asks for the list once. */
export function listedGroups(broker: BrokerView): ListedGroup[] {
  return broker.parts.groups
    .listGroups([], [])
    .groups.map(({ groupId: id, groupState, groupType: type }) => ({ id, state: groupState as GroupState, type }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

export function listedGroup(broker: BrokerView, { id, state, type }: ListedGroup): Omit<Group, 'lag'> {
  const members = membersOf(broker, id, type);
  return { id, state, type, members, offsets: type === 'share' ? [] : committedOffsets(broker, id) };
}

function membersOf(broker: BrokerView, id: string, type: string | null): GroupMember[] {
  if (type === 'share') return shareMembers(broker, id);
  if (type === 'streams') return streamsMembers(broker, id);
  return type === 'consumer' ? consumerMembers(broker, id) : classicMembers(broker, id);
}

/** 'classic', 'consumer', …; null where there is no such group. */
export function groupType(broker: BrokerView, id: string): string | null {
  return broker.parts.groups.listGroups([], []).groups.find(({ groupId }) => groupId === id)?.groupType ?? null;
}

export function allGroups(broker: BrokerView): Group[] {
  return listedGroups(broker).map((listed) => withLag(broker, listedGroup(broker, listed)));
}

export function groupIds(broker: BrokerView): string[] {
  return broker.parts.groups.listGroups([], []).groups.map(({ groupId }) => groupId);
}

function consumerMembers(broker: BrokerView, id: string): GroupMember[] {
  return broker.parts.groups.describeConsumerGroup(id).members.map((member) => ({
    memberId: member.memberId,
    groupInstanceId: member.instanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    assignment: member.assignment.topicPartitions.flatMap(({ topicName, partitions }) =>
      partitions.map((partition) => ({ topic: topicName, partition })),
    ),
  }));
}

function classicMembers(broker: BrokerView, id: string): GroupMember[] {
  return broker.parts.groups.describeGroup(id).members.map((member) => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    assignment: assignedPartitions(member.memberAssignment),
  }));
}

export function committedOffsets(broker: BrokerView, groupId: string): CommittedOffset[] {
  const { topics } = broker.parts.groups.fetchOffsets({ groupId, topics: null }, false);
  return topics.flatMap(({ name: topic, partitions }) =>
    partitions
      .filter(({ committedOffset }) => committedOffset >= 0)
      .map(({ partitionIndex: partition, committedOffset: offset, metadata }) => ({
        topic,
        partition,
        offset,
        metadata,
      })),
  );
}

/**
 * Records left to read in the partitions committed or assigned, null where there are neither. Counts records, not offsets:
 * no consumer reads markers of transactions or what was aborted. Counting may end when there are more than `most`.
 */
export function lagOf(
  broker: BrokerView,
  { members, offsets }: Pick<Group, 'members' | 'offsets'>,
  most = Infinity,
): number | null {
  const places = new Map<string, TopicPartition & { offset: number }>();
  for (const { assignment } of members) {
    for (const place of assignment) places.set(`${place.topic}/${place.partition}`, { ...place, offset: 0 });
  }
  for (const place of offsets) places.set(`${place.topic}/${place.partition}`, place);
  if (places.size === 0) return null;
  const topics = new Set([...places.values()].map(({ topic }) => topic));
  let lag = 0;
  for (const topic of topics) {
    const from = (partition: number): number => places.get(`${topic}/${partition}`)?.offset ?? Infinity;
    lag += new TopicReader(broker, topic, 'read_committed', from).count(most - lag);
    if (lag > most) break;
  }
  return lag;
}
