/** The composition root: builds each part of a broker once, starts them in order, and stops them in reverse order. */
import type { BrokerParts } from '../apis/broker-parts.ts';
import type { ListenerImage } from '../cluster/image.ts';
import type { MetadataStore } from '../cluster/metadata-store.ts';
import { refuseConflicts } from '../config/conflicts.ts';
import { isWildcard, resolveListeners, type Endpoint } from '../config/listeners.ts';
import { resolveLogConfig } from '../config/log-config.ts';
import type { ServerConfig } from '../config/server.ts';
import { combineSettings } from '../config/settings.ts';
import type { Cleaner } from '../log/cleaner/cleaner.ts';
import type { LogDirectory } from '../log/directory.ts';
import { durabilityOf } from '../log/durability.ts';
import type { MetricsServer } from '../metrics/server.ts';
import type { Interceptor } from '../net/interceptor.ts';
import { BoundedFiles } from '../platform/bounded-files.ts';
import { systemClock, type Clock } from '../platform/clock.ts';
import { nodeFiles, type Files } from '../platform/files.ts';
import { silentLogger, type Logger } from '../platform/logger.ts';
import { MemoryFiles } from '../platform/memory-files.ts';
import { nodeNetwork, type Network } from '../platform/network.ts';
import { maxOpenFiles } from '../platform/open-file-limit.ts';
import { randomUuid, systemRandom, type Random } from '../platform/random.ts';
import { brokerListeners } from './broker-listeners.ts';
import type { DirectoryAssignments } from './directory-assignments.ts';
import { DynamicConfig } from './dynamic-config.ts';
import type { Listeners } from './listeners.ts';
import type { LogHandover } from './log-handover.ts';
import { MetadataPublisher } from './metadata-publisher.ts';
import type { OpenMetadataStore } from './metadata-store.ts';
import { openMetricsListener } from './metrics-listener.ts';
import { openParts } from './open-parts.ts';
import type { Peers } from './peers.ts';
import { PeriodicTasks } from './periodic-tasks.ts';

export interface BrokerOptions {
  /** Configuration by Kafka's keys, as text. A key of an object must exist; a map has been checked (combineSettings). */
  readonly settings?: Readonly<Record<string, string>> | ReadonlyMap<string, string>;
  /** Keeps everything in memory: nothing is read from or written to a disk. */
  readonly memory?: boolean;
  /** For a new log directory; an old one keeps its own. */
  readonly clusterId?: string;
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly files?: Files;
  readonly network?: Network;
  /** For a metadata store that several brokers share; none of them closes it. */
  readonly openMetadataStore?: OpenMetadataStore;
  /** Brokers of this process that share logs with this one. */
  readonly logHandover?: LogHandover;
  /** Brokers of this process that this one can reach. */
  readonly peers?: Peers;
  /** Stands between every request and its handler; tests use it (src/testing). */
  readonly interceptor?: Interceptor;
}

export interface RunningBroker {
  /** host:port of the first listener, for a client on this machine. */
  readonly bootstrap: string;
  readonly parts: BrokerParts;
  readonly listeners: Listeners;
  /** The port of /metrics; null without metrics (ottla.metrics.port). */
  readonly metricsPort: number | null;
  /** Stops in order: everything is on the disk, and no connection, timer or file is left open. */
  stop(): Promise<void>;
  /** False after `stop` where it left a log directory as after a crash: its disk has failed, or the directory is gone. */
  readonly isWhole: boolean;
  /** Resolves when the broker has stopped by itself, because all its log directories have failed. Its log says why. */
  readonly failed: Promise<void>;
}

const MEMORY_DIRECTORY = '/memory';
const LAST_ANSWERS_MS = 100;
const SECURITY_PROTOCOLS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'];

/**
 * Starts a broker; resolves when it answers requests.
 * @throws {ConfigError} for a setting that cannot be used
 * @throws {LogDirectoryError} when another broker uses the directory, or it belongs to another cluster
 * @throws {ListenError} when a port is taken
 */
export async function startBroker(options: BrokerOptions = {}): Promise<RunningBroker> {
  const broker = new Broker(options);
  await broker.start();
  return broker;
}

