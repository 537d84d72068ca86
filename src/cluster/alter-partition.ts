/** What a leader's proposal of in-sync replicas comes to (AlterPartition; KIP-497, KIP-841, KIP-903). Pure. */
import type { AlterPartition } from '../../protocol/apis/56-alter-partition.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { RequestOf, ResponseDraft } from '../../protocol/schema.ts';
import type { ServerConfig } from '../config/server.ts';
import { partitionRecord } from './image-records.ts';
import { LeaderRecoveryState, type ClusterImage, type PartitionImage } from './image.ts';
import { changedPartition } from './partition-replay.ts';
import type { MetadataDraft } from './metadata-records.ts';
import { changeOfPartition } from './partition-change.ts';
import { rulesOf } from './partition-rules.ts';

export type AlterPartitionRequest = RequestOf<typeof AlterPartition>;
export type AlterPartitionResponse = ResponseDraft<typeof AlterPartition>;
type Proposal = AlterPartitionRequest['topics'][number]['partitions'][number];
type Answer = AlterPartitionResponse['topics'][number]['partitions'][number];

/** Each partition of a request is decided on its own. */
export function alterPartitions(
  request: AlterPartitionRequest,
  image: ClusterImage,
  config: ServerConfig,
): { results: AlterPartitionResponse; records: MetadataDraft[] } {
  const records: MetadataDraft[] = [];
  if (image.brokers.get(request.brokerId)?.epoch !== request.brokerEpoch) {
    return { results: { errorCode: ErrorCode.STALE_BROKER_EPOCH, topics: [] }, records };
  }
  const topics = request.topics.map(({ topicId, partitions }) => {
    const topic = image.topicsById.get(topicId);
    if (topic === undefined)
      return { topicId, partitions: partitions.map((each) => refused(each, ErrorCode.UNKNOWN_TOPIC_ID)) };
    const rules = rulesOf(topic, image, config);
    const decide = (proposal: Proposal): Answer => {
      const { partitionIndex } = proposal;
      const partition = topic.partitions[partitionIndex];
      if (isOfLaterEpoch(proposal, partition, request.brokerId)) {
        const next = inEpochAfter(proposal.leaderEpoch, partition);
        records.push(partitionRecord(topicId, partitionIndex, next));
        return stateOf(partitionIndex, next);
      }
      const fault = proposalFault(proposal, partition, request.brokerId, image);
      if (fault !== ErrorCode.NONE) return refused(proposal, fault);
      const { leaderRecoveryState } = proposal;
      const change = changeOfPartition(partition, { isr: brokersOf(proposal), leaderRecoveryState }, rules);
      if (change === null) return stateOf(partitionIndex, partition);
      records.push({ type: 'PartitionChangeRecord', topicId, partitionId: partitionIndex, ...change });
      const next = changedPartition(partition, change);
      // With the proposal a reassignment was over, and with it the leadership of who has proposed.
      const isDeposed = next.leader !== request.brokerId;
      return isDeposed ? refused(proposal, ErrorCode.NEW_LEADER_ELECTED) : stateOf(partitionIndex, next);
    };
    return { topicId, partitions: partitions.map(decide) };
  });
  return { results: { errorCode: ErrorCode.NONE, topics }, records };
}

/**
 * Of Ottla's brokers alone: one that proposes nobody has records of a later epoch than this log knows, for etcd was restored from a
 * backup. Another controller cannot have been active meanwhile, or this decision is never committed.
 */
function isOfLaterEpoch(
  proposal: Proposal,
  partition: PartitionImage | undefined,
  brokerId: number,
): partition is PartitionImage {
  if (partition === undefined || proposal.newIsr.length + proposal.newIsrWithEpochs.length > 0) return false;
  return partition.replicas.includes(brokerId) && proposal.leaderEpoch > partition.leaderEpoch;
}

function inEpochAfter(leaderEpoch: number, partition: PartitionImage): PartitionImage {
  return { ...partition, leaderEpoch: leaderEpoch + 1, partitionEpoch: partition.partitionEpoch + 1 };
}

/** With the epochs of brokers from v3 on. */
function statesOf({ newIsr, newIsrWithEpochs }: Proposal): readonly { brokerId: number; brokerEpoch: number }[] {
  return newIsrWithEpochs.length > 0 ? newIsrWithEpochs : newIsr.map((brokerId) => ({ brokerId, brokerEpoch: -1 }));
}

function brokersOf(proposal: Proposal): number[] {
  return statesOf(proposal).map(({ brokerId }) => brokerId);
}

function proposalFault(
  proposal: Proposal,
  partition: PartitionImage | undefined,
  brokerId: number,
  image: ClusterImage,
): number {
  if (partition === undefined) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  const { leaderEpoch, partitionEpoch } = proposal;
  // The leader has read what this controller has not: another one is active by now.
  const isAhead = leaderEpoch > partition.leaderEpoch || partitionEpoch > partition.partitionEpoch;
  if (isAhead) return ErrorCode.NOT_CONTROLLER;
  if (leaderEpoch < partition.leaderEpoch) return ErrorCode.FENCED_LEADER_EPOCH;
  if (brokerId !== partition.leader) return ErrorCode.INVALID_REQUEST;
  if (partitionEpoch < partition.partitionEpoch) return ErrorCode.INVALID_UPDATE_VERSION;
  if (!isPossible(proposal, partition)) return ErrorCode.INVALID_REQUEST;
  const isEligible = statesOf(proposal).every((each) => isEligibleForIsr(image, each.brokerId, each.brokerEpoch));
  return isEligible ? ErrorCode.NONE : ErrorCode.INELIGIBLE_REPLICA;
}

function isPossible(proposal: Proposal, { leader, replicas, leaderRecoveryState: state }: PartitionImage): boolean {
  const isr = brokersOf(proposal);
  const isSound = new Set(isr).size === isr.length && isr.every((id) => replicas.includes(id)) && isr.includes(leader);
  if (proposal.leaderRecoveryState === LeaderRecoveryState.recovered) return isSound;
  const isKnown = proposal.leaderRecoveryState === LeaderRecoveryState.recovering;
  return isSound && isKnown && isr.length === 1 && state === LeaderRecoveryState.recovering;
}

/** The very process that the leader has seen catch up, and it is here to stay. Epoch -1: whichever it is. */
function isEligibleForIsr({ brokers }: ClusterImage, brokerId: number, brokerEpoch: number): boolean {
  const broker = brokers.get(brokerId);
  if (broker === undefined || broker.fenced || broker.inControlledShutdown) return false;
  return brokerEpoch === -1 || brokerEpoch === broker.epoch;
}

function stateOf(partitionIndex: number, partition: PartitionImage): Answer {
  const { leader: leaderId, leaderEpoch, isr, leaderRecoveryState, partitionEpoch } = partition;
  const state = { leaderId, leaderEpoch, isr: [...isr], leaderRecoveryState, partitionEpoch };
  return { partitionIndex, errorCode: ErrorCode.NONE, ...state };
}

function refused({ partitionIndex }: Proposal, errorCode: number): Answer {
  return { partitionIndex, errorCode, leaderId: 0, leaderEpoch: 0, isr: [], partitionEpoch: 0 };
}
