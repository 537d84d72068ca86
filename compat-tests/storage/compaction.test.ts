import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InitProducerId } from '../../protocol/apis/22-init-producer-id.ts';
import { AddPartitionsToTxn } from '../../protocol/apis/24-add-partitions-to-txn.ts';
import { EndTxn } from '../../protocol/apis/26-end-txn.ts';
import { FindCoordinator } from '../../protocol/apis/10-find-coordinator.ts';
import type { Codec } from '../../protocol/records/compression.ts';
import { hasKafka, Pair, until, type Broker } from './brokers.ts';
import { append, cleanedTo, configure, contents, create, keyed, segments } from './partition.ts';

/** Not compacted while they are written: both do it in one pass then, over the same. */
const TOPIC = {
  'retention.ms': '-1',
  'segment.ms': '1000',
  'min.cleanable.dirty.ratio': '0.01',
  'message.timestamp.after.max.ms': '9223372036854775807',
};
/** Later than markers, which have the time they are written at: only the records' timestamps cut segments. */
const LATER = Date.now() + 3_600_000;
const STEP = 2000;

describe.skipIf(!hasKafka)('what compaction leaves is what Apache Kafka leaves', () => {
  const pair = hasKafka ? new Pair() : (null as never);
  beforeAll(() => pair.start());
  afterAll(() => pair.remove());

  /** When both have compacted all but the last segment, as far as `end`. */
  async function compared(topic: string, end?: number) {
    await pair.each((broker) => configure(broker, topic, { 'cleanup.policy': 'compact' }));
    await pair.each((broker) =>
      until(
        async () => cleanedTo(broker, topic),
        (offset) => offset >= (end ?? segments(broker, topic).at(-1)!),
      ),
    );
    const seen = await pair.each((broker) => contents(broker, topic));
    expect(seen.ottla).toEqual(seen.kafka);
    const files = await pair.each(async (broker) => [segments(broker, topic), cleanedTo(broker, topic)]);
    expect(files.ottla).toEqual(files.kafka);
    await pair.each((broker) => configure(broker, topic, { 'cleanup.policy': 'delete' }));
    return seen.ottla;
  }

  async function write(topic: string, rounds: number, round: (i: number) => Buffer): Promise<void> {
    await pair.each(async (broker) => {
      for (let i = 0; i < rounds; i++) await append(broker, topic, round(i));
    });
  }

  it('of keys written over and over', async () => {
    await pair.each((broker) => create(broker, 'over', TOPIC));
    await write('over', 40, (i) =>
      keyed({ [`k${i % 7}`]: `v${i}`, [`once ${i}`]: 'x', all: `${i}` }, LATER + i * STEP),
    );
    const left = await compared('over');
    expect(left.flatMap(({ records }) => records).length).toBe(40 + 8 + 2);
  });

  it.each<Codec>(['gzip', 'snappy', 'lz4', 'zstd'])('of batches in %s', async (compression) => {
    const topic = `packed-${compression}`;
    await pair.each((broker) => create(broker, topic, TOPIC));
    const values = (i: number) =>
      Object.fromEntries(
        Array.from({ length: 30 }, (_, at) => [`k${(i * 11 + at * 7) % 100}`, `v${i} ${'x'.repeat(at)}`]),
      );
    await write(topic, 12, (i) => keyed(values(i), LATER + i * STEP, { compression }));
    const left = (await compared(topic)).flatMap(({ records }) => records);
    expect(new Set(left.map((record) => record[2])).size).toBe(100);
    expect(left.length).toBeLessThan(12 * 30);
  });

  it('of idempotent producers, whose last batch stays if only to tell its sequence number', async () => {
    await pair.each((broker) => create(broker, 'numbered', TOPIC));
    await pair.each(async (broker) => {
      const [a, b] = [await producerOf(broker, null), await producerOf(broker, null)];
      for (let i = 0; i < 6; i++) {
        await append(broker, 'numbered', keyed({ k: `a${i}` }, LATER + i * STEP, { ...a, baseSequence: i }));
      }
      for (let i = 6; i < 12; i++) {
        await append(broker, 'numbered', keyed({ k: `b${i}` }, LATER + i * STEP, { ...b, baseSequence: i - 6 }));
      }
    });
    const left = await compared('numbered');
    expect(left.some(({ records }) => records.length === 0)).toBe(true);
  });

  it('of tombstones, which stay for delete.retention.ms', async () => {
    await pair.each((broker) => create(broker, 'buried', { ...TOPIC, 'delete.retention.ms': '100000000' }));
    await write('buried', 12, (i) =>
      keyed({ [`k${i % 4}`]: i < 6 ? `v${i}` : null, [`s${i}`]: '.' }, LATER + i * STEP),
    );
    const left = await compared('buried');
    expect(left.flatMap(({ records }) => records).filter((record) => record[3] === null)).toHaveLength(4 + 1);
  });

  it('of tombstones whose time is over', async () => {
    await pair.each((broker) => create(broker, 'forgotten', { ...TOPIC, 'delete.retention.ms': '1' }));
    await write('forgotten', 8, (i) => keyed({ [`k${i % 4}`]: i < 4 ? `v${i}` : null }, LATER + i * STEP));
    await compared('forgotten', 7);
    // Found dirty again, they go: by now the horizon that the first pass gave them is past.
    await write('forgotten', 8, (i) => keyed({ [`s${i}`]: '.' }, LATER + (20 + i) * STEP));
    const left = await compared('forgotten', 15);
    expect(left.flatMap(({ records }) => records).filter((record) => record[3] === null)).toHaveLength(1); // was in the last segment then
  });

  it('of transactions: what was aborted goes, markers stay as long as they say something', async () => {
    await pair.each((broker) => create(broker, 'exact', { ...TOPIC, 'delete.retention.ms': '1' }));
    let at = LATER;
    await pair.each((broker) => transactions(broker, 'exact', at, 9));
    await compared('exact', 18);
    for (const first of [9, 12]) {
      at += 100 * STEP;
      const end = (await contents(pair.kafka, 'exact')).at(-1)!.offsets[1];
      await write('exact', 4, (i) => keyed({ [`later ${first + i}`]: '.' }, at + i * STEP));
      const left = await compared('exact', end + 4);
      const values = left.flatMap(({ records }) => records.map((record) => record[3]));
      expect([values.includes('v1'), values.includes('v2'), values.includes('v8')]).toEqual([true, false, false]);
    }
  });

  it('of records too young for min.compaction.lag.ms', async () => {
    const now = Date.now();
    const long = now - 10_000_000;
    await pair.each((broker) => create(broker, 'young', { ...TOPIC, 'min.compaction.lag.ms': '3600000' }));
    await write('young', 20, (i) => keyed({ k: `v${i}` }, i < 10 ? long + i * STEP : now + i * STEP));
    expect((await compared('young', 10)).flatMap(({ records }) => records)).toHaveLength(1 + 10);
  });
});

