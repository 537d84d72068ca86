/** Fetch requests as prepared frames: catching up over a log that was written before, and waiting at its end. */
import type { BrokerUnderLoad } from '../brokers.ts';
import { batchOf, fetchFrame, offsetPlace, produceFrame } from '../frames.ts';
import { measured, type Load } from '../load.ts';
import { deliver, pump } from '../raw-load.ts';
import { recordCount, withTopic, type Topic } from '../topics.ts';

const BATCH = { records: 160, valueBytes: 1024 };
const FILL_SECONDS = 1;
/** Answers may be shorter where a file of the log ends. */
const FULL = 0.75;

/** Writes for a second; answers where each fetch of `bytes` begins. */
async function fill(broker: BrokerUnderLoad, topic: Topic, batch: Buffer, bytes: number): Promise<number[]> {
  const frame = produceFrame(topic, 0, batch, 1);
  await pump(broker.port, [frame], { connections: 1, depth: 4, seconds: FILL_SECONDS });
  const batches = (await recordCount(broker.port, topic)) / BATCH.records;
  const each = Math.max(1, Math.floor(bytes / batch.length));
  return Array.from({ length: Math.floor(batches / each) }, (_, at) => at * each * BATCH.records);
}

function catchUp(name: string, title: string, bytes: number): Load {
  return {
    name,
    title,
    isRaw: true,
    run: (broker, { seconds }) =>
      withTopic(broker.port, 1, async (topic) => {
        const batch = batchOf(BATCH);
        const offsets = await fill(broker, topic, batch, bytes);
        const frames = offsets.map((offset) => fetchFrame(topic, offset, bytes));
        return measured(broker, async () => {
          const done = await pump(broker.port, frames, { connections: 1, depth: 2, seconds });
          const { answers, bytesIn, p50, p99, p999 } = done;
          const least = FULL * bytes;
          if (bytesIn < answers * least) throw new Error(`${name}: ${bytesIn} bytes came in ${answers} answers`);
          const records = Math.floor(bytesIn / batch.length) * BATCH.records;
          return { seconds: done.seconds, requests: answers, records, bytes: bytesIn, p50, p99, p999 };
        });
      }),
  };
}

const delivered: Load = {
  name: 'deliver',
  title: 'produce to delivered by a long poll',
  isRaw: true,
  run: (broker, { seconds }) =>
    withTopic(broker.port, 1, (topic) =>
      measured(broker, async () => {
        const poll = fetchFrame(topic, 0, 1 << 20);
        const produce = produceFrame(topic, 0, batchOf({ records: 1, valueBytes: 100 }), 1);
        const done = await deliver(broker.port, poll, produce, offsetPlace(topic), seconds);
        const { answers, p50, p99, p999 } = done;
        return { seconds: done.seconds, requests: answers, p50, p99, p999 };
      }),
    ),
};

export const rawFetchLoads: readonly Load[] = [
  catchUp('fetch-128k', 'fetch of 128 KiB, catching up', 1 << 17),
  catchUp('fetch-1m', 'fetch of 1 MiB, catching up', 1 << 20),
  catchUp('fetch-10m', 'fetch of 10 MiB, catching up', 10 << 20),
  delivered,
];
