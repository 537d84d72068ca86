/** A Kafka broker in the test's own process, as `startBroker` answers it. */
import { nextTurn, type Clock } from '../platform/clock.ts';
import type { MemoryFiles } from '../platform/memory-files.ts';
import type { Activity } from './activity.ts';
import type { BrokerView } from './broker-view.ts';
import type { Faults } from './faults.ts';
import { allGroups, groupOf, type CommittedOffset, type Group } from './group-view.ts';
import type { Content, MessageToProduce, TestMessage } from './message.ts';
import type { Nodes, TestNode } from './nodes.ts';
import { failureReport } from './failure-report.ts';
import { Snapshot } from './snapshot.ts';
import type { StartOptions } from './start-options.ts';
import { deliver, stopReport, type StopReport } from './stop-report.ts';
import { TestClock } from './test-clock.ts';
import type { TestInterceptor } from './test-interceptor.ts';
import type { TestMetadata } from './test-metadata.ts';
import { TopicReader } from './topic-reader.ts';
import { messageOf, messagesIn, Topics, topicsIn, type TopicSpec } from './topics.ts';
import type { Traffic } from './traffic.ts';
import type { Isolation } from './visible-batches.ts';
import {
  Waiters,
  type ExpectedCommit,
  type ExpectedGroup,
  type IdleOptions,
  type MessagePredicate,
  type MessageWaitOptions,
  type WaitOptions,
} from './waiters.ts';

export interface ReadOptions {
  readonly partition?: number;
  /** Consumers' view, unless given: without records of aborted and open transactions. */
  readonly isolation?: Isolation;
  /** The first offset to read; 0 unless given. */
  readonly from?: number;
  /** The first so many, partition after partition. */
  readonly limit?: number;
  /** The last so many instead, by their timestamps. */
  readonly newest?: number;
}

export interface ResetOptions {
  /** 'keep', unless given: clients stay connected and find a broker as new. 'close': they have to connect again. */
  readonly connections?: 'keep' | 'close';
}

/** What a group or a transactional id lives on: `{ group: 'billing' }` or `{ transactionalId: 'tx-1' }`. */
export type Coordinated =
  | { readonly group: string; readonly transactionalId?: undefined }
  | { readonly transactionalId: string; readonly group?: undefined };

/** Of the event loop, a fraction of a millisecond each. */
const PATIENCE_TURNS = 50;

interface Parts {
  readonly view: BrokerView;
  readonly files: MemoryFiles;
  readonly nodes: Nodes;
  readonly metadata: TestMetadata;
  readonly interceptor: TestInterceptor;
  readonly activity: Activity;
  readonly traffic: Traffic;
  readonly faults: Faults;
  readonly options: StartOptions;
  readonly clock: Clock;
  readonly warn: (text: string) => void;
  /** Starts another broker; it is not this file's to know how. */
  readonly start: (options: StartOptions) => Promise<TestBroker>;
}

export class TestBroker implements AsyncDisposable {
  /** Rules by which it misbehaves: `faults.on('Produce', { topic: 'orders' }).reply('NOT_LEADER_OR_FOLLOWER').times(2)`. */
  readonly faults: Faults;
  /** Every request and what was answered. */
  readonly traffic: Traffic;
  /** The broker's time; `startBroker({ clock: 'virtual' })` lets a test advance it. */
  readonly clock: TestClock;
  readonly #parts: Parts;
  readonly #topics: Topics;
  readonly #waiters: Waiters;
  #stopped: Promise<StopReport> | null = null;

  constructor(parts: Parts) {
    const { view, activity, interceptor, traffic, faults, nodes } = parts;
    this.#parts = parts;
    this.faults = faults;
    this.traffic = traffic;
    this.#topics = new Topics(view, nodes.list.length);
    this.#waiters = new Waiters({ broker: view, activity, interceptor, traffic, faults });
    this.clock = new TestClock(parts.clock, () => activity.notify());
  }

  /** Only for startBroker: topics that are there from the beginning. */
  provide(topics: readonly TopicSpec[]): Promise<void> {
    return this.#topics.create(topics);
  }

  /** 'host:port', several with commas between: Kafka's bootstrap.servers. */
  get bootstrapServers(): string {
    return this.bootstrapBrokers.join(',');
  }

  /** The same as a list, which most clients of JavaScript take: `new Kafka({ brokers: kafka.bootstrapBrokers })`. */
  get bootstrapBrokers(): string[] {
    return this.#parts.nodes.addresses;
  }

  /** One, or as many as `startBroker({ brokers: 3 })` asked for; a broker's place is its node id. */
  get brokers(): readonly TestNode[] {
    return this.#parts.nodes.list;
  }

