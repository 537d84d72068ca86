/**
 * `npm run test:flipped-bits -- --rounds 200`: a real broker's files, each round with one bit flipped in another kind of file,
 * while the broker is stopped, killed or running. Whatever it answers then has to be what was written, or an error; if it
 * does not start, one sentence has to say why. Prints what became of each kind of file, and its seed.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { Fetch } from '../../protocol/apis/01-fetch.ts';
import { OffsetCommit } from '../../protocol/apis/08-offset-commit.ts';
import { OffsetFetch } from '../../protocol/apis/09-offset-fetch.ts';
import { FindCoordinator } from '../../protocol/apis/10-find-coordinator.ts';
import { DeleteRecords } from '../../protocol/apis/21-delete-records.ts';
import { InitProducerId } from '../../protocol/apis/22-init-producer-id.ts';
import { AddPartitionsToTxn } from '../../protocol/apis/24-add-partitions-to-txn.ts';
import { EndTxn } from '../../protocol/apis/26-end-txn.ts';
import { Produce } from '../../protocol/apis/00-produce.ts';
import type { Client } from '../../protocol/client.ts';
import { errorName } from '../../protocol/errors.ts';
import * as batch from '../../protocol/records/batch.ts';
import { batches, decodeBatch } from '../../protocol/records/decode.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { seededRandom } from '../../src/platform/random.ts';
import { createTopic, dial, produce } from '../running-broker.ts';
import { freePort } from './free-port.ts';

const { values: flags } = parseArgs({
  options: { rounds: { type: 'string', default: '100' }, seed: { type: 'string' }, kind: { type: 'string' } },
});
const seed = Number(flags.seed ?? Date.now() % 1_000_000);
const random = seededRandom(seed);
const main = new URL('../../src/main.ts', import.meta.url).pathname;
const root = mkdtempSync(join(tmpdir(), 'ottla-flipped-bits-'));
const port = await freePort();
const GROUP = 'flipped-bits';
const COMMITTED = 17;
/** In every round the same names, so that what is read can be compared. */
const TOPICS = ['plain', 'undone', 'shortened'] as const;

interface Broker {
  readonly process: ChildProcess;
  /** What it wrote so far. */
  said(): string;
}

