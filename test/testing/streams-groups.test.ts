/** A streams group as a test sees it: who reads what, why, and what a snapshot keeps of it. */
import { expect, test } from 'vitest';
import { FindCoordinator, StreamsGroupHeartbeat } from '../../protocol/apis/index.ts';
import { startBroker } from '../../src/testing/index.ts';
import { dial } from '../running-broker.ts';
import { NO_TASKS, subtopology } from '../groups/streams-talk.ts';

const topology = { epoch: 0, subtopologies: [subtopology('0', { sourceTopics: ['orders', 'rates'] })] };

async function joined() {
  const kafka = await startBroker({
    topics: [{ name: 'orders', partitions: 2 }, 'rates'],
    groups: { app: { 'streams.initial.rebalance.delay.ms': '0' } },
  });
  const client = await dial(kafka.bootstrapServers);
  kafka.onStop(() => client.close());
  const joins = { groupId: 'app', memberId: 'm', memberEpoch: 0, endpointInformationEpoch: 0, topology };
  const more = { rebalanceTimeoutMs: 1000, processId: 'p', ...NO_TASKS };
  await client.send(FindCoordinator, 6, { keyType: 0, coordinatorKeys: ['app'] });
  expect((await client.send(StreamsGroupHeartbeat, 1, { ...joins, ...more })).errorCode).toBe(0);
  return kafka;
}

test('its members read the partitions of their tasks, and what is left to read is its lag', async () => {
  await using kafka = await joined();
  await kafka.produce('orders', ['one', 'two']);
  const group = kafka.group('app');
  expect(group).toMatchObject({ type: 'streams', state: 'Stable', lag: 2, members: [{ memberId: 'm' }] });
  expect(group.members[0].assignment).toEqual([
    { topic: 'orders', partition: 0 },
    { topic: 'orders', partition: 1 },
    { topic: 'rates', partition: 0 },
  ]);
});

test('why it gets nothing is told as of other groups', async () => {
  await using kafka = await joined();
  expect(kafka.why('app').length).toBeGreaterThan(0);
});

test('a fork has the group without its members', async () => {
  await using kafka = await joined();
  await using fork = await kafka.fork();
  expect(fork.group('app')).toMatchObject({ type: 'streams', state: 'Empty', members: [] });
});
