/**
 * `npm run test:kill9 -- --rounds 200`: a real broker on a real disk under load from real clients, killed with SIGKILL at a
 * moment of chance, started again, and asked for everything it had acknowledged. Prints how far it is, and its seed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { OffsetCommit } from '../../protocol/apis/08-offset-commit.ts';
import { OffsetFetch } from '../../protocol/apis/09-offset-fetch.ts';
import { FindCoordinator } from '../../protocol/apis/10-find-coordinator.ts';
import { Fetch } from '../../protocol/apis/01-fetch.ts';
import { CreateTopics } from '../../protocol/apis/19-create-topics.ts';
import { connect, type Client } from '../../protocol/client.ts';
import * as batch from '../../protocol/records/batch.ts';
import { batches, decodeBatch } from '../../protocol/records/decode.ts';
import { seededRandom } from '../../src/platform/random.ts';
import { killProcess, startProcess } from './broker-process.ts';
import { freePort } from './free-port.ts';
import { writers, type Acknowledged, type Writer } from './writers.ts';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const rounds = Number(flags.rounds);
const seed = Number(flags.seed ?? Date.now() % 1_000_000);
const random = seededRandom(seed);
const directory = mkdtempSync(join(tmpdir(), 'ottla-kill-9-'));
const PARTITIONS = 2;
const GROUP = 'kill-9';

/** By topic and partition: offset → value, as acknowledged and as read. */
const acknowledged = new Map<string, Map<number, string>>();
const read = new Map<string, string[]>();
const failures: string[] = [];
let committed = -1;

const SETTINGS = [
  'offsets.topic.num.partitions=1',
  'log.flush.offset.checkpoint.interval.ms=200',
  'log.retention.check.interval.ms=200',
];

