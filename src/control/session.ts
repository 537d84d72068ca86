/** The broker that a control port drives: as it runs now, and again when it begins anew from a snapshot. */
import type { BrokerOptions, RunningBroker } from '../broker/broker.ts';
import { testDefaults } from '../config/test-defaults.ts';
import { systemClock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { MemoryFiles } from '../platform/memory-files.ts';
import { assemble } from '../testing/assembly.ts';
import { type BrokerSnapshot, dismissMembers } from '../testing/broker-snapshot.ts';
import type { AclLines } from '../security/acls/lines.ts';
import type { LocalBroker } from '../testing/local-broker.ts';
import type { SecurityOptions } from '../testing/security-options.ts';
import { securityOf, type SecuredListener, type TestSecurity } from '../testing/security.ts';
import { provideAccess } from '../testing/test-acls.ts';
import { begin } from '../testing/test-start.ts';
import type { TopicSpec } from '../testing/topic-spec.ts';
import { TrafficLog } from '../testing/traffic-log.ts';
import { Problem } from './problem.ts';

export interface SessionOptions {
  /** Starts a broker; a parameter, so that this room does not hold a second copy of it. */
  readonly start: (options: BrokerOptions) => Promise<RunningBroker>;
  readonly settings: ReadonlyMap<string, string>;
  readonly memory: boolean;
  readonly clusterId?: string;
  readonly logger: Logger;
  /** What a reset leaves behind. */
  readonly topics: readonly TopicSpec[];
  /** Who may connect to one of its listeners, and what they may do; whatever settings say, unless given. */
  readonly security?: ControlledSecurity;
}

export interface ControlledSecurity extends SecurityOptions, SecuredListener {
  readonly acls?: AclLines;
}

/** What the routes of a control port drive. */
export interface Session {
  readonly test: LocalBroker;
  /** Lasts longer than a broker: whoever reads its tail goes on reading after a snapshot was loaded. */
  readonly traffic: TrafficLog;
  readonly isMemory: boolean;
  /** Whether it answers clients now; not while a snapshot is being loaded. */
  readonly isReady: boolean;
  /** Whether a client may stop it, as one that has made a fork. */
  readonly mayStop: boolean;
  /** Only a broker with its disk in memory can be copied and damaged. @throws {Problem} */
  refuseOnDisk(what: string): void;
  /** Ends the broker, and starts it from the snapshot on the same ports. Clients connect again. */
  load(snapshot: BrokerSnapshot): Promise<void>;
}

/** A fork's control port is opened by its route, on the host of this one. */
function refuse(): never {
  throw new Error('a fork is served by POST /fork');
}

const PLACE = { frames: '', at: '' };
/** Settings that a fork has of its own, or not at all. */
const OF_THE_ORIGINAL = new Set(['listeners', 'advertised.listeners', 'log.dirs', 'log.dir', 'ottla.metrics.port']);

/** The session of `ottla start --control-port`. */
export class ServerSession implements Session {
  readonly isMemory: boolean;
  readonly mayStop = false;
  readonly traffic = new TrafficLog();
  readonly #options: SessionOptions;
  #settings: ReadonlyMap<string, string>;
  /** Lasts longer than a broker, as what clients have been given does. */
  #security: TestSecurity | null = null;
  #broker!: RunningBroker;
  #test!: LocalBroker;
  #isReady = false;
  #fail!: () => void;
  /** Resolves when the broker has ended by itself. */
  readonly failed = new Promise<void>((resolve) => (this.#fail = resolve));

  private constructor(options: SessionOptions) {
    this.#options = options;
    this.isMemory = options.memory;
    this.#settings = new Map<string, string>([...testDefaults, ...options.settings]);
  }

  static async start(options: SessionOptions): Promise<ServerSession> {
    const session = new ServerSession(options);
    const { security = {} } = options;
    session.#security = await securityOf(security, () => systemClock.now(), security);
    await session.#start(options.memory ? new MemoryFiles() : null);
    session.#settings = withPort(session.#settings, session.#broker);
    return session;
  }

  get broker(): RunningBroker {
    return this.#broker;
  }

  get test(): LocalBroker {
    return this.#test;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  async load(snapshot: BrokerSnapshot): Promise<void> {
    this.refuseOnDisk('A snapshot cannot be loaded');
    if (!this.#isReady) throw new Problem(409, 'not-ready', 'A snapshot is being loaded already: wait for /ready.');
    this.#isReady = false;
    await this.#test.stop();
    this.traffic.clear();
    // Records of a snapshot may be as old as its file: they are there because somebody wants them.
    if (!this.#settings.has('log.retention.ms'))
      this.#settings = new Map([...this.#settings, ['log.retention.ms', '-1']]);
    await this.#start(snapshot.disk());
    dismissMembers(this.#broker);
  }

  refuseOnDisk(what: string): void {
    if (this.isMemory) return;
    throw new Problem(409, 'needs-memory', `${what}: this broker keeps its logs on a disk. Start it with --memory.`);
  }

  async stop(): Promise<void> {
    this.#isReady = false;
    await this.#test.stop();
  }

  async #start(files: MemoryFiles | null): Promise<void> {
    const { start, memory, clusterId, logger, topics } = this.#options;
    const own = [...this.#options.settings].filter(([key]) => !OF_THE_ORIGINAL.has(key));
    const settings: Record<string, string> = Object.fromEntries(own);
    const security = this.#security;
    const { listener: _listener, hosts: _hosts, ...said } = this.#options.security ?? {};
    const { broker, test } = await assemble({
      start,
      again: (options, beginning) => begin({ start, serve: refuse }, options, beginning, PLACE),
      loadShow: async (shown) => (await import('../page/server.ts')).showOf(shown, false),
      brokers: 1,
      clock: systemClock,
      socketClock: systemClock,
      files,
      settings: new Map([...this.#settings, ...Object.entries(security?.settings() ?? {})]),
      security,
      memory,
      ...(clusterId === undefined ? {} : { clusterId }),
      logger,
      traffic: this.traffic,
      options: { ...said, topics, settings, leftovers: 'ignore' },
      beginning: topics,
      place: PLACE,
    });
    settings['node.id'] = String(test.brokers[0].nodeId); // what is copied belongs to it
    await security?.provide(broker, test.metadata);
    await provideAccess(test.metadata, broker.parts.random, said);
    this.#broker = broker;
    this.#test = test;
    this.#isReady = true;
    void broker.failed.then(() => this.#fail());
  }
}

/** The session of a broker that a test has started, or forked from another. */
export class TestSession implements Session {
  readonly test: LocalBroker;
  readonly isMemory = true;
  readonly isReady = true;
  readonly mayStop: boolean;

  constructor(test: LocalBroker, mayStop: boolean) {
    this.test = test;
    this.mayStop = mayStop;
  }

  get traffic(): TrafficLog {
    return this.test.traffic;
  }

  refuseOnDisk(): void {}

  load(): Promise<void> {
    const detail = 'This broker belongs to a test: start another from the snapshot, startBroker({ from }).';
    return Promise.reject(new Problem(409, 'refused', detail));
  }
}

/** A broker that chose its port keeps it when it starts again. */
function withPort(settings: ReadonlyMap<string, string>, { bootstrap }: RunningBroker): ReadonlyMap<string, string> {
  const listeners = settings.get('listeners');
  if (listeners === undefined || !/:0(,|$)/.test(listeners)) return settings;
  const port = bootstrap.slice(bootstrap.lastIndexOf(':') + 1);
  return new Map([...settings, ['listeners', listeners.replace(/:0(?=,|$)/, `:${port}`)]]);
}
