/** Members of groups for the cases. */
import { ConsumerGroupHeartbeat, JoinGroup, SyncGroup } from '../../protocol/apis/index.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Side, Topic } from './side.ts';
import { until } from './warm-up.ts';

/** A subscription to nothing, version 0: Apache Kafka never answers a consumer whose metadata it cannot read. */
export const subscription: Uint8Array = Buffer.from('000000000000ffffffff', 'hex');

export interface Member {
  readonly memberId: string;
  readonly generationId: number;
}

export interface JoinOptions {
  readonly protocolType?: string;
  readonly groupInstanceId?: string | null;
  /** Whether the assignment is handed in, so that the group is stable. */
  readonly sync?: boolean;
}

/** The only member of a fresh group. */
export async function joined(
  side: Pick<Side, 'send'>,
  groupId: string,
  { protocolType = 'consumer', groupInstanceId = null, sync = true }: JoinOptions = {},
): Promise<Member> {
  const draft = {
    groupId,
    sessionTimeoutMs: 30_000,
    rebalanceTimeoutMs: 30_000,
    memberId: '',
    groupInstanceId,
    protocolType,
    protocols: [{ name: 'range', metadata: subscription }],
  };
  let answer = await side.send(JoinGroup, draft);
  if (answer.errorCode === ErrorCode.MEMBER_ID_REQUIRED) {
    answer = await side.send(JoinGroup, { ...draft, memberId: answer.memberId });
  }
  const { memberId, generationId } = answer;
  if (sync) {
    await side.send(SyncGroup, {
      groupId,
      generationId,
      memberId,
      groupInstanceId,
      protocolType,
      protocolName: 'range',
      assignments: [{ memberId, assignment: Buffer.from('assignment') }],
    });
  }
  return { memberId, generationId };
}

/** A topic of two partitions that the group coordinator knows: Kafka's learns of it a moment after the client does. */
export async function assignableTopic(side: Pick<Side, 'name' | 'send' | 'topic'>, word = 'topic'): Promise<Topic> {
  const topic = await side.topic(word, { partitions: 2 });
  await until(async () => {
    const { assignment } = await side.send(ConsumerGroupHeartbeat, {
      groupId: side.name(`first-to-read-${word}`),
      memberId: 'member',
      memberEpoch: 0,
      rebalanceTimeoutMs: 30_000,
      subscribedTopicNames: [topic.name],
      topicPartitions: [],
    });
    return assignment !== null && assignment.topicPartitions.length > 0;
  });
  return topic;
}
