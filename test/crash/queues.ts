/**
 * `npm run test:kill9-queues -- --rounds 100`: share consumers on a real broker that is killed with SIGKILL at moments of chance, with
 * a dead-letter queue. With `--full-disk` the disk is a tmpfs of some megabytes that is filled and emptied under it (as root on Linux,
 * or `--dir` for a small file system of yours). No record comes again whose ACCEPT was answered, none comes more often than the limit
 * says, and in the end each has been accepted, or is in the dead-letter queue.
 */
import { execFileSync, type ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FindCoordinator } from '../../protocol/apis/10-find-coordinator.ts';
import { IncrementalAlterConfigs } from '../../protocol/apis/44-incremental-alter-configs.ts';
import { Fetch } from '../../protocol/apis/01-fetch.ts';
import type { Client } from '../../protocol/client.ts';
import { batches, decodeBatch } from '../../protocol/records/decode.ts';
import { seededRandom } from '../../src/platform/random.ts';
import { createTopic, dial, produce } from '../running-broker.ts';
import { Ack, ShareMember, type Delivered } from '../testing/share-member.ts';
import { killProcess, startProcess } from './broker-process.ts';
import { freePort } from './free-port.ts';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '100' },
    seed: { type: 'string' },
    dir: { type: 'string' },
    'full-disk': { type: 'boolean', default: false },
  },
});
const rounds = Number(flags.rounds);
const seed = Number(flags.seed ?? Date.now() % 1_000_000);
const random = seededRandom(seed);
const isFilled = flags['full-disk'];
const isMounted = isFilled && flags.dir === undefined;
const directory = mkdtempSync(join(flags.dir ?? tmpdir(), 'ottla-queues-'));
const ballast = join(directory, 'ballast');
const [TOPIC, QUEUE, GROUP, PARTITIONS, LIMIT] = ['jobs', 'dlq.jobs', 'workers', 2, 3];
const SETTINGS = [
  'offsets.topic.num.partitions=1',
  'share.coordinator.state.topic.num.partitions=2',
  'share.coordinator.snapshot.update.records.per.snapshot=50',
  'share.coordinator.state.topic.prune.interval.ms=500',
  'group.share.assignment.interval.ms=0',
  'group.share.min.record.lock.duration.ms=1000',
  'log.flush.offset.checkpoint.interval.ms=200',
];

const failures: string[] = [];
const counts = new Map<string, number>();
/** partition@offset of what was produced, and of what of it is done. */
const produced = new Set<string>();
const accepted = new Set<string>();

function count(what: string, more = 1): void {
  counts.set(what, (counts.get(what) ?? 0) + more);
}

function nameOf({ partition, offset }: Pick<Delivered, 'partition' | 'offset'>): string {
  return `${partition}@${offset}`;
}

async function configure(client: Client): Promise<void> {
  for (const [name, configs] of [
    [TOPIC, {}],
    [QUEUE, { 'errors.deadletterqueue.group.enable': 'true' }],
  ] as const) {
    const errorCode = await createTopic(client, name, PARTITIONS, { 'segment.bytes': '1048576', ...configs });
    if (errorCode !== 0) throw new Error(`${name} is not made: error ${errorCode}`);
  }
  const configs = Object.entries({
    'share.auto.offset.reset': 'earliest',
    'share.delivery.count.limit': `${LIMIT}`,
    'share.record.lock.duration.ms': '1000',
    'errors.deadletterqueue.topic.name': QUEUE,
  }).map(([name, value]) => ({ name, configOperation: 0, value }));
  const resources = [{ resourceType: 32, resourceName: GROUP, configs }];
  await client.send(IncrementalAlterConfigs, 1, { resources, validateOnly: false });
  while ((await client.send(FindCoordinator, 2, { key: GROUP, keyType: 0 })).errorCode !== 0);
}

