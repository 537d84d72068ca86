/** What leaders ask of the controller when replicas have caught up: one request a leader, with all its partitions. PURE. */
import type { AlterPartitionRequest } from '../../../src/cluster/alter-partition.ts';
import {
  LeaderRecoveryState,
  type ClusterImage,
  type PartitionImage,
  type TopicImage,
} from '../../../src/cluster/image.ts';
import { nextPartitionOn } from '../../../src/cluster/replica-index.ts';

type ProposedTopic = AlterPartitionRequest['topics'][number];

/** Replicas of a broker join the in-sync replicas wherever they are not among them. */
export function proposalsFor(image: ClusterImage, brokerId: number): AlterPartitionRequest[] {
  const byLeader = new Map<number, ProposedTopic[]>();
  for (const topic of image.topicsById.values()) {
    for (let at = nextPartitionOn(topic, brokerId, 0); at >= 0; at = nextPartitionOn(topic, brokerId, at + 1)) {
      const partition = topic.partitions[at];
      if (partition.leader < 0 || partition.isr.includes(brokerId)) continue;
      add(byLeader, topic, at, proposalOf(image, partition, at, brokerId));
    }
  }
  return [...byLeader].map(([leader, topics]) => ({
    brokerId: leader,
    brokerEpoch: image.brokers.get(leader)!.epoch,
    topics,
  }));
}

function add(
  byLeader: Map<number, ProposedTopic[]>,
  { id: topicId, partitions }: TopicImage,
  partitionIndex: number,
  proposal: ProposedTopic['partitions'][number],
): void {
  const { leader } = partitions[partitionIndex];
  let topics = byLeader.get(leader);
  if (topics === undefined) byLeader.set(leader, (topics = []));
  if (topics.at(-1)?.topicId === topicId) topics.at(-1)!.partitions.push(proposal);
  else topics.push({ topicId, partitions: [proposal] });
}

function proposalOf(
  { brokers }: ClusterImage,
  { leaderEpoch, partitionEpoch, isr }: PartitionImage,
  partitionIndex: number,
  brokerId: number,
): ProposedTopic['partitions'][number] {
  const newIsrWithEpochs = [...isr, brokerId].map((id) => ({ brokerId: id, brokerEpoch: brokers.get(id)!.epoch }));
  const leaderRecoveryState = LeaderRecoveryState.recovered;
  return { partitionIndex, leaderEpoch, partitionEpoch, leaderRecoveryState, newIsr: [], newIsrWithEpochs };
}
