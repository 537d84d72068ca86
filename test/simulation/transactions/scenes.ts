/**
 * Scenes for coordinators, each with the one fault at the one moment at which a wrong coordinator shows: a decision that has not come to
 * any other broker when its coordinator dies, a batch for a partition that is not part of its transaction.
 */
import {
  AddPartitionsToTxn,
  CreateTopics,
  DeleteTopics,
  EndTxn,
  InitProducerId,
  Produce,
} from '../../../protocol/apis/index.ts';
import { ErrorCode, errorName } from '../../../protocol/errors.ts';
import { encodeBatch } from '../../../protocol/records/encode.ts';
import { ZERO_UUID } from '../../../protocol/schema.ts';
import { partitionFor } from '../../../src/coordination/java-hash.ts';
import { feed, INPUT, OUTPUT, OUTPUT_PARTITIONS, Reader } from '../../transactions/clients.ts';
import { History, outputValue } from '../../transactions/history.ts';
import type { RoutedSender } from '../../transactions/routed-sender.ts';
import { ClientConnections } from '../cluster/client-connections.ts';
import { imageOf, leaderOf } from '../cluster/mending.ts';
import { HOSTS, SimulatedCluster, type Host } from '../cluster/simulated-cluster.ts';
import { senderOf } from './sender.ts';
import { makeTopics, SETTINGS, TRANSACTIONS_TOPIC } from './transactions-story.ts';

