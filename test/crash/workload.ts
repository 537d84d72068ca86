/** A seeded day in a broker's life on a CrashDisk, and everything that was promised on the way. */
import { Produce } from '../../protocol/apis/00-produce.ts';
import { OffsetCommit } from '../../protocol/apis/08-offset-commit.ts';
import { CreateTopics } from '../../protocol/apis/19-create-topics.ts';
import { DeleteTopics } from '../../protocol/apis/20-delete-topics.ts';
import { DeleteRecords } from '../../protocol/apis/21-delete-records.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import type { Api, Draft, Fields, Values } from '../../protocol/schema.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { silentLogger, type Logger } from '../../src/platform/logger.ts';
import { seededRandom, type Random } from '../../src/platform/random.ts';
import { CrashDisk, type Change } from './crash-disk.ts';
import { LocalNetwork, type LocalClient } from './local-client.ts';
import { SlowReader } from './slow-reader.ts';

export const LOG_DIRECTORY = '/data';
export const GROUP = 'readers';
/** The topic whose appends are synced before they are acknowledged, and the one whose are not. */
export const SYNCED = 'disk';
export const UNSYNCED = 'page';
const TEMPORARY = 'brief';
const PARTITIONS = 2;
const CLIENTS = 3;
const SLOW_READERS = 3;

export interface Attempt {
  readonly topic: string;
  readonly partition: number;
  readonly values: readonly string[];
  /** Length of the disk's journal when it was sent, and when it was acknowledged (Infinity: never). */
  readonly sentAt: number;
  ackedAt: number;
  baseOffset: number;
  /** As sent, for sending it again. */
  readonly records: Buffer;
  readonly producerId: number;
}

export interface Commit {
  readonly partition: number;
  readonly offset: number;
  readonly sentAt: number;
  ackedAt: number;
}

/** Where a partition began at a point of the journal. */
export interface LogStart {
  readonly topic: string;
  readonly partition: number;
  readonly at: number;
  readonly offset: number;
}

export interface Story {
  readonly seed: number;
  readonly disk: CrashDisk;
  /** What was done to the disk before the story began. */
  readonly origin: readonly Change[];
  readonly attempts: Attempt[];
  readonly commits: Commit[];
  readonly starts: LogStart[];
  /** Between which points of the journal a topic was there for sure. */
  readonly topics: { name: string; from: number; to: number }[];
}

export interface Running {
  readonly broker: RunningBroker;
  readonly clients: LocalClient[];
}

export async function startOn(disk: CrashDisk, seed: number, logger: Logger = silentLogger): Promise<Running> {
  const network = new LocalNetwork();
  const broker = await startBroker({
    files: disk,
    network,
    logger,
    clock: new VirtualClock(),
    random: seededRandom(seed),
    settings: { 'log.dirs': LOG_DIRECTORY, 'offsets.topic.num.partitions': '1', 'log.index.interval.bytes': '150' },
  });
  return { broker, clients: Array.from({ length: CLIENTS }, () => network.dial()) };
}

class Day {
  readonly story: Story;
  readonly #random: Random;
  #running!: Running;
  #slowReaders: SlowReader[] = [];
  #serial = 0;
  /** Next sequence number by producer, which is one for each partition of each topic. */
  readonly #sequences = new Map<number, number>();

  constructor(seed: number) {
    const disk = new CrashDisk();
    disk.makeDirectory(LOG_DIRECTORY);
    const origin = [...disk.journal];
    disk.settle();
    this.#random = seededRandom(seed);
    disk.syncTurns = () => 1 + this.#below(3);
    this.story = { seed, disk, origin, attempts: [], commits: [], starts: [], topics: [] };
  }

  async live(steps: number): Promise<Story> {
    this.#running = await startOn(this.story.disk, this.story.seed);
    const config = { 'internal.segment.bytes': '900', 'file.delete.delay.ms': '1', 'retention.ms': '-1' };
    await this.#createTopic(UNSYNCED, { ...config, 'retention.bytes': '2500' });
    await this.#running.broker.parts.groups.ensureOffsetsTopic();
    await this.#createTopic(SYNCED, { ...config, 'flush.messages': '1' });
    for (let step = 0; step < steps; step++) await this.#step(step === Math.floor(steps / 2));
    await this.#running.broker.stop();
    return this.story;
  }

