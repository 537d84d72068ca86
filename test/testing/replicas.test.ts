/** Brokers of a test have replicas of their own: what is lost with one, what is not, and what time and cuts do to them. */
import { expect, test } from 'vitest';
import { Produce } from '../../protocol/apis/00-produce.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Client } from '../../protocol/client.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import type { TestBroker } from '../../src/testing/index.ts';
import { dial } from '../running-broker.ts';
import { startBroker } from './backends.ts';

const ALL = -1;
const LEADER = 1;

async function send(client: Client, value: string, acks: number, timeoutMs = 1000): Promise<number> {
  const records = encodeBatch({ records: [{ key: null, value: Buffer.from(value), timestamp: Date.now() }] });
  const { responses } = await client.send(Produce, 9, {
    acks,
    timeoutMs,
    topicData: [{ name: 'orders', partitionData: [{ index: 0, records }] }],
  });
  return responses[0].partitionResponses[0].errorCode;
}

const values = (kafka: TestBroker): (string | null)[] => kafka.messages('orders').map(({ value }) => value);
const ends = (kafka: TestBroker): (number | null)[] =>
  kafka.partition('orders').replicas.map(({ endOffset }) => endOffset);

test('what all in-sync replicas have acknowledged survives its leader', async () => {
  await using kafka = await startBroker({ brokers: 3, topics: ['orders'] });
  const client = await dial(kafka.brokers[0].address);
  expect(await send(client, 'kept', ALL)).toBe(ErrorCode.NONE);
  expect(ends(kafka)).toEqual([1, 1, 1]);
  await kafka.brokers[0].stop();
  expect(kafka.partition('orders')).toMatchObject({ leader: 1, leaderEpoch: 1, isr: [1, 2] });
  expect(ends(kafka)).toEqual([null, 1, 1]);
  expect(values(kafka)).toEqual(['kept']);
  await kafka.produce('orders', 'while it was away');
  await kafka.brokers[0].start();
  expect(await kafka.waitForIsr('orders')).toEqual(expect.arrayContaining([0, 1, 2]));
  expect(ends(kafka)).toEqual([2, 2, 2]);
});

test('what a leader alone has acknowledged is lost when others elect a new one without it', async () => {
  await using kafka = await startBroker({ brokers: 3, topics: ['orders'], clock: 'virtual' });
  const client = await dial(kafka.brokers[0].address);
  expect(await send(client, 'everywhere', ALL)).toBe(ErrorCode.NONE);
  await kafka.isolate(0);
  expect(await send(client, 'nowhere else', LEADER)).toBe(ErrorCode.NONE);
  expect(ends(kafka)).toEqual([2, 1, 1]);
  await kafka.clock.advance('9s'); // its session is over
  expect(await kafka.waitForLeader('orders', 0, 1)).toBe(1);
  await kafka.produce('orders', 'instead of it');
  expect(values(kafka)).toEqual(['everywhere', 'instead of it']);
  expect(await send(client, 'to the old leader', LEADER)).toBe(ErrorCode.NONE); // it has heard of nothing
  await kafka.heal(0);
  await kafka.waitForIsr('orders', 0, 3);
  expect(await send(client, 'too late', LEADER)).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
  expect(ends(kafka)).toEqual([2, 2, 2]);
  expect(values(kafka)).toEqual(['everywhere', 'instead of it']);
  await client.close();
});

test('acks=all waits for followers that cannot be reached, until they are out of sync', async () => {
  await using kafka = await startBroker({ brokers: 3, topics: ['orders'], clock: 'virtual' });
  await kafka.isolate(2, 0);
  const client = await dial(kafka.brokers[0].address);
  let outcome: number | undefined;
  const sent = send(client, 'waits', ALL, 60_000).then((code) => (outcome = code));
  await kafka.waitUntil(() => ends(kafka)[1] === 1);
  await kafka.clock.advance('15s');
  expect([outcome, kafka.partition('orders').isr]).toEqual([undefined, [0, 1, 2]]);
  await kafka.clock.advance('31s'); // replica.lag.time.max.ms, and the next look
  await sent;
  expect(outcome).toBe(ErrorCode.NONE);
  expect(await kafka.waitForIsr('orders', 0, [0, 1])).toEqual([0, 1]);
  await kafka.heal(2);
  await kafka.waitForIsr('orders', 0);
  expect(ends(kafka)).toEqual([1, 1, 1]);
  await client.close();
});

