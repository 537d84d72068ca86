/** One cluster of both kinds: a controller of Apache Kafka, two brokers of Apache Kafka and one of Ottla. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Produce } from '../../protocol/apis/00-produce.ts';
import { Metadata } from '../../protocol/apis/03-metadata.ts';
import { CreateTopics } from '../../protocol/apis/19-create-topics.ts';
import { AlterPartitionReassignments } from '../../protocol/apis/45-alter-partition-reassignments.ts';
import { connect, type Client } from '../../protocol/client.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { startKafka, type RunningKafka } from '../../scripts/kafka/index.ts';
import { OttlaProcess } from '../apache-controller/ottla-process.ts';
import { freePort } from '../brokers/ports.ts';

export const JAVA = [2, 3] as const;
export const OTTLA = 4;

export interface PartitionState {
  readonly leader: number;
  readonly isr: readonly number[];
  readonly replicas: readonly number[];
}

const SETTINGS = {
  'offsets.topic.replication.factor': '3',
  'offsets.topic.num.partitions': '3',
  'transaction.state.log.replication.factor': '3',
  'transaction.state.log.num.partitions': '3',
  'transaction.state.log.min.isr': '2',
  'group.initial.rebalance.delay.ms': '0',
  'auto.leader.rebalance.enable': 'false',
};
const JVM = ['-Xmx256m', '-Xms64m', '-XX:TieredStopAtLevel=1'];
/** A busy machine has other JVMs to share its time with. */
const START_MS = 300_000;
const ANSWER_MS = 5000;

