/** The composition root: builds each part of a broker once, starts them in order, and stops them in reverse order. */
import type { BrokerParts } from '../apis/broker-parts.ts';
import { ClientTelemetry } from '../apis/client-telemetry.ts';
import { Controller } from '../cluster/controller.ts';
import { configOf, ResourceType, type ListenerImage } from '../cluster/image.ts';
import type { MetadataStore } from '../cluster/metadata-store.ts';
import { Listeners } from './listeners.ts';
import { MetadataPublisher } from './metadata-publisher.ts';
import { resolveLogConfig } from '../config/log-config.ts';
import { refuseConflicts } from '../config/conflicts.ts';
import { effectiveConfig, type BrokerLayers } from '../config/layers.ts';
import { isWildcard, resolveListeners, type Endpoint } from '../config/listeners.ts';
import type { ServerConfig } from '../config/server.ts';
import { combineSettings } from '../config/settings.ts';
import type { MetricsServer } from '../metrics/server.ts';
import { Cleaner } from '../log/cleaner/cleaner.ts';
import { cleanerConfig } from '../log/cleaner/config.ts';
import type { LogDirectory } from '../log/directory.ts';
import { durabilityOf } from '../log/durability.ts';
import type { Interceptor } from '../net/interceptor.ts';
import { groupCoordinator, transactionCoordinator } from './coordinators.ts';
import { ignoredSettings } from './ignored-settings.ts';
import { openMetadataStore, type OpenMetadataStore, type Platform } from './metadata-store.ts';
import { openMetricsListener } from './metrics-listener.ts';
import { transactionCoordinatorOf, type Peers } from './peers.ts';
import type { LogHandover } from './log-handover.ts';
import { missingLogDirectory, openLogDirectories } from './log-directories.ts';
import { FetchSessions } from '../partitions/fetch-sessions.ts';
import { cleanableLogs } from '../partitions/cleanable-logs.ts';
import { DirectoryMoves } from '../partitions/directory-moves.ts';
import { Partitions } from '../partitions/partitions.ts';
import { systemClock, type Clock, type Timer } from '../platform/clock.ts';
import { BoundedFiles } from '../platform/bounded-files.ts';
import { nodeFiles, type Files } from '../platform/files.ts';
import { silentLogger, type Logger } from '../platform/logger.ts';
import { MemoryFiles } from '../platform/memory-files.ts';
import { nodeNetwork, type Network } from '../platform/network.ts';
import { maxOpenFiles } from '../platform/open-file-limit.ts';
import { randomUuid, systemRandom, type Random } from '../platform/random.ts';
import { ProducerIds } from '../transactions/producer-ids.ts';

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
  /** Stands between every request and its handler; see src/testing. */
  readonly interceptor?: Interceptor;
}

export interface RunningBroker {
  /** host:port for a client on this machine: of the first listener. */
  readonly bootstrap: string;
  readonly parts: BrokerParts;
  readonly listeners: Listeners;
  /** Where /metrics is, when it is anywhere (ottla.metrics.port). */
  readonly metricsPort: number | null;
  /** Ends in order: everything on the disk, no connection, timer or file left open. */
  stop(): Promise<void>;
  /** Resolves when it has ended by itself: no log directory is left that it could use. Its log says why. */
  readonly failed: Promise<void>;
}

type IntervalKey =
  | 'log.retention.check.interval.ms'
  | 'log.flush.offset.checkpoint.interval.ms'
  | 'producer.id.expiration.check.interval.ms';