test('with fewer in sync than minIsr nothing is produced with acks=all', async () => {
  await using kafka = await startBroker({ brokers: 3, minIsr: 2, topics: ['orders'] });
  const client = await dial(kafka.brokers[0].address);
  await kafka.brokers[1].stop();
  expect(await send(client, 'two are enough', ALL)).toBe(ErrorCode.NONE);
  await kafka.brokers[2].stop();
  expect(await send(client, 'one is not', ALL)).toBe(ErrorCode.NOT_ENOUGH_REPLICAS);
  await expect(kafka.produce('orders', 'nor here')).rejects.toThrow('min.insync.replicas=2');
  expect(await send(client, 'not asked for', LEADER)).toBe(ErrorCode.NONE);
  expect(values(kafka)).toEqual(['two are enough']); // the rest is not committed
  await kafka.brokers[1].start();
  await kafka.waitForIsr('orders', 0, 2);
  expect(values(kafka)).toEqual(['two are enough', 'not asked for']);
  await client.close();
});

test('a broker without a replica leads once it has copied all', async () => {
  await using kafka = await startBroker({ brokers: 3, topics: [{ name: 'orders', replicationFactor: 1 }] });
  await kafka.produce('orders', ['a', 'b']);
  await kafka.moveLeader('orders', 0, 2);
  expect(kafka.partition('orders')).toMatchObject({
    leader: 2,
    replicas: [
      { nodeId: 0, endOffset: 2 },
      { nodeId: 2, endOffset: 2 },
    ],
  });
  await kafka.brokers[0].stop();
  expect(values(kafka)).toEqual(['a', 'b']);
});

test('a wait that was in vain says who is in sync, and how far each has come', async () => {
  await using kafka = await startBroker({ brokers: 2, topics: ['orders'] });
  const client = await dial(kafka.brokers[0].address);
  await kafka.isolate(1, 0);
  expect(await send(client, 'at the leader alone', LEADER)).toBe(ErrorCode.NONE);
  const waited = kafka.waitForIsr('orders', 0, [0], { timeout: '100ms' });
  await expect(waited).rejects.toThrow(
    'brokers 0 to be in sync with orders[0], found 0, 1 in sync; leader 0 at 1, 1 at 0',
  );
  await expect(kafka.isolate(7)).rejects.toThrow(/there is no broker 7/i);
  await client.close();
});

test('a broker that stops in order hands over before its connections end', async () => {
  await using kafka = await startBroker({ brokers: 3, topics: [{ name: 'orders', partitions: 3 }] });
  await kafka.brokers[1].stop({ controlled: true });
  expect([0, 1, 2].map((partition) => kafka.leaderOf('orders', partition))).toEqual([0, 2, 2]);
  await kafka.brokers[1].start();
  for (const partition of [0, 1, 2]) await kafka.waitForIsr('orders', partition);
  expect(kafka.leaderOf('orders', 1)).toBe(2);
});

test('days pass at once, and every replica is in sync all the time', async () => {
  const topics = [{ name: 'orders', partitions: 6, configs: { 'retention.ms': 3_600_000 } }];
  await using kafka = await startBroker({ brokers: 3, topics, clock: 'virtual' });
  await kafka.produce('orders', ['a', 'b', 'c']);
  await kafka.clock.advance('20h');
  await kafka.produce('orders', 'd');
  await kafka.clock.advance('30m');
  expect(values(kafka)).toEqual(['d']);
  for (const partition of [0, 1, 2, 3, 4, 5]) {
    expect(kafka.partition('orders', partition)).toMatchObject({ isr: { length: 3 }, leaderEpoch: 0 });
  }
});

test('topics that come and go under a clock that stands still are replicated at once', async () => {
  await using kafka = await startBroker({ brokers: 3, clock: 'virtual' });
  for (let round = 0; round < 3; round++) {
    await kafka.createTopic('orders', { partitions: 2 });
    await kafka.produce('orders', [`round ${round}`, 'more']);
    expect(ends(kafka)).toEqual([1, 1, 1]);
    await kafka.deleteTopic('orders');
  }
});

test('a fork has the replicas, leaders and records of its original, and copies from its own brokers', async () => {
  await using kafka = await startBroker({ brokers: 3, topics: ['orders'] });
  await kafka.moveLeader('orders', 0, 2);
  await kafka.produce('orders', 'before');
  await using fork = await kafka.fork();
  expect(fork.partition('orders')).toMatchObject({ leader: 2, isr: [0, 1, 2] });
  await kafka.produce('orders', 'only here');
  await fork.produce('orders', ['only', 'there']);
  expect([ends(kafka), ends(fork)]).toEqual([
    [2, 2, 2],
    [3, 3, 3],
  ]);
  await fork.brokers[2].stop();
  expect(values(fork)).toEqual(['before', 'only', 'there']);
  expect(kafka.brokers[2].isRunning).toBe(true);
});
