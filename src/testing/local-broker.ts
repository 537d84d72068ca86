/** A broker in the test's own process: everything that a test can ask of it, handed to the part that knows. */
import { why, type Finding } from '../insight/why.ts';
import { nextTurn, type Clock } from '../platform/clock.ts';
import type { MemoryFiles } from '../platform/memory-files.ts';
import type { Activity } from './activity.ts';
import type { BrokerView } from './broker-view.ts';
import { BrokerSnapshot } from './broker-snapshot.ts';
import type { CallPlace } from './call-place.ts';
import { failureReport, openClients, type ReportSources } from './failure-report.ts';
import type { FaultRules } from './fault-rules.ts';
import { allGroups, groupOf } from './group-view.ts';
import { situationOf } from './group-situation.ts';
import type { Group } from './group.ts';
import { checkKeys, checkWord, type KeysOf } from './known-keys.ts';
import { checkIsolation } from './wait-checks.ts';
import { deliver, leftBehind } from './leftovers.ts';
import { LocalClock } from './local-clock.ts';
import type { LocalClusterParts } from './local-cluster.ts';
import { LocalShow, type ShowParts } from './local-show.ts';
import type { AnyJson, Content, MessageToProduce, TestMessage } from './message.ts';
import type { Nodes } from './nodes.ts';
import { PendingWaits } from './pending-waits.ts';
import { queueActions, redrive } from './queue-actions.ts';
import { QueueHistory } from './queue-history.ts';
import { queueOf } from './queue-view.ts';
import { QueueWaiters } from './queue-waiters.ts';
import { AcknowledgedReader, DeadLetterReader } from './queue-waits.ts';
import { asNew, configureGroups } from './dynamic-configs.ts';
import type { Queue } from './queue.ts';
import type { ClientChoice, ClientOptions, TestCertificates, TestOAuth, TestUsers } from './security-options.ts';
import type { TestSecurity } from './security.ts';
import { runningBrokers } from './running-brokers.ts';
import { RefusalWaiters } from './refusal-waiters.ts';
import type { Refusals } from './refusals.ts';
import type { Snapshot } from './snapshot.ts';
import { checkStartOptions } from './start-checks.ts';
import type { StartOptions } from './start-options.ts';
import { noteRunning } from './still-running.ts';
import { StopHooks, throwAll } from './stop-hooks.ts';
import type { StopReport } from './stop-report.ts';
import type { ForkOptions, ReadOptions, ResetOptions, TestBroker } from './test-broker.ts';
import { provideAccess, testAcls, type TestAcls } from './test-acls.ts';
import type { TestClock } from './test-clock.ts';
import type { TestInterceptor } from './test-interceptor.ts';
import type { TestMetadata } from './test-metadata.ts';
import type { LoadShow } from './test-page.ts';
import { TopicReader } from './topic-reader.ts';
import type { FileUrl, TopicSpec } from './topic-spec.ts';
import { messageOf, messagesIn, Topics, topicsIn } from './topics.ts';
import type { TrafficLog } from './traffic-log.ts';
import { Waiters } from './waiters.ts';

/** Of the event loop, a fraction of a millisecond each. */
const PATIENCE_TURNS = 50;

const READ: KeysOf<ReadOptions> = { partition: true, isolation: true, from: true, limit: true, newest: true };
const RESET: KeysOf<ResetOptions> = { connections: true };

interface Parts {
  readonly view: BrokerView;
  readonly files: MemoryFiles;
  readonly nodes: Nodes;
  readonly metadata: TestMetadata;
  readonly interceptor: TestInterceptor;
  readonly activity: Activity;
  readonly traffic: TrafficLog;
  readonly faults: FaultRules;
  readonly options: StartOptions;
  readonly security: TestSecurity | null;
  readonly refusals: Refusals;
  /** The topics that a reset makes anew. */
  readonly beginning: readonly TopicSpec[];
  readonly clock: Clock;
  readonly place: CallPlace;
  readonly warn: (text: string) => void;
  /** Not its own to load; undefined where a page is opened otherwise. */
  readonly loadShow: LoadShow | undefined;
  /** Starts another broker; it is not this file's to know how. */
  readonly start: (options: StartOptions, beginning: readonly TopicSpec[]) => Promise<TestBroker>;
}

export class LocalBroker extends LocalShow implements TestBroker {
  readonly faults: FaultRules;
  readonly traffic: TrafficLog;
  readonly clock: TestClock;
  readonly #parts: Parts;
  readonly #topics: Topics;
  readonly #pending: PendingWaits;
  readonly #sources: ReportSources;
  protected readonly cluster: LocalClusterParts;
  protected readonly showParts: ShowParts;
  protected readonly waiters: Waiters;
  readonly #history: QueueHistory;
  protected readonly queueWaiters: QueueWaiters;
  protected readonly refusalWaiters: RefusalWaiters;
  readonly refusals: Refusals;
  readonly acls: TestAcls;
  readonly #hooks = new StopHooks();
  readonly #noteStopped: () => void;
  readonly #onStopped = new Set<() => void | Promise<void>>();
  controlUrl: string | undefined;
  #stopped: Promise<StopReport> | null = null;

