/** Share groups of a cluster (KIP-932): their members, and where they are in their partitions. */
import { ShareGroupDescribe } from '../../../protocol/apis/77-share-group-describe.ts';
import { DescribeShareGroupOffsets } from '../../../protocol/apis/90-describe-share-group-offsets.ts';
import { AlterShareGroupOffsets } from '../../../protocol/apis/91-alter-share-group-offsets.ts';
import { DeleteShareGroupOffsets } from '../../../protocol/apis/92-delete-share-group-offsets.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import type { Cluster } from './cluster.ts';
import { refuse, unlessGone } from './failure.ts';
import type { CommittedOffset } from './group-offsets.ts';
import { byTopic, nameOf, type TopicPartition } from './offsets.ts';

export interface ShareMember {
  readonly memberId: string;
  readonly clientId: string;
  /** As Java prints an address: /127.0.0.1 */
  readonly host: string;
  readonly epoch: number;
  readonly subscribed: readonly string[];
  readonly partitions: readonly TopicPartition[];
}

export interface ShareGroup {
  readonly group: string;
  readonly state: string;
  readonly epoch: number;
  readonly assignmentEpoch: number;
  readonly members: readonly ShareMember[];
}

export interface ShareOffset extends TopicPartition {
  /** null: where the group begins is not known yet. */
  readonly offset: number | null;
  readonly leaderEpoch: number;
  /** null where it is unknown. */
  readonly lag: number | null;
}

/** null where no share group has this id. */
export async function describeShareGroup(cluster: Cluster, groupId: string): Promise<ShareGroup | null> {
  const draft = { groupIds: [groupId], includeAuthorizedOperations: false };
  const answer = await cluster.sendToCoordinator(groupId, ShareGroupDescribe, draft, ({ groups: [group] }) => {
    if (group.errorCode === ErrorCode.GROUP_ID_NOT_FOUND) return;
    refuse(`group '${groupId}'`, group.errorCode, group.errorMessage);
  });
  const [group] = answer.groups;
  if (group.errorCode !== 0) return null;
  return {
    group: groupId,
    state: group.groupState,
    epoch: group.groupEpoch,
    assignmentEpoch: group.assignmentEpoch,
    members: group.members.map(({ memberId, clientId, clientHost, memberEpoch, subscribedTopicNames, assignment }) => ({
      memberId,
      clientId,
      host: clientHost,
      epoch: memberEpoch,
      subscribed: subscribedTopicNames,
      partitions: assignment.topicPartitions.flatMap(({ topicName: topic, partitions }) =>
        partitions.map((partition) => ({ topic, partition })),
      ),
    })),
  };
}

/** Of all partitions that the group has begun to read, by topic and partition. */
export async function shareOffsets(cluster: Cluster, groupId: string): Promise<ShareOffset[]> {
  const draft = { groups: [{ groupId, topics: null }] };
  const { groups } = await cluster.sendToCoordinator(groupId, DescribeShareGroupOffsets, draft, (answer) => {
    const [{ errorCode, errorMessage, topics }] = answer.groups;
    refuse(`group '${groupId}'`, errorCode, errorMessage);
    for (const { topicName, partitions } of topics) {
      for (const { partitionIndex, ...told } of partitions) {
        refuse(`${topicName}/${partitionIndex}`, told.errorCode, told.errorMessage);
      }
    }
  });
  const offsets = groups[0].topics.flatMap(({ topicName: topic, partitions }) =>
    partitions.map(({ partitionIndex: partition, startOffset, leaderEpoch, lag }) => ({
      topic,
      partition,
      offset: startOffset < 0 ? null : startOffset,
      leaderEpoch,
      lag: startOffset < 0 || lag === -1 ? null : lag,
    })),
  );
  return offsets.sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1));
}

/** What of a group is in flight in one partition. */
export interface InFlight extends TopicPartition {
  /** Records that members hold. */
  readonly acquired: number;
  /** Records that were handed out before, and wait for their next turn. */
  readonly available: number;
  readonly archiving: number;
  readonly mostDeliveries: number;
  /** Milliseconds; null where nothing is locked. */
  readonly nextLockEndMs: number | null;
}

/**
 * By topic and partition; asked of every broker, as each knows of the partitions that it leads. Those of a broker that is gone by
 * then are left out, and so are those of brokers that are not Ottla, which do not tell. `names`: of topics, by their ids.
 */
export async function shareInFlight(
  cluster: Cluster,
  groupId: string,
  names: ReadonlyMap<string, string>,
): Promise<Map<string, InFlight>> {
  const draft = { groups: [{ groupId, topics: [] }], includeInFlight: true };
  const answers = await Promise.all(
    [...cluster.nodes.keys()].map((node) =>
      cluster.sendTo(node, DescribeShareGroupOffsets, draft).catch((error: unknown) => unlessGone(error)),
    ),
  );
  const told = answers.flatMap((answer) => answer?.groups.flatMap(({ inFlight }) => inFlight) ?? []);
  return new Map(
    told.map(({ topicId, nextLockEndMs, ...counts }) => {
      const at = { topic: names.get(topicId) ?? topicId, partition: counts.partition };
      return [nameOf(at), { ...at, ...counts, nextLockEndMs: nextLockEndMs < 0 ? null : nextLockEndMs }];
    }),
  );
}

/** Moves a group without members; makes it where there is none. */
export async function alterShareOffsets(
  cluster: Cluster,
  groupId: string,
  offsets: readonly CommittedOffset[],
): Promise<void> {
  const topics = byTopic(offsets).map(([topicName, some]) => ({
    topicName,
    partitions: some.map(({ partition, offset }) => ({ partitionIndex: partition, startOffset: offset })),
  }));
  await cluster.sendToCoordinator(groupId, AlterShareGroupOffsets, { groupId, topics }, (answer) => {
    refuse(`group '${groupId}'`, answer.errorCode, answer.errorMessage);
    for (const { topicName, partitions } of answer.responses) {
      for (const { partitionIndex, ...told } of partitions) {
        refuse(`${groupId}: ${topicName}/${partitionIndex}`, told.errorCode, told.errorMessage);
      }
    }
  });
}

/** Forgets topics. Answers what went wrong with each, null where nothing did. */
export async function deleteShareOffsets(
  cluster: Cluster,
  groupId: string,
  topics: readonly string[],
): Promise<Map<string, string | null>> {
  const draft = { groupId, topics: topics.map((topicName) => ({ topicName })) };
  const { responses } = await cluster.sendToCoordinator(groupId, DeleteShareGroupOffsets, draft, (answer) => {
    refuse(`group '${groupId}'`, answer.errorCode, answer.errorMessage);
  });
  return new Map(
    responses.map(({ topicName, errorCode, errorMessage }) => [
      topicName,
      errorCode === ErrorCode.NONE ? null : (errorMessage ?? `error ${errorCode}`),
    ]),
  );
}