/** Null when it ended instead. */
async function start(directory: string): Promise<{ broker: Broker; isUp: boolean }> {
  const settings = [
    'offsets.topic.num.partitions=1',
    'transaction.state.log.num.partitions=1',
    'log.flush.offset.checkpoint.interval.ms=50',
  ];
  const args = ['start', '--host', '127.0.0.1', '--port', String(port), '--dir', directory];
  const child = spawn(process.execPath, [main, ...args, ...settings.flatMap((each) => ['--set', each])], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const isUp = await new Promise<boolean>((resolve) => {
    const hear = (text: Buffer) => {
      said += String(text);
      if (String(text).includes('ready')) resolve(true);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('close', () => resolve(false));
  });
  return { broker: { process: child, said: () => said }, isUp };
}

async function stop({ process: child }: Broker, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = new Promise((resolve) => child.once('close', resolve));
  child.kill(signal);
  await gone;
}

/** Two transactions, the first of them aborted, with plain records around and between. */
async function writeTransactions(client: Client, topic: string): Promise<void> {
  const transactionalId = 'flipped';
  const { producerId, producerEpoch } = await client.send(InitProducerId, 4, {
    transactionalId,
    transactionTimeoutMs: 60_000,
  });
  let baseSequence = 0;
  for (const committed of [false, true, false]) {
    await client.send(AddPartitionsToTxn, 3, {
      v3AndBelowTransactionalId: transactionalId,
      v3AndBelowProducerId: producerId,
      v3AndBelowProducerEpoch: producerEpoch,
      v3AndBelowTopics: [{ name: topic, partitions: [0] }],
    });
    for (let i = 0; i < 5; i++) {
      const value = `${committed ? 'kept' : 'undone'} ${baseSequence}`;
      const records = encodeBatch({
        records: [{ key: null, value: Buffer.from(value), timestamp: 1000 }],
        producerId,
        producerEpoch,
        baseSequence: baseSequence++,
        isTransactional: true,
      });
      await client.send(Produce, 9, {
        transactionalId,
        acks: -1,
        timeoutMs: 5000,
        topicData: [{ name: topic, partitionData: [{ index: 0, records }] }],
      });
      await produce(client, topic, 0, [`plain ${baseSequence}`]);
    }
    await client.send(EndTxn, 3, { transactionalId, producerId, producerEpoch, committed });
  }
}

async function write(client: Client): Promise<void> {
  const configs = { 'index.interval.bytes': '0', 'segment.bytes': '1048576' };
  for (const name of TOPICS) await createTopic(client, name, 1, configs);
  for (const keyType of [0, 1]) {
    while ((await client.send(FindCoordinator, 2, { key: GROUP, keyType })).errorCode !== 0);
  }
  for (let i = 0; i < 60; i++) await produce(client, 'plain', 0, [`${i} ${'p'.repeat(i % 3 === 0 ? 90_000 : 50)}`]);
  await writeTransactions(client, 'undone');
  for (let i = 0; i < 40; i++) await produce(client, 'shortened', 0, [`${i}`]);
  await client.send(DeleteRecords, 2, {
    topics: [{ name: 'shortened', partitions: [{ partitionIndex: 0, offset: 12 }] }],
    timeoutMs: 5000,
  });
  await client.send(OffsetCommit, 7, {
    groupId: GROUP,
    memberId: '',
    topics: [{ name: 'plain', partitions: [{ partitionIndex: 0, committedOffset: COMMITTED, committedMetadata: '' }] }],
  });
}

/** Everything a client can see: offset and value of each record, or the error that stands in their place. */
async function look(client: Client): Promise<Map<string, string>> {
  const seen = new Map<string, string>();
  for (const topic of TOPICS) {
    for (const isolationLevel of [0, 1]) {
      for (const [offset, value] of await readAll(client, topic, isolationLevel)) {
        seen.set(`${topic} ${isolationLevel === 0 ? 'all' : 'committed'} ${offset}`, value);
      }
    }
  }
  const { topics, errorCode } = await client.send(OffsetFetch, 5, {
    groupId: GROUP,
    topics: [{ name: 'plain', partitionIndexes: [0] }],
  });
  seen.set('group', errorCode === 0 ? String(topics[0]?.partitions[0].committedOffset) : errorName(errorCode));
  return seen;
}

async function readAll(client: Client, topic: string, isolationLevel: number): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (let fetchOffset = topic === 'shortened' ? 12 : 0; ;) {
    const { responses } = await client.send(Fetch, 12, {
      maxWaitMs: 0,
      minBytes: 1,
      isolationLevel,
      topics: [{ topic, partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1 << 20 }] }],
    });
    const { errorCode, records, abortedTransactions, logStartOffset } = responses[0].partitions[0];
    found.set('start', String(logStartOffset));
    if (errorCode !== 0) return found.set('end', errorName(errorCode));
    if (records === null || records.length === 0) return found.set('end', String(fetchOffset));
    const bytes = Buffer.from(records);
    const aborted = (abortedTransactions ?? []).toSorted((a, b) => a.firstOffset - b.firstOffset);
    const open = new Set<number>();
    for (const at of batches(bytes)) {
      const { records: inside, lastOffset } = decodeBatch(bytes, at);
      const producer = batch.producerId(bytes, at);
      while (aborted.length > 0 && aborted[0].firstOffset <= lastOffset) open.add(aborted.shift()!.producerId);
      const isControl = batch.isControl(batch.attributes(bytes, at));
      if (isControl) open.delete(producer);
      const isHidden = isControl || (open.has(producer) && batch.isTransactional(batch.attributes(bytes, at)));
      for (const { offset, value } of inside) {
        if (offset >= fetchOffset && !(isolationLevel === 1 && isHidden))
          found.set(String(offset), String(value).slice(0, 20));
      }
      fetchOffset = lastOffset + 1;
    }
  }
}

function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile() && statSync(path).size > 0 && !path.endsWith('.lock'))
    .filter((path) => !/\/(__cluster_metadata|__transaction_state)-/.test(path));
}

function kindOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const kind = /\d{20}(\.\w+)/.exec(name)?.[1] ?? name;
  const owner = /\/(__\w+)-\d+\//.exec(path)?.[1];
  return owner === undefined ? kind : `${kind} of ${owner}`;
}

function flip(path: string): string {
  if (!existsSync(path)) return `${relative(root, path)} is gone`;
  const bytes = readFileSync(path);
  const at = Math.floor(random.float() * bytes.length);
  const was = bytes[at];
  bytes[at] ^= 1 << Math.floor(random.float() * 8);
  writeFileSync(path, bytes);
  return `byte ${at} of ${relative(root, path)} from ${was} to ${bytes[at]}`;
}

/** One is wrong when something is there that was not written, or is missing without an error in its place. */
function differences(wanted: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>): string[] {
  const wrong: string[] = [];
  for (const [what, value] of found) {
    if (/ (end|start)$/.test(what) || what === 'group') continue;
    if (wanted.get(what) !== value) wrong.push(`${what} is ${value}, not ${wanted.get(what)}`);
  }
  for (const [what, value] of wanted) {
    if (found.get(what) === value) continue;
    const [topic, level] = what.split(' ');
    const end = what === 'group' ? found.get('group') : found.get(`${topic} ${level} end`);
    if (end === undefined || !/^[A-Z_]+$/.test(end)) wrong.push(`${what} is ${found.get(what)}, not ${value}`);
  }
  return wrong;
}

