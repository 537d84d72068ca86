/**
 * The same as requests: what a cluster of three answers to those who change it, field by field and version by version. Asked of the
 * same two clusters as Kafka's tools, so that nothing has to be started twice.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { Metadata } from '../../protocol/apis/03-metadata.ts';
import { CreateTopics } from '../../protocol/apis/19-create-topics.ts';
import { DescribeLogDirs } from '../../protocol/apis/35-describe-log-dirs.ts';
import { CreatePartitions } from '../../protocol/apis/37-create-partitions.ts';
import { ElectLeaders } from '../../protocol/apis/43-elect-leaders.ts';
import { IncrementalAlterConfigs } from '../../protocol/apis/44-incremental-alter-configs.ts';
import { AlterPartitionReassignments } from '../../protocol/apis/45-alter-partition-reassignments.ts';
import { ListPartitionReassignments } from '../../protocol/apis/46-list-partition-reassignments.ts';
import { DescribeCluster } from '../../protocol/apis/60-describe-cluster.ts';
import { UnregisterBroker } from '../../protocol/apis/64-unregister-broker.ts';
import { DescribeTopicPartitions } from '../../protocol/apis/75-describe-topic-partitions.ts';
import { connect, type Client } from '../../protocol/client.ts';
import type { Api, Draft, Fields, ResponseOf } from '../../protocol/schema.ts';
import { normalised, type Plain } from '../differential/normalise.ts';
import type { ThreeBrokers } from './clusters.ts';

export interface Answered {
  readonly step: string;
  readonly answer: Plain;
}

const TIMEOUT = { timeoutMs: 30_000 };
const TOPIC = 2;
const SET = 0;
const PREFERRED = 0;
const UNCLEAN = 1;
const PATIENCE_MS = 60_000;

type PartitionMetadata = ResponseOf<typeof Metadata>['topics'][number]['partitions'][number];
type Replicas = readonly (readonly number[])[];

export class Requests {
  readonly answered: Answered[] = [];
  readonly #cluster: ThreeBrokers;
  readonly #topicIds = new Map<string, string>();
  #client!: Client;

  constructor(cluster: ThreeBrokers) {
    this.#cluster = cluster;
  }

  async ask(): Promise<readonly Answered[]> {
    const [host, port] = this.#cluster.bootstrap.split(':');
    this.#client = await connect({ host, port: Number(port) });
    await this.#placements();
    await this.#reassignments();
    await this.#elections();
    await this.#partitions();
    await this.#lost();
    await this.#client.close();
    return this.answered;
  }

  async #placements(): Promise<void> {
    await this.#make('three', [[1, 2, 3]]);
    await this.#make('two', [
      [1, 2],
      [2, 3],
    ]);
    for (const replicationFactor of [0, 1, 3, 4]) {
      const name = `factor-${replicationFactor}`;
      const topic = { name, numPartitions: 1, replicationFactor, assignments: [], configs: [] };
      await this.#each(`create with factor ${replicationFactor}`, CreateTopics, {
        topics: [topic],
        validateOnly: true,
        ...TIMEOUT,
      });
    }
    const wrong = { twice: [1, 1], nowhere: [1, 9], none: [] };
    for (const [word, brokerIds] of Object.entries(wrong)) {
      const assignments = [{ partitionIndex: 0, brokerIds }];
      const topic = { name: `to-${word}`, numPartitions: -1, replicationFactor: -1, assignments, configs: [] };
      await this.#each(`create on ${word}`, CreateTopics, { topics: [topic], validateOnly: true, ...TIMEOUT });
    }
    await this.#looks('at first');
  }

  async #reassignments(): Promise<void> {
    const to = (name: string, replicas: number[] | null, partitionIndex = 0, more: object = {}) =>
      this.#one(`move ${name}-${partitionIndex} to ${JSON.stringify(replicas)}`, AlterPartitionReassignments, {
        topics: [{ name, partitions: [{ partitionIndex, replicas }] }],
        ...TIMEOUT,
        ...more,
      });
    await to('two', [1, 9]);
    await to('two', [1, 1]);
    await to('two', []);
    await to('two', [-1]);
    await to('two', null);
    await to('two', [1, 2], 7);
    await to('two', [1, 2, 3], 0, { allowReplicationFactorChange: false });
    await to('two', [3, 1]);
    await this.#settle('two', 0, [3, 1]);
    await to('two', [3], 1);
    await this.#settle('two', 1, [3]);
    await to('three', [3, 2, 1]);
    await this.#settle('three', 0, [3, 2, 1]);
    await this.#one('list all', ListPartitionReassignments, { topics: null, ...TIMEOUT });
    const named = [{ name: 'two', partitionIndexes: [0, 1, 5] }];
    await this.#one('list some', ListPartitionReassignments, { topics: named, ...TIMEOUT });
    await this.#looks('after moves');
  }

  async #elections(): Promise<void> {
    const elect = (word: string, electionType: number, partitions: number[] | null, topic = 'three') =>
      this.#each(`elect ${word}`, ElectLeaders, {
        electionType,
        topicPartitions: partitions === null ? null : [{ topic, partitions }],
        ...TIMEOUT,
      });
    await elect('unclean, though one leads', UNCLEAN, [0]);
    await elect('of nothing', PREFERRED, [0, 1], 'nothing');
    await elect('of a partition that is not there', PREFERRED, [7]);
    await elect('all that need it', PREFERRED, null);
    await elect('again', PREFERRED, [0]);
    await this.#looks('after elections');
  }

  async #partitions(): Promise<void> {
    const more = (word: string, count: number, assignments: Replicas | null) =>
      this.#each(`partitions ${word}`, CreatePartitions, {
        topics: [{ name: 'two', count, assignments: assignments?.map((ids) => ({ brokerIds: [...ids] })) ?? null }],
        validateOnly: true,
        ...TIMEOUT,
      });
    await more('placed', 3, [[2, 3]]);
    await more('of another factor', 3, [[1, 2, 3]]);
    await more('nowhere', 3, [[1, 9]]);
    await more('too few places', 4, [[1, 2]]);
    await more('anywhere', 5, null);
    const config = { name: 'min.insync.replicas', configOperation: SET, value: '2' };
    const resources = [{ resourceType: TOPIC, resourceName: 'three', configs: [config] }];
    await this.#one('min.insync.replicas', IncrementalAlterConfigs, { resources, validateOnly: false });
    await this.#one('log dirs', DescribeLogDirs, { topics: [{ topic: 'three', partitions: [0] }] });
  }

  async #lost(): Promise<void> {
    await this.#cluster.stopBroker(3);
    await this.#until('three', ({ isrNodes }) => !isrNodes.includes(3));
    await this.#looks('without 3');
    const topic = { name: 'with-three', numPartitions: 1, replicationFactor: 3, assignments: [], configs: [] };
    await this.#one('create with a broker away', CreateTopics, { topics: [topic], validateOnly: true, ...TIMEOUT });
    const electionType = PREFERRED;
    const topicPartitions = [{ topic: 'three', partitions: [0] }];
    await this.#one('elect who is away', ElectLeaders, { electionType, topicPartitions, ...TIMEOUT });
    await this.#cluster.stopBroker(2);
    await this.#until('three', ({ isrNodes }) => isrNodes.length === 1);
    await this.#looks('without 2 and 3');
    await this.#one('unregister who is not there', UnregisterBroker, { brokerId: 9 });
    await this.#cluster.startBroker(2);
    await this.#cluster.startBroker(3);
    await this.#until('three', ({ isrNodes }) => isrNodes.length === 3);
    await this.#looks('with all again');
  }

  /** What clients see of it, in every version. */
  async #looks(when: string): Promise<void> {
    const topics = [{ name: 'three' }, { name: 'two' }];
    await this.#each(`metadata ${when}`, Metadata, { topics, allowAutoTopicCreation: false });
    await this.#one(`partitions ${when}`, DescribeTopicPartitions, {
      topics,
      responsePartitionLimit: 100,
      cursor: null,
    });
    const includeFencedBrokers = true;
    await this.#one(`cluster ${when}`, DescribeCluster, {
      includeClusterAuthorizedOperations: false,
      includeFencedBrokers,
    });
  }

  async #make(name: string, replicas: Replicas): Promise<void> {
    const assignments = replicas.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds: [...brokerIds] }));
    const topic = { name, numPartitions: -1, replicationFactor: -1, assignments, configs: [] };
    const { topics } = await this.#client.send(CreateTopics, 7, { topics: [topic], validateOnly: false, ...TIMEOUT });
    this.#topicIds.set(topics[0].topicId, name);
    await this.#until(name, ({ isrNodes, replicaNodes }) => isrNodes.length === replicaNodes.length);
  }

  async #settle(name: string, index: number, replicas: readonly number[]): Promise<void> {
    await this.#until(name, ({ partitionIndex, replicaNodes, isrNodes }) => {
      if (partitionIndex !== index) return true;
      return replicaNodes.join() === replicas.join() && isrNodes.length === replicas.length;
    });
  }

  async #until(name: string, isSo: (partition: PartitionMetadata) => boolean): Promise<void> {
    const endMs = performance.now() + PATIENCE_MS;
    for (;;) {
      const { topics } = await this.#client.send(Metadata, 12, { topics: [{ name }], allowAutoTopicCreation: false });
      const { partitions } = topics[0];
      if (partitions.length > 0 && partitions.every(isSo)) return;
      if (performance.now() > endMs) throw new Error(`${name} did not settle: ${JSON.stringify(topics)}`);
      await wait(50);
    }
  }

  /** In the newest version. */
  async #one<Q extends Fields, S extends Fields>(step: string, api: Api<Q, S>, draft: Draft<Q>): Promise<void> {
    this.#note(step, await this.#client.send(api, api.versions.last, draft));
  }

  /** In every version that can say it. */
  async #each<Q extends Fields, S extends Fields>(step: string, api: Api<Q, S>, draft: Draft<Q>): Promise<void> {
    for (let version = api.versions.first; version <= api.versions.last; version++) {
      try {
        this.#note(`${step}, v${version}`, await this.#client.send(api, version, draft));
      } catch (error) {
        this.#note(`${step}, v${version}`, `not sent: ${(error as Error).name}`);
      }
    }
  }

  #note(step: string, answer: unknown): void {
    const chosen = { nodeId: NaN, topicIds: this.#topicIds, producerIds: new Set<number>(), prefix: '' };
    this.answered.push({ step, answer: normalised(answer, { ...chosen, prefix: '\0' }) });
  }
}
