/** The groups of a cluster: which there are, in which state, with which members; of the classic and the new protocol. */
import { DescribeGroups } from '../../../protocol/apis/15-describe-groups.ts';
import { ListGroups } from '../../../protocol/apis/16-list-groups.ts';
import { ConsumerGroupDescribe } from '../../../protocol/apis/69-consumer-group-describe.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import { assignedPartitions, readSubscription } from '../../../protocol/topics/consumer-protocol-bytes.ts';
import type { Cluster } from './cluster.ts';
import { refuse } from './failure.ts';
import type { TopicPartition } from './offsets.ts';
import { speaks } from './versions.ts';

export interface ListedGroup {
  readonly group: string;
  /** Empty where the broker is too old to say. */
  readonly state: string;
  /** classic, consumer, share or streams; classic where the broker is too old to say. */
  readonly type: string;
  /** consumer, connect … */
  readonly protocol: string;
}

export interface DescribedMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  /** Client id and host, for people. */
  readonly client: string;
  readonly clientId: string;
  /** The topics that it has subscribed to; null where its protocol is another. */
  readonly subscribed: readonly string[] | null;
  readonly partitions: readonly TopicPartition[];
  /** Of the consumer protocol: which assignment the member has; else null. */
  readonly epoch: number | null;
  /** Of the consumer protocol: what the member is to have; else null. */
  readonly target: readonly TopicPartition[] | null;
}

export interface DescribedGroup {
  readonly group: string;
  readonly state: string;
  readonly type: string;
  readonly assignor: string;
  /** Of the consumer protocol, else null. */
  readonly epoch: number | null;
  readonly assignmentEpoch: number | null;
  readonly members: readonly DescribedMember[];
}

/** Every broker's groups, by name. */
export async function listGroups(cluster: Cluster): Promise<ListedGroup[]> {
  await cluster.metadata([]);
  const answers = await Promise.all([...cluster.nodes.keys()].map((node) => cluster.sendTo(node, ListGroups, {})));
  const groups = answers.flatMap((answer) => {
    refuse('the list of groups', answer.errorCode);
    return answer.groups.map(({ groupId, groupState, groupType, protocolType }) => ({
      group: groupId,
      state: groupState,
      type: groupType === '' ? 'classic' : groupType,
      protocol: protocolType,
    }));
  });
  return groups.toSorted((a, b) => (a.group < b.group ? -1 : 1));
}

/** null where there is no such group. */
export async function describeGroup(cluster: Cluster, groupId: string): Promise<DescribedGroup | null> {
  const { versions } = await cluster.link();
  const consumer = speaks(ConsumerGroupDescribe, versions) ? await describeConsumerGroup(cluster, groupId) : null;
  return consumer ?? describeClassicGroup(cluster, groupId);
}

/** null where it is not a group of the consumer protocol (KIP-848). */
async function describeConsumerGroup(cluster: Cluster, groupId: string): Promise<DescribedGroup | null> {
  const draft = { groupIds: [groupId], includeAuthorizedOperations: false };
  const { groups } = await cluster.sendToCoordinator(groupId, ConsumerGroupDescribe, draft, (answer) => {
    const [{ errorCode, errorMessage }] = answer.groups;
    const isOther = errorCode === ErrorCode.GROUP_ID_NOT_FOUND || errorCode === ErrorCode.UNSUPPORTED_VERSION;
    if (!isOther) refuse(`group '${groupId}'`, errorCode, errorMessage);
  });
  const [group] = groups;
  if (group.errorCode !== 0) return null;
  return {
    group: groupId,
    state: group.groupState,
    type: 'consumer',
    assignor: group.assignorName,
    epoch: group.groupEpoch,
    assignmentEpoch: group.assignmentEpoch,
    members: group.members.map(
      ({ memberId, instanceId, clientId, clientHost, assignment, targetAssignment, memberEpoch, ...said }) => ({
        memberId,
        instanceId,
        client: `${clientId}@${clientHost.replace(/^\//, '')}`,
        clientId,
        subscribed: said.subscribedTopicNames,
        partitions: partitionsOf(assignment),
        epoch: memberEpoch,
        target: partitionsOf(targetAssignment),
      }),
    ),
  };
}

function partitionsOf({ topicPartitions }: { topicPartitions: { topicName: string; partitions: number[] }[] }) {
  return topicPartitions.flatMap(({ topicName: topic, partitions }) =>
    partitions.map((partition): TopicPartition => ({ topic, partition })),
  );
}

async function describeClassicGroup(cluster: Cluster, groupId: string): Promise<DescribedGroup | null> {
  const { groups } = await cluster.sendToCoordinator(groupId, DescribeGroups, { groups: [groupId] }, (answer) => {
    const [{ errorCode, errorMessage }] = answer.groups;
    if (errorCode !== ErrorCode.GROUP_ID_NOT_FOUND) refuse(`group '${groupId}'`, errorCode, errorMessage);
  });
  const [group] = groups;
  // Brokers before 4.0 answer a group that is not there as a dead one.
  if (group.errorCode !== 0 || group.groupState === 'Dead') return null;
  return {
    group: groupId,
    state: group.groupState,
    type: 'classic',
    assignor: group.protocolData,
    epoch: null,
    assignmentEpoch: null,
    members: group.members.map(({ memberId, groupInstanceId, clientId, clientHost, memberAssignment, ...said }) => ({
      memberId,
      instanceId: groupInstanceId,
      client: `${clientId}@${clientHost.replace(/^\//, '')}`,
      clientId,
      subscribed: group.protocolType === 'consumer' ? (readSubscription(said.memberMetadata)?.topics ?? null) : null,
      partitions: group.protocolType === 'consumer' ? assignedPartitions(memberAssignment) : [],
      epoch: null,
      target: null,
    })),
  };
}
