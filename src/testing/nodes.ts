/** The brokers of a test, each a whole one with a port, a node id and replicas of its own, over one metadata store. */
import type { RunningBroker } from '../broker/broker.ts';
import { beginControlledShutdown, fenceBroker, unfenceBroker } from '../cluster/broker-changes.ts';
import type { ClusterImage, PartitionImage } from '../cluster/image.ts';
import type { MetadataDraft } from '../cluster/metadata-records.ts';
import { nextTurn, systemClock, type Clock, type Timer, type VirtualClock } from '../platform/clock.ts';
import { checkKeys, type KeysOf } from './known-keys.ts';
import { PEER_HOST, type BrokerNetworks } from './broker-networks.ts';
import type { TestMetadata } from './test-metadata.ts';
import type { StopOptions, TestNode } from './test-node.ts';

/** Starts the broker of a node, on this port, unless it is 0. `isBeginning`: all of them begin together. */
export type StartNode = (nodeId: number, port: number, isBeginning: boolean) => Promise<RunningBroker>;

export interface NodesOptions {
  readonly ids: readonly number[];
  readonly start: StartNode;
  readonly metadata: TestMetadata;
  readonly networks: BrokerNetworks;
  readonly clock: Clock;
}

type BrokerDecision = typeof fenceBroker;

const STOP: KeysOf<StopOptions> = { controlled: true };
const HOST = '127.0.0.1';
/** Of the event loop: what followers can catch up with, they have by then. */
const PATIENCE_TURNS = 1000;
/** The same where they find a new leader first. */
const SETTLED_MS = 200;

export class Nodes {
  readonly list: readonly TestNode[];
  readonly #options: NodesOptions;
  readonly #ports: number[] = [];
  /** By node id; the last one of each node, whether or not it runs. */
  readonly #brokers: RunningBroker[] = [];
  readonly #running = new Set<number>();
  /** Brokers that are cut off from the cluster's metadata; each with the end of its session. */
  readonly #cutOff = new Map<number, Timer>();

