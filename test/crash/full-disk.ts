/**
 * `npm run test:full-disk -- --dir /mnt/small`: a real broker on a file system of a few megabytes, filled to the last byte
 * and emptied again under it, at moments of chance. Every request has to be answered, with success or KAFKA_STORAGE_ERROR;
 * everything acknowledged has to be readable all the time, and after kill -9 on the full disk. As root on Linux `--dir` may
 * be left out: then a tmpfs is mounted.
 */
import { execFileSync, type ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Produce } from '../../protocol/apis/00-produce.ts';
import { ListOffsets } from '../../protocol/apis/02-list-offsets.ts';
import { OffsetCommit } from '../../protocol/apis/08-offset-commit.ts';
import { OffsetFetch } from '../../protocol/apis/09-offset-fetch.ts';
import { FindCoordinator } from '../../protocol/apis/10-find-coordinator.ts';
import { InitProducerId } from '../../protocol/apis/22-init-producer-id.ts';
import type { Client } from '../../protocol/client.ts';
import { ErrorCode, errorName } from '../../protocol/errors.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { seededRandom } from '../../src/platform/random.ts';
import { consume, createTopic, dial } from '../running-broker.ts';
import { killProcess, startProcess } from './broker-process.ts';
import { freePort } from './free-port.ts';

const { values: flags } = parseArgs({
  options: { rounds: { type: 'string', default: '20' }, seed: { type: 'string' }, dir: { type: 'string' } },
});
const seed = Number(flags.seed ?? Date.now() % 1_000_000);
const random = seededRandom(seed);
const rounds = Number(flags.rounds);
const directory = mkdtempSync(join(flags.dir ?? tmpdir(), 'ottla-full-disk-'));
const isMounted = flags.dir === undefined;
const ballast = join(directory, 'ballast');
const GROUP = 'full-disk';
const SETTINGS = [
  'offsets.topic.num.partitions=1',
  'transaction.state.log.num.partitions=1',
  'log.cleaner.backoff.ms=50',
  'log.retention.check.interval.ms=100',
  'log.flush.offset.checkpoint.interval.ms=100',
  'log.segment.delete.delay.ms=100',
];
/** Topics that roll, index and compact in different ways. */
const TOPICS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  plain: { 'segment.bytes': '1048576', 'retention.bytes': '2097152' },
  rolling: {
    'segment.bytes': '1048576',
    'retention.bytes': '1048576',
    'segment.index.bytes': '512',
    'index.interval.bytes': '0',
  },
  synced: { 'flush.messages': '1', 'segment.bytes': '1048576', 'retention.bytes': '1048576' },
  compacted: {
    'cleanup.policy': 'compact',
    'segment.bytes': '1048576',
    'segment.index.bytes': '512',
    'index.interval.bytes': '0',
    'min.cleanable.dirty.ratio': '0.01',
    'delete.retention.ms': '0',
  },
};

const failures: string[] = [];
const counts = new Map<string, number>();
/** By topic: offset → value. */
const acknowledged = new Map(Object.keys(TOPICS).map((name) => [name, new Map<number, string>()]));
let serial = 0;
let committed = -1;

