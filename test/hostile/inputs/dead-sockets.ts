/** Clients that pipeline requests for large answers, and are gone before they read any. */
import { setTimeout as wait } from 'node:timers/promises';
import { Fetch } from '../../../protocol/apis/01-fetch.ts';
import { Produce } from '../../../protocol/apis/00-produce.ts';
import { encodeBatch } from '../../../protocol/records/encode.ts';
import { createTopic } from '../../running-broker.ts';
import type { Input, Target } from '../input.ts';
import { rawRequest, rawSocket } from '../raw-request.ts';

const SOCKETS = 300;
const PIPELINED = 20;
const BATCHES = 40;
const MB = 1 << 20;
const BEFORE_THE_END_MS = 1500;

async function fill(target: Target): Promise<void> {
  const client = await target.connect();
  await createTopic(client, 'large');
  const values = Array.from({ length: 10 }, () => ({ key: null, value: Buffer.alloc(90_000), timestamp: Date.now() }));
  const topicData = [{ name: 'large', partitionData: [{ index: 0, records: encodeBatch({ records: values }) }] }];
  for (let sent = 0; sent < BATCHES; sent++) {
    await client.send(Produce, 9, { transactionalId: null, acks: 1, timeoutMs: 30_000, topicData });
  }
}

function fetch(): Buffer {
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 30 * MB }];
  return rawRequest(Fetch, 12, {
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 50 * MB,
    topics: [{ topic: 'large', partitions }],
  });
}

/** Sends them all, and then does to each socket what `end` does. */
function unread(name: string, what: string, end: (socket: Awaited<ReturnType<typeof rawSocket>>) => void): Input {
  return {
    name,
    what: `${SOCKETS} connections pipeline ${PIPELINED} fetches of 30 MB, read nothing, and ${what}`,
    // A piece of 1.1 MiB for each.
    limits: { residentMb: 700 },
    prepare: fill,
    async run({ port }) {
      const requests = Buffer.concat(Array.from({ length: PIPELINED }, fetch));
      const sockets = await Promise.all(Array.from({ length: SOCKETS }, () => rawSocket(port)));
      for (const socket of sockets) socket.write(requests);
      await wait(BEFORE_THE_END_MS);
      for (const socket of sockets) end(socket);
      await wait(BEFORE_THE_END_MS);
    },
  };
}

export const deadSockets: readonly Input[] = [
  unread('reset-sockets', 'reset', (socket) => void socket.resetAndDestroy()),
  unread('closed-sockets', 'close', (socket) => void socket.destroy()),
  unread('half-closed-sockets', 'close their half', (socket) => void socket.end()),
];
