/** The broker that a control port drives: as it runs now, and again when it begins anew from a snapshot. */
import type { BrokerOptions, RunningBroker } from '../broker/broker.ts';
import { testDefaults } from '../config/test-defaults.ts';
import { systemClock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { MemoryFiles } from '../platform/memory-files.ts';
import { assemble } from '../testing/assembly.ts';
import { type BrokerSnapshot, dismissMembers } from '../testing/broker-snapshot.ts';
import type { TestBroker } from '../testing/test-broker.ts';
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
}

export class Session {
  readonly isMemory: boolean;
  /** Lasts longer than a broker: whoever reads its tail goes on reading after a snapshot was loaded. */
  readonly traffic = new TrafficLog();
  readonly #options: SessionOptions;
  #settings: ReadonlyMap<string, string>;
  #broker!: RunningBroker;
  #test!: TestBroker;
  #isReady = false;
  #fail!: () => void;
  /** Resolves when the broker has ended by itself. */
  readonly failed = new Promise<void>((resolve) => (this.#fail = resolve));

  private constructor(options: SessionOptions) {
    this.#options = options;
    this.isMemory = options.memory;
    this.#settings = new Map<string, string>([...testDefaults, ...options.settings]);
  }

  static async start(options: SessionOptions): Promise<Session> {
    const session = new Session(options);
    await session.#start(options.memory ? new MemoryFiles() : null);
    session.#settings = withPort(session.#settings, session.#broker);
    return session;
  }

  get broker(): RunningBroker {
    return this.#broker;
  }

  get test(): TestBroker {
    return this.#test;
  }

  /** Whether it answers clients now; not while a snapshot is being loaded. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Ends the broker, and starts it from the snapshot on the same ports. Clients connect again. */
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

  /** Only a broker with its disk in memory can be copied and damaged. */
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
    const { broker, test } = await assemble({
      start,
      again: () =>
        Promise.reject(new Error('a broker with a control port cannot be forked: load its snapshot elsewhere')),
      brokers: 1,
      clock: systemClock,
      files,
      settings: this.#settings,
      memory,
      ...(clusterId === undefined ? {} : { clusterId }),
      logger,
      traffic: this.traffic,
      options: { topics, leftovers: 'ignore' },
      beginning: topics,
      place: { frames: '', at: '' },
    });
    this.#broker = broker;
    this.#test = test;
    this.#isReady = true;
    void broker.failed.then(() => this.#fail());
  }
}

/** A broker that chose its port keeps it when it starts again. */
function withPort(settings: ReadonlyMap<string, string>, { bootstrap }: RunningBroker): ReadonlyMap<string, string> {
  const listeners = settings.get('listeners');
  if (listeners === undefined || !/:0(,|$)/.test(listeners)) return settings;
  const port = bootstrap.slice(bootstrap.lastIndexOf(':') + 1);
  return new Map([...settings, ['listeners', listeners.replace(/:0(?=,|$)/, `:${port}`)]]);
}
