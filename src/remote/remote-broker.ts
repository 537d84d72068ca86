/** A broker in another process, on another machine or in Docker, driven through its control port as one of this process is. */
import type { Finding } from '../insight/why.ts';
import { BrokerSnapshot } from '../testing/broker-snapshot.ts';
import type { Group } from '../testing/group.ts';
import { checkKeys, checkWord } from '../testing/known-keys.ts';
import { checkIsolation } from '../testing/wait-checks.ts';
import { deliver } from '../testing/leftovers.ts';
import type { AnyJson, Content, Headers, MessageToProduce, TestMessage } from '../testing/message.ts';
import type { Queue } from '../testing/queue.ts';
import type {
  ClientChoice,
  ClientOptions,
  TestCertificates,
  TestOAuth,
  TestUsers,
} from '../testing/security-options.ts';
import type { Snapshot } from '../testing/snapshot.ts';
import { runningBrokers } from '../testing/running-brokers.ts';
import { StopHooks, throwAll } from '../testing/stop-hooks.ts';
import type { StopReport } from '../testing/stop-report.ts';
import type { ForkOptions, ReadOptions, ResetOptions, TestBroker } from '../testing/test-broker.ts';
import type { TestAcls } from '../testing/test-acls.ts';
import type { TestClock } from '../testing/test-clock.ts';
import type { PageOptions } from '../testing/test-page.ts';
import { reportWishes, type ReportOptions } from '../testing/report.ts';
import { writeReport } from '../testing/report-place.ts';
import { currentTest } from '../testing/test-runner.ts';
import type { FileUrl, TopicSpec } from '../testing/topic-spec.ts';
import { messagesIn, topicsIn } from '../testing/topics.ts';
import type { ConnectOptions } from './connect-options.ts';
import { ControlError, ControlPort } from './control-port.ts';
import { RemoteFaults } from './faults.ts';
import { messageFromJson, messageToJson, topicToJson, type MessageJson } from './json.ts';
import { RemoteClock } from './remote-clock.ts';
import { FORK, READ, type BrokerJson } from './remote-options.ts';
import { remoteQueue } from './remote-queue.ts';
import {
  remoteAcls,
  remoteCertificates,
  remoteClientOptions,
  remoteOAuth,
  remoteProperties,
  remoteUsers,
  type RemoteRefusals,
} from './remote-security.ts';
import { RemoteWaiting } from './remote-waiting.ts';
import { RemoteWaits } from './remote-waits.ts';
import { RemoteTraffic } from './traffic.ts';

const NOTHING_LEFT: StopReport = { leaks: [], unusedFaults: [], forgottenWaits: [] };

/** Ends a broker that the test has started; answers what was left behind. */
export type EndBroker = (port: ControlPort) => Promise<StopReport>;

/** Ends a fork, or any broker that may be stopped through its control port. */
export const endThroughPort: EndBroker = (port) => port.call('POST', '/stop');

/** Where `kafka.snapshot()` and the like cannot be, the control port says why. */
export class RemoteBroker extends RemoteWaiting implements TestBroker {
  readonly controlUrl: string;
  readonly faults: RemoteFaults;
  readonly traffic: RemoteTraffic;
  readonly clock: TestClock;
  protected readonly port: ControlPort;
  protected readonly waits: RemoteWaits;
  readonly #options: ConnectOptions;
  readonly #end: EndBroker | null;
  readonly #hooks = new StopHooks();
  #stopped: Promise<StopReport> | null = null;

  /** `end` ends a broker that is the test's own; any other goes on. */
  constructor(url: string, options: ConnectOptions = {}, end: EndBroker | null = null) {
    super();
    this.port = new ControlPort(url);
    this.controlUrl = this.port.url;
    this.faults = new RemoteFaults(this.port);
    this.traffic = new RemoteTraffic(this.port);
    this.clock = new RemoteClock(this.port);
    this.waits = new RemoteWaits(this.port);
    this.#options = options;
    this.#end = end;
    if (end !== null) runningBrokers().add(this);
  }

