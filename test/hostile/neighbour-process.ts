// Forked by neighbour.ts: produces a record and fetches it, again and again with pauses, and tells how long each took.
import { setTimeout as wait } from 'node:timers/promises';
import { Produce } from '../../protocol/apis/00-produce.ts';
import { Fetch } from '../../protocol/apis/01-fetch.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { connect } from '../../protocol/client.ts';
import { plainClient, signIn } from '../../protocol/sasl/client.ts';
import { createTopic } from '../running-broker.ts';
import type { NeighbourAccess } from './neighbour.ts';

const TOPIC = 'neighbour';
const PAUSE_MS = 5;
const records = encodeBatch({ records: [{ key: null, value: Buffer.from('v'), timestamp: Date.now() }] });
const { port, ca, login } = JSON.parse(process.argv[2]) as NeighbourAccess;
const client = await connect({ host: '127.0.0.1', port, ...(ca === null ? {} : { tls: { ca } }) });
if (login !== null) await signIn(client, plainClient(login.user, login.password), 2);
await createTopic(client, TOPIC);

let latencies: number[] = [];
let failed = 0;
let begun = 0;

process.on('disconnect', () => process.exit());
process.on('message', () => {
  if (begun > 0) note(performance.now() - begun);
  const all = latencies.toSorted((a, b) => a - b);
  const quantile = (share: number): number => all[Math.min(all.length - 1, Math.floor(all.length * share))] ?? 0;
  process.send!({ count: all.length, p50: quantile(0.5), p99: quantile(0.99), max: quantile(1), failed });
  latencies = [];
  failed = 0;
});
process.send!('ready');

/** While it waited it could not ask: so the requests that it would have sent count too, each with what was left of the wait. */
function note(latency: number): void {
  for (let left = latency; left > 0; left -= PAUSE_MS) latencies.push(left);
}

async function timed(request: () => Promise<number>): Promise<void> {
  begun = performance.now();
  const errorCode = await request();
  note(performance.now() - begun);
  begun = 0;
  if (errorCode !== 0) failed++;
  await wait(PAUSE_MS);
}

let fetchOffset = 0;
try {
  for (;;) {
    await timed(async () => {
      const topicData = [{ name: TOPIC, partitionData: [{ index: 0, records }] }];
      const { responses } = await client.send(Produce, 9, {
        transactionalId: null,
        acks: -1,
        timeoutMs: 30_000,
        topicData,
      });
      const [{ errorCode, baseOffset }] = responses[0].partitionResponses;
      fetchOffset = baseOffset;
      return errorCode;
    });
    await timed(async () => {
      const partitions = [{ partition: 0, fetchOffset, partitionMaxBytes: 1000 }];
      const { responses } = await client.send(Fetch, 12, {
        maxWaitMs: 0,
        minBytes: 1,
        topics: [{ topic: TOPIC, partitions }],
      });
      return responses[0].partitions[0].errorCode;
    });
  }
} catch {
  failed++;
}
