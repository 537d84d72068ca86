import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasKafka, Pair, until } from './brokers.ts';
import { append, configure, contents, create, deleteRecords, keyed, listOffset, segments } from './partition.ts';

/** Nothing goes while it is written; segments are cut by the records' timestamps. */
const TOPIC = { 'retention.ms': '-1', 'segment.ms': '60000', 'message.timestamp.after.max.ms': '9223372036854775807' };
const HOUR = 3_600_000;
const now = Date.now();

describe.skipIf(!hasKafka)('retention deletes what Apache Kafka deletes', () => {
  const pair = hasKafka ? new Pair() : (null as never);
  beforeAll(() => pair.start());
  afterAll(() => pair.remove());

  /** A record of `bytes` at each of the times, then `settings`; answers where the log starts once both agree on it. */
  async function start(
    topic: string,
    times: readonly number[],
    settings: Readonly<Record<string, string>>,
    isDone: (start: number) => boolean,
  ): Promise<number> {
    await pair.each(async (broker) => {
      await create(broker, topic, TOPIC);
      for (const [i, time] of times.entries()) {
        await append(broker, topic, keyed({ [`k${i}`]: `${i}`.padEnd(1000) }, time));
      }
    });
    const before = await pair.each(async (broker) => segments(broker, topic));
    expect(before.ottla).toEqual(before.kafka);
    await pair.each((broker) => configure(broker, topic, settings));
    return same(topic, isDone);
  }

  async function same(topic: string, isDone: (start: number) => boolean): Promise<number> {
    await pair.each((broker) => until(() => listOffset(broker, topic, -2), isDone, 20_000));
    // Files follow the start of the log a little later.
    await pair.each(async (broker) => {
      const startOffset = await listOffset(broker, topic, -2);
      await until(
        async () => segments(broker, topic),
        ([first, second]) => first === startOffset || second === undefined || second > startOffset,
      );
    });
    const left = await pair.each(async (broker) => ({
      start: await listOffset(broker, topic, -2),
      end: await listOffset(broker, topic, -1),
      segments: segments(broker, topic),
      contents: await contents(broker, topic),
    }));
    expect(left.ottla).toEqual(left.kafka);
    return left.ottla.start;
  }

  const hoursAgo = (...hours: number[]) => hours.map((of) => now - of * HOUR);

  it('by age', async () => {
    expect(await start('aged', hoursAgo(9, 8, 7, 3, 2, 1), { 'retention.ms': `${5 * HOUR}` }, (at) => at > 0)).toBe(3);
  });

  it('by age, the last segment too, which is cut for that', async () => {
    expect(await start('all-old', hoursAgo(9, 8, 7), { 'retention.ms': `${HOUR}` }, (at) => at > 0)).toBe(3);
    await pair.each((broker) => append(broker, 'all-old', keyed({ more: 'x' }, now)));
    expect(await same('all-old', (at) => at === 3)).toBe(3);
  });

  it('by age, only from the front: a young segment keeps the old ones behind it', async () => {
    const times = hoursAgo(9, 8, 1, 7, 6, 0);
    expect(await start('disorder', times, { 'retention.ms': `${5 * HOUR}` }, (at) => at > 0)).toBe(2);
  });

  it('by size, counting whole segments', async () => {
    const times = hoursAgo(9, 8, 7, 6, 5, 4, 3, 2, 1);
    expect(await start('large', times, { 'retention.bytes': '5000' }, (at) => at > 0)).toBeGreaterThan(3);
  });

  it('by size, never the last segment', async () => {
    expect(await start('tiny', hoursAgo(3, 2, 1), { 'retention.bytes': '1' }, (at) => at >= 2)).toBe(2);
  });

  it('by DeleteRecords, in the midst of a segment and behind one', async () => {
    const times = [0, 1, 2, 3].flatMap((of) => [now - (9 - of) * HOUR, now - (9 - of) * HOUR + 1]);
    await start('cut', times, {}, (at) => at === 0);
    await pair.each((broker) => deleteRecords(broker, 'cut', 3));
    expect(await same('cut', (at) => at === 3)).toBe(3);
    await pair.each((broker) => deleteRecords(broker, 'cut', -1));
    expect(await same('cut', (at) => at === 8)).toBe(8);
  });

  it('of compact,delete: what is too old goes, though it may not be compacted yet', async () => {
    const settings = {
      'cleanup.policy': 'compact,delete',
      'retention.ms': `${5 * HOUR}`,
      'min.compaction.lag.ms': `${100 * HOUR}`,
    };
    expect(await start('both', hoursAgo(9, 8, 7, 3, 2, 1), settings, (at) => at > 0)).toBe(3);
  });
});
