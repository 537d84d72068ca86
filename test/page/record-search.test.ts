/** The search itself, on partitions of a broker in memory: order, pages, what it reads and how it shares the broker with others. */
import type { Context } from 'hono';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Produce } from '../../protocol/apis/00-produce.ts';
import type { Client } from '../../protocol/client.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { parseMessageSearch, PIECE_BYTES } from '../../src/insight/message-search.ts';
import type { RecordRow } from '../../src/page/frames.ts';
import { BatchMemory, PartitionScan } from '../../src/page/partition-scan.ts';
import { rowOf } from '../../src/page/record-row.ts';
import { records } from '../../src/page/records-route.ts';
import { searchRecords, type SearchOptions } from '../../src/page/record-search.ts';
import { Slice } from '../../src/page/slice.ts';
import type { BrokerView } from '../../src/testing/broker-view.ts';
import type { Partition } from '../../src/testing/visible-batches.ts';
import { createTopic, dial } from '../running-broker.ts';

let broker: RunningBroker;
let client: Client;

beforeAll(async () => {
  broker = await startBroker({ memory: true, settings: { listeners: 'PLAINTEXT://127.0.0.1:0' } });
  client = await dial(broker.bootstrap);
});
afterAll(async () => {
  await client.close();
  await broker.stop();
});

/** One batch of records with these timestamps; each has its own for a value. */
async function append(name: string, index: number, timestamps: readonly number[]): Promise<void> {
  const records = encodeBatch({
    records: timestamps.map((timestamp) => ({ key: null, value: Buffer.from(`at ${timestamp}.`), timestamp })),
  });
  const topicData = [{ name, partitionData: [{ index, records }] }];
  const { responses } = await client.send(Produce, 9, { transactionalId: null, acks: 1, timeoutMs: 5000, topicData });
  expect(responses[0].partitionResponses[0].errorCode).toBe(0);
}

const range = (from: number, count: number, step = 1): number[] =>
  Array.from({ length: count }, (_, index) => from + step * index);

const partitionsOf = (topic: string): Partition[] =>
  broker.parts.partitions.topicByName(topic)!.partitions.filter((one) => one !== undefined);

/** Every page of a search, and how many records it has looked at. */
async function pages(
  topic: string,
  direction: SearchOptions['direction'],
  query: string,
  limit = 100,
): Promise<{ pages: RecordRow[][]; searched: number }> {
  const partitions = partitionsOf(topic);
  const match = query === '' ? null : parseMessageSearch(query);
  const found: RecordRow[][] = [];
  let searched = 0;
  let positions: SearchOptions['positions'] | null = new Map<number, number>();
  while (positions !== null) {
    const options = { partitions, direction, positions, match, limit, isCancelled: () => false };
    const result: Awaited<ReturnType<typeof searchRecords>> = await searchRecords(options);
    found.push([...result.rows]);
    searched += result.searched;
    ({ positions } = result);
  }
  return { pages: found, searched };
}

const timesOf = (found: readonly RecordRow[][]): number[] => found.flat().map(({ timestamp }) => timestamp);

describe('a search', () => {
  test('is merged by time over partitions of very different ages, in both directions, page after page', async () => {
    await createTopic(client, 'ages', 3);
    await append('ages', 0, range(100_000, 1500)); // all of the newest
    for (let batch = 0; batch < 30; batch++) await append('ages', 1, range(10_000 + 50 * batch, 50)); // in small batches
    await append('ages', 2, range(50_000, 300, 2));
    const sorted = [...range(10_000, 1500), ...range(50_000, 300, 2), ...range(100_000, 1500)];
    for (const limit of [7, 100, 1000]) {
      expect(timesOf((await pages('ages', 'onwards', '', limit)).pages)).toEqual(sorted);
      expect(timesOf((await pages('ages', 'newest', '', limit)).pages)).toEqual(sorted.toReversed());
    }
  });

  test('finds what is rare, and looks at each record once', async () => {
    const { pages: found, searched } = await pages('ages', 'newest', '"at 10007."');
    expect(timesOf(found)).toEqual([10_007]);
    expect(searched).toBe(3300);
  });

  test('shows each record once, whatever timestamps say', async () => {
    await createTopic(client, 'wild', 2);
    const wild = range(1, 400).map((n) => (n * 7919) % 401);
    await append('wild', 0, wild.slice(0, 200));
    await append('wild', 1, wild.slice(200));
    await append('wild', 0, [Number.MAX_SAFE_INTEGER >> 1, 0, 5]);
    for (const direction of ['newest', 'onwards'] as const) {
      const { pages: found } = await pages('wild', direction, '', 17);
      const places = found.flat().map(({ partition, offset }) => `${partition}/${offset}`);
      expect([places.length, new Set(places).size]).toEqual([403, 403]);
      for (const page of found) {
        const times = page.map(({ timestamp }) => timestamp);
        const order = direction === 'newest' ? -1 : 1;
        expect(times).toEqual(times.toSorted((a, b) => order * (a - b)));
      }
    }
  });

  test('of the newest reads no further than they go', async () => {
    await createTopic(client, 'long', 1);
    for (let batch = 0; batch < 100; batch++) await append('long', 0, range(1000 * batch, 1000));
    const partitions = partitionsOf('long');
    const options = { partitions, match: null, limit: 100, isCancelled: () => false };
    const newest = await searchRecords({ ...options, direction: 'newest', positions: new Map() });
    expect(newest.rows.map(({ offset }) => offset)).toEqual(range(99_900, 100).toReversed());
    expect(newest.searched).toBe(100);
    const onwards = await searchRecords({ ...options, direction: 'onwards', positions: new Map([[0, 50_500]]) });
    expect(onwards.rows.map(({ offset }) => offset)).toEqual(range(50_500, 100));
    expect(onwards.searched).toBe(100);
  });

  test('ends when nobody waits any more, and goes on where it was', async () => {
    const partitions = partitionsOf('long');
    let asked = 0;
    const isCancelled = (): boolean => ++asked > 3;
    const match = parseMessageSearch('nothing-like-it');
    const options = { partitions, direction: 'newest', positions: new Map(), match, limit: 100 } as const;
    const { positions, searched } = await searchRecords({ ...options, isCancelled });
    expect(searched).toBeLessThan(100_000);
    expect(positions!.get(0)).toBe(100_000 - searched);
  });
});

