/** What a load needs of a broker before and after: a topic, its end offsets, its removal. */
import { setTimeout as wait } from 'node:timers/promises';
import { CreateTopics, DeleteTopics, ListOffsets } from '../protocol/apis/index.ts';
import { connect, type Client } from '../protocol/client.ts';
import { ZERO_UUID } from '../protocol/schema.ts';

export interface Topic {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: number;
}

const DEADLINE = { timeoutMs: 60_000 };
const LATEST = -1;
let serial = 0;

/** Runs `task` with a topic that is new and goes afterwards. */
export async function withTopic<T>(
  port: number,
  partitions: number,
  task: (topic: Topic) => Promise<T>,
  configs: Readonly<Record<string, string>> = {},
): Promise<T> {
  const topic = await createTopic(port, partitions, configs);
  const result = await task(topic);
  const client = await connect({ host: '127.0.0.1', port });
  try {
    await client.send(DeleteTopics, 6, { topics: [{ name: topic.name, topicId: ZERO_UUID }], ...DEADLINE });
    return result;
  } finally {
    await client.close();
  }
}

/** A topic that stays. */
export async function createTopic(
  port: number,
  partitions: number,
  more: Readonly<Record<string, string>> = {},
): Promise<Topic> {
  const client = await connect({ host: '127.0.0.1', port });
  const name = `bench-${process.pid}-${serial++}`;
  // Deleted files go soon: many loads would fill the disk within Kafka's minute.
  const configs = Object.entries({ 'file.delete.delay.ms': '1000', ...more }).map(([key, value]) => ({
    name: key,
    value,
  }));
  const asked = { name, numPartitions: partitions, replicationFactor: 1, assignments: [], configs };
  const answer = await client.send(CreateTopics, CreateTopics.versions.last, { topics: [asked], ...DEADLINE });
  const [{ errorCode, errorMessage, topicId }] = answer.topics;
  if (errorCode !== 0) throw new Error(`no topic for the load: ${errorCode} ${errorMessage}`);
  const topic = { name, topicId, partitions };
  while ((await endOffsets(client, topic)) === null) await wait(20);
  await client.close();
  return topic;
}

/** The sum over all partitions. */
export async function recordCount(port: number, topic: Topic): Promise<number> {
  const client = await connect({ host: '127.0.0.1', port });
  try {
    return (await endOffsets(client, topic)) ?? 0;
  } finally {
    await client.close();
  }
}

async function endOffsets(client: Client, { name, partitions }: Topic): Promise<number | null> {
  const asked = Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, timestamp: LATEST }));
  const answer = await client.send(ListOffsets, 7, { replicaId: -1, topics: [{ name, partitions: asked }] });
  let total = 0;
  for (const { errorCode, offset } of answer.topics[0].partitions) {
    if (errorCode !== 0) return null;
    total += offset;
  }
  return total;
}
