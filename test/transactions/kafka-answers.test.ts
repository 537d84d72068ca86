import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CreateTopics, FindCoordinator, Metadata } from '../../protocol/apis/index.ts';
import { connect } from '../../protocol/client.ts';
import type { Client } from '../../protocol/client.ts';
import { startBroker } from '../../src/broker/broker.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { converse } from './converse.ts';

const recorded = new URL('./kafka-answers.txt', import.meta.url);

test('transactions are answered, marked and recorded as Apache Kafka 4.3.1 did when it was asked the same', async () => {
  const clock = new VirtualClock();
  const broker = await startBroker({
    memory: true,
    clock,
    settings: {
      listeners: 'PLAINTEXT://127.0.0.1:0',
      'transaction.abort.timed.out.transaction.cleanup.interval.ms': '1000',
      'transaction.state.log.num.partitions': '4',
      'offsets.topic.num.partitions': '1',
    },
  });
  const client = await connect({ host: '127.0.0.1', port: Number(broker.bootstrap.split(':')[1]) });
  await client.send(FindCoordinator, 1, { key: '', keyType: 0 });
  const lines = await converse(
    {
      send: (api, version, draft) => client.send(api, version, draft),
      wait: (ms) => clock.advance(ms),
      run: 'run',
      ...(await newTopic(client, 'run')),
    },
    () => topicNamed(client, '__transaction_state'),
  );
  await client.close();
  await broker.stop();
  expect(lines).toEqual(readFileSync(recorded, 'utf8').trimEnd().split('\n'));
  expect(clock.waiting).toBe(0);
});

// The broker needs offsets.topic.num.partitions=1, so that no name of a group decides what is said.
// KAFKA_PORT=20100 asks a running Apache Kafka (transaction.abort.timed.out.transaction.cleanup.interval.ms=1000) and
// records what it says.
test.runIf(process.env.KAFKA_PORT !== undefined)(
  'the recorded answers are those of a real broker',
  async () => {
    const client = await connect({ host: '127.0.0.1', port: Number(process.env.KAFKA_PORT) });
    const run = `run${Date.now()}`;
    for (const keyType of [0, 1]) {
      while ((await client.send(FindCoordinator, 1, { key: run, keyType })).errorCode !== 0) await wait(100);
    }
    const topic = await newTopic(client, run);
    await wait(500);
    const lines = await converse(
      { send: (api, version, draft) => client.send(api, version, draft), wait, run, ...topic },
      () => topicNamed(client, '__transaction_state'),
    );
    expect(lines.length).toBeGreaterThan(100);
    writeFileSync(recorded, `${lines.join('\n')}\n`);
    await client.close();
  },
  60_000,
);

async function newTopic(client: Client, name: string): Promise<{ topic: string; topicId: string }> {
  await client.send(CreateTopics, 7, {
    topics: [{ name, numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }],
    timeoutMs: 5000,
  });
  return { topic: name, topicId: (await topicNamed(client, name)).id };
}

async function topicNamed(client: Client, name: string): Promise<{ id: string; partitions: number }> {
  const {
    topics: [{ topicId, partitions }],
  } = await client.send(Metadata, 12, { topics: [{ name }] });
  return { id: topicId, partitions: partitions.length };
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
