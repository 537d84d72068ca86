/** What scenes are played on: a cluster of three with one partition, a producer, and an eye on what is committed. */
import { CreateTopics } from '../../../protocol/apis/19-create-topics.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import type { PartitionImage } from '../../../src/cluster/image.ts';
import type { Partition } from '../../../src/partitions/partition.ts';
import { imageOf, startAll } from '../cluster/mending.ts';
import { BROKER_PORT, HOSTS, SimulatedCluster, type ClusterOptions, type Host } from '../cluster/simulated-cluster.ts';
import { checkReplicas, CommittedRecords } from './replicas-checker.ts';
import { ReplicasClient } from './replicas-client.ts';

const TOPIC = 'replicated';
const STEP_MS = 20;
const PATIENCE_MS = 30_000;
const SETTINGS = {
  'replica.lag.time.max.ms': '2000',
  'replica.fetch.backoff.ms': '200',
  'broker.session.timeout.ms': '3000',
  'replica.socket.timeout.ms': '60000',
};

export interface StageOptions extends ClusterOptions {
  readonly minInsyncReplicas?: number;
}

export class Stage {
  readonly cluster: SimulatedCluster;
  readonly client: ReplicasClient;
  readonly #committed: CommittedRecords;
  readonly #minInsyncReplicas: number;
  #values = 0;

  private constructor(seed: number, { minInsyncReplicas = 2, settings, ...options }: StageOptions) {
    this.cluster = new SimulatedCluster(seed, { isSentKept: true, ...options, settings: { ...SETTINGS, ...settings } });
    this.client = new ReplicasClient(this.cluster, TOPIC, 1);
    this.#committed = new CommittedRecords(this.cluster, TOPIC);
    this.#minInsyncReplicas = minInsyncReplicas;
  }

  /** The first host leads, and is the preferred leader; all are in sync. */
  static async open(seed: number, options: StageOptions): Promise<Stage> {
    const stage = new Stage(seed, options);
    await stage.cluster.startAll();
    await stage.cluster.settled('the topic is made', stage.#makeTopic());
    await stage.untilInSync(...HOSTS);
    return stage;
  }

  async #makeTopic(): Promise<void> {
    const configs = [{ name: 'min.insync.replicas', value: String(this.#minInsyncReplicas) }];
    const assignments = [{ partitionIndex: 0, brokerIds: [1, 2, 3] }];
    const topic = { name: TOPIC, numPartitions: -1, replicationFactor: -1, assignments, configs };
    const request = { timeoutMs: 3000, validateOnly: false, topics: [topic] };
    const { topics } = await this.client.brokers.send(HOSTS[0], CreateTopics, 7, request);
    if (topics[0].errorCode !== ErrorCode.NONE) throw new Error(`the topic is not made: ${topics[0].errorCode}`);
  }

  /** As the active controller has it; as it was, while there is none. */
  get image(): PartitionImage {
    return (this.#image = imageOf(this.cluster)?.topicsByName.get(TOPIC)?.partitions[0] ?? this.#image);
  }
  #image = { leader: -1, isr: [], elr: [] } as unknown as PartitionImage;

  /** The replica of a host that runs. */
  at(host: Host): Partition {
    const partition = this.cluster.get(host).broker?.parts.partitions.get(TOPIC, 0);
    if (partition === undefined) throw new Error(`${host} has no replica`);
    return partition;
  }

  leads(host: Host): boolean {
    return this.cluster.get(host).broker?.parts.partitions.get(TOPIC, 0)?.isLeader === true;
  }

  isInSync(host: Host): boolean {
    return this.image.isr.includes(this.cluster.get(host).nodeId);
  }

  /** For itself and for the controller. */
  serves(host: Host): boolean {
    const machine = this.cluster.get(host);
    const isUnfenced = imageOf(this.cluster)?.brokers.get(machine.nodeId)?.fenced === false;
    return isUnfenced && this.cluster.isServing(machine);
  }

  /** The controller's preferred election. */
  async electPreferred(): Promise<void> {
    const { controller } = this.cluster.active()!.controller!.node.active!;
    const elected = controller.electLeaders(false, [{ topic: TOPIC, partitions: [0] }]);
    await this.cluster.settled('the preferred replica leads', elected);
  }

  async until(what: string, isSo: () => boolean): Promise<void> {
    const look = (): boolean => {
      this.#committed.look();
      return isSo();
    };
    await this.cluster.until(what, look, PATIENCE_MS);
  }

  untilInSync(...hosts: readonly Host[]): Promise<void> {
    const isSo = (): boolean => HOSTS.every((host) => this.isInSync(host) === hosts.includes(host));
    return this.until(`in sync are ${hosts.join(', ')}`, isSo);
  }

  async advance(byMs: number): Promise<void> {
    for (let passedMs = 0; passedMs < byMs; passedMs += STEP_MS) {
      await this.cluster.advance(STEP_MS);
      this.#committed.look();
    }
  }

  /** One value to the leader. Resolves when it is acknowledged, or with false when it is not in time. */
  produce(leader: Host, acks = -1): Promise<boolean> {
    return this.client.produceAt(leader, 0, `value ${this.#values++}`, acks).then(
      () => true,
      () => false,
    );
  }

  /** So many values, one after the other. @throws where one is not acknowledged */
  async acknowledge(leader: Host, count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const isAcknowledged = await this.cluster.settled('an answer comes', this.produce(leader));
      if (!isAcknowledged) throw new Error(`${leader} does not acknowledge a value`);
    }
  }

  /** Between brokers as replicas, and clients; their heartbeats and metadata pass. */
  cut(from: Host, to: Host): void {
    this.cluster.network.cut(from, to, BROKER_PORT);
  }

  heal(from: Host, to: Host): void {
    this.cluster.network.heal(from, to, BROKER_PORT);
  }

  separate(a: Host, b: Host): void {
    this.cut(a, b);
    this.cut(b, a);
  }

  say(what: string): void {
    this.cluster.observer.say(what);
  }

  /** Everything runs again, and all replicas are in sync; then their logs are compared. Answers what is wrong. */
  async close(): Promise<readonly string[]> {
    for (const from of HOSTS) {
      this.cluster.setStopped(from, false);
      this.cluster.get(from).disk.before = null;
      for (const to of HOSTS) this.heal(from, to);
    }
    const isWhole = (): boolean => {
      startAll(this.cluster);
      return HOSTS.every((host) => this.serves(host) && this.isInSync(host)) && this.image.leader > 0;
    };
    try {
      await this.until('all replicas are in sync', isWhole);
      await this.advance(1000);
    } catch (error) {
      this.say((error as Error).message);
    }
    for (const wrong of checkReplicas(this.cluster, TOPIC, 1, this.client.acknowledged)) this.say(wrong);
    return this.cluster.observer.wrong;
  }
}