  constructor(options: NodesOptions) {
    this.#options = options;
    this.list = options.ids.map((nodeId) => this.#node(nodeId));
  }

  /** The first opens the metadata store, and makes the cluster where there is none. */
  async startAll(): Promise<void> {
    await this.#run(this.list[0].nodeId, true);
    await this.#options.metadata.load(this.any.parts.metadata.image.clusterId);
    await Promise.all(this.list.slice(1).map(({ nodeId }) => this.#run(nodeId, true)));
  }

  async stopAll(): Promise<void> {
    const running = [...this.running];
    for (const { parts } of running) this.#leave(parts.nodeId);
    this.#running.clear();
    await Promise.all(running.map((broker) => broker.stop()));
  }

  get running(): readonly RunningBroker[] {
    return this.#brokers.filter((_, nodeId) => this.#running.has(nodeId));
  }

  /** One that runs and sees its cluster; where none does, one that did. */
  get any(): RunningBroker {
    const { running } = this;
    return running.find(({ parts }) => !this.#cutOff.has(parts.nodeId)) ?? running[0] ?? this.#brokers[this.#firstId];
  }

  get #firstId(): number {
    return this.list[0].nodeId;
  }

  get(nodeId: number): RunningBroker | undefined {
    return this.#running.has(nodeId) ? this.#brokers[nodeId] : undefined;
  }

  get addresses(): string[] {
    return this.list.map(({ address }) => address);
  }

  get image(): ClusterImage {
    return this.#options.metadata.image;
  }

  /** @throws {Error} where there is no such partition, or the broker does not run */
  checkLeader(topic: string, partition: number, nodeId: number): PartitionImage {
    const found = this.image.topicsByName.get(topic)?.partitions[partition];
    if (found === undefined) throw new Error(`there is no partition ${topic}[${partition}] to move`);
    if (this.#running.has(this.#checkNode(nodeId))) return found;
    throw new Error(`broker ${nodeId} cannot lead ${topic}[${partition}]: it does not run; start it first`);
  }

  /** Where the broker has no replica of the partition, gives it one beside the others. */
  async addReplica(topic: string, partition: number, nodeId: number): Promise<void> {
    const { replicas } = this.checkLeader(topic, partition, nodeId);
    if (replicas.includes(nodeId)) return;
    const move = { partitionIndex: partition, replicas: [...replicas, nodeId] };
    const [result] = await this.any.parts.controller.alterReassignments([{ name: topic, partitions: [move] }], true);
    const [{ errorMessage }] = result.partitions;
    if (errorMessage !== null) throw new Error(`${topic}[${partition}] cannot be moved: ${errorMessage}`);
  }

  /** Of a partition that the broker is in sync with. */
  async elect(topic: string, partition: number, nodeId: number): Promise<void> {
    await this.#change(({ topicsByName }) => {
      const image = topicsByName.get(topic);
      if (image?.partitions[partition]?.isr.includes(nodeId) !== true) return [];
      return [{ type: 'PartitionChangeRecord', topicId: image.id, partitionId: partition, leader: nodeId }];
    });
  }

  /** Cuts a broker off from these; from all others and from the cluster's metadata where none are named. */
  async isolate(nodeId: number, from: readonly number[] | null): Promise<void> {
    this.#checkNode(nodeId);
    for (const other of from ?? this.#others(nodeId)) this.#options.networks.cut(nodeId, this.#checkNode(other));
    if (from !== null || this.#cutOff.has(nodeId) || !this.#running.has(nodeId)) return;
    if (this.list.length === 1)
      throw new TypeError('there is one broker: isolate is for several, as of startBroker({ brokers: 3 })');
    const { metadata, clock } = this.#options;
    metadata.cutOff(nodeId);
    const sessionMs = this.any.parts.config['broker.session.timeout.ms'];
    const fence = (): void => void this.#changeBroker(nodeId, fenceBroker).catch(() => {}); // the test may have ended
    this.#cutOff.set(nodeId, clock.after(sessionMs, fence));
  }

  /** Mends all that a broker was cut off from; resolves when it sees its cluster as it is. */
  async heal(nodeId: number): Promise<void> {
    for (const other of this.#others(this.#checkNode(nodeId))) this.#options.networks.mend(nodeId, other);
    this.#cutOff.get(nodeId)?.cancel();
    if (!this.#cutOff.delete(nodeId)) return;
    this.#options.metadata.mend(nodeId);
    if (this.image.brokers.get(nodeId)?.fenced === true) await this.#changeBroker(nodeId, unfenceBroker);
    else await this.#inForce();
  }

  /** Lets time pass at all brokers. Leaders look for followers that lag while there are any. */
  async advance(clock: VirtualClock, byMs: number): Promise<void> {
    if (this.list.length === 1) return clock.advance(byMs);
    await this.#settled();
    for (let leftMs = byMs; leftMs > 0;) {
      const isSomeLate = [...this.#behind()].length > 0;
      const stepMs = isSomeLate ? Math.min(leftMs, this.any.parts.config['replica.lag.time.max.ms'] / 2) : leftMs;
      await clock.advance(stepMs, () => this.#settled());
      for (const { parts } of this.running) for (const partition of parts.partitions.all()) partition.checkFollowers();
      leftMs -= stepMs;
    }
    await this.#settled();
  }

  /** Resolves when followers have what their leaders have, as far as they can: before that no time passes. */
  async #settled(patienceMs = 0): Promise<void> {
    await nextTurn();
    const untilMs = systemClock.monotonic() + patienceMs;
    const isOver = (turns: number): boolean => turns >= PATIENCE_TURNS && systemClock.monotonic() >= untilMs;
    for (let turns = 0; this.#isCatchingUp() && !isOver(turns); turns++) await nextTurn();
  }

  #isCatchingUp(): boolean {
    for (const { id, leader } of this.#behind())
      if (this.#running.has(id) && !this.#options.networks.isCut(id, leader)) return true;
    return false;
  }

  /** Replicas whose leader has records that they have not, as far as it knows. */
  *#behind(): Generator<{ readonly id: number; readonly leader: number }> {
    for (const { name, partitions } of this.image.topicsById.values()) {
      for (const [index, { leader, replicas }] of partitions.entries()) {
        const led = this.get(leader)?.parts.partitions.get(name, index);
        if (led === undefined) continue;
        for (const id of replicas) {
          const endOffset = led.leaderState?.endOffsetOf(id) ?? null;
          if (endOffset !== null && endOffset < led.endOffset) yield { id, leader };
        }
      }
    }
  }

  #others(nodeId: number): number[] {
    return this.list.map((node) => node.nodeId).filter((id) => id !== nodeId);
  }

  #checkNode(nodeId: number): number {
    if (this.list.some((node) => node.nodeId === nodeId)) return nodeId;
    const ids = this.list.map((node) => node.nodeId).join(', ');
    throw new RangeError(`there is no broker ${nodeId}: the brokers of this test are ${ids}`);
  }

  /** Resolves when new leaders know how far records are committed, too. */
  async #change(decide: (image: ClusterImage) => readonly MetadataDraft[]): Promise<void> {
    await this.#options.metadata.change(decide);
    await this.#inForce();
    if (this.list.length > 1) await this.#settled(SETTLED_MS);
  }

  #changeBroker(nodeId: number, decide: BrokerDecision): Promise<void> {
    return this.#change((image) => {
      const broker = image.brokers.get(nodeId);
      return broker === undefined ? [] : decide(image, this.any.parts.config, broker);
    });
  }

  /** At every broker that runs and hears of it: each follows it in its own time. */
  async #inForce(): Promise<void> {
    const { revision } = this.image;
    const told = this.running.filter(({ parts }) => !this.#cutOff.has(parts.nodeId));
    await Promise.all(told.map(({ parts }) => parts.controller.inForce(revision)));
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
      stop: (options) => this.#stop(nodeId, options),
      start: () => this.#comeBack(nodeId),
    };
  }

  async #run(nodeId: number, isBeginning: boolean): Promise<void> {
    const broker = await this.#options.start(nodeId, this.#ports[nodeId] ?? 0, isBeginning);
    this.#brokers[nodeId] = broker;
    this.#ports[nodeId] = Number(broker.bootstrap.slice(broker.bootstrap.lastIndexOf(':') + 1));
    this.#running.add(nodeId);
  }