async function createTopics(client: Client, all: readonly Writer[]): Promise<void> {
  await client.send(CreateTopics, 5, {
    timeoutMs: 5000,
    validateOnly: false,
    topics: all.map(({ topic }, i) => ({
      name: topic,
      numPartitions: PARTITIONS,
      replicationFactor: 1,
      assignments: [],
      // Small segments, so that many a round dies while one is rolled; and every other topic is synced.
      configs: [
        { name: 'segment.bytes', value: '1048576' },
        { name: 'flush.messages', value: i % 2 === 0 ? '1' : '9223372036854775807' },
      ],
    })),
  });
  for (;;) {
    const { errorCode } = await client.send(FindCoordinator, 2, { key: GROUP, keyType: 0 });
    if (errorCode === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function commitOffset(client: Client, topic: string, committedOffset: number): Promise<void> {
  const { topics } = await client.send(OffsetCommit, 7, {
    groupId: GROUP,
    memberId: '',
    topics: [{ name: topic, partitions: [{ partitionIndex: 0, committedOffset, committedMetadata: '' }] }],
  });
  if (topics[0].partitions[0].errorCode === 0) committed = committedOffset;
}

async function checkOffset(client: Client, topic: string): Promise<void> {
  if (committed < 0) return;
  const { topics } = await client.send(OffsetFetch, 5, {
    groupId: GROUP,
    topics: [{ name: topic, partitionIndexes: [0] }],
  });
  const { committedOffset } = topics[0].partitions[0];
  // The last one may have been written without its answer having come.
  if (committedOffset !== committed && committedOffset !== committed + 1)
    failures.push(`${GROUP} is at ${committedOffset}, ${committed} was acknowledged`);
}

/** Reads on from where the last round ended, and holds it against what was acknowledged. */
async function check(client: Client, topic: string, partition: number): Promise<void> {
  const key = `${topic}-${partition}`;
  const values = read.get(key) ?? [];
  read.set(key, values);
  for (let isEnd = false; !isEnd;) {
    const { responses } = await client.send(Fetch, 11, {
      maxWaitMs: 0,
      minBytes: 1,
      topics: [{ topic, partitions: [{ partition, fetchOffset: values.length, partitionMaxBytes: 1 << 20 }] }],
    });
    const { errorCode, records, highWatermark } = responses[0].partitions[0];
    if (errorCode !== 0) return void failures.push(`${key} answers ${errorCode} at ${values.length}`);
    const bytes = Buffer.from(records ?? []);
    for (const at of batches(bytes)) {
      if (!batch.isCrcValid(bytes, at)) failures.push(`${key}: a wrong CRC at ${batch.baseOffset(bytes, at)}`);
      for (const { offset, value } of decodeBatch(bytes, at).records) {
        if (offset < values.length) continue;
        if (offset !== values.length) failures.push(`${key}: ${offset} comes where ${values.length} should`);
        values.push(String(value));
      }
    }
    isEnd = values.length >= highWatermark;
    if (!isEnd && bytes.length === 0)
      return void failures.push(`${key} gives nothing at ${values.length} of ${highWatermark}`);
  }
  for (const [offset, value] of acknowledged.get(key) ?? []) {
    if (values[offset] === value) continue;
    failures.push(
      `${key}: ${value.slice(0, 40)} was acknowledged at ${offset}, there is ${values[offset]?.slice(0, 40)} of ${values.length}`,
    );
  }
  const twice = values.length - new Set(values).size;
  if (twice > 0) failures.push(`${key}: ${twice} values are there twice`);
}

const note: Acknowledged = (topic, partition, offset, value) => {
  const key = `${topic}-${partition}`;
  const known = acknowledged.get(key) ?? new Map<number, string>();
  acknowledged.set(key, known.set(offset, value));
};

async function run(): Promise<void> {
  const port = await freePort();
  const all = await writers(PARTITIONS);
  process.stdout.write(`seed ${seed}, ${rounds} rounds, clients: ${all.map(({ topic }) => topic).join(', ')}\n`);
  const counts = () => [...acknowledged.values()].reduce((sum, { size }) => sum + size, 0);
  for (let round = 1; round <= rounds && failures.length === 0; round++) {
    const broker = await startProcess(port, directory, SETTINGS);
    const client = await connect({ host: '127.0.0.1', port });
    if (round === 1) await createTopics(client, all);
    await Promise.all(
      all.flatMap(({ topic }) => Array.from({ length: PARTITIONS }, (_, partition) => check(client, topic, partition))),
    );
    await checkOffset(client, all[0].topic);
    const before = counts();
    const busy = all.map((writer) => writer.write(`127.0.0.1:${port}`, round, note));
    const until = performance.now() + 200 + random.float() * 1000;
    for (let offset = round * 1000; performance.now() < until; offset++) {
      await commitOffset(client, all[0].topic, offset);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await killProcess(broker);
    await client.close();
    const ends = await Promise.all(busy.map((writing) => writing.stop()));
    if (round % 10 === 0 || counts() === before) {
      process.stdout.write(
        `  round ${round}: ${counts()} acknowledged (${ends.join(', ')} in this one), ${failures.length} failures\n`,
      );
    }
  }
  const broker = await startProcess(port, directory, SETTINGS);
  const client = await connect({ host: '127.0.0.1', port });
  read.clear(); // the last time from the start
  for (const { topic } of all)
    for (let partition = 0; partition < PARTITIONS; partition++) await check(client, topic, partition);
  await client.close();
  await killProcess(broker);
  const total = [...read.values()].reduce((sum, { length }) => sum + length, 0);
  process.stdout.write(
    `${rounds} rounds, ${counts()} records acknowledged, ${total} there, ${failures.length} failures\n`,
  );
  for (const failure of failures.slice(0, 20)) process.stdout.write(`FAILED ${failure}\n`);
}

await run();
if (!flags.keep && failures.length === 0) rmSync(directory, { recursive: true, force: true });
else process.stdout.write(`the files are in ${directory}\n`);
process.exit(failures.length === 0 ? 0 : 1);