  get bootstrapServers(): string {
    const { bootstrapServers, listeners, nodes } = this.port.get<BrokerJson>('/broker');
    const [first] = listeners;
    // As clients are told: from elsewhere the broker's machine may have another name.
    return nodes > 1 || first === undefined ? bootstrapServers : `${first.host}:${first.port}`;
  }

  get bootstrapBrokers(): string[] {
    return this.bootstrapServers.split(',');
  }

  get clusterId(): string {
    return this.port.get<BrokerJson>('/broker').clusterId;
  }

  async produce(
    topic: string,
    messages: MessageToProduce | Content | readonly (MessageToProduce | Content)[],
  ): Promise<TestMessage[]> {
    const list = (Array.isArray(messages) ? messages : [messages]) as readonly Content[];
    const path = `/topics/${encodeURIComponent(topic)}/messages`;
    return (await this.port.call<MessageJson[]>('POST', path, list.map(messageToJson))).map(messageFromJson);
  }

  async seed(file: string | FileUrl, topic?: string): Promise<void> {
    if (topic !== undefined) return void (await this.produce(topic, messagesIn(file)));
    return this.seedTopics(topicsIn(file));
  }

  /** Messages into many topics. */
  async seedTopics(topics: Readonly<Record<string, readonly (MessageToProduce | Content)[]>>): Promise<void> {
    const entries = Object.entries(topics).map(([name, messages]) => [name, messages.map(messageToJson)] as const);
    await this.port.call('POST', '/seed', Object.fromEntries(entries));
  }

  messages<Value = AnyJson, OwnHeaders = Headers>(
    topic: string,
    options: ReadOptions = {},
  ): TestMessage<Value, OwnHeaders>[] {
    checkKeys('messages', options, READ);
    checkIsolation(options);
    try {
      const path = `/topics/${encodeURIComponent(topic)}/messages`;
      const found = this.port.get<MessageJson[]>(path, { ...options }).map(messageFromJson);
      return found;
    } catch (error) {
      if (error instanceof ControlError && error.status === 404) return [];
      throw error;
    }
  }

  async createTopic(topic: string | TopicSpec, options: Omit<TopicSpec, 'name'> = {}): Promise<void> {
    await this.port.call(
      'POST',
      '/topics',
      topicToJson(typeof topic === 'string' ? { ...options, name: topic } : topic),
    );
  }

  deleteTopic(topic: string): Promise<void> {
    return this.port.call('DELETE', `/topics/${encodeURIComponent(topic)}`);
  }

  topics(): string[] {
    return this.port.get<{ name: string }[]>('/topics').map(({ name }) => name);
  }

  group(id: string): Group {
    const found = this.groups().find((group) => group.id === id);
    return found ?? { id, state: 'Dead', type: null, members: [], offsets: [], lag: null };
  }

  groups(): Group[] {
    return this.port.get<Group[]>('/groups');
  }

  why(group: string): Finding[] {
    return this.port.get<Finding[]>(`/groups/${encodeURIComponent(group)}/why`);
  }

  queue(group: string): Queue {
    return remoteQueue(this.port, group);
  }

  disconnectClients(clientId?: string): void {
    this.port.callNow('POST', '/disconnect', clientId === undefined ? {} : { clientId });
  }

  /** `topics` are made afterwards. */
  async reset(options: ResetOptions & { readonly topics?: readonly (string | TopicSpec)[] } = {}): Promise<void> {
    checkKeys('reset', options, { connections: true, topics: true });
    checkWord('connections of reset', options.connections, ['keep', 'close']);
    const { topics = [], ...rest } = options;
    await this.port.call('POST', '/reset', { ...rest, topics: topics.map(topicToJson) });
  }

  snapshot(): Snapshot {
    return BrokerSnapshot.parse(Buffer.from(this.port.bytes('/snapshot')));
  }