  constructor(parts: Parts) {
    super();
    const { view, activity, interceptor, traffic, faults, nodes, place } = parts;
    this.#parts = parts;
    this.#pending = new PendingWaits((check) => activity.listen(check));
    this.faults = faults;
    this.traffic = traffic;
    this.clock = new LocalClock(
      parts.clock,
      (clock, byMs) => nodes.advance(clock, byMs),
      () => activity.notify(),
    );
    this.#topics = new Topics(view, nodes.list.length);
    const clockStandsStill = this.clock.isVirtual;
    const sources = (this.#sources = { broker: view, traffic, faults, pending: this.#pending, clockStandsStill });
    this.cluster = { view, nodes, activity, sources };
    this.showParts = { ...parts, pending: this.#pending };
    this.waiters = new Waiters({ ...sources, activity, interceptor });
    this.#history = new QueueHistory(traffic, (topicId) => parts.metadata.image.topicsById.get(topicId)?.name);
    const queue = (group: string): Queue => this.queue(group);
    this.queueWaiters = new QueueWaiters({ ...sources, history: this.#history, queue });
    this.refusals = parts.refusals;
    this.refusalWaiters = new RefusalWaiters(sources, parts.refusals);
    this.acls = testAcls(parts.metadata, () => nodes.any);
    runningBrokers().add(this);
    this.#noteStopped = noteRunning({
      at: place.at,
      activity: () => this.waiters.workMark,
      clients: () =>
        openClients(view)
          .map(({ clientId }) => clientId)
          .join(', '),
    });
  }

  /** Only for startBroker: topics that are there from the beginning, and share groups that it begins with. */
  async provide(topics: readonly TopicSpec[]): Promise<void> {
    const isShared = this.#parts.metadata.image.topicsByName.has('__share_group_state');
    for (const { parts } of isShared ? this.#parts.nodes.running : []) await parts.share.use();
    return this.#topics.create(topics);
  }

  /** For the control port. */
  get view(): BrokerView {
    return this.#parts.view;
  }

  /** Resolves with the revision when something may have changed since that one, at the latest after so long. */
  changedSince(revision: number, timeoutMs: number): Promise<number> {
    return this.#parts.activity.changedSince(revision, timeoutMs);
  }

  /** Calls `run` whenever something may have changed; answers what ends that. */
  onActivity(run: () => void): () => void {
    return this.#parts.activity.listen(run);
  }

  /** For the control port: what members of a share group have accepted, from the first on. */
  acknowledgedMessages(group: string): TestMessage[] {
    return new AcknowledgedReader(this.#parts.view, this.#history, group).read();
  }

  /** The dead letters in a topic, or those of a share group. */
  deadLetters(topicOrGroup: string): TestMessage[] {
    return new DeadLetterReader(this.#parts.view, topicOrGroup).read();
  }

  /** Dynamic configurations of groups, from the beginning and after each reset. */
  configureGroups(): Promise<void> {
    const { metadata, view, options } = this.#parts;
    return configureGroups(metadata, view.parts.config, options.groups ?? {});
  }

  /** What would be told if it were stopped now. */
  leftovers(): StopReport {
    return leftBehind(this.#parts.view, this.faults, this.#pending);
  }

  get bootstrapServers(): string {
    return this.bootstrapBrokers.join(',');
  }

  get bootstrapBrokers(): string[] {
    return this.#parts.nodes.addresses;
  }

  get users(): TestUsers {
    return this.#security('users').users;
  }

  get certificates(): TestCertificates {
    return this.#security('tls').certificates;
  }

  get oauth(): TestOAuth {
    return this.#security('oauth').oauth;
  }

  clientOptions(user?: string, choice: ClientChoice = {}): ClientOptions {
    const { security } = this.#parts;
    const brokers = this.bootstrapBrokers;
    return security === null ? { brokers } : security.clientOptions(brokers, user, choice);
  }

  properties(user?: string, choice: ClientChoice = {}): Record<string, string> {
    const { security } = this.#parts;
    const servers = this.bootstrapServers;
    return security === null ? { 'bootstrap.servers': servers } : security.properties(servers, user, choice);
  }

  #security(option: 'users' | 'tls' | 'oauth'): TestSecurity {
    const { security } = this.#parts;
    if (security !== null) return security;
    throw new TypeError(`the broker was started without ${option}: write startBroker({ ${option}: … })`);
  }

  /** For startBroker: users are written there. */
  get metadata(): TestMetadata {
    return this.#parts.metadata;
  }

  get clusterId(): string {
    return this.#parts.metadata.image.clusterId;
  }

  async produce(
    topic: string,
    messages: MessageToProduce | Content | readonly (MessageToProduce | Content)[],
  ): Promise<TestMessage[]> {
    const list = Array.isArray(messages) ? (messages as Content[]) : [messages];
    const produced = await this.#topics.produce(topic, list.map(messageOf));
    this.#parts.activity.notify();
    return produced;
  }

  async seed(file: string | FileUrl, topic?: string): Promise<void> {
    if (topic !== undefined) return void (await this.produce(topic, messagesIn(file)));
    for (const [name, messages] of Object.entries(topicsIn(file))) await this.produce(name, messages);
  }

  messages<Value = AnyJson, OwnHeaders = TestMessage['headers']>(
    topic: string,
    options: ReadOptions = {},
  ): TestMessage<Value, OwnHeaders>[] {
    checkKeys('messages', options, READ);
    checkIsolation(options);
    const { partition, isolation, from = 0, limit, newest } = options;
    const start = (index: number): number => (partition === undefined || index === partition ? from : Infinity);
    const reader = new TopicReader(this.#parts.view, topic, isolation, start);
    const found = newest === undefined ? reader.read(limit) : reader.newest(newest);
    return found as TestMessage<Value, never>[];
  }

  async createTopic(topic: string | TopicSpec, options: Omit<TopicSpec, 'name'> = {}): Promise<void> {
    await this.#topics.create([typeof topic === 'string' ? { ...options, name: topic } : topic]);
    this.#parts.activity.notify();
  }

  async deleteTopic(topic: string): Promise<void> {
    await this.#topics.delete(topic);
    this.#parts.activity.notify();
  }

  topics(): string[] {
    return this.#topics.names();
  }

  group(id: string): Group {
    return groupOf(this.#parts.view, id);
  }

  groups(): Group[] {
    return allGroups(this.#parts.view);
  }

  why(group: string): Finding[] {
    return why(situationOf(this.#sources, group));
  }

  queue(group: string): Queue {
    const { view, activity } = this.#parts;
    return {
      ...queueOf(view, this.#history, group),
      ...queueActions(view, group, () => activity.notify()),
      redrive: (topic) => redrive(this, group, topic),
    };
  }

  disconnectClients(clientId?: string): void {
    const isMeant = (client: string | null): boolean => clientId === undefined || client === clientId;
    this.#parts.view.listeners.disconnect('the test disconnected it', (connection) => isMeant(connection.clientId));
  }

  async reset(options: ResetOptions = {}): Promise<void> {
    checkKeys('reset', options, RESET);
    checkWord('connections of reset', options.connections, ['keep', 'close']);
    const { metadata, faults, traffic, activity } = this.#parts;
    faults.clear();
    if (options.connections === 'close') this.disconnectClients();
    await metadata.change(asNew);
    const { security, nodes } = this.#parts;
    await security?.reset(nodes.any, metadata);
    await provideAccess(metadata, nodes.any.parts.random, this.#parts.options);
    this.refusals.clear();
    traffic.clear();
    this.#history.clear();
    await this.#topics.create(this.#parts.beginning);
    await this.configureGroups();
    activity.notify();
  }

  snapshot(): Snapshot {
    const { files, nodes } = this.#parts;
    return BrokerSnapshot.take(nodes.running, files, nodes.list.length);
  }

  fork(options: ForkOptions = {}): Promise<TestBroker> {
    checkStartOptions('fork', options);
    const { settings, maxFetchWait, clock, leftovers, tls, users, oauth, mechanisms, acls, quotas } =
      this.#parts.options;
    const own = {
      settings,
      maxFetchWait,
      clock,
      leftovers,
      tls,
      users,
      oauth,
      mechanisms,
      acls,
      quotas,
      ...(clock === 'virtual' ? { now: this.clock.now() } : {}),
    };
    return this.#parts.start({ ...own, ...options, from: this.snapshot() }, this.#parts.beginning);
  }

  describe(topic?: string): string {
    return failureReport(this.#sources, { topic });
  }

  onStop(run: () => unknown): void {
    this.#hooks.add(run, this.calledAt('onStop'));
  }

  async endTest(): Promise<void> {
    throwAll(await this.#hooks.run(), 'what onStop was given failed');
  }

  /** When it has stopped: the end of what belongs to it. Answers what takes that back. */
  onStopped(run: () => void | Promise<void>): () => void {
    this.#onStopped.add(run);
    return () => void this.#onStopped.delete(run);
  }

  stop(): Promise<StopReport> {
    return (this.#stopped ??= this.#stop());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(): Promise<StopReport> {
    const { view, nodes, metadata, interceptor, options, warn } = this.#parts;
    const errors = await this.#hooks.run();
    await untilClosed(view);
    const report = leftBehind(view, this.faults, this.#pending);
    this.faults.clear();
    this.waiters.close();
    this.#history.close();
    interceptor.close();
    this.#noteStopped();
    runningBrokers().delete(this);
    await nodes.stopAll();
    await metadata.close();
    await this.closePage();
    for (const run of this.#onStopped) await run();
    await nextTurn(); // the event loop lets go of closed sockets in its next turn
    throwAll(errors, 'the broker was stopped, and what onStop was given failed');
    deliver(report, options.leftovers ?? 'warn', warn);
    return report;
  }
}

/** Clients that have just been closed: the news of it may still be on its way. */
async function untilClosed(broker: BrokerView): Promise<void> {
  for (let turns = 0; turns < PATIENCE_TURNS && broker.listeners.connections().length > 0; turns++) await nextTurn();
}