class Broker implements RunningBroker {
  readonly parts: BrokerParts;
  readonly listeners: Listeners;
  bootstrap = '';
  readonly #options: BrokerOptions;
  readonly #settings: ReadonlyMap<string, string>;
  readonly #config: DynamicConfig;
  readonly #directories: readonly LogDirectory[];
  readonly #store: MetadataStore;
  readonly #publisher: MetadataPublisher;
  readonly #cleaner: Cleaner;
  readonly #assignments: DirectoryAssignments;
  readonly #tasks: PeriodicTasks;
  #metrics: MetricsServer | null = null;
  #isReady = false;
  #stopped: Promise<void> | null = null;
  isWhole = true;
  #fail!: () => void;
  readonly failed = new Promise<void>((resolve) => (this.#fail = resolve));

  constructor(options: BrokerOptions) {
    this.#options = options;
    const { settings = {}, logger = silentLogger, clock = systemClock, random = systemRandom } = options;
    this.#settings =
      settings instanceof Map ? settings : combineSettings({ set: new Map(Object.entries(settings)) }).values;
    this.#config = new DynamicConfig(this.#settings, logger);
    const config = this.#config.inForce;
    refuseConflicts(config);
    const { parts, directories, store, cleaner, assignments } = openParts({
      platform: { files: options.files ?? filesOf(options, config), clock, random, logger },
      config: this.#config,
      paths: options.memory === true ? [MEMORY_DIRECTORY] : (config['log.dirs'] ?? config['log.dir']),
      clusterId: options.clusterId,
      openMetadataStore: options.openMetadataStore,
      peers: (nodeId) => options.peers?.(nodeId),
    });
    this.parts = parts;
    this.#directories = directories;
    this.#store = store;
    this.#cleaner = cleaner;
    this.#assignments = assignments;
    this.#tasks = new PeriodicTasks(parts);
    this.listeners = brokerListeners(parts, {
      network: options.network ?? nodeNetwork(),
      interceptor: options.interceptor ?? null,
      forwarder: null,
      meter: () => this.#metrics?.meter ?? null,
      isReady: () => this.#isReady,
    });
    this.#publisher = new MetadataPublisher(parts, options.logHandover ?? null);
    this.#follow();
  }

  #follow(): void {
    const { controller } = this.parts;
    controller.onChange((image) => this.#config.apply(image));
    controller.onChange(() => this.listeners.limitsChanged());
    controller.onChange((image, previous) => {
      if (this.#directories.length > 1 && image.topicsById !== previous.topicsById) this.#assignments.changed();
    });
    for (const { health } of this.#directories) health.onOffline(() => this.#directoryFailed());
  }

  async start(): Promise<void> {
    const { config, controller, partitions, directoryMoves, logger, nodeId } = this.parts;
    try {
      await controller.load();
      const { open, advertised } = resolveListeners(config, (key) => this.#settings.has(key));
      if (config['ottla.metrics.port'] >= 0)
        this.#metrics = await openMetricsListener(open[0].host, this.parts, this.listeners);
      await this.#register(await this.#listen(open, advertised));
      this.#publisher.start();
      this.#tasks.start();
      this.#cleaner.start();
      directoryMoves.resume();
      this.#isReady = true;
      await this.#assignments.start();
      void partitions.secureRecovered();
      logger.info('started', {
        node: nodeId,
        listeners: this.bootstrap,
        cluster: controller.image.clusterId,
        metrics: this.metricsPort ?? undefined,
        durability: durabilityOf(resolveLogConfig(new Map(), config), this.#options.memory === true),
      });
    } catch (error) {
      await (this.#stopped = this.#end(() => partitions.abandon()));
      throw error;
    }
  }

  /** Opens the listeners; answers those to advertise, with the ports that are bound. */
  async #listen(
    endpoints: readonly Endpoint[],
    advertised: ReadonlyMap<string, Endpoint>,
  ): Promise<readonly ListenerImage[]> {
    const images: ListenerImage[] = [];
    for (const endpoint of endpoints) {
      const port = await this.listeners.open(endpoint);
      const told = advertised.get(endpoint.name);
      if (told !== undefined) images.push(listenerImage(told, port));
      if (this.bootstrap === '') this.bootstrap = `${localHost(endpoint.host)}:${port}`;
    }
    return images;
  }

  #register(listeners: readonly ListenerImage[]): Promise<number> {
    const { config, channel, random, nodeId } = this.parts;
    return channel.register({
      id: nodeId,
      incarnationId: randomUuid(random),
      rack: config['broker.rack'],
      listeners,
      logDirectoryIds: this.#directories.flatMap(({ health, directoryId }) => (health.isOffline ? [] : [directoryId])),
    });
  }

  stop(): Promise<void> {
    const { partitions, controller, nodeId } = this.parts;
    return (this.#stopped ??= this.#end(() => {
      this.isWhole = partitions.close(controller.image.brokers.get(nodeId)?.epoch ?? -1);
    }));
  }

  /** Whatever fails on the way, the log directories are unlocked at the end. */
  async #end(closeLogs: () => void): Promise<void> {
    this.#isReady = false;
    this.#publisher.stop(); // and with it what is opened in slices, for which operations wait
    this.parts.partitions.endLongWork();
    this.#assignments.stop();
    this.#tasks.stop();
    this.#cleaner.stop();
    this.parts.directoryMoves.stop();
    try {
      await this.#metrics?.close();
      this.#metrics = null;
      await this.listeners.close('the broker stops');
      await this.parts.controller.close();
    } finally {
      this.parts.transactions.stop();
      this.parts.groups.stop();
      closeLogs();
      if (this.#options.openMetadataStore === undefined) await this.#store.close();
    }
  }

  get metricsPort(): number | null {
    return this.#metrics?.port ?? null;
  }

  /** As Kafka does: a broker without any log directory left stops, and its process ends with an error. */
  #directoryFailed(): void {
    if (this.#directories.some(({ health }) => !health.isOffline)) return this.#assignments.changed();
    this.parts.logger.error('all-log-dirs-offline', { next: 'check the disks, then start the broker again' });
    // Requests that wait are answered with the error first.
    this.parts.clock.after(LAST_ANSWERS_MS, () => void this.stop().then(() => this.#fail()));
  }
}

function localHost(host: string): string {
  if (isWildcard(host)) return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

function listenerImage(told: Endpoint, openPort: number): ListenerImage {
  const securityProtocol = SECURITY_PROTOCOLS.indexOf(told.protocol);
  return { name: told.name, host: told.host, port: told.port === 0 ? openPort : told.port, securityProtocol };
}

function filesOf({ memory }: BrokerOptions, config: ServerConfig): Files {
  return memory === true
    ? new MemoryFiles()
    : new BoundedFiles(nodeFiles, maxOpenFiles(config['ottla.max.open.files']));
}
