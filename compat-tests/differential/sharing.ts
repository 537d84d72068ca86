/** Members of share groups for the cases (KIP-932). */
import {
  IncrementalAlterConfigs,
  InitializeShareGroupState,
  ShareFetch,
  ShareGroupHeartbeat,
} from '../../protocol/apis/index.ts';
import type { RequestDraft } from '../../protocol/schema.ts';
import { plain } from './records.ts';
import type { Side, Topic } from './side.ts';
import { until } from './warm-up.ts';

const GROUP_CONFIG = 32;

export const MEMBER = 'member';

export interface Sharing {
  readonly groupId: string;
  readonly topic: Topic;
  readonly memberEpoch: number;
}

type Prepared = Pick<Side, 'append' | 'name' | 'send' | 'startedMs' | 'topic'>;

/** The only member of a group at the start of a topic of two partitions, which has three records and two in the first. */
export async function sharing(side: Prepared, configs: Readonly<Record<string, string>> = {}): Promise<Sharing> {
  const groupId = side.name('group');
  await configured(side, groupId, { 'share.auto.offset.reset': 'earliest', ...configs });
  // A broker that leads the topic has seen what was configured before.
  const topic = await side.topic('topic', { partitions: 2 });
  await side.append(topic, 0, plain(side, 3), plain(side, 2));
  return { groupId, topic, memberEpoch: await assigned(side, groupId, topic) };
}

async function configured(side: Prepared, groupId: string, configs: Readonly<Record<string, string>>): Promise<void> {
  const told = Object.entries(configs).map(([name, value]) => ({ name, configOperation: 0, value }));
  const resources = [{ resourceType: GROUP_CONFIG, resourceName: groupId, configs: told }];
  const { responses } = await side.send(IncrementalAlterConfigs, { resources, validateOnly: false });
  if (responses[0].errorCode !== 0) throw new Error(`the group is not configured: error ${responses[0].errorCode}`);
}

/** Answers the member's epoch once both partitions are its own, and their state is there. */
export async function assigned(side: Prepared, groupId: string, topic: Topic): Promise<number> {
  let memberEpoch = 0;
  await until(async () => {
    const subscribedTopicNames = memberEpoch === 0 ? [topic.name] : null;
    const beat = { groupId, memberId: MEMBER, memberEpoch, subscribedTopicNames };
    const answer = await side.send(ShareGroupHeartbeat, beat);
    if (answer.errorCode === 0) ({ memberEpoch } = answer);
    return (answer.assignment?.topicPartitions[0]?.partitions.length ?? 0) === 2;
  });
  return memberEpoch;
}

type FetchDraft = RequestDraft<typeof ShareFetch>;

/** A fetch of the first partition, which waits for nothing. */
export function fetchOf(
  { groupId, topic }: Pick<Sharing, 'groupId' | 'topic'>,
  epoch: number,
  change: Partial<FetchDraft> = {},
): FetchDraft {
  return {
    groupId,
    memberId: MEMBER,
    shareSessionEpoch: epoch,
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 1 << 20,
    maxRecords: 500,
    batchSize: 500,
    topics: epoch === 0 ? acksOf(topic, []) : [],
    forgottenTopicsData: [],
    ...change,
  };
}

export interface AckBatch {
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly acknowledgeTypes: readonly number[];
}

export function ack(firstOffset: number, lastOffset: number, ...acknowledgeTypes: number[]): AckBatch {
  return { firstOffset, lastOffset, acknowledgeTypes };
}

export function acksOf({ topicId }: Topic, acknowledgementBatches: readonly AckBatch[], partitionIndex = 0) {
  return [{ topicId, partitions: [{ partitionIndex, acknowledgementBatches }] }];
}

/** The member has all five records in its hands; the next request of its session is of this epoch. */
export async function holding(side: Prepared, configs: Readonly<Record<string, string>> = {}) {
  const group = await sharing(side, configs);
  let epoch = 0;
  let count = 0;
  await until(async () => {
    const { responses } = await side.send(ShareFetch, fetchOf(group, epoch++, { maxWaitMs: 500 }));
    for (const { firstOffset, lastOffset } of responses
      .flatMap((each) => each.partitions)
      .flatMap((each) => each.acquiredRecords)) {
      count += lastOffset - firstOffset + 1;
    }
    return count === 5;
  });
  return { ...group, epoch };
}

/** A topic and a group without members whose state in the first partition begins at 0, of state epoch 1. */
export async function withState(side: Prepared) {
  const topic = await side.topic('topic', { partitions: 2 });
  const groupId = side.name('group');
  const partitions = [{ partition: 0, stateEpoch: 1, startOffset: 0 }];
  await until(async () => {
    const asked = { groupId, topics: [{ topicId: topic.topicId, partitions }] };
    const { results } = await side.send(InitializeShareGroupState, asked);
    return results[0].partitions[0].errorCode === 0;
  });
  return { topic, groupId };
}
