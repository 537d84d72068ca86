/** Producers of a replicated topic in the simulated cluster: acks=all, one request at a time each; it keeps what was acknowledged. */
import { Metadata } from '../../../protocol/apis/03-metadata.ts';
import { Produce } from '../../../protocol/apis/00-produce.ts';
import type { Client } from '../../../protocol/client.ts';
import { ErrorCode, errorName } from '../../../protocol/errors.ts';
import { encodeBatch } from '../../../protocol/records/encode.ts';
import type { Api, Draft, Fields, Values } from '../../../protocol/schema.ts';
import { connectPeer } from '../../../src/peers/peer-client.ts';
import { BROKER_PORT, HOSTS, type Host, type SimulatedCluster } from '../cluster/simulated-cluster.ts';

const CONNECT_MS = 500;
const REQUEST_MS = 1500;
const PACE_MS = 40;
const TIMEOUT_MS = 1000;

export interface Acknowledged {
  readonly partition: number;
  readonly offset: number;
  readonly value: string;
}

export class ReplicasClient {
  readonly acknowledged: Acknowledged[] = [];
  readonly #cluster: SimulatedCluster;
  readonly #topic: string;
  readonly #partitions: number;
  readonly #connections = new Map<Host, Promise<Client>>();
  #values = 0;
  #isOver = false;

  constructor(cluster: SimulatedCluster, topic: string, partitions: number) {
    this.#cluster = cluster;
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
      await this.#pause(random.float() * 2 * PACE_MS);
      const partition = Math.floor(random.float() * this.#partitions);
      try {
        await this.#produce(partition, `value ${this.#values++}`);
      } catch {
        await this.#pause(PACE_MS); // what has become of it nobody knows
      }
    }
  }

  async #produce(partition: number, value: string): Promise<void> {
    const leader = await this.#leader(partition);
    const records = encodeBatch({ records: [{ key: null, value: Buffer.from(value), timestamp: 1000 }] });
    const topicData = [{ name: this.#topic, partitionData: [{ index: partition, records }] }];
    const { responses } = await this.send(leader, Produce, 9, { acks: -1, timeoutMs: TIMEOUT_MS, topicData });
    const [{ errorCode, baseOffset: offset }] = responses[0].partitionResponses;
    if (errorCode !== ErrorCode.NONE) throw new Error(errorName(errorCode));
    this.acknowledged.push({ partition, offset, value });
  }

  async #leader(partition: number): Promise<Host> {
    const host = HOSTS[Math.floor(this.#cluster.random.float() * HOSTS.length)];
    const asked = { topics: [{ name: this.#topic }], allowAutoTopicCreation: false };
    const { topics } = await this.send(host, Metadata, 12, asked);
    const leader = topics[0].partitions[partition]?.leaderId ?? -1;
    if (leader < 1) throw new Error('no leader');
    return HOSTS[leader - 1];
  }

  async send<Req extends Fields, Res extends Fields>(
    host: Host,
    api: Api<Req, Res>,
    version: number,
    request: Draft<Req>,
  ): Promise<Values<Res>> {
    const client = await this.#connection(host);
    const late = this.#pause(REQUEST_MS).then(() => null);
    const answer = await Promise.race([client.send(api, version, request), late]);
    if (answer !== null) return answer;
    void client.close();
    throw new Error(`no answer to ${api.name}`);
  }

  async #connection(host: Host): Promise<Client> {
    const known = await this.#connections.get(host)?.catch(() => null);
    if (known !== undefined && known !== null && !known.isClosed) return known;
    const network = this.#cluster.network.of('client');
    const opening = connectPeer(network, { host, port: BROKER_PORT, timeoutMs: CONNECT_MS });
    this.#connections.set(host, opening);
    return opening;
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#cluster.clock.after(delayMs, resolve));
  }
}
