/** `new OttlaContainer()`: Ottla's image through testcontainers, in the style of @testcontainers/kafka. */
import { systemClock } from '../platform/clock.ts';
import { aclsOf, textOf, type AclLines } from '../security/acls/lines.ts';
import type { Content, MessageToProduce } from '../testing/message.ts';
import type { FileUrl, TopicSpec } from '../testing/topic-spec.ts';
import type { UserSpec } from '../testing/security-options.ts';
import type { StopReport } from '../testing/stop-report.ts';
import type { PageOptions } from '../testing/test-page.ts';
import { topicsIn } from '../testing/topics.ts';
import { RemoteBroker } from '../remote/remote-broker.ts';

/** As much of testcontainers' GenericContainer as is used here; `with` hands out the whole. */
export interface Container {
  withExposedPorts(...ports: number[]): this;
  withEnvironment(environment: Record<string, string>): this;
  withCommand(command: string[]): this;
  withWaitStrategy(strategy: unknown): this;
  withStartupTimeout(ms: number): this;
  withNetwork(network: never): this;
  withNetworkAliases(...aliases: string[]): this;
  start(): Promise<Started>;
}

/** As much of testcontainers' StartedTestContainer. */
export interface Started {
  getHost(): string;
  getMappedPort(port: number): number;
  getId(): string;
  copyContentToContainer(contents: { content: string; target: string; mode?: number }[]): Promise<void>;
  logs(): Promise<unknown>;
  stop(options?: object): Promise<unknown>;
}

interface Testcontainers {
  readonly GenericContainer: new (image: string) => Container;
  readonly Wait: { forLogMessage(message: string): unknown };
}

/** Of a broker that did not answer any more. */
const NOTHING_KNOWN: StopReport = { leaks: [], unusedFaults: [], forgottenWaits: [] };

const HOST_LISTENER = 'HOST';
const HOST_PORT = 9093;
/** Other containers in its network connect to this one. */
const NETWORK_PORT = 9092;
const CONTROL_PORT = 24092;
/** Nothing listens there until the page is opened. */
const PAGE_PORT = 24093;
const ADDRESS_FILE = '/tmp/ottla-address';
const CERTIFICATES = '/tmp/ottla-certs';
const WAITING = 'ottla waits for its address';
const READY_MS = 60_000;
const LOOK_MS = 25;

export class OttlaContainer {
  readonly #image: string;
  readonly #environment: Record<string, string> = {};
  readonly #topics: (string | TopicSpec)[] = [];
  readonly #seeds: Record<string, readonly (MessageToProduce | Content)[]>[] = [];
  readonly #changes: ((container: Container) => Container)[] = [];
  readonly #users: Record<string, UserSpec> = {};
  #acls: AclLines | null = null;
  #isOverTls = false;
  #isInMemory = true;
  #alias: string | null = null;

  constructor(image = 'ottla') {
    this.#image = image;
  }

  /** Topics that are there from the beginning: names, or `{ name, partitions, configs, messages }`. */
  withTopics(...topics: (string | TopicSpec)[]): this {
    for (const topic of topics) this.#topics.push(topic);
    return this;
  }

  /** Messages by topic, or the path of a JSON file of such. */
  withSeed(seed: string | FileUrl | Readonly<Record<string, readonly (MessageToProduce | Content)[]>>): this {
    this.#seeds.push(isFile(seed) ? topicsIn(seed) : seed);
    return this;
  }

  /** Broker settings by Kafka's names: `{ 'num.partitions': 3 }`. */
  withSettings(settings: Readonly<Record<string, string | number | boolean>>): this {
    for (const [key, value] of Object.entries(settings)) {
      const name = key.replaceAll('_', '__').replaceAll('-', '___').replaceAll('.', '_').toUpperCase();
      this.#environment[`KAFKA_${name}`] = String(value);
    }
    return this;
  }

