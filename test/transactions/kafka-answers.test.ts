import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CreateTopics, FindCoordinator, Metadata } from '../../protocol/apis/index.ts';
import { connect } from '../../protocol/client.ts';
import type { Client } from '../../protocol/client.ts';
import { converse } from './converse.ts';

const recorded = new URL('./kafka-answers.txt', import.meta.url);

// KAFKA_PORT=20100 asks a running Apache Kafka (transaction.abort.timed.out.transaction.cleanup.interval.ms=1000) and
// records what it says.
test.runIf(process.env.KAFKA_PORT !== undefined)('the recorded answers are those of a real broker', async () => {
  const client = await connect({ host: '127.0.0.1', port: Number(process.env.KAFKA_PORT) });
  const run = `run${Date.now()}`;
  for (const keyType of [0, 1]) {
    while ((await client.send(FindCoordinator, 1, { key: run, keyType })).errorCode !== 0) await wait(100);
  }
  const lines = await converse(
    { send: (api, version, draft) => client.send(api, version, draft), wait, run, ...await newTopic(client, run) },
    () => topicNamed(client, '__transaction_state'),
  );
  expect(lines.length).toBeGreaterThan(100);
  writeFileSync(recorded, `${lines.join('\n')}\n`);
  await client.close();
}, 60_000);

async function newTopic(client: Client, name: string): Promise<{ topic: string; topicId: string }> {
  await client.send(CreateTopics, 7, {
    topics: [{ name, numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }], timeoutMs: 5000,
  });
  await wait(500);
  return { topic: name, topicId: (await topicNamed(client, name)).id };
}

async function topicNamed(client: Client, name: string): Promise<{ id: string; partitions: number }> {
  const { topics: [{ topicId, partitions }] } = await client.send(Metadata, 12, { topics: [{ name }] });
  return { id: topicId, partitions: partitions.length };
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
