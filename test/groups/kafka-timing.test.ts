import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CreateTopics, FindCoordinator } from '../../protocol/apis/index.ts';
import { connect, type Client } from '../../protocol/client.ts';
import { GroupBroker } from './group-broker.ts';
import { converseAboutTime, TIMING_CONFIG } from './timing-conversation.ts';

const recorded = new URL('./timing-answers.txt', import.meta.url);

test('members are waited for, given up and rebalanced as Apache Kafka 4.3.1 did it', async () => {
  const broker = new GroupBroker(TIMING_CONFIG).start();
  const connections = new Map<string, number>();
  const lines = await converseAboutTime(
    async (client, api, version, draft) => {
      const connection = connections.get(client) ?? connections.size + 1;
      connections.set(client, connection);
      const answer = broker.send(api, version, draft, client, connection);
      await broker.clock.advance(0);
      return answer;
    },
    (ms) => broker.clock.advance(ms),
    'run',
  );
  expect(lines).toEqual(readFileSync(recorded, 'utf8').trimEnd().split('\n'));
  broker.groups.stop();
  expect(broker.clock.waiting).toBe(0);
});

// KAFKA_TIMING_PORT=19600 asks a running Apache Kafka with the configuration of the conversation, and records its answers.
test.runIf(process.env.KAFKA_TIMING_PORT !== undefined)(
  'the recorded answers about time are those of a real broker',
  async () => {
    const clients = new Map<string, Client>();
    const open = async (name: string): Promise<Client> => {
      const port = Number(process.env.KAFKA_TIMING_PORT);
      const client = clients.get(name) ?? (await connect({ host: '127.0.0.1', port, clientId: name }));
      clients.set(name, client);
      return client;
    };
    for (const name of ['a', 'b', 'c', 'd', 'e', 'onlooker']) await open(name);
    const onlooker = await open('onlooker');
    const topic = { name: 't1', numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] };
    await onlooker.send(CreateTopics, 7, { topics: [topic], timeoutMs: 5000 });
    while ((await onlooker.send(FindCoordinator, 0, { key: 'g' })).errorCode !== 0) await wait(100);
    await wait(5000); // its coordinators are loading
    const lines = await converseAboutTime(
      async (client, api, version, draft) => (await open(client)).send(api, version, draft),
      wait,
      `run${Date.now()}`,
    );
    expect(lines.length).toBeGreaterThan(50);
    writeFileSync(recorded, `${lines.join('\n')}\n`);
    await Promise.all(Array.from(clients.values(), (client) => client.close()));
  },
  120_000,
);

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
