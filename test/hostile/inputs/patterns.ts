/** Regular expressions that a client sends, over many names. */
import { setTimeout as wait } from 'node:timers/promises';
import { ConsumerGroupHeartbeat } from '../../../protocol/apis/68-consumer-group-heartbeat.ts';
import { CreateTopics } from '../../../protocol/apis/19-create-topics.ts';
import { coordinatorIsThere, CoordinatorType } from '../coordinator.ts';
import type { Input, Target } from '../input.ts';

const TOPICS = 2_000;
const A_REQUEST = 1_000;
const HEARTBEAT_VERSION = 1;
const GROUPS = 4;
const WHILE_THEY_ARE_LOOKED_FOR_MS = 3_000;

/** Two letters in no order: hundreds of places of the patterns are alive at each. */
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
    instanceId: null,
    rackId: null,
    subscribedTopicNames: null,
    subscribedTopicRegex: pattern,
    serverAssignor: null,
    topicPartitions: [],
  });
  if (errorCode !== 0) throw new Error(`ConsumerGroupHeartbeat answered ${errorCode}`);
}

/** The answers come at once, with no topics yet. */
async function subscribeAll(target: Target): Promise<void> {
  const groups = Array.from({ length: GROUPS }, (_, at) => [`group-${at}`, `.*a.{${200 - at}}x`]);
  await Promise.all(groups.map(([group, pattern]) => subscribe(target, group, pattern)));
  await wait(WHILE_THEY_ARE_LOOKED_FOR_MS);
}

export const patterns: readonly Input[] = [
  {
    name: 'dear-patterns',
    what: `${GROUPS} groups subscribe to \`.*a.{200}x\` and its like over ${TOPICS} topics`,
    settings: { 'offsets.topic.num.partitions': '1' },
    async prepare(target) {
      await createTopics(target);
      await coordinatorIsThere(target, CoordinatorType.group);
    },
    run: subscribeAll,
  },
];
