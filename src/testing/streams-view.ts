/** Reads streams groups (KIP-1071) out of a broker: which partitions their members' active tasks read. */
import type { BrokerView } from './broker-view.ts';
import type { GroupMember, TopicPartition } from './group.ts';

export function streamsMembers({ parts }: BrokerView, id: string): GroupMember[] {
  return parts.groups.streams.reads(id).map(({ memberId, instanceId, clientId, clientHost, assigned }) => ({
    memberId,
    groupInstanceId: instanceId,
    clientId,
    clientHost,
    assignment: places(assigned),
  }));
}

export interface StreamsSubscription {
  readonly subscribed: readonly string[];
  /** What the member is to read. */
  readonly target: readonly TopicPartition[];
}

/** Of the members, in their order. */
export function streamsSubscriptions({ parts }: BrokerView, id: string): StreamsSubscription[] {
  return parts.groups.streams.reads(id).map(({ subscribed, target }) => ({ subscribed, target: places(target) }));
}

function places(read: readonly { readonly topic: string; readonly partitions: readonly number[] }[]): TopicPartition[] {
  return read.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
}
