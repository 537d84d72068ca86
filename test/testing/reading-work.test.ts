/** How much of a long topic is decoded to say how much is in it, what is left to read, and what came last. */
import { beforeEach, expect, test, vi } from 'vitest';
import { OffsetCommit } from '../../protocol/apis/08-offset-commit.ts';
import { FindCoordinator } from '../../protocol/apis/10-find-coordinator.ts';
import type * as decode from '../../protocol/records/decode.ts';
import { startBroker, type TestBroker } from '../../src/testing/index.ts';
import { dial } from '../running-broker.ts';
import { Clients } from './kafkajs-clients.ts';

const counted = vi.hoisted(() => ({ batches: 0 }));

/** Whoever reads records opens a batch with a cursor. */
vi.mock('../../protocol/records/decode.ts', async (original) => {
  const module: typeof decode = await original();
  class RecordCursor extends module.RecordCursor {
    constructor(...batch: ConstructorParameters<typeof module.RecordCursor>) {
      super(...batch);
      counted.batches++;
    }
  }
  return { ...module, RecordCursor };
});
beforeEach(() => void (counted.batches = 0));

const decoded = (): number => counted.batches;
const BATCHES = 500;

/** `BATCHES` batches of two records each. */
async function fill(kafka: TestBroker, topic: string, partition = 0): Promise<void> {
  for (let i = 0; i < BATCHES; i++) {
    await kafka.produce(topic, [
      { value: `${i}a`, partition, timestamp: 2 * i },
      { value: `${i}b`, partition, timestamp: 2 * i + 1 },
    ]);
  }
}

async function commit(kafka: TestBroker, groupId: string, topic: string, offset: number): Promise<void> {
  const client = await dial(kafka.bootstrapServers);
  await client.send(FindCoordinator, 0, { key: groupId }); // makes __consumer_offsets
  const { topics } = await client.send(OffsetCommit, 2, {
    groupId,
    generationIdOrMemberEpoch: -1,
    memberId: '',
    topics: [{ name: topic, partitions: [{ partitionIndex: 0, committedOffset: offset, committedMetadata: null }] }],
  });
  expect(topics[0].partitions[0].errorCode).toBe(0);
  await client.close();
}

test('lag is counted from batch headers, also from the middle of a batch', async () => {
  await using kafka = await startBroker({ topics: ['orders'] });
  await fill(kafka, 'orders');
  await commit(kafka, 'billing', 'orders', 7);
  counted.batches = 0;
  expect(kafka.group('billing').lag).toBe(2 * BATCHES - 7);
  expect(kafka.groups()[0].lag).toBe(2 * BATCHES - 7);
  await expect(kafka.waitForLag('billing', 2 * BATCHES - 7)).resolves.toMatchObject({ lag: 2 * BATCHES - 7 });
  expect(decoded()).toBe(0);
});

test('a description decodes no more of a topic than it shows', async () => {
  await using kafka = await startBroker({ topics: ['orders'] });
  await fill(kafka, 'orders');
  await commit(kafka, 'billing', 'orders', 1);
  counted.batches = 0;
  expect(kafka.describe()).toContain(`topic orders: ${2 * BATCHES} messages`);
  expect(decoded()).toBe(0);
  const text = kafka.describe('orders');
  expect(text).toContain(`orders[0]@${2 * BATCHES - 1} null → "${BATCHES - 1}b"`);
  expect(decoded()).toBeLessThanOrEqual(5);
});

test('the first and the newest so many are read without the rest', async () => {
  await using kafka = await startBroker({ topics: [{ name: 'orders', partitions: 2 }] });
  await fill(kafka, 'orders', 0);
  await fill(kafka, 'orders', 1);
  counted.batches = 0;
  expect(kafka.messages('orders', { limit: 3 }).map(({ value }) => value)).toEqual(['0a', '0b', '1a']);
  expect(decoded()).toBe(2);
  const middle = kafka.messages('orders', { partition: 1, from: 11, limit: 2 });
  expect(middle.map(({ partition, offset }) => [partition, offset])).toEqual([
    [1, 11],
    [1, 12],
  ]);
  expect(decoded()).toBe(4);
  const newest = kafka.messages('orders', { newest: 4 });
  expect(newest.map(({ partition, value }) => `${partition} ${value}`)).toEqual([
    `0 ${BATCHES - 1}a`,
    `1 ${BATCHES - 1}a`,
    `0 ${BATCHES - 1}b`,
    `1 ${BATCHES - 1}b`,
  ]);
  expect(decoded()).toBeLessThanOrEqual(4 + 2 * 4);
});

test('markers, aborted and open transactions do not count', async () => {
  await using kafka = await startBroker({ topics: ['orders'] });
  await using clients = new Clients();
  const producer = await clients.producer(kafka, { transactionalId: 'tx', maxInFlightRequests: 1, idempotent: true });
  for (const [value, ends] of [
    ['committed', 'commit'],
    ['aborted', 'abort'],
    ['again', 'commit'],
  ] as const) {
    const transaction = await producer.transaction();
    await transaction.send({ topic: 'orders', messages: [{ value }, { value }] });
    await transaction[ends]();
  }
  await kafka.produce('orders', 'plain');
  const open = await producer.transaction();
  await open.send({ topic: 'orders', messages: [{ value: 'open' }] });
  await commit(kafka, 'billing', 'orders', 1);
  counted.batches = 0;
  expect(kafka.group('billing').lag).toBe(4);
  expect(kafka.describe()).toContain('topic orders: 5 messages, 3 more aborted or in open transactions');
  expect(decoded()).toBe(0);
  expect(kafka.messages('orders', { newest: 3 }).map(({ value }) => value)).toEqual(['again', 'again', 'plain']);
  expect(kafka.messages('orders', { limit: 3 }).map(({ value }) => value)).toEqual(['committed', 'committed', 'again']);
  await open.abort();
});

test('what compaction left of a batch is counted as it is', async () => {
  const configs = { 'cleanup.policy': 'compact', 'segment.ms': 1000, 'min.cleanable.dirty.ratio': 0 };
  await using kafka = await startBroker({ clock: 'virtual', topics: [{ name: 'prices', configs }] });
  const keys = ['a', 'b', 'c', 'd'];
  await kafka.produce(
    'prices',
    keys.map((key) => ({ key, value: 'old' })),
  );
  await kafka.clock.advance('1m');
  await kafka.produce('prices', { key: 'b', value: 'new' });
  await kafka.clock.advance('1m');
  await kafka.produce('prices', { key: 'e', value: 'last' });
  await kafka.clock.advance('10m');
  const left = kafka.messages('prices').map(({ key, value }) => `${key} ${value}`);
  expect(left).toEqual(['a old', 'c old', 'd old', 'b new', 'e last']);
  await commit(kafka, 'billing', 'prices', 1);
  expect(kafka.group('billing').lag).toBe(4);
  expect(kafka.messages('prices', { newest: 4 }).map(({ key }) => key)).toEqual(['c', 'd', 'b', 'e']);
});
