import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  CreatePartitions,
  CreateTopics,
  DeleteTopics,
  FindCoordinator,
  ShareGroupHeartbeat,
} from '../../protocol/apis/index.ts';
import { connect } from '../../protocol/client.ts';
import { converseAsShareConsumers } from './share-conversation.ts';
import { GroupBroker } from './group-broker.ts';

const recorded = new URL('./share-answers.txt', import.meta.url);

test('share groups answer as those of Apache Kafka 4.4.0 did', async () => {
  const broker = new GroupBroker().start();
  const set = async (name: string, partitions: number) => broker.setTopic(name, partitions);
  const lines = await converseAsShareConsumers(
    async (client, api, version, draft) => {
      const answer = broker.send(api, version, draft, client, client === 'one' ? 1 : 2);
      await broker.clock.advance(0);
      return answer;
    },
    {
      create: set,
      grow: async (name, count) => void broker.setTopic(name, count),
      delete: async (name) => void broker.setTopic(name, 0),
    },
    'run0000000000000',
    () => broker.clock.advance(2000),
  );
  expect(lines).toEqual(readFileSync(recorded, 'utf8').trimEnd().split('\n'));
  broker.groups.stop();
  expect(broker.clock.waiting).toBe(0);
});

// KAFKA_PORT=19600 asks a running Apache Kafka, started with group.initial.rebalance.delay.ms=0,
// group.share.assignment.interval.ms=0 and group.share.max.size=3, and records what it says.
test.runIf(process.env.KAFKA_PORT !== undefined)(
  'the recorded answers are those of a real broker',
  async () => {
    const port = Number(process.env.KAFKA_PORT);
    const open = (clientId: string) => connect({ host: '127.0.0.1', port, clientId });
    const clients = { one: await open('one'), two: await open('two') };
    const ready = () => clients.one.send(FindCoordinator, 0, { key: 'g' });
    while ((await ready()).errorCode !== 0) await wait(100);
    const warm = async (i: number) => {
      const share = { groupId: `warm${i}`, memberId: 'm', memberEpoch: 0, subscribedTopicNames: ['warm'] };
      const { assignment } = await clients.one.send(ShareGroupHeartbeat, 1, share);
      return assignment !== null && assignment.topicPartitions.length > 0;
    };
    const topics = {
      create: async (name: string, numPartitions: number) => {
        const {
          topics: [made],
        } = await clients.one.send(CreateTopics, 7, {
          topics: [{ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }],
          timeoutMs: 5000,
        });
        return made.topicId;
      },
      grow: async (name: string, count: number) => {
        await clients.one.send(CreatePartitions, 3, {
          topics: [{ name, count, assignments: null }],
          timeoutMs: 5000,
          validateOnly: false,
        });
      },
      delete: async (name: string) => {
        await clients.one.send(DeleteTopics, 5, { topicNames: [name], timeoutMs: 5000 });
      },
    };
    await topics.create('warm', 1);
    for (let i = 0; i < 20; i++) while (!(await warm(i))) await wait(100);
    const lines = await converseAsShareConsumers(
      (client, api, version, draft) => clients[client].send(api, version, draft),
      topics,
      `run${Date.now()}`,
      () => wait(500),
    );
    expect(lines.length).toBeGreaterThan(100);
    writeFileSync(recorded, `${lines.join('\n')}\n`);
    await Promise.all([clients.one.close(), clients.two.close()]);
  },
  120_000,
);

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
