/**
 * Several brokers in one process, over one store: each has its port, its node id and the partitions that it leads. What is
 * simulated is who leads and who is there; records are not copied between them.
 */
import type { RunningBroker } from '../broker/broker.ts';
import type { PartitionImage as Partition, ClusterImage } from '../cluster/image.ts';
import type { MetadataDraft } from '../cluster/metadata-records.ts';
import { randomUuid } from '../platform/random.ts';
import type { TestMetadata } from './test-metadata.ts';

export interface TestNode {
  /** As clients see it: its place in `brokers`. */
  readonly nodeId: number;
  readonly port: number;
  /** host:port */
  readonly address: string;
  readonly isRunning: boolean;
  /** As if the process had died: its connections end, its port is closed, other replicas lead what it led. */
  stop(): Promise<void>;
  /** Back again, on the same port. It leads nothing but what nobody else could; see `moveLeader`. */
  start(): Promise<void>;
}

const NO_LEADER = -1;
const HOST = '127.0.0.1';

export class Nodes {
  readonly list: readonly TestNode[];
  readonly #broker: RunningBroker;
  readonly #metadata: TestMetadata;
  readonly #ports: number[] = [];
  readonly #running = new Set<number>([0]);

  private constructor(broker: RunningBroker, count: number, metadata: TestMetadata) {
    this.#broker = broker;
    this.#metadata = metadata;
    this.list = Array.from({ length: count }, (_, nodeId) => this.#node(nodeId));
  }

  /** The first has been started with the broker; this opens the listeners of the others. */
  static async open(broker: RunningBroker, count: number, metadata: TestMetadata): Promise<Nodes> {
    const nodes = new Nodes(broker, count, metadata);
    nodes.#ports[0] = Number(broker.bootstrap.slice(broker.bootstrap.lastIndexOf(':') + 1));
    for (let nodeId = 1; nodeId < count; nodeId++) await nodes.#start(nodeId);
    return nodes;
  }

  get addresses(): string[] {
    return this.list.map(({ address }) => address);
  }

  /** @throws {Error} where there is no such partition, or the broker does not run */
  async moveLeader(topic: string, partition: number, nodeId: number): Promise<void> {
    const image = this.#image.topicsByName.get(topic);
    const found = image?.partitions[partition];
    if (image === undefined || found === undefined)
      throw new Error(`there is no partition ${topic}[${partition}] to move`);
    if (!this.#running.has(nodeId)) {
      throw new Error(`broker ${nodeId} cannot lead ${topic}[${partition}]: it does not run; start it first`);
    }
    const { replicas, isr } = found;
    await this.#metadata.change(() => [
      {
        type: 'PartitionChangeRecord',
        topicId: image.id,
        partitionId: partition,
        leader: nodeId,
        replicas: replicas.includes(nodeId) ? null : [...replicas, nodeId],
        isr: isr.includes(nodeId) ? null : [...isr, nodeId],
      },
    ]);
  }

  #node(nodeId: number): TestNode {
    const isRunning = (): boolean => this.#running.has(nodeId);
    const port = (): number => this.#ports[nodeId];
    return {
      nodeId,
      get port() {
        return port();
      },
      get address() {
        return `${HOST}:${port()}`;
      },
      get isRunning() {
        return isRunning();
      },
      stop: () => this.#stop(nodeId),
      start: () => this.#start(nodeId),
    };
  }

  async #stop(nodeId: number): Promise<void> {
    if (!this.#running.delete(nodeId)) return;
    const reason = 'the broker was stopped by the test';
    // First: its members leave their groups with their connections, and nobody waits for them at the next coordinator.
    this.#broker.listeners.disconnect(reason, (connection) => connection.nodeId === nodeId);
    const broker = this.#image.brokers.get(nodeId)!;
    await this.#metadata.change(() => [
      {
        type: 'RegisterBrokerRecord',
        brokerId: nodeId,
        brokerEpoch: broker.epoch,
        incarnationId: broker.incarnationId,
        rack: broker.rack,
        fenced: true,
        endPoints: [...broker.listeners],
        features: [],
        logDirs: [...broker.logDirectoryIds],
      },
      ...this.#partitions(
        ({ replicas }) => replicas.includes(nodeId),
        (partition) => this.#without(nodeId, partition),
      ),
    ]);
    await this.#broker.listeners.close(reason, nodeId);
  }

  async #start(nodeId: number): Promise<void> {
    if (this.#running.has(nodeId)) return;
    const { controller, random, config } = this.#broker.parts;
    const port = await this.#broker.openNode(nodeId, this.#ports[nodeId] ?? 0);
    this.#ports[nodeId] = port;
    this.#running.add(nodeId);
    await controller.register({
      id: nodeId,
      incarnationId: randomUuid(random),
      rack: config['broker.rack'],
      listeners: [{ name: 'PLAINTEXT', host: HOST, port, securityProtocol: 0 }],
      logDirectoryIds: this.#image.brokers.get(0)?.logDirectoryIds ?? [],
    });
    const isBehind = ({ replicas, isr, leader }: Partition): boolean =>
      replicas.includes(nodeId) && (!isr.includes(nodeId) || leader === NO_LEADER);
    await this.#metadata.change(() =>
      this.#partitions(isBehind, ({ isr, leader }) => ({
        isr: [...isr.filter((id) => id !== nodeId && this.#running.has(id)), nodeId],
        ...(leader === NO_LEADER ? { leader: nodeId } : {}),
      })),
    );
  }

  /** Leader and in-sync replicas without a broker: the next one in line leads; nobody, where it was the last. */
  #without(nodeId: number, { leader, replicas, isr }: Partition): Partial<Partition> {
    const left = isr.filter((id) => id !== nodeId);
    const next = replicas.find((id) => left.includes(id) && this.#running.has(id)) ?? NO_LEADER;
    return {
      ...(left.length > 0 ? { isr: left } : {}),
      ...(leader === nodeId ? { leader: next } : {}),
    };
  }

  #partitions(
    which: (partition: Partition) => boolean,
    change: (partition: Partition) => Partial<Partition>,
  ): MetadataDraft[] {
    return [...this.#image.topicsById.values()].flatMap(({ id: topicId, partitions }) =>
      partitions.flatMap((partition, partitionId): MetadataDraft[] => {
        if (!which(partition)) return [];
        const { leader, isr } = change(partition);
        return [
          {
            type: 'PartitionChangeRecord',
            topicId,
            partitionId,
            ...(leader === undefined ? {} : { leader }),
            ...(isr === undefined ? {} : { isr: [...isr] }),
          },
        ];
      }),
    );
  }

  get #image(): ClusterImage {
    return this.#broker.parts.controller.image;
  }
}
