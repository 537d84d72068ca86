/** A client of the simulated cluster over the wire: makes topics at any broker, finds leaders, and keeps what was acknowledged. */
import { Fetch } from '../../../protocol/apis/01-fetch.ts';
import { Metadata } from '../../../protocol/apis/03-metadata.ts';
import { Produce } from '../../../protocol/apis/00-produce.ts';
import { CreateTopics } from '../../../protocol/apis/19-create-topics.ts';
import { ErrorCode, errorName } from '../../../protocol/errors.ts';
import { batches, decodeBatch } from '../../../protocol/records/decode.ts';
import { encodeBatch } from '../../../protocol/records/encode.ts';
import type { Random } from '../../../src/platform/random.ts';
import { ClientConnections } from './client-connections.ts';
import { HOSTS, type Host, type SimulatedCluster } from './simulated-cluster.ts';

const TIMES = { connectMs: 1000, requestMs: 4000 };
/** The controller waits so long for the broker that has forwarded a request to read the change; it answers then in any case. */
const SEEN_WITHIN_MS = 900;

export interface AcknowledgedTopic {
  readonly name: string;
  readonly id: string;
  readonly partitions: number;
}

export interface AcknowledgedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly value: string;
}

export class ClusterClient {
  readonly topics: AcknowledgedTopic[] = [];
  readonly records: AcknowledgedRecord[] = [];
  /** What was answered with an error, or not at all, by its reason. */
  readonly refusals = new Map<string, number>();
  readonly #cluster: SimulatedCluster;
  readonly #random: Random;
  readonly #brokers: ClientConnections;
  #names = 0;
  #values = 0;
  #isOver = false;

  constructor(cluster: SimulatedCluster) {
    this.#cluster = cluster;
    this.#brokers = new ClientConnections(cluster, TIMES);
    this.#random = cluster.random;
  }

  /** Makes topics and produces to them, until `end`. */
  async run(paceMs: number): Promise<void> {
    while (!this.#isOver) {
      await this.#brokers.pause(this.#random.float() * 2 * paceMs);
      if (this.#isOver) return;
      await (this.topics.length === 0 || this.#random.float() < 0.2 ? this.createTopic() : this.produce());
    }
  }

  end(): void {
    this.#isOver = true;
  }

  /** At any broker. */
  async createTopic(host = this.#pick(HOSTS)): Promise<void> {
    const name = `topic-${this.#names++}`;
    const partitions = 1 + Math.floor(this.#random.float() * 3);
    const asked = { name, numPartitions: partitions, replicationFactor: 1, assignments: [], configs: [] };
    const beganMs = this.#cluster.nowMs;
    await this.#attempt('create', async () => {
      const { topics } = await this.#brokers.send(host, CreateTopics, 7, {
        timeoutMs: 3000,
        validateOnly: false,
        topics: [asked],
      });
      const [{ errorCode, topicId: id }] = topics;
      if (errorCode !== ErrorCode.NONE) throw new Error(errorName(errorCode));
      this.topics.push({ name, id, partitions });
      if (this.#cluster.nowMs - beganMs > SEEN_WITHIN_MS) return;
      const seen = await this.#describe(host, name);
      if (seen.errorCode !== ErrorCode.NONE)
        this.#cluster.observer.say(`${name} was made at ${host}, which does not know it`);
    });
  }

  /** To the leader of any partition, with acks=all. */
  async produce(): Promise<void> {
    const { name: topic, partitions } = this.#pick(this.topics);
    const partition = Math.floor(this.#random.float() * partitions);
    const value = `value ${this.#values++}`;
    await this.#attempt('produce', async () => {
      const leader = await this.#leader(topic, partition);
      const records = encodeBatch({ records: [{ key: null, value: Buffer.from(value), timestamp: 1000 }] });
      const topicData = [{ name: topic, partitionData: [{ index: partition, records }] }];
      const { responses } = await this.#brokers.send(leader, Produce, 9, { acks: -1, timeoutMs: 3000, topicData });
      const [{ errorCode, baseOffset: offset }] = responses[0].partitionResponses;
      if (errorCode !== ErrorCode.NONE) throw new Error(errorName(errorCode));
      this.records.push({ topic, partition, offset, value });
    });
  }

  /** All values of a partition, by offset; asked for until its leader gives them. */
  async consume(topic: string, partition: number): Promise<Map<number, string>> {
    for (;;) {
      try {
        return await this.#consumeAt(await this.#leader(topic, partition), topic, partition);
      } catch (error) {
        this.#refused('consume', error);
        await this.#brokers.pause(100);
      }
    }
  }

  async #consumeAt(leader: Host, topic: string, partition: number): Promise<Map<number, string>> {
    const values = new Map<number, string>();
    for (let fetchOffset = 0; ;) {
      const partitions = [{ partition, fetchOffset, partitionMaxBytes: 1 << 20 }];
      const asked = { maxWaitMs: 0, minBytes: 0, topics: [{ topic, partitions }] };
      const { responses } = await this.#brokers.send(leader, Fetch, 12, asked);
      const [{ errorCode, records }] = responses[0].partitions;
      if (errorCode !== ErrorCode.NONE) throw new Error(errorName(errorCode));
      if (records === null || records.length === 0) return values;
      const bytes = Buffer.from(records);
      for (const at of batches(bytes)) {
        const decoded = decodeBatch(bytes, at);
        for (const { offset, value } of decoded.records) values.set(offset, String(value));
        fetchOffset = decoded.lastOffset + 1;
      }
    }
  }

  async #leader(topic: string, partition: number): Promise<Host> {
    const { partitions } = await this.#describe(this.#pick(HOSTS), topic);
    const leader = partitions[partition]?.leaderId ?? -1;
    if (leader < 1) throw new Error('no leader');
    return HOSTS[leader - 1];
  }

  async #describe(host: Host, name: string) {
    const { topics } = await this.#brokers.send(host, Metadata, 12, {
      topics: [{ name }],
      allowAutoTopicCreation: false,
    });
    return topics[0];
  }

  async #attempt(what: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.#refused(what, error);
    }
  }

  #refused(what: string, error: unknown): void {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = `${what}: ${code ?? message}`;
    this.refusals.set(reason, (this.refusals.get(reason) ?? 0) + 1);
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random.float() * list.length)];
  }
}