  async #stop(nodeId: number, options: StopOptions = {}): Promise<void> {
    checkKeys('stop', options, STOP);
    const { controlled = false } = options;
    if (!this.#running.has(nodeId)) return;
    if (controlled) await this.#changeBroker(nodeId, beginControlledShutdown);
    await this.#dismissClients(nodeId);
    this.#running.delete(nodeId);
    this.#leave(nodeId);
    await this.#brokers[nodeId].stop();
    await this.#changeBroker(nodeId, this.list.length === 1 ? fenceAlone : fenceBroker);
  }

  /** Members leave their groups with their connections, and the next coordinator is told so: else it would wait for their sessions to end. */
  async #dismissClients(nodeId: number): Promise<void> {
    this.#brokers[nodeId].listeners.disconnect('the broker stops', ({ clientHost }) => clientHost !== PEER_HOST);
    if (this.list.length > 1 && !this.#cutOff.has(nodeId)) await this.#settled(SETTLED_MS);
  }

  /** It is reached by nobody from now on; where it was cut off, that is over. */
  #leave(nodeId: number): void {
    const { networks, metadata } = this.#options;
    for (const other of this.#others(nodeId)) networks.mend(nodeId, other);
    networks.leave(nodeId);
    this.#cutOff.get(nodeId)?.cancel();
    this.#cutOff.delete(nodeId);
    metadata.leave(nodeId);
  }

  async #comeBack(nodeId: number): Promise<void> {
    if (this.#running.has(nodeId)) return;
    await this.#run(nodeId, false);
    await this.#inForce();
  }
}

/** It is in sync with itself, and leads again when it registers. */
const fenceAlone: BrokerDecision = ({ topicsById }, _config, { id, epoch }) => [
  { type: 'BrokerRegistrationChangeRecord', brokerId: id, brokerEpoch: epoch, fenced: 1 },
  ...[...topicsById.values()].flatMap(({ id: topicId, partitions }) =>
    Array.from(partitions.keys(), (partitionId): MetadataDraft => {
      return { type: 'PartitionChangeRecord', topicId, partitionId, leader: -1 };
    }),
  ),
];
