/** Producers of a replicated topic in the simulated cluster: acks=all, one request at a time each; it keeps what was acknowledged. */
import { Metadata } from '../../../protocol/apis/03-metadata.ts';
import { Produce } from '../../../protocol/apis/00-produce.ts';
import { ErrorCode, errorName } from '../../../protocol/errors.ts';
import { encodeBatch } from '../../../protocol/records/encode.ts';
import { ClientConnections } from '../cluster/client-connections.ts';
import { HOSTS, type Host, type SimulatedCluster } from '../cluster/simulated-cluster.ts';

const TIMES = { connectMs: 500, requestMs: 1500 };
const PACE_MS = 60;
const TIMEOUT_MS = 1000;

export interface Acknowledged {
  readonly partition: number;
  readonly offset: number;
  readonly value: string;
}

export class ReplicasClient {
  readonly acknowledged: Acknowledged[] = [];
  readonly brokers: ClientConnections;
  /** Told in the moment when the answer comes. */
  onAcknowledged: ((one: Acknowledged) => void) | null = null;
  readonly #cluster: SimulatedCluster;
  readonly #topic: string;
  readonly #partitions: number;
  /** By partition, as long as it answers as a leader does. */
  readonly #leaders = new Map<number, Host>();
  #values = 0;
  #isOver = false;

  constructor(cluster: SimulatedCluster, topic: string, partitions: number) {
    this.#cluster = cluster;
    this.brokers = new ClientConnections(cluster, TIMES);
    this.#topic = topic;
    this.#partitions = partitions;
  }

  end(): void {
    this.#isOver = true;
  }

  /** Value after value, until `end`. */
  async produceOn(): Promise<void> {
    const { random } = this.#cluster;
    while (!this.#isOver) {
      await this.brokers.pause(random.float() * 2 * PACE_MS);
      const partition = Math.floor(random.float() * this.#partitions);
      try {
        await this.#produce(partition, `value ${this.#values++}`);
      } catch {
        await this.brokers.pause(PACE_MS); // what has become of it nobody knows
      }
    }
  }

  /** One value to whoever leads. @throws where it is not acknowledged in time */
  async #produce(partition: number, value: string): Promise<void> {
    const leader = this.#leaders.get(partition) ?? (await this.#leader(partition));
    this.#leaders.delete(partition);
    await this.produceAt(leader, partition, value);
    this.#leaders.set(partition, leader);
  }

  /** One value to this broker. @throws where that does not acknowledge it in time */
  async produceAt(leader: Host, partition: number, value: string, acks = -1): Promise<void> {
    const records = encodeBatch({ records: [{ key: null, value: Buffer.from(value), timestamp: 1000 }] });
    const topicData = [{ name: this.#topic, partitionData: [{ index: partition, records }] }];
    const { responses } = await this.brokers.send(leader, Produce, 9, { acks, timeoutMs: TIMEOUT_MS, topicData });
    const [{ errorCode, baseOffset: offset }] = responses[0].partitionResponses;
    if (errorCode !== ErrorCode.NONE) throw new Error(errorName(errorCode));
    if (acks !== -1) return;
    const acknowledged = { partition, offset, value };
    this.acknowledged.push(acknowledged);
    this.onAcknowledged?.(acknowledged);
  }

  async #leader(partition: number): Promise<Host> {
    const host = HOSTS[Math.floor(this.#cluster.random.float() * HOSTS.length)];
    const asked = { topics: [{ name: this.#topic }], allowAutoTopicCreation: false };
    const { topics } = await this.brokers.send(host, Metadata, 12, asked);
    const leader = topics[0].partitions[partition]?.leaderId ?? -1;
    if (leader < 1) throw new Error('no leader');
    return HOSTS[leader - 1];
  }
}
