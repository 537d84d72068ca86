/** Topics and partitions on a disk that is full: what is acknowledged is what there is, also after the next start. */
import { expect, test } from 'vitest';
import { CreateTopics } from '../../protocol/apis/19-create-topics.ts';
import { CreatePartitions } from '../../protocol/apis/37-create-partitions.ts';
import { Metadata } from '../../protocol/apis/03-metadata.ts';
import type { Client } from '../../protocol/client.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { diskError, MemoryFiles } from '../../src/platform/memory-files.ts';
import { dial } from '../running-broker.ts';

const TOPICS = 6;
const PARTITIONS = 3;
const NEEDS_ROOM: ReadonlySet<string> = new Set(['create', 'write', 'sync', 'makeDirectory', 'replace']);

const EXPECTED: ReadonlySet<number> = new Set([ErrorCode.NONE, ErrorCode.KAFKA_STORAGE_ERROR]);

class FullDisk {
  readonly files = new MemoryFiles();
  /** What there is by the acknowledgements: partitions by topic. */
  readonly told = new Map<string, number>();
  broker!: RunningBroker;
  client!: Client;
  #operations = 0;

  async start(): Promise<void> {
    const settings = { listeners: 'PLAINTEXT://127.0.0.1:0', 'log.dirs': '/data' };
    this.broker = await startBroker({ files: this.files, settings });
    this.client = await dial(this.broker.bootstrap);
  }

  async stop(): Promise<void> {
    await this.client.close();
    await this.broker.stop();
  }

  /** From the operation with this number on, whatever takes space fails; Infinity only counts. */
  fillAt(failing: number): void {
    this.#operations = 0;
    this.files.before = (operation, path) => {
      if (NEEDS_ROOM.has(operation) && ++this.#operations >= failing) throw diskError('ENOSPC', operation, path);
    };
  }

  /** Answers how many operations there were. */
  empty(): number {
    this.files.before = null;
    return this.#operations;
  }

  async createTopics(prefix: string): Promise<void> {
    const topics = Array.from({ length: TOPICS }, (_, at) => ({
      name: `${prefix}-${at}`,
      numPartitions: PARTITIONS,
      replicationFactor: 1,
      assignments: [],
      configs: [],
    }));
    const answer = await this.client.send(CreateTopics, 7, { topics, timeoutMs: 5000, validateOnly: false });
    for (const { name, errorCode } of answer.topics) {
      if (!EXPECTED.has(errorCode)) throw new Error(`${name} was answered ${errorCode}`);
      if (errorCode === ErrorCode.NONE) this.told.set(name, PARTITIONS);
    }
  }

  async addPartitions(): Promise<void> {
    const topics = Array.from(this.told, ([name, count]) => ({ name, count: count + 2, assignments: null }));
    const { results } = await this.client.send(CreatePartitions, 3, { topics, timeoutMs: 5000, validateOnly: false });
    for (const { name, errorCode } of results) {
      if (!EXPECTED.has(errorCode)) throw new Error(`${name} was answered ${errorCode}`);
      if (errorCode === ErrorCode.NONE) this.told.set(name, this.told.get(name)! + 2);
    }
  }

  /** What there is and was not told, or the other way round. */
  async untrue(when: string): Promise<string[]> {
    const { topics } = await this.client.send(Metadata, 12, { topics: null });
    const exist = new Map(topics.map(({ name, partitions }) => [name!, partitions.length]));
    const names = new Set([...exist.keys(), ...this.told.keys()]);
    return [...names].flatMap((name) => {
      const [is, told] = [exist.get(name) ?? 0, this.told.get(name) ?? 0];
      return is === told ? [] : [`${when}: ${name} has ${is} partitions, ${told} were told`];
    });
  }
}

/** Every operation of the disk that `act` asks for fails once, and all that come behind it. */
async function sweep(
  act: (disk: FullDisk, round: number) => Promise<void>,
  prepare: (disk: FullDisk) => Promise<void>,
) {
  const disk = new FullDisk();
  await disk.start();
  await prepare(disk);
  disk.fillAt(Infinity);
  await act(disk, 0);
  const operations = disk.empty();
  const untrue: string[] = [];
  let refusals = 0;
  for (let failing = 1; failing <= operations; failing++) {
    const before = JSON.stringify([...disk.told]);
    disk.fillAt(failing);
    await act(disk, failing);
    disk.empty();
    if (JSON.stringify([...disk.told]) === before) refusals++;
    untrue.push(...(await disk.untrue(`operation ${failing} has failed`)));
    if (failing % 5 !== 0) continue;
    await disk.stop();
    await disk.start();
    untrue.push(...(await disk.untrue(`started after operation ${failing} has failed`)));
  }
  await disk.stop();
  return { operations, refusals, untrue };
}

test('topics that are created', async () => {
  const swept = await sweep(
    (disk, round) => disk.createTopics(`t${round}`),
    () => Promise.resolve(),
  );
  expect(swept.untrue).toEqual([]);
  expect(swept.refusals).toBeGreaterThan(0);
  expect(swept.operations).toBeGreaterThan(swept.refusals);
});

test('partitions that topics get', async () => {
  const swept = await sweep(
    (disk) => disk.addPartitions(),
    (disk) => disk.createTopics('t'),
  );
  expect(swept.untrue).toEqual([]);
  expect(swept.refusals).toBeGreaterThan(0);
  expect(swept.operations).toBeGreaterThan(swept.refusals);
});
