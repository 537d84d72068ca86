/** The brokers of a test, each a whole one with a port, a node id and partitions of its own, over one metadata store. */
import type { RunningBroker } from '../broker/broker.ts';
import type { ClusterImage, PartitionImage } from '../cluster/image.ts';
import type { MetadataDraft } from '../cluster/metadata-records.ts';
import type { FoundDirectory } from './test-log-handover.ts';
import type { TestMetadata } from './test-metadata.ts';
import type { TestNode } from './test-node.ts';

/** Starts the broker of a node; on this port, unless it is 0. */
export type StartNode = (nodeId: number, port: number) => Promise<RunningBroker>;

const NO_LEADER = -1;
const HOST = '127.0.0.1';

export class Nodes {
  readonly list: readonly TestNode[];
  readonly #start: StartNode;
  readonly #metadata: TestMetadata;
  readonly #ports: number[] = [];
  /** By node id; the last one of each node, whether or not it runs. */
  readonly #brokers: RunningBroker[] = [];
  readonly #running = new Set<number>();

  constructor(ids: readonly number[], start: StartNode, metadata: TestMetadata) {
    this.#start = start;
    this.#metadata = metadata;
    this.list = ids.map((nodeId) => this.#node(nodeId));
  }

  /** The first opens the metadata store, and makes the cluster where there is none. */
  async startAll(): Promise<void> {
    await this.#run(this.list[0].nodeId);
    await this.#metadata.load(this.any.parts.metadata.image.clusterId);
    await Promise.all(this.list.slice(1).map(({ nodeId }) => this.#run(nodeId)));
  }

  async stopAll(): Promise<void> {
    const running = [...this.running];
    this.#running.clear();
    await Promise.all(running.map((broker) => broker.stop()));
  }

  get running(): readonly RunningBroker[] {
    return this.#brokers.filter((_, nodeId) => this.#running.has(nodeId));
  }

  /** One that runs; where none does, one that did. */
  get any(): RunningBroker {
    return this.running[0] ?? this.#brokers[this.list[0].nodeId];
  }

  get(nodeId: number): RunningBroker | undefined {
    return this.#running.has(nodeId) ? this.#brokers[nodeId] : undefined;
  }

  get directories(): readonly FoundDirectory[] {
    return this.#brokers.flatMap(({ parts }) => parts.partitions.directories);
  }

  get addresses(): string[] {
    return this.list.map(({ address }) => address);
  }

  get image(): ClusterImage {
    return this.#metadata.image;
  }

  /** Rejects where there is no such partition, or the broker does not run. */
  async moveLeader(topic: string, partition: number, nodeId: number): Promise<void> {
    await this.#change(({ topicsByName }) => {
      const image = topicsByName.get(topic);
      const found = image?.partitions[partition];
      if (image === undefined || found === undefined)
        throw new Error(`there is no partition ${topic}[${partition}] to move`);
      if (!this.#running.has(nodeId)) {
        throw new Error(`broker ${nodeId} cannot lead ${topic}[${partition}]: it does not run; start it first`);
      }
      const { replicas, isr } = found;
      return [
        {
          type: 'PartitionChangeRecord',
          topicId: image.id,
          partitionId: partition,
          leader: nodeId,
          replicas: replicas.includes(nodeId) ? null : [...replicas, nodeId],
          isr: isr.includes(nodeId) ? null : [...isr, nodeId],
        },
      ];
    });
  }

  /** In force at every broker that runs when it resolves: each follows it in its own time. */
  async #change(decide: (image: ClusterImage) => readonly MetadataDraft[]): Promise<void> {
    await this.#metadata.change(decide);
    const { revision } = this.image;
    await Promise.all(this.running.map(({ parts }) => parts.controller.inForce(revision)));
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
      stop: () => this.#lose(nodeId),
      start: () => this.#comeBack(nodeId),
    };
  }

  async #run(nodeId: number): Promise<void> {
    const broker = await this.#start(nodeId, this.#ports[nodeId] ?? 0);
    this.#brokers[nodeId] = broker;
    this.#ports[nodeId] = Number(broker.bootstrap.slice(broker.bootstrap.lastIndexOf(':') + 1));
    this.#running.add(nodeId);
  }

  async #lose(nodeId: number): Promise<void> {
    if (!this.#running.delete(nodeId)) return;
    // Its connections end first: its members leave their groups with them, and the next coordinator waits for none.
    await this.#brokers[nodeId].stop();
    await this.#change(({ brokers, topicsById }) => [
      {
        type: 'BrokerRegistrationChangeRecord',
        brokerId: nodeId,
        brokerEpoch: brokers.get(nodeId)?.epoch ?? -1,
        fenced: 1,
      },
      ...changesOf(topicsById, (partition) => this.#without(nodeId, partition)),
    ]);
  }

  async #comeBack(nodeId: number): Promise<void> {
    if (this.#running.has(nodeId)) return;
    await this.#run(nodeId);
    // Followers have what the leader has, since they share its log.
    await this.#change(({ topicsById }) =>
      changesOf(topicsById, ({ replicas, isr, leader }) => {
        const isBehind = replicas.includes(nodeId) && (!isr.includes(nodeId) || leader === NO_LEADER);
        if (!isBehind) return null;
        const inSync = [...isr.filter((id) => id !== nodeId && this.#running.has(id)), nodeId];
        return leader === NO_LEADER ? { isr: inSync, leader: nodeId } : { isr: inSync };
      }),
    );
  }

  /** Leader and in-sync replicas without a broker: the next one in line leads; none, where it was the last. */
  #without(nodeId: number, { leader, replicas, isr }: PartitionImage): Partial<PartitionImage> | null {
    if (!replicas.includes(nodeId)) return null;
    const left = isr.filter((id) => id !== nodeId);
    const next = replicas.find((id) => left.includes(id) && this.#running.has(id)) ?? NO_LEADER;
    return {
      ...(left.length > 0 ? { isr: left } : {}),
      ...(leader === nodeId ? { leader: next } : {}),
    };
  }
}

/** What becomes of each partition; null where it stays as it is. */
function changesOf(
  topicsById: ClusterImage['topicsById'],
  change: (partition: PartitionImage) => Partial<PartitionImage> | null,
): MetadataDraft[] {
  return [...topicsById.values()].flatMap(({ id: topicId, partitions }) =>
    partitions.flatMap((partition, partitionId): MetadataDraft[] => {
      const changed = change(partition);
      if (changed === null) return [];
      const { leader, isr } = changed;
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
