/**
 * What a request may cost, counted and not timed: calls to the disk and the network, bytes that pass through them, bytes of
 * objects made. A change that makes the hot path dearer fails here on any machine; docs/performance.md says what that would
 * mean in time.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { batchOf, fetchFrame, produceFrame } from '../../bench/frames.ts';
import { decodeBatch } from '../../protocol/records/decode.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { allocatedBy, CountedBroker, standingClock, type Client } from './counted-broker.ts';

const MIB = 1 << 20;

let counted: CountedBroker;
let client: Client;
let serial = 0;

beforeAll(async () => {
  counted = await CountedBroker.start();
  client = counted.connect();
});

afterAll(() => counted.broker.stop());

async function newTopic(from = counted) {
  const name = `orders-${serial++}`;
  return { name, topicId: await from.createTopic(name), partitions: 1 };
}

const small = () => batchOf({ records: 1, valueBytes: 100 });
const large = () => batchOf({ records: 140, valueBytes: 100 });

function times(count: number, bytes: Buffer): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => bytes));
}

describe('produce', () => {
  test('a hundred pipelined requests of one record are one write and one send', async () => {
    const topic = await newTopic();
    const request = produceFrame(topic, 0, small(), 1).bytes;
    client.deliver(request); // opens the file
    const { writes, bytesWritten, reads, opens, sends } = counted.count(() => client.deliver(times(100, request)));
    expect({ writes, reads, opens, sends }).toEqual({ writes: 1, reads: 0, opens: 0, sends: 1 });
    expect(bytesWritten).toBe(100 * small().length);
  });

  test('the same requests one by one are seen to cost more: the count can fail', async () => {
    const topic = await newTopic();
    const request = produceFrame(topic, 0, small(), 1).bytes;
    client.deliver(request);
    const { writes, sends } = counted.count(() => {
      for (let i = 0; i < 100; i++) client.deliver(request);
    });
    expect({ writes, sends }).toEqual({ writes: 100, sends: 100 });
  });

  test('batches of 15 KB are written three at a time, from where the network put them', async () => {
    const topic = await newTopic();
    const request = produceFrame(topic, 0, large(), 1).bytes;
    client.deliver(request);
    const receive = counted.lastWritten;
    const { writes, bytesWritten, reads, sends } = counted.count(() => client.deliver(times(10, request)));
    expect({ writes, reads, sends }).toEqual({ writes: 4, reads: 0, sends: 4 });
    expect(bytesWritten).toBe(10 * large().length);
    expect(counted.lastWritten).toBe(receive);
    client.deliver(produceFrame(topic, 0, small(), 1).bytes); // goes through the stage: copied once
    expect(counted.lastWritten).not.toBe(receive);
  });

  test('appends that wait for the disk share its sync where they came together (flush.messages)', async () => {
    const name = `orders-${serial++}`;
    const topicId = await counted.createTopic(name, [{ name: 'flush.messages', value: '1' }]);
    const request = produceFrame({ name, topicId, partitions: 1 }, 0, large(), 1).bytes;
    for (let warm = 0; warm < 2; warm++) {
      client.deliver(request);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { writes, syncs, sends } = counted.count(() => client.deliver(times(4, request)));
    expect({ writes, syncs, sends }).toEqual({ writes: 1, syncs: 1, sends: 0 });
    await new Promise((resolve) => setImmediate(resolve));
    expect({ syncs: counted.counts.syncs, sends: counted.counts.sends }).toEqual({ syncs: 1, sends: 1 });
  });

  test('a frame that came in two reads is written before its memory takes the next that does', async () => {
    const topic = await newTopic();
    const values = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(12_000));
    const batches = values.map((value) =>
      encodeBatch({ records: [{ key: null, value: Buffer.from(value), headers: [], timestamp: Date.now() }] }),
    );
    const all = Buffer.concat(batches.map((records) => produceFrame(topic, 0, records, 1).bytes));
    const half = all.length / values.length / 2;
    for (let at = 0; at < all.length; at += 2 * half) client.deliver(all.subarray(Math.max(0, at - half), at + half));
    client.deliver(all.subarray(-half));
    const stored: string[] = [];
    const { log } = counted.broker.parts.partitions.get(topic.name, 0)!;
    const { segments } = log;
    for (let at = 0, batch; (batch = segments[0].readBatch(at)) !== null; at += batch.length) {
      stored.push(decodeBatch(batch, 0).records[0].value!.toString());
    }
    expect(stored).toEqual(values);
  });
});

describe('fetch', () => {
  test('at the tail it is one read of the new bytes alone, and one send', async () => {
    const topic = await newTopic();
    const records = small();
    const produce = produceFrame(topic, 0, records, 1).bytes;
    for (let offset = 0; offset < 50; offset++) {
      client.deliver(produce);
      const { reads, bytesRead, writes, opens, sends } = counted.count(() =>
        client.deliver(fetchFrame(topic, offset, MIB, 0).bytes),
      );
      if (offset === 0) continue; // the first one looks for its place
      expect({ reads, bytesRead, writes, opens, sends }).toEqual({
        reads: 1,
        bytesRead: records.length,
        writes: 0,
        opens: 0,
        sends: 1,
      });
    }
  });

  test('catching up by 1 MiB it reads hardly more than it sends, in one send from the same memory each time', async () => {
    const topic = await newTopic();
    const records = large();
    for (let i = 0; i < 300; i++) client.deliver(produceFrame(topic, 0, records, 1).bytes);
    const each = Math.floor(MIB / records.length);
    const places = Array.from({ length: 4 }, (_, at) => fetchFrame(topic, at * each * 140, MIB, 0).bytes);
    client.deliver(places[0]);
    const memory = counted.lastSent;
    const { reads, bytesRead, bytesSent, sends } = counted.count(() => client.deliver(Buffer.concat(places)));
    expect(sends).toBe(places.length);
    expect(bytesSent).toBeGreaterThan(places.length * 0.98 * MIB);
    expect(bytesRead / bytesSent).toBeLessThan(1.05); // windows on headers, to find where a range ends
    expect(reads / places.length).toBeLessThan(6);
    expect(counted.lastSent).toBe(memory); // it would grow by fresh memory for two answers at once
  });
});

describe('objects made for each request', () => {
  // Measured: 720 (its receipt, its place among the staged responses and what validation says are 260 of them) and 2270 bytes.
  const PRODUCE_BYTES = 800;
  const FETCH_BYTES = 3000;

  test('produce makes few', async () => {
    const request = times(20, produceFrame(await newTopic(), 0, small(), 1).bytes);
    expect(allocatedBy(() => client.deliver(request)) / 20).toBeLessThan(PRODUCE_BYTES);
  });

  test('fetch makes few', async () => {
    const topic = await newTopic();
    client.deliver(produceFrame(topic, 0, large(), 1).bytes);
    const request = times(20, fetchFrame(topic, 0, MIB, 0).bytes);
    expect(allocatedBy(() => client.deliver(request)) / 20).toBeLessThan(FETCH_BYTES);
  });

  test('a broker that makes a list for each record more is found', async () => {
    let made: number[] = [];
    const now = (): number => {
      made = Array.from({ length: 140 }, (_, at) => at);
      return Date.now() + made.length - 140;
    };
    const dearer = await CountedBroker.start({ clock: { ...standingClock, now } });
    const its = dearer.connect();
    const request = times(20, produceFrame(await newTopic(dearer), 0, small(), 1).bytes);
    const bytes = allocatedBy(() => its.deliver(request)) / 20;
    await dearer.broker.stop();
    expect(bytes).toBeGreaterThan(PRODUCE_BYTES);
  });
});