  /** Begins anew from a snapshot, on the same ports; clients connect again. */
  restore(snapshot: Snapshot | Uint8Array): Promise<void> {
    return this.port.send('PUT', '/snapshot', 'bytes' in snapshot ? snapshot.bytes() : snapshot);
  }

  async fork(options: ForkOptions = {}): Promise<RemoteBroker> {
    checkKeys('fork', options, FORK);
    const { topics, now, logLevel, leftovers = this.#options.leftovers, ...rest } = options;
    if (logLevel !== undefined) throw new TypeError('fork takes no logLevel where the broker is in another process');
    const made = {
      ...(topics === undefined ? {} : { topics: topics.map(topicToJson) }),
      ...(now === undefined ? {} : { now: Number(now) }),
    };
    const { url } = await this.port.call<{ url: string }>('POST', '/fork', { ...rest, ...made });
    return new RemoteBroker(url, leftovers === undefined ? {} : { leftovers }, endThroughPort);
  }

  async openPage({ port, host, pause }: PageOptions = {}): Promise<string> {
    if (pause === true) throw new Error('a broker elsewhere cannot hold this test: open its page without pause');
    const opened = await this.port.call<{ url: string }>('POST', '/page', { port, host });
    return opened.url;
  }

  async report(path: string, options: ReportOptions = {}): Promise<string> {
    const { headers, functions, errors, test } = reportWishes(options, currentTest());
    if (functions.length > 0) {
      throw new TypeError('a broker elsewhere cannot ask a function of this process: let redact name headers');
    }
    const waiting = this.waits.lines.map((line) => line.trim());
    const html = await this.port.text('POST', '/report', { redact: headers, test, errors, waiting });
    return writeReport(path, html);
  }

  describe(topic?: string): string {
    const path = `/describe${topic === undefined ? '' : `?topic=${encodeURIComponent(topic)}`}`;
    const text = Buffer.from(this.port.bytes(path)).toString().trimEnd();
    // The broker knows of those waits alone that are its own.
    const lines = text.split('\n').filter((line) => !line.startsWith('  waiting for '));
    return [...lines, ...this.waits.lines].join('\n');
  }

  isReady(): Promise<boolean> {
    return this.port.call('GET', '/ready').then(
      () => true,
      () => false,
    );
  }

  get users(): TestUsers {
    return remoteUsers(this.port);
  }

  get acls(): TestAcls {
    return remoteAcls(this.port);
  }

  get certificates(): TestCertificates {
    return remoteCertificates(this.port);
  }

  get oauth(): TestOAuth {
    return remoteOAuth(this.port);
  }

  get refusals(): RemoteRefusals {
    return this.port.get<RemoteRefusals>('/refusals');
  }

  clientOptions(user?: string, choice: ClientChoice = {}): ClientOptions {
    return remoteClientOptions(this.port, this.bootstrapBrokers, user, choice);
  }

  properties(user?: string, choice: ClientChoice = {}): Record<string, string> {
    return remoteProperties(this.port, this.bootstrapServers, user, choice);
  }

  onStop(run: () => unknown): void {
    this.#hooks.add(run, this.calledAt('onStop'));
  }

  async endTest(): Promise<void> {
    throwAll(await this.#hooks.run(), 'what onStop was given failed');
  }

  /** Ends a broker that the test has started, or forked. Any other goes on: it ends with the process that has started it. */
  stop(): Promise<StopReport> {
    return (this.#stopped ??= this.#stop());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(): Promise<StopReport> {
    const errors = await this.#hooks.run();
    runningBrokers().delete(this);
    this.waits.close();
    this.traffic.close();
    const told = (await this.#end?.(this.port)) ?? NOTHING_LEFT;
    const report = { ...told, forgottenWaits: this.waits.forgotten };
    throwAll(errors, 'what onStop was given failed');
    deliver(report, this.#options.leftovers ?? 'warn', (text) => void process.stderr.write(text));
    return report;
  }
}
