/** Clients that go in every way while the broker owes them something: their connections end, and the broker hears its own end. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Produce } from '../../protocol/apis/00-produce.ts';
import { Fetch } from '../../protocol/apis/01-fetch.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { rawRequest } from '../hostile/raw-request.ts';
import { createTopic, dial } from '../running-broker.ts';

const MB = 1 << 20;
const SOCKETS = 20;
let broker: RunningBroker;

beforeAll(async () => {
  broker = await startBroker({ settings: { listeners: 'PLAINTEXT://127.0.0.1:0' }, memory: true });
  const client = await dial(broker.bootstrap);
  await createTopic(client, 't', 2);
  const values = Array.from({ length: 10 }, () => ({ key: null, value: Buffer.alloc(90_000), timestamp: Date.now() }));
  const topicData = [{ name: 't', partitionData: [{ index: 0, records: encodeBatch({ records: values }) }] }];
  for (let sent = 0; sent < 10; sent++) {
    await client.send(Produce, 9, { transactionalId: null, acks: 1, timeoutMs: 5000, topicData });
  }
  await client.close();
});
afterAll(() => broker.stop());

function fetchOf(partition: number, maxWaitMs: number): Buffer {
  const partitions = [{ partition, fetchOffset: 0, partitionMaxBytes: 30 * MB }];
  const topics = [{ topic: 't', partitions }];
  return rawRequest(Fetch, 12, { maxWaitMs, minBytes: 1, maxBytes: 50 * MB, topics });
}

const many = (request: Buffer): Buffer => Buffer.concat(Array.from({ length: 20 }, () => request));

/** What the broker owes when the client goes. */
const owed = {
  'a streamed fetch, and more requests behind it': () => many(fetchOf(0, 0)),
  'an answer that waits, and requests that it has read ahead': () => many(fetchOf(1, 60_000)),
  'the rest of a frame': () => Buffer.concat([fetchOf(0, 0), fetchOf(0, 0).subarray(0, 20)]),
};

/** How it goes. */
const ways = {
  resets: (socket: Socket) => void socket.resetAndDestroy(),
  closes: (socket: Socket) => void socket.destroy(),
  'closes its half': (socket: Socket) => void socket.end(),
};

const isIdle = async (): Promise<boolean> => {
  await new Promise((resolve) => setTimeout(resolve, 20));
  return broker.listeners.connections().length === 0;
};

async function open(): Promise<Socket> {
  const [, host, port] = /^(.+):(\d+)$/.exec(broker.bootstrap)!;
  const socket = connect(Number(port), host);
  socket.pause();
  await once(socket, 'connect');
  socket.on('error', () => {});
  return socket;
}

describe.each(Object.keys(owed) as (keyof typeof owed)[])('owed %s', (what) => {
  test.each(Object.keys(ways) as (keyof typeof ways)[])('a client that %s ends its connection', async (way) => {
    const sockets = await Promise.all(Array.from({ length: SOCKETS }, open));
    for (const socket of sockets) socket.write(owed[what]());
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const socket of sockets) ways[way](socket);
    // One that has closed its half may read yet, and is owed its answers.
    if (way === 'closes its half') for (const socket of sockets) socket.resume();
    while (!(await isIdle()));
    for (const socket of sockets) socket.destroy();
    expect(broker.listeners.connections().length).toBe(0);
  });
});

test('a broker stops at once while clients that read nothing are owed much', async () => {
  const own = await startBroker({ settings: { listeners: 'PLAINTEXT://127.0.0.1:0' }, memory: true });
  const client = await dial(own.bootstrap);
  await createTopic(client, 't');
  const records = encodeBatch({ records: [{ key: null, value: Buffer.alloc(900_000), timestamp: Date.now() }] });
  const topicData = [{ name: 't', partitionData: [{ index: 0, records }] }];
  for (let sent = 0; sent < 10; sent++) {
    await client.send(Produce, 9, { transactionalId: null, acks: 1, timeoutMs: 5000, topicData });
  }
  const [, host, port] = /^(.+):(\d+)$/.exec(own.bootstrap)!;
  const sockets = Array.from({ length: SOCKETS }, () => connect(Number(port), host));
  for (const socket of sockets) {
    socket.pause();
    socket.on('error', () => {});
    socket.write(many(fetchOf(0, 0)));
  }
  await new Promise((resolve) => setTimeout(resolve, 200));
  const begun = performance.now();
  await own.stop();
  expect(performance.now() - begun).toBeLessThan(5000);
  for (const socket of sockets) socket.destroy();
  await client.close();
});