describe('a topic that is deleted while somebody searches it', () => {
  const answer = async (idAfterwards: string | undefined): Promise<Response> => {
    const [real] = partitionsOf('long');
    let isDeleted = false;
    const closed = (): never => {
      throw new Error('The log is closed.');
    };
    const { index, logStartOffset, highWatermark, lastStableOffset, size } = real;
    const partition = {
      index,
      logStartOffset,
      highWatermark,
      lastStableOffset,
      size,
      abortedTransactions: () => [],
      batches: (from: number, upTo: number) => (isDeleted ? closed() : real.batches(from, upTo)),
    };
    const view = {
      parts: {
        partitions: { topicByName: () => ({ partitions: [partition] }) },
        metadata: {
          image: {
            topicsByName: { get: () => ({ id: isDeleted ? idAfterwards : 'first' }) },
          },
        },
      },
    };
    const signal = {
      get aborted() {
        isDeleted = true;
        return false;
      },
    };
    const context = {
      req: { query: () => ({ topic: 'long', search: 'nothing-like-it' }), raw: { signal } },
      json: (said: object, status: number) => Response.json(said, { status }),
    };
    return records(context as unknown as Context, view as unknown as BrokerView, undefined);
  };

  test('is told to have been, though there is another one of its name', async () => {
    for (const idAfterwards of [undefined, 'second']) {
      const answered = await answer(idAfterwards);
      expect({ status: answered.status, said: await answered.json() }).toEqual({
        status: 404,
        said: { detail: "Topic 'long' was deleted while you searched it.", at: null },
      });
    }
  });

  test('is not, where something else is amiss', async () => {
    await expect(answer('first')).rejects.toThrow('The log is closed.');
  });
});

test('a search pauses within a long record, and finds what is there', async () => {
  await createTopic(client, 'records', 1);
  const value = Buffer.from(`${'x'.repeat(3 * PIECE_BYTES)}Refund${'y'.repeat(200_000)}`);
  const records = encodeBatch({ records: [{ key: null, value, timestamp: 1 }] });
  const topicData = [{ name: 'records', partitionData: [{ index: 0, records }] }];
  await client.send(Produce, 9, { transactionalId: null, acks: 1, timeoutMs: 5000, topicData });
  const options = { isDown: true, room: 10, show: rowOf, memory: new BatchMemory() };
  const slice = { isOver: true } as Slice; // whoever works on is too long at it
  const pausesOf = (query: string): { pauses: number; found: number } => {
    const match = parseMessageSearch(query);
    const scan = new PartitionScan(partitionsOf('records')[0], undefined, { ...options, match });
    const pauses = [...scan.read(slice)].length;
    return { pauses, found: scan.found.length };
  };
  expect(pausesOf('value:refund')).toEqual({ pauses: 2, found: 1 }); // before the third piece, which reaches into the fourth
  expect(pausesOf('value:nothing-like-it')).toEqual({ pauses: 3, found: 0 });
});

test('who works in slices has a turn of the event loop each, one after the other', async () => {
  const turns: string[] = [];
  let isOver = false;
  const loop = (): void => {
    turns.push('loop');
    if (!isOver) setImmediate(loop);
  };
  const work = async (name: string): Promise<void> => {
    const slice = new Slice();
    for (let index = 0; index < 3; index++) {
      await slice.next();
      expect(slice.isOver).toBe(false);
      turns.push(name);
    }
  };
  setImmediate(loop);
  await Promise.all([work('a'), work('b'), work('c')]);
  isOver = true;
  const worked = turns.filter((turn) => turn !== 'loop');
  expect(worked).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'a', 'b', 'c']);
  const before = turns.slice(0, -1).filter((_, index) => turns[index + 1] !== 'loop');
  expect(new Set(before)).toEqual(new Set(['loop']));
});
