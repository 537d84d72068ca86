/** A Kafka broker for tests: `startBroker` answers it in the test's own process, `connectBroker` anywhere else. */
import type { Finding } from '../insight/why.ts';
import type { Faults } from './faults.ts';
import type { CommittedOffset, Group } from './group.ts';
import type { AnyJson, Content, Headers, MessageToProduce, TestMessage } from './message.ts';
import type { DeliveredRange, Queue } from './queue.ts';
import type {
  ClientChoice,
  ClientOptions,
  SecurityOptions,
  TestCertificates,
  TestOAuth,
  TestUsers,
} from './security-options.ts';
import type { Denial, ExpectedDenial, ExpectedThrottle, Throttle } from './refusals.ts';
import type { ReportOptions } from './report.ts';
import type { Snapshot } from './snapshot.ts';
import type { StartOptions } from './start-options.ts';
import type { StopReport } from './stop-report.ts';
import type { TestAcls } from './test-acls.ts';
import type { TestClock } from './test-clock.ts';
import type { TestCluster } from './test-cluster.ts';
import type { PageOptions } from './test-page.ts';
import type { FileUrl, TopicSpec } from './topic-spec.ts';
import type { Traffic } from './traffic.ts';
import type {
  ExpectedCommit,
  ExpectedDelivery,
  ExpectedGroup,
  ExpectedQueue,
  IdleOptions,
  Isolation,
  MessagePredicate,
  MessageWaitOptions,
  NoMessagesOptions,
  QueueMessagesOptions,
  UntilOptions,
  WaitOptions,
} from './wait-options.ts';

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

/** As fork takes them: what it begins from is this broker, with its users and its TLS. */
export type ForkOptions = Omit<StartOptions, 'from' | 'brokers' | 'thread' | 'acls' | 'quotas' | keyof SecurityOptions>;

export interface TestBroker extends TestCluster, AsyncDisposable {
  /** 'host:port', several with commas between: Kafka's bootstrap.servers. */
  readonly bootstrapServers: string;
  /** The same as a list, which most clients of JavaScript take: `new Kafka({ brokers: kafka.bootstrapBrokers })`. */
  readonly bootstrapBrokers: string[];
  readonly clusterId: string;
  /** The users it was started with, and what becomes of them: `kafka.users.add('bob', 'secret')`. */
  readonly users: TestUsers;
  /** Who may do what: `kafka.acls.add('alice', 'read topic orders')`, `kafka.acls.explain('alice', 'write', { topic: 'audit' })`. */
  readonly acls: TestAcls;
  /** What clients were not allowed, and for what they were throttled, so far. */
  readonly refusals: { readonly denials: readonly Denial[]; readonly throttles: readonly Throttle[] };
  /** Its certificates: `kafka.certificates.expire()`. */
  readonly certificates: TestCertificates;
  /** Makes tokens: `kafka.oauth.token('alice', { expiresIn: '5m' })`. */
  readonly oauth: TestOAuth;
  /** How a client in JavaScript connects, as this user: `new Kafka({ ...kafka.clientOptions('alice') })`. */
  clientOptions(user?: string, choice?: ClientChoice): ClientOptions;
  /** The same in the properties of the Java client. */
  properties(user?: string, choice?: ClientChoice): Record<string, string>;
  /** Where its control port is, for `connectBroker`; undefined without one. */
  readonly controlUrl: string | undefined;
  /** Rules by which it misbehaves: `faults.on('Produce', { topic: 'orders' }).reply('NOT_LEADER_OR_FOLLOWER').times(2)`. */
  readonly faults: Faults;
  /** Every request and what was answered. */
  readonly traffic: Traffic;
  /** The broker's time; `startBroker({ clock: 'virtual' })` lets a test advance it. */
  readonly clock: TestClock;

  /** Appends messages without a client: texts, objects (as JSON), bytes, or `{ key, value, headers, partition, timestamp }`. */
  produce(
    topic: string,
    messages: MessageToProduce | Content | readonly (MessageToProduce | Content)[],
  ): Promise<TestMessage[]>;
  /**
   * Produces what is in a file: a JSON array of messages or one a line (NDJSON) into `topic`; without a topic, a JSON object
   * of such arrays by topic. Relative paths begin where the process was started.
   */
  seed(file: string | FileUrl, topic?: string): Promise<void>;
  /** What is in a topic now, partition after partition; [] where there is no such topic. */
  messages<Value = AnyJson, OwnHeaders = Headers>(
    topic: string,
    options?: ReadOptions,
  ): TestMessage<Value, OwnHeaders>[];
  createTopic(topic: string | TopicSpec, options?: Omit<TopicSpec, 'name'>): Promise<void>;
  deleteTopic(topic: string): Promise<void>;
  /** Names of topics, but for the broker's own. */
  topics(): string[];
  /** A consumer group as it is now; its state is 'Dead' where there is none. */
  group(id: string): Group;
  groups(): Group[];
  /** Why a group does not get what it waits for: findings, the most certain first; at least one. */
  why(group: string): Finding[];
  /** The queue of a share group (KIP-932) as it is now: members, offsets, records in flight, and who holds them. */
  queue(group: string): Queue;