export class MixedCluster {
  readonly #directory: string;
  readonly #java = new Map<number, RunningKafka>();
  readonly #ports = new Map<number, number>();
  #controller!: RunningKafka;
  #ottla!: OttlaProcess;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async start(): Promise<void> {
    const port = await freePort();
    const dir = join(this.#directory, 'controller');
    this.#controller = await startKafka({ dir, port, role: 'controller', jvm: JVM, timeoutMs: START_MS });
    const controllers = `127.0.0.1:${port}`;
    this.#ottla = new OttlaProcess(OTTLA, join(this.#directory, 'ottla'), {
      'process.roles': 'broker',
      'controller.quorum.bootstrap.servers': controllers,
      ...SETTINGS,
    });
    await this.#ottla.start();
    this.#ports.set(OTTLA, this.#ottla.port);
    for (const nodeId of JAVA) await this.#startJava(nodeId);
  }

  async #startJava(nodeId: number): Promise<void> {
    const port = this.#ports.get(nodeId) ?? (await freePort());
    this.#ports.set(nodeId, port);
    const controllers = `127.0.0.1:${this.#controller.port}`;
    const common = { role: 'broker', controllers, jvm: JVM, timeoutMs: START_MS } as const;
    const dir = join(this.#directory, `java-${nodeId}`);
    this.#java.set(nodeId, await startKafka({ ...common, dir, port, config: { ...SETTINGS, 'node.id': nodeId } }));
  }

  async stop(): Promise<void> {
    await this.#ottla?.kill();
    await Promise.all([...this.#java.values()].map((kafka) => kafka.stop()));
    await this.#controller?.stop();
  }

  get bootstrap(): string {
    return [...this.#ports.values()].map((port) => `127.0.0.1:${port}`).join(',');
  }

  /** kill -9 */
  async kill(nodeId: number): Promise<void> {
    if (nodeId === OTTLA) return void (await this.#ottla.kill());
    const kafka = this.#java.get(nodeId)!;
    process.kill(kafka.pid, 'SIGKILL');
    await kafka.stop();
  }

  async comeBack(nodeId: number): Promise<void> {
    await (nodeId === OTTLA ? this.#ottla.start() : this.#startJava(nodeId));
  }

  async create(name: string, assignment: readonly (readonly number[])[], configs: Record<string, string> = {}) {
    const topic = {
      name,
      numPartitions: -1,
      replicationFactor: -1,
      assignments: assignment.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds: [...brokerIds] })),
      configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
    };
    const { topics } = await this.#ask(OTTLA, (client) =>
      client.send(CreateTopics, 7, { topics: [topic], timeoutMs: 30_000, validateOnly: false }),
    );
    if (topics[0].errorCode !== 0) throw new Error(`${name} cannot be made: ${topics[0].errorMessage}`);
  }

  /** KIP-455; begins it. */
  async move(name: string, partitionIndex: number, replicas: readonly number[]): Promise<void> {
    const partitions = [{ partitionIndex, replicas: [...replicas] }];
    const { responses, errorMessage } = await this.#ask(OTTLA, (client) =>
      client.send(AlterPartitionReassignments, 1, { topics: [{ name, partitions }], timeoutMs: 30_000 }),
    );
    const [answer] = responses.flatMap((each) => each.partitions);
    if (answer?.errorCode !== 0) throw new Error(`${name} cannot be moved: ${answer?.errorMessage ?? errorMessage}`);
  }

  /** As any broker that answers says it. */
  async stateOf(name: string): Promise<readonly PartitionState[]> {
    for (const nodeId of this.#ports.keys()) {
      const told = await this.#ask(nodeId, async (client) => {
        const { topics } = await client.send(Metadata, 12, { topics: [{ name }], allowAutoTopicCreation: false });
        return topics[0].partitions.toSorted((a, b) => a.partitionIndex - b.partitionIndex);
      }).catch(() => null);
      if (told === null) continue;
      return told.map(({ leaderId, isrNodes, replicaNodes }) => ({
        leader: leaderId,
        isr: isrNodes,
        replicas: replicaNodes,
      }));
    }
    return [];
  }

  /** With acks=all, at the leader whoever that is, until it has been acknowledged. */
  async produce(name: string, partition: number, values: readonly string[]): Promise<void> {
    const timestamp = Date.now(); // retention takes what is old
    const records = encodeBatch({
      records: values.map((value) => ({ key: null, value: Buffer.from(value), timestamp })),
    });
    const topicData = [{ name, partitionData: [{ index: partition, records }] }];
    for (let tries = 0; ; tries++) {
      const leader = (await this.stateOf(name))[partition]?.leader ?? -1;
      const errorCode = await this.#ask(leader, async (client) => {
        const { responses } = await client.send(Produce, 9, { acks: -1, timeoutMs: ANSWER_MS, topicData });
        return responses[0].partitionResponses[0].errorCode;
      }).catch(() => -1);
      if (errorCode === 0) return;
      if (tries > 200) throw new Error(`${name}-${partition} takes nothing: error ${errorCode}`);
      await wait(200);
    }
  }

  /** The bytes of a replica's log as its files have them. */
  rawLog(nodeId: number, name: string, partition: number): Buffer {
    const place = nodeId === OTTLA ? this.#ottla.logDirectory : join(this.#directory, `java-${nodeId}`, 'data');
    const folder = join(place, `${name}-${partition}`);
    const segments = readdirSync(folder).filter((file) => file.endsWith('.log'));
    // Java makes room for the index in advance, never for records.
    return Buffer.concat(segments.toSorted().map((file) => readFileSync(join(folder, file))));
  }

  async #ask<T>(nodeId: number, ask: (client: Client) => Promise<T>): Promise<T> {
    const port = this.#ports.get(nodeId);
    if (port === undefined) throw new Error(`there is no broker ${nodeId}`);
    const client = await connect({ host: '127.0.0.1', port, connectTimeoutMs: 1000 });
    try {
      const answer = await Promise.race([ask(client), wait(6 * ANSWER_MS, null, { ref: false })]);
      if (answer === null) throw new Error(`broker ${nodeId} does not answer`);
      return answer;
    } finally {
      void client.close();
    }
  }
}