  withEnvironment(environment: Readonly<Record<string, string>>): this {
    Object.assign(this.#environment, environment);
    return this;
  }

  /** Clients on this machine speak TLS: `kafka.clientOptions()` trusts the broker. Other containers speak plain text. */
  withTls(): this {
    this.#isOverTls = true;
    return this;
  }

  /** Clients on this machine sign in, by SASL PLAIN or SCRAM: `{ alice: 'secret', admin: { password: 'x', superUser: true } }`. */
  withUsers(users: Readonly<Record<string, UserSpec>>): this {
    Object.assign(this.#users, users);
    return this;
  }

  /** Who may do what: `{ alice: ['read topic orders', 'read group billing-*'] }`. Others may do nothing then. */
  withAcls(acls: AclLines): this {
    aclsOf(acls);
    this.#acls = { ...this.#acls, ...acls };
    return this;
  }

  /** A network of testcontainers; containers in it find the broker at `alias:9092`. */
  withNetwork(network: object, alias?: string): this {
    this.#alias = alias ?? this.#alias;
    return this.with((container) => {
      const joined = container.withNetwork(network as never);
      return alias === undefined ? joined : joined.withNetworkAliases(alias);
    });
  }

  /** Keeps its logs on the container's disk; snapshots and disk faults are not there then. */
  withDisk(): this {
    this.#isInMemory = false;
    return this;
  }

  /** Whatever else testcontainers can do: `with((container) => container.withReuse())`. */
  with(change: (container: Container) => Container): this {
    this.#changes.push(change);
    return this;
  }

  /** Resolves when clients can connect and everything is in its topics. */
  async start(): Promise<StartedOttlaContainer> {
    const { GenericContainer, Wait } = await testcontainers();
    // The address that clients are told is known only when the container runs: it waits for it.
    const run = ['exec', '/etc/kafka/docker/run', ...this.#flags().map(quoted)].join(' ');
    const script = `echo ${WAITING}; until [ -s ${ADDRESS_FILE} ]; do sleep 0.02; done; . ${ADDRESS_FILE}; ${run}`;
    let container = new GenericContainer(this.#image)
      .withExposedPorts(HOST_PORT, CONTROL_PORT, PAGE_PORT)
      .withEnvironment({
        KAFKA_LISTENERS: `${HOST_LISTENER}://0.0.0.0:${HOST_PORT},BROKER://0.0.0.0:${NETWORK_PORT}`,
        KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: `${HOST_LISTENER}:${this.#protocol},BROKER:PLAINTEXT`,
        KAFKA_INTER_BROKER_LISTENER_NAME: 'BROKER',
        OTTLA_CONTROL_PORT: String(CONTROL_PORT),
        OTTLA_CONTROL_HOST: '0.0.0.0',
        ...this.#environment,
      })
      .withCommand(['sh', '-c', script])
      .withWaitStrategy(Wait.forLogMessage(WAITING));
    for (const change of this.#changes) container = change(container);
    const started = new StartedOttlaContainer(await container.start(), this.#alias);
    try {
      await started.open();
      for (const topic of this.#topics) await started.createTopic(topic);
      for (const seed of this.#seeds) await started.seedTopics(seed);
      return started;
    } catch (error) {
      await started.stop();
      throw error;
    }
  }

  get #protocol(): string {
    const hasUsers = Object.keys(this.#users).length > 0;
    if (this.#isOverTls) return hasUsers ? 'SASL_SSL' : 'SSL';
    return hasUsers ? 'SASL_PLAINTEXT' : 'PLAINTEXT';
  }

  #flags(): string[] {
    const users = Object.entries(this.#users).flatMap(([name, spec]) => {
      const { password, superUser = false } = typeof spec === 'string' ? { password: spec } : spec;
      return [superUser ? '--super-user' : '--user', `${name}:${password}`];
    });
    return [
      ...(this.#isInMemory ? ['--memory'] : []),
      ...(this.#isOverTls ? ['--tls', '--certs', CERTIFICATES] : []),
      ...users,
      ...aclsOf(this.#acls ?? {}).flatMap((acl) => ['--acl', textOf(acl)]),
    ];
  }
}

/** For the shell of the container. */
function quoted(word: string): string {
  return /^[\w./:-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A broker in its container: all that a TestBroker can, through its control port. */
export class StartedOttlaContainer extends RemoteBroker {
  /** testcontainers' own. */
  readonly container: Started;
  readonly #alias: string | null;

  constructor(container: Started, alias: string | null) {
    const url = `http://${container.getHost()}:${container.getMappedPort(CONTROL_PORT)}`;
    super(url, {}, async (port) => {
      const report = await port.call<StopReport>('GET', '/leftovers').catch(() => NOTHING_KNOWN);
      await container.stop();
      return report;
    });
    this.container = container;
    this.#alias = alias;
  }

  /** 'host:port' for clients on this machine: Kafka's bootstrap.servers. */
  getBootstrapServers(): string {
    return `${this.container.getHost()}:${this.container.getMappedPort(HOST_PORT)}`;
  }

  /** 'host:port' for clients in other containers of its network. */
  getNetworkBootstrapServers(): string {
    return `${this.#alias ?? this.container.getId().slice(0, 12)}:${NETWORK_PORT}`;
  }

  override get bootstrapServers(): string {
    return this.getBootstrapServers();
  }

  /** Shows the broker in a browser of this machine. Its port is chosen by testcontainers. */
  override async openPage({ port, host, pause }: PageOptions = {}): Promise<string> {
    if (port !== undefined || host !== undefined) {
      throw new TypeError('openPage of a container takes neither port nor host: testcontainers choose them');
    }
    await super.openPage({ port: PAGE_PORT, host: '0.0.0.0', ...(pause === undefined ? {} : { pause }) });
    return `http://${this.container.getHost()}:${this.container.getMappedPort(PAGE_PORT)}`;
  }

  /** Only for OttlaContainer: tells the broker its address, and waits until it answers. */
  async open(): Promise<void> {
    const addresses = `${HOST_LISTENER}://${this.getBootstrapServers()},BROKER://${this.getNetworkBootstrapServers()}`;
    const content = `export KAFKA_ADVERTISED_LISTENERS=${addresses}\n`;
    await this.container.copyContentToContainer([{ content, target: ADDRESS_FILE, mode: 0o644 }]);
    const until = systemClock.monotonic() + READY_MS;
    while (!(await this.isReady())) {
      if (systemClock.monotonic() > until) {
        throw new Error(`the broker does not answer at ${this.controlUrl} after ${READY_MS / 1000} s: look at its log`);
      }
      await new Promise<void>((resolve) => void systemClock.after(LOOK_MS, resolve));
    }
  }
}

/** The package of the user; a name in a variable, since this one does not depend on it. */
async function testcontainers(): Promise<Testcontainers> {
  const name: string = 'testcontainers';
  try {
    return (await import(name)) as Testcontainers;
  } catch (error) {
    throw new Error('OttlaContainer needs the package testcontainers: npm install --save-dev testcontainers', {
      cause: error,
    });
  }
}

function isFile(seed: unknown): seed is string | FileUrl {
  return typeof seed === 'string' || typeof (seed as Partial<FileUrl>).href === 'string';
}