async function produceSome(client: Client, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const values = Array.from({ length: 1 + Math.floor(random.float() * 8) }, () => 'x'.repeat(100));
      try {
        const first = await produce(client, TOPIC, partition, values);
        for (let i = 0; i < values.length; i++) produced.add(`${partition}@${first + i}`);
        count('records produced', values.length);
      } catch {
        count('produce failed');
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function chosenAck(): number | null {
  const chance = random.float();
  if (chance < 0.7) return Ack.accept;
  if (chance < 0.85) return Ack.release;
  return chance < 0.95 ? Ack.reject : null; // its lock runs out
}

/** Works until it is over, or its broker is gone. */
async function consume(address: string, memberId: string, isOver: () => boolean, ackOf = chosenAck): Promise<void> {
  const member = await ShareMember.join(
    { bootstrapBrokers: [address], onStop: () => {} },
    GROUP,
    [TOPIC],
    memberId,
    false,
  );
  try {
    while (!isOver()) {
      await member.beat(); // partitions are assigned once their state is there
      const records = await member.fetch(100, 50);
      for (const record of records) noteDelivered(record);
      for (const [type, some] of grouped(records, () => ackOf()))
        if (type !== null) await acknowledge(member, some, type);
    }
    await member.leave();
  } finally {
    await member.close();
  }
}

function grouped<T>(records: readonly Delivered[], keyOf: (record: Delivered) => T): Map<T, Delivered[]> {
  const groups = new Map<T, Delivered[]>();
  for (const record of records) {
    const key = keyOf(record);
    groups.set(key, [...(groups.get(key) ?? []), record]);
  }
  return groups;
}

function noteDelivered(record: Delivered): void {
  count('records delivered');
  const name = nameOf(record);
  if (accepted.has(name)) failures.push(`${name} comes again, whose ACCEPT was answered`);
  if (record.deliveries > LIMIT) failures.push(`${name} comes the ${record.deliveries}th time`);
}

/** All of a partition are one request: either all of them are taken, or none. */
async function acknowledge(member: ShareMember, records: readonly Delivered[], type: number): Promise<void> {
  for (const some of grouped(records, ({ partition }) => partition).values()) {
    const [errorCode] = await member.acknowledge(some, type);
    count(`acknowledged: ${errorCode === 0 ? 'taken' : `error ${errorCode}`}`, some.length);
    if (errorCode === 0 && type === Ack.accept) for (const record of some) accepted.add(nameOf(record));
  }
}

/** Takes all the room there is. */
function fill(): void {
  const fd = openSync(ballast, 'w');
  const block = Buffer.alloc(64 * 1024);
  for (let { length } = block; length >= 1;) {
    try {
      writeSync(fd, block, 0, length);
    } catch {
      length >>= 1;
    }
  }
  closeSync(fd);
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

async function round(address: string, broker: ChildProcess): Promise<void> {
  let isOver = false;
  const client = await dial(address);
  const quietly = (work: Promise<void>): Promise<void> => work.catch(() => count('members cut off'));
  const busy = [
    quietly(produceSome(client, () => isOver)),
    quietly(consume(address, `one-${random.float()}`, () => isOver)),
    quietly(consume(address, `two-${random.float()}`, () => isOver)),
  ];
  await pause(300 + random.float() * 1000);
  if (isFilled) {
    fill();
    await pause(300 + random.float() * 1500);
    if (random.float() < 0.5) rmSync(ballast, { force: true });
  }
  await killProcess(broker);
  isOver = true;
  await Promise.all([client.close(), ...busy]);
  rmSync(ballast, { force: true });
}

/** What the dead letters say of where they are from. */
async function deadLetters(client: Client): Promise<Set<string>> {
  const found = new Set<string>();
  for (let partition = 0; partition < PARTITIONS; partition++) {
    for (let fetchOffset = 0; ;) {
      const asked = [{ topic: QUEUE, partitions: [{ partition, fetchOffset, partitionMaxBytes: 1 << 20 }] }];
      const { responses } = await client.send(Fetch, 11, { maxWaitMs: 0, minBytes: 1, topics: asked });
      const bytes = Buffer.from(responses[0].partitions[0].records ?? []);
      for (const at of batches(bytes)) {
        const { records, lastOffset } = decodeBatch(bytes, at);
        fetchOffset = lastOffset + 1;
        for (const { headers } of records) {
          const text = (name: string) => String(headers.find(({ key }) => key === `__dlq.errors.${name}`)?.value);
          found.add(`${text('partition')}@${text('offset')}`);
        }
      }
      if (bytes.length === 0) break;
    }
  }
  return found;
}

/** All that is left is accepted; then each record has come to an end. */
async function drain(address: string): Promise<void> {
  const client = await dial(address);
  const isDone = (letters: ReadonlySet<string>): boolean =>
    [...produced].every((name) => accepted.has(name) || letters.has(name));
  const until = performance.now() + 60_000;
  let isOver = false;
  const last = consume(
    address,
    'last',
    () => isOver,
    () => Ack.accept,
  );
  while (!isDone(await deadLetters(client)) && performance.now() < until) await pause(200);
  isOver = true;
  await last;
  const letters = await deadLetters(client);
  const lost = [...produced].filter((name) => !accepted.has(name) && !letters.has(name));
  if (lost.length > 0) failures.push(`${lost.length} records came to no end, as ${lost.slice(0, 5).join(', ')}`);
  count('dead letters', letters.size);
  await client.close();
}

async function run(): Promise<void> {
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const start = (): Promise<ChildProcess> => startProcess(port, join(directory, 'data'), SETTINGS);
  for (let n = 1; n <= rounds && failures.length === 0; n++) {
    const broker = await start();
    if (n === 1) {
      const client = await dial(address);
      await configure(client);
      await client.close();
    }
    await round(address, broker);
    if (n % 10 === 0) {
      process.stdout.write(
        `  round ${n}: ${produced.size} produced, ${accepted.size} accepted, ${failures.length} failures\n`,
      );
    }
  }
  const broker = await start();
  await drain(address);
  await killProcess(broker);
}

process.stdout.write(`seed ${seed}, ${rounds} rounds, ${directory}\n`);
if (isMounted) execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', directory]);
try {
  await run();
} catch (error) {
  failures.push((error as Error).stack ?? String(error));
} finally {
  if (isMounted) execFileSync('umount', ['-l', directory]);
  if (failures.length === 0 || isMounted) rmSync(directory, { recursive: true, force: true });
}
for (const [what, times] of [...counts].sort(([a], [b]) => a.localeCompare(b))) {
  process.stdout.write(`${String(times).padStart(8)} ${what}\n`);
}
for (const failure of failures.slice(0, 20)) process.stdout.write(`FAILED: ${failure}\n`);
process.stdout.write(failures.length === 0 ? 'nothing was lost\n' : `${failures.length} failures; --seed ${seed}\n`);
process.exit(failures.length === 0 ? 0 : 1);
