/** Producers of a replicated topic on real processes, and the raw logs of all replicas afterwards. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Metadata } from '../../protocol/apis/03-metadata.ts';
import { Produce } from '../../protocol/apis/00-produce.ts';
import { CreateTopics } from '../../protocol/apis/19-create-topics.ts';
import type { Client } from '../../protocol/client.ts';
import { batches, decodeBatch } from '../../protocol/records/decode.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import type { OttlaProcesses } from './processes.ts';

const REQUEST_MS = 1000;
const PAUSE_MS = 20;
const MIN_ISR = '2';

export interface Acknowledged {
  readonly offset: number;
  readonly value: string;
}

export interface PartitionState {
  readonly leader: number;
  readonly isr: readonly number[];
}

export async function createReplicated(cluster: OttlaProcesses, name: string): Promise<void> {
  const configs = [{ name: 'min.insync.replicas', value: MIN_ISR }];
  const topic = { name, numPartitions: 1, replicationFactor: 3, assignments: [], configs };
  await withClient(cluster, 1, async (client) => {
    const { topics } = await client.send(CreateTopics, 7, { topics: [topic], timeoutMs: 5000, validateOnly: false });
    if (topics[0].errorCode !== 0) throw new Error(`CreateTopics answers ${topics[0].errorCode}`);
  });
}

/** As any process that runs says it. */
export async function stateOf(cluster: OttlaProcesses, name: string): Promise<PartitionState | null> {
  for (const nodeId of cluster.running.keys()) {
    const state = await withClient(cluster, nodeId, async (client) => {
      const { topics } = await client.send(Metadata, 12, { topics: [{ name }], allowAutoTopicCreation: false });
      const [partition] = topics[0].partitions;
      return partition === undefined ? null : { leader: partition.leaderId, isr: partition.isrNodes };
    }).catch(() => null);
    if (state !== null) return state;
  }
  return null;
}

/** One request after the other with acks=all, each given a second, until `end`; notes when each was acknowledged. */
export class Producer {
  readonly acknowledged: Acknowledged[] = [];
  /** The longest time between two acknowledgements. */
  longestGapMs = 0;
  readonly #cluster: OttlaProcesses;
  readonly #topic: string;
  readonly #name: string;
  readonly #running: Promise<void>;
  #lastMs = performance.now();
  #isOver = false;

  constructor(cluster: OttlaProcesses, topic: string, name: string) {
    this.#cluster = cluster;
    this.#topic = topic;
    this.#name = name;
    this.#running = this.#run();
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let serial = 0; !this.#isOver;) {
      const state = await stateOf(this.#cluster, this.#topic);
      if (state === null || !this.#cluster.running.has(state.leader)) {
        await wait(PAUSE_MS);
        continue;
      }
      await withClient(this.#cluster, state.leader, async (client) => {
        while (!this.#isOver) await this.#produce(client, `${this.#name} ${serial++}`);
      }).catch(() => wait(PAUSE_MS)); // what has become of the last one nobody knows
    }
  }

  async #produce(client: Client, value: string): Promise<void> {
    const records = encodeBatch({ records: [{ key: null, value: Buffer.from(value), timestamp: 1000 }] });
    const topicData = [{ name: this.#topic, partitionData: [{ index: 0, records }] }];
    const answer = await inTime(client.send(Produce, 9, { acks: -1, timeoutMs: REQUEST_MS, topicData }));
    const [{ errorCode, baseOffset: offset }] = answer.responses[0].partitionResponses;
    if (errorCode !== 0) throw new Error(`Produce answers ${errorCode}`);
    this.acknowledged.push({ offset, value });
    const nowMs = performance.now();
    this.longestGapMs = Math.max(this.longestGapMs, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
  }
}

/** The bytes of a replica's log as its files have them. */
export function rawLog(cluster: OttlaProcesses, nodeId: number, topic: string): Buffer {
  const directory = join(cluster.directoryOf(nodeId), `${topic}-0`);
  const segments = readdirSync(directory).filter((name) => name.endsWith('.log'));
  return Buffer.concat(segments.toSorted().map((name) => readFileSync(join(directory, name))));
}

export function valuesIn(log: Buffer): ReadonlyMap<number, string> {
  const values = new Map<number, string>();
  for (const at of batches(log))
    for (const { offset, value } of decodeBatch(log, at).records) values.set(offset, String(value));
  return values;
}

async function inTime<T>(promise: Promise<T>): Promise<T> {
  const answer = await Promise.race([promise, wait(REQUEST_MS + 200).then(() => null)]);
  if (answer === null) throw new Error('no answer in time');
  return answer;
}

async function withClient<T>(cluster: OttlaProcesses, nodeId: number, use: (client: Client) => Promise<T>): Promise<T> {
  const client = await cluster.connect(nodeId);
  try {
    return await use(client);
  } finally {
    void client.close();
  }
}