  get clusterId(): string {
    return this.#parts.metadata.image.clusterId;
  }

  /** Appends messages without a client: texts, objects (as JSON), bytes, or `{ key, value, headers, partition, timestamp }`. */
  async produce(
    topic: string,
    messages: MessageToProduce | Content | readonly (MessageToProduce | Content)[],
  ): Promise<TestMessage[]> {
    const list = Array.isArray(messages) ? (messages as Content[]) : [messages];
    const produced = await this.#topics.produce(topic, list.map(messageOf));
    this.#parts.activity.notify();
    return produced;
  }

  /**
   * Produces what is in a file: a JSON array of messages or one a line (NDJSON) into `topic`; without a topic, a JSON object
   * of such arrays by topic. Relative paths begin where the process was started.
   */
  async seed(file: string | URL, topic?: string): Promise<void> {
    if (topic !== undefined) return void (await this.produce(topic, messagesIn(file)));
    for (const [name, messages] of Object.entries(topicsIn(file))) await this.produce(name, messages);
  }

  /** What is in a topic now, partition after partition; [] where there is no such topic. */
  messages(topic: string, options: ReadOptions = {}): TestMessage[] {
    const { partition, isolation, from = 0, limit, newest } = options;
    const start = (index: number): number => (partition === undefined || index === partition ? from : Infinity);
    const reader = new TopicReader(this.#parts.view, topic, isolation, start);
    return newest === undefined ? reader.read(limit) : reader.newest(newest);
  }

  async createTopic(topic: string | TopicSpec, options: Omit<TopicSpec, 'name'> = {}): Promise<void> {
    await this.#topics.create([typeof topic === 'string' ? { ...options, name: topic } : topic]);
    this.#parts.activity.notify();
  }

  async deleteTopic(topic: string): Promise<void> {
    await this.#topics.delete(topic);
    this.#parts.activity.notify();
  }

  /** Names of topics, but for the broker's own. */
  topics(): string[] {
    return this.#topics.names();
  }

  /** A consumer group as it is now; its state is 'Dead' where there is none. */
  group(id: string): Group {
    return groupOf(this.#parts.view, id);
  }

  groups(): Group[] {
    return allGroups(this.#parts.view);
  }

  /** Resolves with the topic's messages when there are so many, or with those that fit when there is one. */
  waitForMessages(
    topic: string,
    wanted: number | MessagePredicate = 1,
    options: MessageWaitOptions = {},
  ): Promise<TestMessage[]> {
    return this.#waiters.forMessages(topic, wanted, options);
  }

  /** Resolves when the group is in this state ('Stable' unless given), has so many members, so many partitions assigned. */
  waitForGroup(id: string, expected?: ExpectedGroup, options?: WaitOptions): Promise<Group> {
    return this.#waiters.forGroup(id, expected, options);
  }

  /** Resolves when the group has committed such an offset, or a later one. */
  waitForCommit(group: string, expected?: ExpectedCommit, options?: WaitOptions): Promise<CommittedOffset> {
    return this.#waiters.forCommit(group, expected, options);
  }

  /** Resolves when the group has no more than so many records left to read: 0 unless given. */
  waitForLag(group: string, lag?: number, options?: WaitOptions): Promise<Group> {
    return this.#waiters.forLag(group, lag, options);
  }

  /**
   * Resolves when nothing goes on: for 100 ms no client sent anything but to keep in touch, no group rebalances, and groups
   * that commit have caught up.
   */
  waitForIdle(options?: IdleOptions): Promise<void> {
    return this.#waiters.forIdle(options);
  }

  /** Resolves when the condition holds, with what it answers; it is looked at whenever something happens in the broker. */
  waitUntil<T>(condition: () => T | undefined | false | null, options?: WaitOptions & { what?: string }): Promise<T> {
    return this.#waiters.until(condition, options);
  }

  /** Makes a broker the leader of a partition, under a new leader epoch. */
  moveLeader(topic: string, partition: number, nodeId: number): Promise<void> {
    return this.#parts.nodes.moveLeader(topic, partition, nodeId);
  }

  /**
   * Moves the coordinator of a group or a transactional id to another broker, with all that live on the same partition.
   * Members find out by NOT_COORDINATOR.
   */
  async moveCoordinator(of: Coordinated, nodeId: number): Promise<void> {
    const { groups, transactions } = this.#parts.view.parts;
    if (of.group !== undefined) {
      await groups.ensureOffsetsTopic();
      return this.moveLeader('__consumer_offsets', groups.partitionFor(of.group), nodeId);
    }
    await transactions.ensureTopic();
    return this.moveLeader('__transaction_state', transactions.partitionFor(of.transactionalId), nodeId);
  }

  /** The node id of a partition's leader; -1 where it has none now. */
  leaderOf(topic: string, partition: number): number {
    const leader = this.#parts.metadata.image.topicsByName.get(topic)?.partitions[partition]?.leader;
    if (leader === undefined) throw new Error(`there is no partition ${topic}[${partition}]`);
    return leader;
  }

  /** The node id of the broker that coordinates a group or a transactional id; undefined before one has been used. */
  coordinatorOf(of: Coordinated): number | undefined {
    const { groups, transactions } = this.#parts.view.parts;
    const { topicsByName } = this.#parts.metadata.image;
    return of.group === undefined
      ? topicsByName.get('__transaction_state')?.partitions[transactions.partitionFor(of.transactionalId)]?.leader
      : topicsByName.get('__consumer_offsets')?.partitions[groups.partitionFor(of.group)]?.leader;
  }

  /** Ends connections: all of them, or those of one client id. The clients may connect again. */
  disconnectClients(clientId?: string): void {
    const isMeant = (client: string | null): boolean => clientId === undefined || client === clientId;
    this.#parts.view.listeners.disconnect('the test disconnected it', (connection) => isMeant(connection.clientId));
  }

  /**
   * Back to the beginning, in a few milliseconds: the topics it was started with are there again, empty or as seeded, with
   * new ids; all others, groups, transactions and dynamic configurations are gone, faults removed, the traffic log empty.
   * Clients stay connected, and their groups are new to them.
   */
  async reset({ connections = 'keep' }: ResetOptions = {}): Promise<void> {
    const { metadata, faults, traffic, options, activity } = this.#parts;
    faults.clear();
    if (connections === 'close') this.disconnectClients();
    await metadata.change(({ topicsById, configs }) => [
      ...[...topicsById.keys()].map((topicId) => ({ type: 'RemoveTopicRecord' as const, topicId })),
      ...[...configs].flatMap(([resource, values]) => unset(resource, [...values.keys()])),
    ]);
    traffic.clear();
    await this.#topics.create(topicSpecs(options));
    activity.notify();
  }

  /** All that is in the broker now, shared with it until one of them changes: brokers can be started from it, a file made. */
  snapshot(): Snapshot {
    const { files, nodes } = this.#parts;
    return Snapshot.take(nodes.running, files, nodes.list.length);
  }

  /**
   * Another broker with the same topics, records, committed offsets and transactions, and ports of its own; neither notices
   * what becomes of the other. Groups have no members there: those are this broker's clients.
   */
  fork(options: Omit<StartOptions, 'from' | 'brokers'> = {}): Promise<TestBroker> {
    const { settings, clock, onStop } = this.#parts.options;
    const own = { settings, clock, onStop, ...(clock === 'virtual' ? { now: this.clock.now() } : {}) };
    return this.#parts.start({ ...own, ...options, from: this.snapshot() });
  }

  /** What is going on, for people: topics, groups, clients, the last requests and errors. */
  describe(topic?: string): string {
    return failureReport({ broker: this.#parts.view, traffic: this.traffic, faults: this.faults }, topic);
  }

  /** Ends it, and leaves no handle, timer or promise behind. Answers what the test left behind. */
  stop(): Promise<StopReport> {
    return (this.#stopped ??= this.#stop());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(): Promise<StopReport> {
    const { view, nodes, metadata, interceptor, options, warn } = this.#parts;
    await untilClosed(view);
    const report = stopReport(view, this.faults);
    this.faults.clear();
    this.#waiters.close();
    interceptor.close();
    await nodes.stopAll();
    await metadata.close();
    await nextTurn(); // the event loop lets go of closed sockets in its next turn
    deliver(report, options.onStop ?? 'warn', warn);
    return report;
  }
}

/** Clients that have just been closed: the news of it may still be on its way. */
async function untilClosed(broker: BrokerView): Promise<void> {
  for (let turns = 0; turns < PATIENCE_TURNS && broker.listeners.connections().length > 0; turns++) await nextTurn();
}

/** By the key of an image's configurations, '2:orders': of topics those go with the topic. */
function unset(resource: string, names: readonly string[]) {
  const [type] = resource.split(':', 1);
  const resourceName = resource.slice(type.length + 1);
  return names
    .filter(() => type !== '2')
    .map((name) => ({ type: 'ConfigRecord' as const, resourceType: Number(type), resourceName, name, value: null }));
}

export function topicSpecs({ topics = [] }: StartOptions): TopicSpec[] {
  return topics.map((topic) => (typeof topic === 'string' ? { name: topic } : topic));
}