async function producerOf(broker: Broker, transactionalId: string | null) {
  const { errorCode, producerId, producerEpoch } = await until(
    () => broker.client.send(InitProducerId, 4, { transactionalId, transactionTimeoutMs: 60_000 }),
    (answer) => answer.errorCode !== 14 && answer.errorCode !== 15 && answer.errorCode !== 16,
  );
  if (errorCode !== 0) throw new Error(`${broker.name} gives no producer id: ${errorCode}`);
  return { producerId, producerEpoch };
}

/** Every third is aborted; each writes to a key of its own and to one that all share. */
async function transactions(broker: Broker, topic: string, from: number, count: number): Promise<void> {
  const transactionalId = `${topic}-writer`;
  await until(
    () => broker.client.send(FindCoordinator, 4, { keyType: 1, coordinatorKeys: [transactionalId] }),
    ({ coordinators }) => coordinators[0].errorCode === 0,
  );
  const producer = await producerOf(broker, transactionalId);
  for (let i = 0; i < count; i++) {
    await until(
      () =>
        broker.client.send(AddPartitionsToTxn, 3, {
          v3AndBelowTransactionalId: transactionalId,
          v3AndBelowProducerId: producer.producerId,
          v3AndBelowProducerEpoch: producer.producerEpoch,
          v3AndBelowTopics: [{ name: topic, partitions: [0] }],
        }),
      ({ resultsByTopicV3AndBelow: [of] }) => of.resultsByPartition[0].partitionErrorCode === 0,
    );
    const draft = { ...producer, isTransactional: true, baseSequence: i * 2 };
    await append(
      broker,
      topic,
      keyed({ [`k${i}`]: `v${i}`, shared: `v${i}` }, from + i * STEP, draft),
      transactionalId,
    );
    const { errorCode } = await broker.client.send(EndTxn, 3, { transactionalId, ...producer, committed: i % 3 !== 2 });
    if (errorCode !== 0) throw new Error(`${broker.name} does not end the transaction: ${errorCode}`);
  }
}
