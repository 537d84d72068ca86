/**
 * Scenes for coordinators, each with the one fault at the one moment at which a wrong coordinator shows: a decision that has not come to
 * any other broker when its coordinator dies, a batch for a partition that is not part of its transaction.
 */
import { CreateTopics, EndTxn, InitProducerId, Produce } from '../../../protocol/apis/index.ts';
import { ErrorCode, errorName } from '../../../protocol/errors.ts';
import { encodeBatch } from '../../../protocol/records/encode.ts';
import { partitionFor } from '../../../src/coordination/java-hash.ts';
import { feed, INPUT, OUTPUT, OUTPUT_PARTITIONS, Reader } from '../../transactions/clients.ts';
import { History, outputValue } from '../../transactions/history.ts';
import type { RoutedSender } from '../../transactions/routed-sender.ts';
import { ClientConnections } from '../cluster/client-connections.ts';
import { imageOf, leaderOf } from '../cluster/mending.ts';
import { HOSTS, SimulatedCluster, type Host } from '../cluster/simulated-cluster.ts';
import { makeTopics, senderOf, SETTINGS, TRANSACTIONS_TOPIC } from './transactions-story.ts';

const TAG = 'tag';
const ACKNOWLEDGED = 5;
const MOST_POLLS = 200;
const TRANSACTION_MS = 3000;
const STATE_PARTITIONS = 6;
const TIMES = { connectMs: 500, requestMs: 1500 };
const IN_TRANSACTION = { ...SETTINGS, 'transaction.state.log.num.partitions': String(STATE_PARTITIONS) };

/** A transaction on a cluster in which its state has two replicas, and each of its two partitions one. */
class Scene {
  readonly history = new History();
  readonly cluster: SimulatedCluster;
  readonly client: RoutedSender;
  readonly #brokers: ClientConnections;
  transactionalId = '';
  /** Coordinates; has the state too; has none of it. */
  coordinator!: Host;
  next!: Host;
  third!: Host;
  producer = { producerId: -1, producerEpoch: -1 };

  private constructor(cluster: SimulatedCluster) {
    this.cluster = cluster;
    this.client = senderOf(cluster, { paceMs: 1 });
    this.#brokers = new ClientConnections(cluster, TIMES);
  }

  static async begin(seed: number): Promise<Scene> {
    const settings = { ...IN_TRANSACTION, 'transaction.state.log.replication.factor': '2' };
    const scene = new Scene(await new SimulatedCluster(seed, { settings }).startAll());
    await scene.init('any'); // has the topic made
    scene.#cast();
    await scene.#makeTopic();
    await scene.init(scene.transactionalId);
    return scene;
  }

