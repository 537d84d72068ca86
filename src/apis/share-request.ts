/** What ShareFetch and ShareAcknowledge have in common: what refuses them as a whole, and whom to ask instead of this broker. */
import { ErrorCode } from '../../protocol/errors.ts';
import type { ClusterImage } from '../cluster/image.ts';
import type { AckBatch } from '../share/acknowledgements.ts';
import type { PartitionAcks, PartitionAnswer } from '../share/share-fetch.ts';
import type { StatePartitionId } from '../share/share-state.ts';
import { read } from '../security/needs.ts';
import type { Parts } from './broker-parts.ts';
import type { RequestContext } from './request-context.ts';
import { speaksShareProtocol } from './group-protocols.ts';
import { brokersOn } from './topic-view.ts';

export type DeliveryParts = Parts<'share' | 'metadata' | 'logger'>;

/** As the text of a UUID, which clients make. */
const LONGEST_MEMBER_ID = 36;

interface Whose {
  readonly groupId: string | null;
  readonly memberId: string | null;
}

interface AskedTopic {
  readonly topicId: string;
  readonly partitions: readonly { readonly partitionIndex: number; readonly acknowledgementBatches: AckBatch[] }[];
}

export interface NodeEndpoint {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

/** Of a leader that the client need not know. */
const UNSAID = { leaderId: 0, leaderEpoch: 0 };

/** Null where the request may be served. */
export function refusalOf({ groupId, memberId }: Whose, { metadata }: DeliveryParts): number | null {
  if (!speaksShareProtocol({ metadata })) return ErrorCode.UNSUPPORTED_VERSION;
  const isMember = memberId !== null && memberId !== '' && memberId.length <= LONGEST_MEMBER_ID;
  return groupId === null || !isMember ? ErrorCode.INVALID_REQUEST : null;
}

/** Of topics that the client may not read; what no topic has is told to everybody. */
export function topicRefusals(
  { access }: RequestContext,
  { metadata }: DeliveryParts,
  apiName: string,
): ((topicId: string) => number) | null {
  if (access === null) return null;
  return (topicId) => {
    const topic = metadata.image.topicsById.get(topicId);
    return topic === undefined ? ErrorCode.NONE : access.errorOf(read.topic(topic.name), apiName);
  };
}

/** The partitions that the topics of a request name, with the acknowledgements for them. */
export function askedPartitions(topics: readonly AskedTopic[]): PartitionAcks[] {
  return topics.flatMap(({ topicId, partitions }) =>
    partitions.map(({ partitionIndex, acknowledgementBatches }) => {
      return { topicId, partition: partitionIndex, acks: acknowledgementBatches };
    }),
  );
}

export function currentLeaderOf(image: ClusterImage, { topicId, partition }: StatePartitionId, errorCode: number) {
  if (errorCode !== ErrorCode.NOT_LEADER_OR_FOLLOWER) return UNSAID;
  const known = image.topicsById.get(topicId)?.partitions[partition];
  return known === undefined
    ? { leaderId: -1, leaderEpoch: -1 }
    : { leaderId: known.leader, leaderEpoch: known.leaderEpoch };
}

/** In the order in which topics came first. */
export function byTopic(partitions: readonly PartitionAnswer[]): Map<string, PartitionAnswer[]> {
  const topics = new Map<string, PartitionAnswer[]>();
  for (const one of partitions) {
    const known = topics.get(one.topicId);
    if (known === undefined) topics.set(one.topicId, [one]);
    else known.push(one);
  }
  return topics;
}

/** The addresses of the leaders that the answer names; `listener` is the one by which the client came. */
export function nodeEndpointsOf(
  image: ClusterImage,
  listener: string,
  partitions: readonly PartitionAnswer[],
): NodeEndpoint[] {
  const leaders = new Set<number>();
  for (const one of partitions) {
    for (const errorCode of [one.errorCode, one.acknowledgeErrorCode]) {
      if (errorCode === ErrorCode.NOT_LEADER_OR_FOLLOWER) leaders.add(currentLeaderOf(image, one, errorCode).leaderId);
    }
  }
  if (leaders.size === 0) return [];
  return brokersOn(image, listener)
    .filter(({ nodeId }) => leaders.has(nodeId))
    .map(({ nodeId, host, port, rack }) => ({ nodeId, host, port, rack }));
}