  async #step(isHalfTime: boolean): Promise<void> {
    const what = this.#random.float();
    if (isHalfTime) await this.#restart();
    else if (what < 0.55) await this.#produceSeveral();
    else if (what < 0.65) await this.#commitOffset();
    else if (what < 0.73) await this.#deleteRecords();
    else if (what < 0.83) this.#running.broker.parts.partitions.applyRetention(Date.UTC(2026, 0, 1));
    else if (what < 0.91) this.#running.broker.parts.partitions.checkpoint();
    else await this.#comeAndGo();
    await this.#readOn();
    this.#noteStarts();
  }

  /** Readers outlive the files they read, and files their names. */
  async #readOn(): Promise<void> {
    const { partitions, clock } = this.#running.broker.parts;
    this.#slowReaders = this.#slowReaders.filter((reader) => reader.step());
    const all = [...partitions.all()].filter(({ log }) => log.endOffset > log.logStartOffset);
    const partition = all[this.#below(all.length)];
    const reader =
      this.#slowReaders.length < SLOW_READERS && partition !== undefined ? SlowReader.open(partition) : null;
    if (reader !== null) this.#slowReaders.push(reader);
    await (clock as VirtualClock).advance(this.#random.float() < 0.5 ? 0 : 2); // file.delete.delay.ms are over
    if (partitions.directories[0].health.isOffline) throw new Error('The log directory went offline');
  }

  /** Several clients at once, so that appends share syncs. */
  async #produceSeveral(): Promise<void> {
    const count = 1 + this.#below(CLIENTS);
    await Promise.all(this.#running.clients.slice(0, count).map(async (client) => this.#produce(client)));
  }

  async #produce(client: LocalClient): Promise<void> {
    const topic = this.#random.float() < 0.5 ? SYNCED : UNSYNCED;
    const partition = this.#below(PARTITIONS);
    const isIdempotent = this.#random.float() < 0.6;
    const isLarge = this.#random.float() < 0.06; // goes to its file without the stage
    const values = Array.from(
      { length: 1 + this.#below(3) },
      () => `${topic}-${partition}-${this.#serial++}${isLarge ? '.'.repeat(5000) : ''}`,
    );
    const producerId = isIdempotent ? 1000 + partition + (topic === SYNCED ? 10 : 0) : -1;
    const baseSequence = isIdempotent ? (this.#sequences.get(producerId) ?? 0) : -1;
    if (isIdempotent) this.#sequences.set(producerId, baseSequence + values.length);
    const records = encodeBatch({
      records: values.map((value, i) => ({ key: null, value: Buffer.from(value), timestamp: 1000 + this.#serial + i })),
      ...(isIdempotent ? { producerId, producerEpoch: 0, baseSequence } : {}),
    });
    const attempt: Attempt = {
      topic,
      partition,
      values,
      sentAt: this.#now,
      ackedAt: Infinity,
      baseOffset: -1,
      records: Buffer.from(records),
      producerId,
    };
    this.story.attempts.push(attempt);
    await this.#ask(
      client,
      Produce,
      9,
      {
        transactionalId: null,
        acks: -1,
        timeoutMs: 1000,
        topicData: [{ name: topic, partitionData: [{ index: partition, records }] }],
      },
      ({ responses }) => {
        const { errorCode, baseOffset } = responses[0].partitionResponses[0];
        if (errorCode !== 0) throw new Error(`Produce answered ${errorCode}`);
        attempt.ackedAt = this.#now;
        attempt.baseOffset = baseOffset;
      },
    );
  }

  async #commitOffset(): Promise<void> {
    const commit: Commit = {
      partition: this.#below(PARTITIONS),
      offset: this.#serial++,
      sentAt: this.#now,
      ackedAt: Infinity,
    };
    this.story.commits.push(commit);
    await this.#ask(
      this.#running.clients[0],
      OffsetCommit,
      7,
      {
        groupId: GROUP,
        memberId: '',
        topics: [
          {
            name: SYNCED,
            partitions: [{ partitionIndex: commit.partition, committedOffset: commit.offset, committedMetadata: '' }],
          },
        ],
      },
      ({ topics }) => {
        if (topics[0].partitions[0].errorCode === 0) commit.ackedAt = this.#now;
      },
    );
  }

  async #deleteRecords(): Promise<void> {
    const partitionIndex = this.#below(PARTITIONS);
    const { log } = this.#running.broker.parts.partitions.get(UNSYNCED, partitionIndex)!;
    const offset = log.logStartOffset + this.#below(log.endOffset - log.logStartOffset + 1);
    await this.#ask(
      this.#running.clients[0],
      DeleteRecords,
      2,
      {
        timeoutMs: 1000,
        topics: [{ name: UNSYNCED, partitions: [{ partitionIndex, offset }] }],
      },
      () => {},
    );
  }

  async #comeAndGo(): Promise<void> {
    const old = this.story.topics.find(({ name, to }) => name === TEMPORARY && to === Infinity);
    if (old === undefined) {
      await this.#createTopic(TEMPORARY, { 'flush.messages': '1', 'file.delete.delay.ms': '1' });
      await this.#appendToTemporary(this.#running.clients[0]);
      return;
    }
    old.to = this.#now;
    const [deleting, ...waiting] = this.#running.clients;
    const appends = waiting.map((client) => this.#appendToTemporary(client));
    await this.#ask(deleting, DeleteTopics, 5, { topicNames: [TEMPORARY], timeoutMs: 1000 }, () => {});
    await Promise.all(appends);
  }

  /** Acknowledged or refused: the topic may be gone before the disk has the records. */
  async #appendToTemporary(client: LocalClient): Promise<void> {
    const records = encodeBatch({
      records: [{ key: null, value: Buffer.from(`${TEMPORARY}-${this.#serial++}`), timestamp: 1000 }],
    });
    const topicData = [{ name: TEMPORARY, partitionData: [{ index: 0, records }] }];
    await this.#ask(client, Produce, 9, { transactionalId: null, acks: -1, timeoutMs: 1000, topicData }, () => {});
  }

  async #createTopic(name: string, configs: Readonly<Record<string, string>>): Promise<void> {
    await this.#ask(
      this.#running.clients[0],
      CreateTopics,
      5,
      {
        timeoutMs: 1000,
        validateOnly: false,
        topics: [
          {
            name,
            numPartitions: PARTITIONS,
            replicationFactor: 1,
            assignments: [],
            configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
          },
        ],
      },
      ({ topics }) => {
        if (topics[0].errorCode !== 0) throw new Error(`${name} was not created: ${topics[0].errorCode}`);
        this.story.topics.push({ name, from: this.#now, to: Infinity });
      },
    );
  }

  async #restart(): Promise<void> {
    this.#slowReaders = [];
    await this.#running.broker.stop();
    this.#running = await startOn(this.story.disk, this.story.seed + 1);
  }

  #noteStarts(): void {
    for (const { topic, index, log } of this.#running.broker.parts.partitions.all()) {
      this.story.starts.push({ topic, partition: index, at: this.#now, offset: log.logStartOffset });
    }
  }

  #ask<Req extends Fields, Res extends Fields>(
    client: LocalClient,
    api: Api<Req, Res>,
    version: number,
    draft: Draft<Req>,
    answered: (response: Values<Res>) => void,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      client.send(api, version, draft, (response) => {
        try {
          answered(response);
          resolve();
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  get #now(): number {
    return this.story.disk.journal.length;
  }

  #below(count: number): number {
    return Math.floor(this.#random.float() * count);
  }
}

export function live(seed: number, steps: number): Promise<Story> {
  return new Day(seed).live(steps);
}