function count(what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

/** Takes all the room there is but `spare` bytes. */
function fill(spare: number): void {
  const fd = openSync(ballast, 'w');
  const block = Buffer.alloc(64 * 1024);
  let bytes = 0;
  for (let { length } = block; length >= 1;) {
    try {
      bytes += writeSync(fd, block, 0, length);
    } catch {
      length >>= 1;
    }
  }
  closeSync(fd);
  if (spare > 0) execFileSync('truncate', ['-s', String(Math.max(0, bytes - spare)), ballast]);
}

async function send(client: Client, topic: string, size: number): Promise<number> {
  const values = Array.from({ length: 1 + (serial % 3) }, () => `${topic}/${serial++}/${'x'.repeat(size)}`);
  const records = encodeBatch({
    records: values.map((value) => ({
      key: Buffer.from(keyOf(value)),
      value: Buffer.from(value),
      timestamp: Date.now(),
    })),
  });
  const { responses } = await client.send(Produce, 9, {
    transactionalId: null,
    acks: -1,
    timeoutMs: 5000,
    topicData: [{ name: topic, partitionData: [{ index: 0, records }] }],
  });
  const [{ errorCode, baseOffset }] = responses[0].partitionResponses;
  count(`produce ${errorName(errorCode)}`);
  if (errorCode === ErrorCode.NONE) {
    for (const [i, value] of values.entries()) {
      const all = acknowledged.get(topic)!;
      if (all.has(baseOffset + i)) failures.push(`${topic} gave offset ${baseOffset + i} twice`);
      all.set(baseOffset + i, value);
    }
  } else if (errorCode !== ErrorCode.KAFKA_STORAGE_ERROR) failures.push(`${topic} answered ${errorName(errorCode)}`);
  return errorCode;
}

/** Small ones side by side on one connection, and a large one: all are answered. */
async function burst(client: Client): Promise<void> {
  const sizes = Array.from({ length: 12 }, () => (random.float() < 0.2 ? 20_000 : Math.floor(random.float() * 600)));
  const topics = Object.keys(TOPICS);
  await Promise.all(sizes.map((size, i) => send(client, topics[i % topics.length], size)));
}

async function brokersOwn(client: Client, round: number): Promise<void> {
  const { topics } = await client.send(OffsetCommit, 7, {
    groupId: GROUP,
    memberId: '',
    topics: [{ name: 'plain', partitions: [{ partitionIndex: 0, committedOffset: serial, committedMetadata: '' }] }],
  });
  const { errorCode } = topics[0].partitions[0];
  if (errorCode === ErrorCode.NONE) committed = serial;
  count(`commit ${errorName(errorCode)}`);
  count(`create topic ${errorName(await createTopic(client, `new-${round}-${serial++}`))}`);
  const found = await client.send(InitProducerId, 4, { transactionalId: `t${serial}`, transactionTimeoutMs: 10_000 });
  count(`init producer ${errorName(found.errorCode)}`);
}

async function checkReads(client: Client): Promise<void> {
  for (const [topic, all] of acknowledged) {
    const start = await startOf(client, topic);
    const values = await consume(client, topic, 0, start);
    const wanted =
      topic === 'compacted' ? newest(all) : [...all].filter(([at]) => at >= start).map(([, value]) => value);
    const found = new Set(values);
    const missing = wanted.filter((value) => !found.has(value));
    if (missing.length > 0)
      failures.push(`${topic}: ${missing.length} acknowledged are gone, as ${missing[0].slice(0, 40)}`);
    count('partitions read');
  }
  const { topics } = await client.send(OffsetFetch, 5, {
    groupId: GROUP,
    topics: [{ name: 'plain', partitionIndexes: [0] }],
  });
  const { committedOffset } = topics[0]?.partitions[0] ?? { committedOffset: -1 };
  if (committedOffset !== committed) failures.push(`the group is at ${committedOffset}, ${committed} was acknowledged`);
}

/** Values are `topic/serial/…`. */
function keyOf(value: string): string {
  return `k${Number(value.split('/')[1]) % 50}`;
}

/** What compaction has to keep: the last value of each key. */
function newest(all: ReadonlyMap<number, string>): string[] {
  const byKey = new Map<string, string>();
  for (const [, value] of [...all].sort(([a], [b]) => a - b)) byKey.set(keyOf(value), value);
  return [...byKey.values()];
}

async function startOf(client: Client, topic: string): Promise<number> {
  const { topics } = await client.send(ListOffsets, 5, {
    replicaId: -1,
    isolationLevel: 0,
    topics: [{ name: topic, partitions: [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -2 }] }],
  });
  return topics[0].partitions[0].offset;
}

const start = (port: number): Promise<ChildProcess> => startProcess(port, join(directory, 'data'), SETTINGS);

/** A disk without any room refuses a start, and the broker says what to do. */
async function startAgain(port: number): Promise<ChildProcess> {
  try {
    return await start(port);
  } catch (error) {
    if (!(error as Error).message.includes('make room in log.dirs')) throw error;
    count('start refused for want of room');
    rmSync(ballast, { force: true });
    return start(port);
  }
}

async function withRoom(client: Client): Promise<void> {
  for (const topic of Object.keys(TOPICS)) {
    const errorCode = await send(client, topic, 100);
    if (errorCode !== 0) failures.push(`with room again ${topic} still answers ${errorName(errorCode)}`);
  }
}

async function run(): Promise<void> {
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  let broker = await start(port);
  let client = await dial(address);
  for (const [name, configs] of Object.entries(TOPICS)) {
    const errorCode = await createTopic(client, name, 1, configs);
    if (errorCode !== 0) throw new Error(`${name} is not made: ${errorName(errorCode)}`);
  }
  for (const keyType of [0, 1]) {
    while ((await client.send(FindCoordinator, 2, { key: GROUP, keyType })).errorCode !== 0);
  }
  for (let round = 1; round <= rounds; round++) {
    for (let i = 0; i < 10; i++) await burst(client);
    await brokersOwn(client, round);
    fill(random.float() < 0.5 ? 0 : Math.floor(random.float() * 100_000));
    for (let i = 0; i < 30; i++) await burst(client);
    await brokersOwn(client, round);
    await checkReads(client);
    const isKilled = random.float() < 0.5;
    if (isKilled) {
      await client.close();
      await killProcess(broker);
      if (random.float() < 0.5) rmSync(ballast);
      broker = await startAgain(port);
      client = await dial(address);
      await checkReads(client);
    }
    rmSync(ballast, { force: true });
    await withRoom(client);
    process.stdout.write(`round ${round} of ${rounds}${isKilled ? ', killed' : ''}: ${failures.length} failures\n`);
  }
  await client.close();
  await killProcess(broker);
}

process.stdout.write(`seed ${seed}, ${directory}\n`);
if (isMounted) execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', directory]);
try {
  await run();
} catch (error) {
  failures.push((error as Error).stack ?? String(error));
} finally {
  if (failures.length > 0) process.stdout.write(`${readdirSync(directory).join(' ')}\n`);
  if (isMounted) execFileSync('umount', ['-l', directory]);
  rmSync(directory, { recursive: true, force: true });
}
for (const [what, times] of [...counts].sort(([a], [b]) => a.localeCompare(b)))
  process.stdout.write(`${String(times).padStart(7)} ${what}\n`);
for (const failure of failures.slice(0, 20)) process.stdout.write(`FAILED: ${failure}\n`);
process.stdout.write(
  failures.length === 0 ? 'nothing was lost\n' : `${failures.length} failures; --seed ${seed} repeats it\n`,
);
process.exit(failures.length === 0 ? 0 : 1);