const MEMORY_DIRECTORY = '/memory';
const LAST_WORDS_MS = 100;
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
  readonly #directories: LogDirectory[];
  readonly #store: MetadataStore;
  #publisher!: MetadataPublisher;
  readonly #cleaner: Cleaner;
  readonly #timers = new Map<string, Timer>();
  readonly #reportIgnored: (layers: BrokerLayers) => void;
  #layers: BrokerLayers;
  #config: ServerConfig;
  #metrics: MetricsServer | null = null;
  #isReady = false;
  #isAssigning = false;
  #stopped: Promise<void> | null = null;
  #fail!: () => void;
  readonly failed = new Promise<void>((resolve) => (this.#fail = resolve));

  constructor(options: BrokerOptions) {
    this.#options = options;
    const { settings = {} } = options;
    this.#settings =
      settings instanceof Map ? settings : combineSettings({ set: new Map(Object.entries(settings)) }).values;
    this.#layers = { static: this.#settings, cluster: new Map(), broker: new Map() };
    this.#config = effectiveConfig(this.#layers);
    refuseConflicts(this.#config);
    const clock = options.clock ?? systemClock;
    const random = options.random ?? systemRandom;
    const logger = options.logger ?? silentLogger;
    this.#reportIgnored = ignoredSettings(logger);
    const files = options.files ?? filesOf(options, this.#config);
    const nodeId = this.#config['node.id'];

    const platform = { files, clock, random, logger };
    this.#directories = this.#openDirectories(platform);
    this.#store = openMetadataStore(this.#directories, platform, options.openMetadataStore);
    const [{ clusterId }] = this.#directories;
    const config = () => this.#config;
    const controller = new Controller({ store: this.#store, clusterId, random, config });
    const partitions = new Partitions({
      ...platform,
      directories: this.#directories,
      missingDirectory: () => missingLogDirectory({ ...platform, logger: silentLogger, nodeId }),
    });
    this.#cleaner = new Cleaner({
      ...platform,
      config: () => cleanerConfig(this.#config),
      logs: () => cleanableLogs(partitions),
    });
    const needs = { clock, random, logger, controller, partitions, config };
    const groups = groupCoordinator(needs);
    const producerIds = new ProducerIds(() => controller.allocateProducerIds(nodeId));
    const transactions = transactionCoordinator({ ...needs, nodeId, groups, producerIds, peers: this.#peers });
    const layers = () => this.#layers;
    this.parts = {
      nodeId,
      clock,
      random,
      logger,
      controller,
      partitions,
      groups,
      producerIds,
      transactions,
      transactionCoordinatorOf: (id) => transactionCoordinatorOf({ nodeId, controller, transactions }, this.#peers, id),
      directoryMoves: new DirectoryMoves({
        ...platform,
        partitions,
        cleaner: this.#cleaner,
        onMoved: () => this.#assignLater(),
      }),
      get config() {
        return config();
      },
      get layers() {
        return layers();
      },
      telemetry: new ClientTelemetry(clock, random),
      fetchSessions: new FetchSessions(clock, random, this.#config['max.incremental.fetch.session.cache.slots']),
    };
    this.listeners = new Listeners({
      parts: this.parts,
      network: options.network ?? nodeNetwork(),
      interceptor: options.interceptor ?? null,
      meter: () => this.#metrics?.meter ?? null,
      isReady: () => this.#isReady,
    });
    this.#follow();
  }

  readonly #peers: Peers = (nodeId) => this.#options.peers?.(nodeId);

  #openDirectories(platform: Platform): LogDirectory[] {
    const { memory, clusterId } = this.#options;
    const config = this.#config;
    const paths = memory === true ? [MEMORY_DIRECTORY] : (config['log.dirs'] ?? config['log.dir']);
    const known = clusterId === undefined ? {} : { clusterId };
    return openLogDirectories(paths, { ...platform, nodeId: config['node.id'], ...known });
  }

  #follow(): void {
    const { controller } = this.parts;
    this.#publisher = new MetadataPublisher(this.parts, this.#options.logHandover ?? null);
    controller.onChange((image) => this.#takeOverConfig(image));
    controller.onChange(() => this.listeners.limitsChanged());
    controller.onChange((image, previous) => {
      if (this.#directories.length > 1 && image.topicsById !== previous.topicsById) this.#assignLater();
    });
    for (const { health } of this.#directories) health.onOffline(() => this.#directoryFailed());
  }

  async start(): Promise<void> {
    const { config, controller, random, logger } = this.parts;
    try {
      await controller.load();
      const { open, advertised } = resolveListeners(config, (key) => this.#settings.has(key));
      if (config['ottla.metrics.port'] >= 0)
        this.#metrics = await openMetricsListener(open[0].host, this.parts, this.listeners);
      const images: ListenerImage[] = [];
      for (const endpoint of open) {
        const port = await this.listeners.open(endpoint);
        const told = advertised.get(endpoint.name);
        if (told !== undefined) images.push(listenerImage(told, port));
        if (this.bootstrap === '') this.bootstrap = `${localHost(endpoint.host)}:${port}`;
      }
      await controller.register({
        id: this.parts.nodeId,
        incarnationId: randomUuid(random),
        rack: config['broker.rack'],
        listeners: images,
        logDirectoryIds: this.#directories.flatMap(({ health, directoryId }) =>
          health.isOffline ? [] : [directoryId],
        ),
      });
      this.#publisher.start();
      this.#every(
        'retention',
        'log.retention.check.interval.ms',
        () => void this.parts.partitions.applyRetention(this.parts.clock.now()),
      );
      this.#every('producer-expiry', 'producer.id.expiration.check.interval.ms', () => this.#expireProducers());
      this.#every('checkpoint', 'log.flush.offset.checkpoint.interval.ms', () => this.parts.partitions.checkpoint());
      this.#cleaner.start();
      this.parts.directoryMoves.resume();
      this.#isReady = true;
      await this.#assign();
      void this.parts.partitions.secureRecovered();
      logger.info('started', {
        node: this.parts.nodeId,
        listeners: this.bootstrap,
        cluster: controller.image.clusterId,
        metrics: this.metricsPort ?? undefined,
        durability: durabilityOf(resolveLogConfig(new Map(), config), this.#options.memory === true),
      });
    } catch (error) {
      await (this.#stopped = this.#end(() => this.parts.partitions.abandon()));
      throw error;
    }
  }

  stop(): Promise<void> {
    const { partitions, controller, nodeId } = this.parts;
    return (this.#stopped ??= this.#end(() => partitions.close(controller.image.brokers.get(nodeId)?.epoch ?? -1)));
  }

  async #end(closeLogs: () => void): Promise<void> {
    this.#isReady = false;
    await this.#metrics?.close();
    this.#metrics = null;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#cleaner.stop();
    this.parts.directoryMoves.stop();
    await this.listeners.close('the broker stops');
    await this.parts.controller.close();
    this.#publisher.stop();
    this.parts.transactions.stop();
    this.parts.groups.stop();
    closeLogs();
    if (this.#options.openMetadataStore === undefined) await this.#store.close();
  }

  get metricsPort(): number | null {
    return this.#metrics?.port ?? null;
  }

  /** As Kafka does: a broker without any log directory left is of no use, and whoever watches it shall see that. */
  #directoryFailed(): void {
    if (this.#directories.some(({ health }) => !health.isOffline)) return this.#assignLater();
    this.parts.logger.error('all-log-dirs-offline', { next: 'check the disks, then start the broker again' });
    // Those who wait are told why first.
    this.parts.clock.after(LAST_WORDS_MS, () => void this.stop().then(() => this.#fail()));
  }

  /** Has the controller note where partitions lie, when that may be elsewhere than it knows. */
  #assignLater(): void {
    if (this.#isAssigning) return;
    this.#isAssigning = true;
    void Promise.resolve().then(() => this.#assign()); // not in the midst of the change that asks for it
  }

  async #assign(): Promise<void> {
    const { controller, partitions, nodeId, logger } = this.parts;
    this.#isAssigning = false;
    if (!this.#isReady) return;
    try {
      await controller.assignDirectories(nodeId, (topic, index) => partitions.directoryIdOf(topic, index));
    } catch (error) {
      logger.warn('log-dirs-not-noted', { error: (error as Error).message }); // the next change of a topic tries again
    }
  }

  #expireProducers(): void {
    const { partitions, clock, config } = this.parts;
    for (const partition of partitions.all()) {
      partition.expireProducers(clock.now(), config['producer.id.expiration.ms']);
    }
  }

  #every(name: string, key: IntervalKey, run: () => void): void {
    const { clock, logger, config } = this.parts;
    this.#timers.set(
      name,
      clock.after(config[key], () => {
        try {
          run();
        } catch (error) {
          logger.error(`${name}-failed`, { error: (error as Error).message });
        }
        this.#every(name, key, run);
      }),
    );
  }

  /** Dynamic broker settings are part of the image; they lie over those given at start. */
  #takeOverConfig(image: BrokerParts['controller']['image']): void {
    const cluster = configOf(image, ResourceType.broker, '');
    const broker = configOf(image, ResourceType.broker, String(this.#config['node.id']));
    if (cluster === this.#layers.cluster && broker === this.#layers.broker) return;
    this.#layers = { static: this.#settings, cluster, broker };
    this.#config = effectiveConfig(this.#layers);
    this.#reportIgnored(this.#layers);
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
