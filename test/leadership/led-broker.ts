/**
 * Broker 1 of a cluster in which broker 2 leads too and broker 3 is fenced, asked over its port. Each topic has a partition for
 * every way of being led: see `LED`.
 */
import type { Api, Draft, Fields, Values } from '../../protocol/schema.ts';
import { DescribeGroups } from '../../protocol/apis/15-describe-groups.ts';
import { DescribeTransactions } from '../../protocol/apis/65-describe-transactions.ts';
import { connect, type Client } from '../../protocol/client.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import type { MetadataDraft } from '../../src/cluster/metadata-records.ts';
import type { MetadataStore } from '../../src/cluster/metadata-store.ts';
import { partitionFor } from '../../src/coordination/java-hash.ts';

export const TOPICS = ['t', '__consumer_offsets', '__transaction_state'] as const;

/** Partition by partition. */
export const LED = {
  'led here': 0,
  'led elsewhere, with a replica here': 1,
  'led by nobody': 2,
  'led elsewhere, without a replica here': 3,
} as const;
export type Led = keyof typeof LED;
export const COUNT = Object.keys(LED).length;
/** Of a partition that does not exist. */
export const UNKNOWN = 9;
/** Of each partition. */
export const EPOCH = 5;

const NOT_YET: ReadonlySet<number> = new Set([ErrorCode.NOT_COORDINATOR, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS]);
const REPLICAS = [[1], [1, 2], [1, 3], [2]];
const LEADERS = [1, 2, -1, 2];

export class LedBroker {
  readonly running: RunningBroker;
  readonly client: Client;
  readonly #store: MetadataStore;

  static async start(): Promise<LedBroker> {
    let store: MetadataStore | undefined;
    const running = await startBroker({
      memory: true,
      settings: { 'node.id': '1', listeners: 'PLAINTEXT://127.0.0.1:0', 'auto.create.topics.enable': 'false' },
      openMetadataStore: (open) => (store = open()),
    });
    const [host, port] = running.bootstrap.split(':');
    const broker = new LedBroker(running, await connect({ host, port: Number(port) }), store!);
    await broker.#populate();
    await broker.#led();
    return broker;
  }

  private constructor(running: RunningBroker, client: Client, store: MetadataStore) {
    this.running = running;
    this.client = client;
    this.#store = store;
  }

  /** Once it has taken up what it leads, as its coordinators have. */
  async #led(): Promise<void> {
    const id = idFor('led here');
    for (;;) {
      const { groups } = await this.send(DescribeGroups, 5, { groups: [id] });
      const { transactionStates } = await this.send(DescribeTransactions, 0, { transactionalIds: [id] });
      const codes = [groups[0].errorCode, transactionStates[0].errorCode];
      const isReady = this.running.parts.partitions.topicByName('t')?.partitions[LED['led here']]?.isLeader;
      if (isReady === true && !codes.some((code) => NOT_YET.has(code))) return;
    }
  }

  async stop(): Promise<void> {
    await this.client.close();
    await this.running.stop();
  }

  send<Req extends Fields, Res extends Fields>(
    api: Api<Req, Res>,
    version: number,
    request: Draft<Req>,
  ): Promise<Values<Res>> {
    return this.client.send(api, version, request);
  }

  topicId(name: string): string {
    return this.running.parts.metadata.image.topicsByName.get(name)!.id;
  }

  async change(...records: MetadataDraft[]): Promise<void> {
    await this.#store.append(records, this.running.parts.metadata.image.revision);
  }

  #populate(): Promise<void> {
    return this.change(
      brokerRecord(2, false),
      brokerRecord(3, true),
      ...TOPICS.flatMap((name, i): MetadataDraft[] => [
        { type: 'TopicRecord', name, topicId: `topic_number_${i}_______A` },
        ...LEADERS.map((leader, partitionId) => partitionRecord(`topic_number_${i}_______A`, partitionId, leader)),
      ]),
    );
  }
}

function brokerRecord(brokerId: number, fenced: boolean): MetadataDraft {
  return {
    type: 'RegisterBrokerRecord',
    brokerId,
    brokerEpoch: brokerId,
    incarnationId: `incarnation_____of_${brokerId}_A`,
    rack: 'there',
    fenced,
    endPoints: [{ name: 'PLAINTEXT', host: `broker-${brokerId}`, port: 9090 + brokerId, securityProtocol: 0 }],
    features: [],
    logDirs: [],
  };
}

function partitionRecord(topicId: string, partitionId: number, leader: number): MetadataDraft {
  return {
    type: 'PartitionRecord',
    topicId,
    partitionId,
    replicas: REPLICAS[partitionId],
    isr: leader === -1 ? [] : [leader],
    removingReplicas: [],
    addingReplicas: [],
    leader,
    leaderEpoch: EPOCH,
    partitionEpoch: 0,
  };
}

/** A group or transactional id whose coordinator is led like that. */
export function idFor(led: Led): string {
  for (let i = 0; ; i++) if (partitionFor(`id-${i}`, COUNT) === LED[led]) return `id-${i}`;
}
