/** Regular expressions that a client sends, over many names. */
import { ConsumerGroupHeartbeat } from '../../../protocol/apis/68-consumer-group-heartbeat.ts';
import { CreateTopics } from '../../../protocol/apis/19-create-topics.ts';
import type { Input, Target } from '../input.ts';

const TOPICS = 9_000;
const A_REQUEST = 1_000;
const HEARTBEAT_VERSION = 1;
/** Many states of the automaton are alive at each character of such names. */
const DEAR_PATTERN = '.*a.{200}x';

/** Two letters in no order, so that no part of the pattern fails early. */
function nameOf(topic: number): string {
  const letters = Array.from({ length: 240 }, (_, at) => ((topic * 7919 + at * at * 31) % 3 === 0 ? 'b' : 'a'));
  return `${letters.join('')}-${topic}`;
}

async function createTopics(target: Target): Promise<void> {
  const client = await target.connect();
  for (let from = 0; from < TOPICS; from += A_REQUEST) {
    const topics = Array.from({ length: A_REQUEST }, (_, at) => ({
      name: nameOf(from + at),
      numPartitions: 1,
      replicationFactor: 1,
      assignments: [],
      configs: [],
    }));
    const { topics: created } = await client.send(CreateTopics, 7, { timeoutMs: 60_000, validateOnly: false, topics });
    for (const { errorCode } of created) if (errorCode !== 0) throw new Error(`CreateTopics answered ${errorCode}`);
  }
}

async function subscribe(target: Target, group: string, pattern: string): Promise<void> {
  const client = await target.connect();
  const { errorCode } = await client.send(ConsumerGroupHeartbeat, HEARTBEAT_VERSION, {
    groupId: group,
    memberId: `member-of-${group}`,
    memberEpoch: 0,
    rebalanceTimeoutMs: 60_000,
    subscribedTopicRegex: pattern,
    topicPartitions: [],
  });
  if (errorCode !== 0) throw new Error(`ConsumerGroupHeartbeat answered ${errorCode}`);
}

const groups = Array.from({ length: 4 }, (_, at) => `group-${at}`);

export const patterns: readonly Input[] = [
  {
    name: 'dear-pattern',
    what: `4 groups subscribe to \`${DEAR_PATTERN}\` over ${TOPICS} topics`,
    settings: { 'offsets.topic.num.partitions': '1' },
    prepare: createTopics,
    async run(target) {
      await Promise.all(groups.map((group) => subscribe(target, group, DEAR_PATTERN)));
    },
  },
];