const TAG = 'tag';
const ACKNOWLEDGED = 5;
const MOST_POLLS = 200;
const TRANSACTION_MS = 3000;
const STATE_PARTITIONS = 6;
/** Errors after which every client asks the same again. */
const ASKED_AGAIN_AFTER = new Set<number>([
  ErrorCode.CONCURRENT_TRANSACTIONS,
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.NOT_COORDINATOR,
  ErrorCode.NOT_ENOUGH_REPLICAS,
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.REQUEST_TIMED_OUT,
]);
const GONE = 'gone';
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
    await scene.makeTopic();
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
  async makeTopic(name = OUTPUT): Promise<void> {
    const assignments = [this.third, this.next].map((host, partitionIndex) => {
      return { partitionIndex, brokerIds: [HOSTS.indexOf(host) + 1] };
    });
    const configs = [{ name: 'min.insync.replicas', value: '1' }];
    const topic = { name, numPartitions: -1, replicationFactor: -1, assignments, configs };
    const request = { timeoutMs: 3000, validateOnly: false, topics: [topic] };
    await this.#settled('the topic is made', this.#brokers.send(this.third, CreateTopics, 7, request));
    await this.cluster.advance(100);
  }

  async deleteTopic(name: string): Promise<void> {
    const topics = [{ name, topicId: ZERO_UUID }];
    await this.#settled(
      'the topic is deleted',
      this.#brokers.send(this.third, DeleteTopics, 6, { topics, topicNames: [], timeoutMs: 3000 }),
    );
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
  async produce(index: number, version = 12, name = OUTPUT): Promise<string> {
    const value = Buffer.from(outputValue(TAG, ''));
    const records = encodeBatch({
      records: [{ key: null, value, timestamp: 1 }],
      ...this.producer,
      baseSequence: 0,
      isTransactional: true,
    });
    const { transactionalId } = this;
    const topicData = [{ name, partitionData: [{ index, records }] }];
    const request = { transactionalId, acks: -1, timeoutMs: 1000, topicData };
    return this.#untilAnswered(
      () => this.client.send(Produce, version, request),
      ({ responses: [topic] }) => topic.partitionResponses[0].errorCode,
    );
  }

  /** As clients of version 1 do before they write. Answers the error's name. */
  async add(indexes: readonly number[], version: number): Promise<string> {
    const { transactionalId, producer } = this;
    const request = {
      v3AndBelowTransactionalId: transactionalId,
      v3AndBelowProducerId: producer.producerId,
      v3AndBelowProducerEpoch: producer.producerEpoch,
      v3AndBelowTopics: [{ name: OUTPUT, partitions: [...indexes] }],
    };
    return this.#untilAnswered(
      () => this.client.send(AddPartitionsToTxn, version, request),
      ({ resultsByTopicV3AndBelow: [topic] }) => topic.resultsByPartition[0].partitionErrorCode,
    );
  }

  /** Asks to commit until it is told what has become of it; `meanwhile` happens once it has asked. Answers the error's name. */
  async commit(version: number, meanwhile: () => void = () => {}): Promise<string> {
    const request = { transactionalId: this.transactionalId, ...this.producer, committed: true };
    this.history.asked(TAG, true);
    const answered = this.#untilAnswered(
      () => this.client.send(EndTxn, version, request),
      ({ errorCode }) => errorCode,
    );
    meanwhile();
    const outcome = await answered;
    if (outcome === 'NONE') this.history.ended(TAG, true);
    return outcome;
  }

  async #untilAnswered<T>(ask: () => Promise<T>, errorOf: (answer: T) => number): Promise<string> {
    const asked = async (): Promise<string> => {
      for (;;) {
        const answer = await ask().catch(() => null);
        if (answer !== null && !ASKED_AGAIN_AFTER.has(errorOf(answer))) return errorName(errorOf(answer));
      }
    };
    return this.#settled('it is answered', asked());
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

  coordinatorNow(): Host {
    return (
      leaderOf(this.cluster, TRANSACTIONS_TOPIC, partitionFor(this.transactionalId, STATE_PARTITIONS)) ?? this.next
    );
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

/** Requests of clients: of the first that knew transactions, of those before KIP-890, of those since. */
export const CLIENTS = [
  { name: 'version 0', add: 0, produce: 3, end: 0 },
  { name: 'version 3', add: 3, produce: 11, end: 4 },
  { name: 'KIP-890', add: null, produce: 12, end: 5 },
] as const;

/** The coordinator dies after partitions were added, and again `afterMs` after the client has begun to ask for the end. */
export async function moved(seed: number, client: (typeof CLIENTS)[number], afterMs: number): Promise<string[]> {
  const scene = await Scene.begin(seed);
  const { cluster, coordinator, history } = scene;
  const lose = (host: Host): void => {
    cluster.kill(host);
    cluster.clock.after(300, () => cluster.start(host)); // or the state has too few replicas to go on
  };
  const told: string[] = [];
  history.began(TAG);
  if (client.add !== null) told.push(await scene.add([0, 1], client.add));
  told.push(await scene.produce(0, client.produce));
  lose(coordinator);
  if (client.add !== null) told.push(await scene.add([0, 1], client.add)); // it was lost, for all the client knows
  told.push(await scene.produce(1, client.produce));
  told.push(
    await scene.commit(client.end, () => void cluster.clock.after(afterMs, () => lose(scene.coordinatorNow()))),
  );
  return [...told.filter((name) => name !== 'NONE').map((name) => `it is told ${name}`), ...(await scene.judge())];
}

/** A topic of a transaction is deleted while it goes on, or is another one of the same name by then. What is left of it is committed. */
export async function deletedTopic(seed: number, isMadeAgain: boolean): Promise<string[]> {
  const scene = await Scene.begin(seed);
  await scene.makeTopic(GONE);
  scene.history.began(TAG);
  const told = [await scene.produce(0), await scene.produce(0, 12, GONE), await scene.produce(1)];
  await scene.deleteTopic(GONE);
  if (isMadeAgain) await scene.makeTopic(GONE);
  told.push(await scene.commit(5));
  return [...told.filter((name) => name !== 'NONE').map((name) => `it is told ${name}`), ...(await scene.judge())];
}

/** The coordinator dies right before a transaction has run out of time: its successor aborts it. Answers what is wrong. */
export async function timedOutAtMove(seed: number): Promise<string[]> {
  const scene = await Scene.begin(seed);
  const { cluster, coordinator } = scene;
  scene.history.began(TAG);
  const told = [await scene.produce(0), await scene.produce(1)];
  await cluster.advance(TRANSACTION_MS - 200);
  cluster.kill(coordinator);
  await cluster.advance(500);
  cluster.start(coordinator);
  scene.history.abandoned(TAG);
  return [...told.filter((name) => name !== 'NONE').map((name) => `it is told ${name}`), ...(await scene.judge())];
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
