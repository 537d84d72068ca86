/**
 * What operators do while there is trouble: partitions are moved to other replicas and back, records are deleted, preferred leaders
 * are elected, other topics come and go under the same name. What nobody answers, or what is refused, is let be.
 */
import { Produce } from '../../../protocol/apis/00-produce.ts';
import { CreateTopics } from '../../../protocol/apis/19-create-topics.ts';
import { DeleteTopics } from '../../../protocol/apis/20-delete-topics.ts';
import { DeleteRecords } from '../../../protocol/apis/21-delete-records.ts';
import { ElectLeaders } from '../../../protocol/apis/43-elect-leaders.ts';
import { AlterPartitionReassignments } from '../../../protocol/apis/45-alter-partition-reassignments.ts';
import { encodeBatch } from '../../../protocol/records/encode.ts';
import type { Api, Draft, Fields } from '../../../protocol/schema.ts';
import { imageOf, leaderOf } from '../cluster/mending.ts';
import { HOSTS, type Host, type SimulatedCluster } from '../cluster/simulated-cluster.ts';
import type { ReplicasClient } from './replicas-client.ts';

const TIMEOUT = { timeoutMs: 1000 };
const PREFERRED = 0;
const OTHER_TOPIC = 'other';
const OTHER_PARTITIONS = 2;
const ALL: readonly number[] = HOSTS.map((_, i) => i + 1);

export class Operators {
  readonly #cluster: SimulatedCluster;
  readonly #client: ReplicasClient;
  readonly #topic: string;
  readonly #partitions: number;
  /** By partition: an operator has asked for all before to be deleted. */
  readonly #deletedBefore: number[];
  #isRestoring = false;

  constructor(cluster: SimulatedCluster, client: ReplicasClient, topic: string, partitions: number) {
    this.#cluster = cluster;
    this.#client = client;
    this.#topic = topic;
    this.#partitions = partitions;
    this.#deletedBefore = Array.from({ length: partitions }, () => 0);
  }

  /** The same thing may come often: each is as likely. */
  get deeds(): readonly (() => void)[] {
    return [
      () => this.#move(this.#below(this.#partitions), this.#someReplicas()),
      () => this.#move(this.#below(this.#partitions), this.#someReplicas()),
      () => this.#move(this.#below(this.#partitions), null),
      () => this.#electPreferred(),
      () => this.#deleteRecords(this.#below(this.#partitions)),
      () => this.#make(),
      () => this.#delete(),
      () => this.#moveOther(),
      () => this.#produceToOther(),
    ];
  }

  get deletedBefore(): readonly number[] {
    return this.#deletedBefore;
  }

  /** Begins to give each partition all its replicas again. Answers whether they have them. */
  restore(): boolean {
    const partitions = imageOf(this.#cluster)?.topicsByName.get(this.#topic)?.partitions ?? [];
    const isWhole = partitions.every(
      ({ replicas, addingReplicas, removingReplicas }) =>
        replicas.length === ALL.length && addingReplicas.length + removingReplicas.length === 0,
    );
    if (isWhole && partitions.length > 0) return true;
    if (this.#isRestoring) return false;
    this.#isRestoring = true;
    const asked = partitions.map((_, partitionIndex) => ({ partitionIndex, replicas: [...ALL] }));
    const topics = [{ name: this.#topic, partitions: asked }];
    void this.#ask(AlterPartitionReassignments, 0, { ...TIMEOUT, topics }).then(() => (this.#isRestoring = false));
    return false;
  }

  #below(most: number): number {
    return Math.floor(this.#cluster.random.float() * most);
  }

  #host(): Host {
    return HOSTS[this.#below(HOSTS.length)];
  }

  /** Two or three of them, in any order. */
  #someReplicas(): number[] {
    const first = this.#below(ALL.length);
    const step = 1 + this.#below(2);
    const rotated = ALL.map((_, i) => ALL[(first + i * step) % ALL.length]);
    return rotated.slice(0, 2 + this.#below(2));
  }

  #move(partitionIndex: number, replicas: number[] | null): void {
    const topics = [{ name: this.#topic, partitions: [{ partitionIndex, replicas }] }];
    void this.#ask(AlterPartitionReassignments, 0, { ...TIMEOUT, topics });
  }

  #electPreferred(): void {
    void this.#ask(ElectLeaders, 2, { ...TIMEOUT, electionType: PREFERRED, topicPartitions: null });
  }

  /** Up to a part of what its leader has committed. */
  #deleteRecords(partitionIndex: number): void {
    const leader = leaderOf(this.#cluster, this.#topic, partitionIndex);
    if (leader === null) return;
    const known = this.#cluster.get(leader).broker?.parts.partitions.get(this.#topic, partitionIndex);
    const offset = Math.floor((known?.highWatermark ?? 0) * this.#cluster.random.float());
    this.#deletedBefore[partitionIndex] = Math.max(this.#deletedBefore[partitionIndex], offset);
    const topics = [{ name: this.#topic, partitions: [{ partitionIndex, offset }] }];
    void this.#ask(DeleteRecords, 2, { ...TIMEOUT, topics }, leader);
  }

  #make(): void {
    const topic = {
      name: OTHER_TOPIC,
      numPartitions: OTHER_PARTITIONS,
      replicationFactor: 2,
      assignments: [],
      configs: [],
    };
    void this.#ask(CreateTopics, 7, { ...TIMEOUT, validateOnly: false, topics: [topic] });
  }

  #delete(): void {
    void this.#ask(DeleteTopics, 5, { ...TIMEOUT, topicNames: [OTHER_TOPIC] });
  }

  #moveOther(): void {
    const replicas = this.#someReplicas().slice(0, 1 + this.#below(2));
    const topics = [{ name: OTHER_TOPIC, partitions: [{ partitionIndex: this.#below(OTHER_PARTITIONS), replicas }] }];
    void this.#ask(AlterPartitionReassignments, 0, { ...TIMEOUT, topics });
  }

  #produceToOther(): void {
    const index = this.#below(OTHER_PARTITIONS);
    const records = encodeBatch({ records: [{ key: null, value: Buffer.from('other'), timestamp: 1000 }] });
    const topicData = [{ name: OTHER_TOPIC, partitionData: [{ index, records }] }];
    const leader = leaderOf(this.#cluster, OTHER_TOPIC, index) ?? this.#host();
    void this.#ask(Produce, 9, { ...TIMEOUT, acks: 1, topicData }, leader);
  }

  /** Folders of replicas that were deleted or moved away, and are still there; not of those that nobody knows (strays). */
  left(): string[] {
    const others = imageOf(this.#cluster)?.topicsByName.get(OTHER_TOPIC)?.partitions ?? [];
    return this.#cluster.all.flatMap(({ host, nodeId, disk }) =>
      disk
        .list('/data')
        .filter((name) => name.startsWith(`${OTHER_TOPIC}-`) && !name.endsWith('-stray'))
        .filter(
          (name) => !others.some(({ replicas }, i) => name === `${OTHER_TOPIC}-${i}` && replicas.includes(nodeId)),
        )
        .map((name) => `${host} has ${name} still`),
    );
  }

  async #ask<Req extends Fields, Res extends Fields>(
    api: Api<Req, Res>,
    version: number,
    request: Draft<Req>,
    host = this.#host(),
  ): Promise<void> {
    try {
      await this.#client.brokers.send(host, api, version, request);
    } catch {
      // nobody knows what has become of it
    }
  }
}
