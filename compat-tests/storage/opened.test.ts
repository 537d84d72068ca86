import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Codec } from '../../protocol/records/compression.ts';
import { seededRandom } from '../../src/platform/random.ts';
import { hasKafka, Pair, until, type Broker } from './brokers.ts';
import {
  append,
  cleanedTo,
  configure,
  contents,
  create,
  deleteRecords,
  keyed,
  listOffset,
  segments,
} from './partition.ts';

const HOUR = 3_600_000;
const CODECS: readonly Codec[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const TOPICS = {
  plain: { 'segment.ms': '1000000', 'index.interval.bytes': '200' },
  shortened: { 'segment.ms': '1000000', 'index.interval.bytes': '200' },
  compacted: { 'segment.ms': '1000000', 'retention.ms': '-1', 'min.cleanable.dirty.ratio': '0.01' },
};
const now = Date.now();

/** Codecs in turn, timestamps that are not in order, a batch now and then that begins another segment. */
async function write(broker: Broker, topic: string): Promise<void> {
  const random = seededRandom(7);
  for (let i = 0; i < 200; i++) {
    const values = Object.fromEntries(
      Array.from({ length: 1 + (i % 4) }, (_, at) => [
        `k${i % 30}-${at}`,
        'x'.repeat(Math.floor(random.float() * 300)),
      ]),
    );
    const timestamp = now - 20 * HOUR + Math.floor(i / 20) * HOUR + Math.floor(random.float() * 100_000);
    await append(broker, topic, keyed(values, timestamp, { compression: CODECS[i % CODECS.length] }));
  }
}

/** All that a client can ask: every batch, where it starts and ends, and what offset each of many times has. */
async function seen(broker: Broker, topic: string) {
  const times = Array.from({ length: 60 }, (_, i) => now - 21 * HOUR + i * (HOUR / 5));
  const offsets = [];
  for (const time of [-1, -2, -3, ...times]) offsets.push(await listOffset(broker, topic, time));
  return { offsets, contents: await contents(broker, topic) };
}

describe.skipIf(!hasKafka).each(['as it was left', 'as after a crash'])('a folder of a partition, %s', (how) => {
  const pair = hasKafka ? new Pair() : (null as never);
  let kept = '';
  let before: Awaited<ReturnType<typeof all>>;

  const all = () =>
    pair.each(async (broker) => {
      const found: Record<string, Awaited<ReturnType<typeof seen>>> = {};
      for (const topic of Object.keys(TOPICS)) found[topic] = await seen(broker, topic);
      return found;
    });

  beforeAll(async () => {
    kept = mkdtempSync(join(tmpdir(), 'storage-kept-'));
    await pair.start();
    await pair.each(async (broker) => {
      for (const [topic, configs] of Object.entries(TOPICS)) {
        await create(broker, topic, configs);
        await write(broker, topic);
      }
      await deleteRecords(broker, 'shortened', 111);
      await configure(broker, 'compacted', { 'cleanup.policy': 'compact' });
    });
    await pair.each((broker) =>
      until(
        async () => cleanedTo(broker, 'compacted'),
        (offset) => offset >= segments(broker, 'compacted').at(-1)!,
      ),
    );
    before = await all();
    await pair.each((broker) => broker.stop());
    exchange();
    await pair.start();
  });

  afterAll(async () => {
    await pair.remove();
    rmSync(kept, { recursive: true, force: true });
  });

  /** Each gets the other's folders, under the topic's id it knows; what else it noted of them speaks of the same offsets. */
  function exchange(): void {
    const { ottla, kafka } = pair;
    cpSync(ottla.logDirectory, join(kept, 'ottla'), { recursive: true });
    cpSync(kafka.logDirectory, join(kept, 'kafka'), { recursive: true });
    for (const [to, from] of [
      [ottla, 'kafka'],
      [kafka, 'ottla'],
    ] as const) {
      for (const topic of Object.keys(TOPICS)) {
        const folder = join(to.logDirectory, `${topic}-0`);
        for (const name of readdirSync(folder)) if (name !== 'partition.metadata') rmSync(join(folder, name));
        for (const name of readdirSync(join(kept, from, `${topic}-0`))) {
          if (name !== 'partition.metadata') cpSync(join(kept, from, `${topic}-0`, name), join(folder, name));
        }
      }
      expect(existsSync(join(to.logDirectory, '.kafka_cleanshutdown'))).toBe(true);
      if (how === 'as after a crash') rmSync(join(to.logDirectory, '.kafka_cleanshutdown'));
    }
  }

  it('is the same to both before, but for how they compact', () => {
    expect(before.ottla).toEqual(before.kafka);
  });

  it.each(Object.keys(TOPICS))(
    'that Ottla wrote is opened by Apache Kafka, and the other way round: %s',
    async (topic) => {
      const after = await pair.each((broker) => seen(broker, topic));
      expect(after.kafka).toEqual(before.ottla[topic]);
      expect(after.ottla).toEqual(before.kafka[topic]);
    },
  );

  it('is written on by the other', async () => {
    const ends = await pair.each(async (broker) => {
      const end = await listOffset(broker, 'plain', -1);
      expect(await append(broker, 'plain', keyed({ more: 'x', andMore: 'y' }, now))).toBe(end);
      return [end, await listOffset(broker, 'plain', -1), (await contents(broker, 'plain')).at(-1)];
    });
    expect(ends.ottla).toEqual(ends.kafka);
  });
});