const outcomes = new Map<string, Map<string, number>>();
const failures: string[] = [];

async function round(
  kept: ReadonlyMap<string, string>,
  wanted: ReadonlyMap<string, string>,
  number: number,
): Promise<void> {
  const moment = ['stopped', 'killed', 'running'][number % 3];
  const directory = join(root, 'round');
  rmSync(directory, { recursive: true, force: true });
  cpSync(kept.get(moment === 'killed' ? 'killed' : 'stopped')!, directory, { recursive: true });
  const kinds = new Map<string, string[]>();
  for (const path of filesIn(directory)) kinds.set(kindOf(path), [...(kinds.get(kindOf(path)) ?? []), path]);
  const kind = flags.kind ?? [...kinds.keys()][Math.floor(number / 3) % kinds.size];
  const files = kinds.get(kind);
  if (files === undefined) return;
  let what = '';
  const hit = () => (what = flip(files[Math.floor(random.float() * files.length)]));
  if (moment !== 'running') hit();
  let { broker, isUp } = await start(directory);
  let outcome = 'refused';
  let wrong: string[] = [];
  try {
    if (moment === 'running' && isUp) {
      hit();
      wrong = await lookAt(wanted);
      await stop(broker, random.float() < 0.5 ? 'SIGTERM' : 'SIGKILL');
      ({ broker, isUp } = await start(directory));
    }
    if (isUp) {
      wrong.push(...(await lookAt(wanted)));
      if (isCut(broker, what) || what.includes('log-start-offset-checkpoint')) wrong = [];
      outcome = wrong.length > 0 ? 'WRONG' : isSaid(broker) ? 'said and answered' : 'answered';
    } else if (/^\s+at /m.test(broker.said())) wrong.push('it ended with a stack');
  } finally {
    await stop(broker, 'SIGKILL');
  }
  const counted = outcomes.get(kind) ?? new Map<string, number>();
  outcomes.set(kind, counted.set(outcome, (counted.get(outcome) ?? 0) + 1));
  const lines = broker
    .said()
    .split('\n')
    .filter((line) => /WARN|ERROR|ottla:/.test(line) || outcome === 'refused');
  if (wrong.length > 0)
    failures.push(`${moment}, ${what}: ${wrong.slice(0, 3).join('; ')} (${wrong.length})\n    ${lines.join('\n    ')}`);
  process.stdout.write(
    `round ${number}: ${moment}, ${what}: ${outcome} ${wrong.join('; ').slice(0, 300)}${lines.length > 0 ? `\n    ${lines.join('\n    ').slice(0, 700)}` : ''}\n`,
  );
}

/** Damage behind the recovery point looks like a write that a kill tore. */
const isCut = (broker: Broker, what: string) => what.includes('.log ') && /WARN log.cut/.test(broker.said());

const isSaid = (broker: Broker) => /WARN|ERROR/.test(broker.said());

async function lookAt(wanted: ReadonlyMap<string, string>): Promise<string[]> {
  const client = await dial(`127.0.0.1:${port}`);
  try {
    for (
      let i = 0;
      i < 200 && (await client.send(FindCoordinator, 2, { key: GROUP, keyType: 0 })).errorCode !== 0;
      i++
    );
    return differences(wanted, await look(client));
  } catch (error) {
    return [`no answer: ${(error as Error).message}`];
  } finally {
    await client.close();
  }
}

async function prepare(): Promise<{ kept: Map<string, string>; wanted: Map<string, string> }> {
  const directory = join(root, 'stopped');
  const killed = join(root, 'killed');
  const { broker } = await start(directory);
  const client = await dial(`127.0.0.1:${port}`);
  await write(client);
  const wanted = await look(client);
  await client.close();
  const checkpoint = join(directory, 'log-start-offset-checkpoint');
  while (!existsSync(checkpoint) || !readFileSync(checkpoint, 'latin1').includes('shortened 0 12'));
  cpSync(directory, killed, { recursive: true }); // what a kill would leave at this moment
  rmSync(join(killed, '.lock'), { force: true });
  await stop(broker, 'SIGTERM');
  return {
    kept: new Map([
      ['stopped', directory],
      ['killed', killed],
    ]),
    wanted,
  };
}

process.stdout.write(`seed ${seed}, ${root}\n`);
const { kept, wanted } = await prepare();
process.stdout.write(`${wanted.size} things to be seen\n`);
for (let number = 0; number < Number(flags.rounds); number++) await round(kept, wanted, number);
for (const [kind, counted] of [...outcomes].sort(([a], [b]) => a.localeCompare(b))) {
  process.stdout.write(`${kind.padEnd(44)} ${[...counted].map(([what, count]) => `${count} ${what}`).join(', ')}\n`);
}
for (const failure of failures) process.stdout.write(`FAILED ${failure}\n`);
rmSync(root, { recursive: true, force: true });
process.exit(failures.length === 0 ? 0 : 1);