  /** An id whose coordinator is not the active controller, which would be missed for other reasons. */
  #cast(): void {
    const { cluster } = this;
    for (let i = 0; ; i++) {
      const id = `id-${i}`;
      const { leader, replicas } =
        imageOf(cluster)!.topicsByName.get(TRANSACTIONS_TOPIC)!.partitions[partitionFor(id, STATE_PARTITIONS)];
      const coordinator = HOSTS[leader - 1];
      if (coordinator === cluster.active()!.host) continue;
      this.transactionalId = id;
      this.coordinator = coordinator;
      this.next = HOSTS[replicas.find((nodeId) => nodeId !== leader)! - 1];
      this.third = HOSTS.find((host) => host !== coordinator && host !== this.next)!;
      return;
    }
  }

  /** Partition 0 lies at the third broker, partition 1 at the next coordinator. */
  async #makeTopic(): Promise<void> {
    const assignments = [this.third, this.next].map((host, partitionIndex) => {
      return { partitionIndex, brokerIds: [HOSTS.indexOf(host) + 1] };
    });
    const configs = [{ name: 'min.insync.replicas', value: '1' }];
    const topic = { name: OUTPUT, numPartitions: -1, replicationFactor: -1, assignments, configs };
    const request = { timeoutMs: 3000, validateOnly: false, topics: [topic] };
    await this.#settled('the topic is made', this.#brokers.send(this.third, CreateTopics, 7, request));
    await this.cluster.advance(100);
  }

  async init(transactionalId: string): Promise<void> {
    const request = { transactionalId, transactionTimeoutMs: TRANSACTION_MS };
    for (;;) {
      const asked = this.client.send(InitProducerId, 4, request).catch(() => null);
      const answer = await this.#settled('there is a producer id', asked);
      if (answer?.errorCode !== ErrorCode.NONE) continue;
      this.producer = { producerId: answer.producerId, producerEpoch: answer.producerEpoch };
      return;
    }
  }

  /** One record. Answers the error's name. */
  async produce(index: number, version = 12): Promise<string> {
    const value = Buffer.from(outputValue(TAG, ''));
    const records = encodeBatch({
      records: [{ key: null, value, timestamp: 1 }],
      ...this.producer,
      baseSequence: 0,
      isTransactional: true,
    });
    const { transactionalId } = this;
    const topicData = [{ name: OUTPUT, partitionData: [{ index, records }] }];
    const request = { transactionalId, acks: -1, timeoutMs: 1000, topicData };
    const { responses } = await this.#settled('it is produced', this.client.send(Produce, version, request));
    return errorName(responses[0].partitionResponses[0].errorCode);
  }

  /** Asks the coordinator to commit, once, and tells the history what comes of it. */
  askCommit(): void {
    this.history.asked(TAG, true);
    const request = { transactionalId: this.transactionalId, ...this.producer, committed: true };
    const asked = async (): Promise<void> => {
      const { errorCode } = await this.#brokers.send(this.coordinator, EndTxn, 5, request);
      if (errorCode === ErrorCode.NONE) this.history.ended(TAG, true);
    };
    asked().catch(() => this.history.abandoned(TAG));
  }

  /** What is wrong, once the transaction has run out of time. */
  async judge(): Promise<string[]> {
    const readers = Array.from(
      { length: OUTPUT_PARTITIONS },
      (_, index) => new Reader(this.client, this.history, OUTPUT, index),
    );
    await this.cluster.advance(TRANSACTION_MS + 3000);
    for (const reader of readers) {
      const read = async (): Promise<void> => {
        while (await reader.poll());
      };
      await this.#settled('all is read', read());
      if (reader.lastStableOffset !== reader.highWatermark) this.history.complain('a transaction is open for ever');
    }
    return this.history.violations(
      [],
      readers.map(({ values }) => values),
    );
  }

  #settled<T>(what: string, promise: Promise<T>): Promise<T> {
    return this.cluster.settled(what, promise);
  }
}

/** The coordinator dies with a decision that no other broker has: who reads shall find all of the transaction, or nothing. */
export async function lostDecision(seed: number): Promise<string[]> {
  const scene = await Scene.begin(seed);
  const { cluster, coordinator, next } = scene;
  scene.history.began(TAG);
  for (const index of [0, 1]) {
    const outcome = await scene.produce(index);
    if (outcome !== 'NONE') return [`it is not produced: ${outcome}`];
  }
  cluster.network.cut(coordinator, next);
  cluster.network.cut(next, coordinator);
  scene.askCommit();
  await cluster.advance(1000); // the answer waits for markers for less, if it does not wait for the decision
  cluster.kill(coordinator);
  cluster.network.heal(coordinator, next);
  cluster.network.heal(next, coordinator);
  await cluster.advance(500);
  cluster.start(coordinator); // or the state has too few replicas for an abort
  return scene.judge();
}

/** A client of version 1 writes to a partition that it has not added: the batch is refused, or it would be open for ever. */
export async function notAdded(seed: number): Promise<string[]> {
  const scene = await Scene.begin(seed);
  scene.history.began(TAG);
  const outcome = await scene.produce(0, 11);
  scene.history.abandoned(TAG);
  return [...(outcome === 'TRANSACTION_ABORTABLE' ? [] : [`it is told ${outcome}`]), ...(await scene.judge())];
}

/**
 * A leader dies right after it has acknowledged the last of some records. Answers how many of them its successor tells in the end: at its
 * first word it may not know yet how far all is committed, as with Kafka, and whoever takes that for the end of a topic is wrong.
 */
export async function endAtNextLeader(seed: number): Promise<number> {
  const cluster = await new SimulatedCluster(seed, { settings: SETTINGS }).startAll();
  await cluster.settled('the topics are made', makeTopics(cluster));
  const client = senderOf(cluster, { paceMs: 1 });
  await cluster.settled(
    'records are written',
    feed(client, new History(), ACKNOWLEDGED, () => 0.5),
  );
  cluster.kill(leaderOf(cluster, INPUT, 0)!);
  const reader = new Reader(client, new History(), INPUT, 0);
  for (let polls = 0; reader.values.length < ACKNOWLEDGED && polls < MOST_POLLS; polls++)
    await cluster.settled('it is read on', reader.poll());
  return reader.values.length;
}
