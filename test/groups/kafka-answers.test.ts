import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CreateTopics, FindCoordinator } from '../../protocol/apis/index.ts';
import { connect } from '../../protocol/client.ts';
import { converse } from './conversation.ts';
import { GroupBroker } from './group-broker.ts';

const recorded = new URL('./kafka-answers.txt', import.meta.url);

test('the group APIs answer as Apache Kafka 4.4.0 did when it was asked the same', async () => {
  const broker = new GroupBroker().start();
  const lines = await converse(
    async (client, api, version, draft) => {
      const answer = broker.send(api, version, draft, client, client === 'one' ? 1 : 2);
      await broker.clock.advance(0);
      return answer;
    },
    'run',
    () => broker.clock.advance(0),
  );
  expect(lines).toEqual(readFileSync(recorded, 'utf8').trimEnd().split('\n'));
  broker.groups.stop();
  expect(broker.clock.waiting).toBe(0);
});

// KAFKA_PORT=19600 asks a running Apache Kafka (group.initial.rebalance.delay.ms=0) and records what it says.
test.runIf(process.env.KAFKA_PORT !== undefined)(
  'the recorded answers are those of a real broker',
  async () => {
    const port = Number(process.env.KAFKA_PORT);
    const open = (clientId: string) => connect({ host: '127.0.0.1', port, clientId });
    const clients = { one: await open('one'), two: await open('two') };
    await clients.one.send(CreateTopics, 7, {
      topics: [{ name: 't1', numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }],
      timeoutMs: 5000,
    });
    const ready = () => clients.one.send(FindCoordinator, 0, { key: 'g' });
    while ((await ready()).errorCode !== 0) await wait(100);
    const lines = await converse(
      (client, api, version, draft) => clients[client].send(api, version, draft),
      `run${Date.now()}`,
      () => wait(300),
    );
    expect(lines.length).toBeGreaterThan(100);
    writeFileSync(recorded, `${lines.join('\n')}\n`);
    await Promise.all([clients.one.close(), clients.two.close()]);
  },
  60_000,
);

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