  /** Resolves with the topic's messages when there are so many, or with those that match when there is one. */
  waitForMessages<Value = AnyJson, OwnHeaders = Headers>(
    topic: string,
    wanted?: number | MessagePredicate<Value, OwnHeaders>,
    options?: MessageWaitOptions<Value, OwnHeaders>,
  ): Promise<TestMessage<Value, OwnHeaders>[]>;
  /** Resolves when no message has come to the topic for so long, and none was there: 500 ms unless `within` says otherwise. */
  expectNoMessages<Value = AnyJson, OwnHeaders = Headers>(
    topic: string,
    options?: NoMessagesOptions<Value, OwnHeaders>,
  ): Promise<void>;
  /** Resolves when the group is in this state, has so many members, so many partitions assigned; 'Stable' unless given. */
  waitForGroup(id: string, expected?: ExpectedGroup, options?: WaitOptions): Promise<Group>;
  /** Resolves when the group has committed such an offset, or a later one. */
  waitForCommit(group: string, expected?: ExpectedCommit, options?: WaitOptions): Promise<CommittedOffset>;
  /** Resolves when the group has no more than so many records left to read: 0 unless given. */
  waitForLag(group: string, lag?: number, options?: WaitOptions): Promise<Group>;
  /** Resolves with the records that the share group has accepted, when there are so many, or with those that match. */
  waitForAcknowledged<Value = AnyJson, OwnHeaders = Headers>(
    group: string,
    wanted?: number | MessagePredicate<Value, OwnHeaders>,
    options?: QueueMessagesOptions<Value, OwnHeaders>,
  ): Promise<TestMessage<Value, OwnHeaders>[]>;
  /** Resolves when such a record has been handed out to the share group, so often or more often. */
  waitForDelivery(group: string, expected?: ExpectedDelivery, options?: WaitOptions): Promise<DeliveredRange>;
  /** Resolves with the dead letters in a topic, or those of a share group, when there are so many, or with those that match. */
  waitForDeadLetter<Value = AnyJson, OwnHeaders = Headers>(
    topicOrGroup: string,
    wanted?: number | MessagePredicate<Value, OwnHeaders>,
    options?: QueueMessagesOptions<Value, OwnHeaders>,
  ): Promise<TestMessage<Value, OwnHeaders>[]>;
  /** Resolves when the share group's queue is like this: `waitForQueue('mailer', { backlog: 0, inFlight: 0 })`. */
  waitForQueue(group: string, expected?: ExpectedQueue, options?: WaitOptions): Promise<Queue>;
  /** Resolves when a client is denied this: `waitForDenied({ user: 'alice', operation: 'write', topic: 'audit' })`. */
  waitForDenied(expected?: ExpectedDenial, options?: WaitOptions): Promise<Denial>;
  /** Resolves when a client is throttled: `waitForThrottled({ user: 'alice', quota: 'producer_byte_rate' })`. */
  waitForThrottled(expected?: ExpectedThrottle, options?: WaitOptions): Promise<Throttle>;
  /**
   * Resolves when nothing goes on: for 100 ms no client sent anything but to keep in touch, no group rebalances, and groups
   * that commit have caught up.
   */
  waitForIdle(options?: IdleOptions): Promise<void>;
  /** Resolves when the condition holds, with what it answers; it is looked at whenever something happens in the broker. */
  waitUntil<T>(condition: () => T | undefined | false | null, options?: UntilOptions): Promise<T>;

  /** Ends connections: all of them, or those of one client id. The clients may connect again. */
  disconnectClients(clientId?: string): void;

  /**
   * Back to the beginning, in a few milliseconds: the topics it was started with are there again, empty or as seeded, with
   * new ids; all others, groups, transactions and dynamic configurations are gone, faults removed, the traffic log empty.
   * Clients stay connected, and their groups are new to them.
   */
  reset(options?: ResetOptions): Promise<void>;
  /** All that is in the broker now, shared with it until one of them changes: brokers can be started from it, a file made. */
  snapshot(): Snapshot;
  /**
   * Another broker with the same topics, records, committed offsets and transactions, and ports of its own; neither notices
   * what becomes of the other. Groups have no members there: those are this broker's clients.
   */
  fork(options?: ForkOptions): Promise<TestBroker>;
  /** What is going on, for people: topics, groups, clients, the last requests and errors. */
  describe(topic?: string): string;
  /**
   * Shows the broker in a browser, for as long as it runs: answers the address. With `pause` the test goes on when somebody
   * presses “Go on” there; give the test a time-out that is long enough.
   */
  openPage(options?: PageOptions): Promise<string>;
  /**
   * Writes a file of HTML, 5 MB at most, that shows what the page shows without the broker and without a network; answers its whole
   * path. Folders that are missing are made. Headers named authorization and cookie, and those that `redact` names, are hidden.
   */
  report(path: string, options?: ReportOptions): Promise<string>;

  /** Runs before the broker stops, the last given first: `kafka.onStop(() => app.stop())`. Also when the test has failed. */
  onStop(run: () => unknown): void;
  /** For fixtures that keep a broker for several tests: runs now what onStop was given. */
  endTest(): Promise<void>;
  /** Ends it, and leaves no handle, timer or promise behind. Answers what the test left behind. */
  stop(): Promise<StopReport>;
}
