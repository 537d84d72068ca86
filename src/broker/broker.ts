/** The composition root: builds each part of a broker once, starts them in order, and stops them in reverse order. */
import type { BrokerParts } from '../apis/broker-parts.ts';
import type { ListenerImage } from '../cluster/image.ts';
import { metadataEvents } from '../cluster/metadata-events.ts';
import { isWildcard, resolveListeners, SECURITY_PROTOCOLS, type Endpoint } from '../config/listeners.ts';
import { resolveLogConfig } from '../config/log-config.ts';
import type { Cleaner } from '../log/cleaner/cleaner.ts';
import type { LogDirectory } from '../log/directory.ts';
import { durabilityOf } from '../log/durability.ts';
import type { MetricsServer } from '../metrics/server.ts';
import { randomUuid } from '../platform/random.ts';
import { RecentEvents } from '../platform/recent-events.ts';
import { RecentThrottles } from '../security/quotas/recent-throttles.ts';
import { brokerListeners } from './broker-listeners.ts';
import { prepareBroker, type BrokerOptions, type PreparedBroker, type SecurityWatcher } from './broker-options.ts';
import type { RunningController } from './controller-process.ts';
import type { DirectoryAssignments } from './directory-assignments.ts';
import type { DynamicConfig } from './dynamic-config.ts';
import type { Listeners, Stores } from './listeners.ts';
import type { Membership } from './membership.ts';
import { MetadataPublisher } from './metadata-publisher.ts';
import { openMetricsListener } from './metrics-listener.ts';
import { openParts } from './open-parts.ts';
import { PeriodicTasks } from './periodic-tasks.ts';

export type { BrokerOptions, SecurityWatcher };
export { OF_BROKER } from '../cluster/controller-channel.ts';

export interface RunningBroker {
  /** host:port of the first listener, for a client on this machine. */
  readonly bootstrap: string;
  readonly parts: BrokerParts;
  readonly listeners: Listeners;
  /** The key and trust stores of the process: of its controller, too, where it has one. */
  readonly stores: Stores;
  /** What has happened to it lately: all that its log tells. */
  readonly events: RecentEvents;
  /** What has happened lately to its cluster: topics, settings, leaders, brokers. */
  readonly clusterEvents: RecentEvents;
  /** Which clients were made to wait lately. */
  readonly throttles: RecentThrottles;
  /** The port of /metrics; null without metrics (ottla.metrics.port). */
  readonly metricsPort: number | null;
  /**
   * Stops in order: everything is on the disk, and no connection, timer or file is left open. With `leaves` false nothing is handed
   * over to other brokers first, as where no controller is left to do that.
   */
  stop(how?: { readonly leaves: boolean }): Promise<void>;
  /** False after `stop` where it left a log directory as after a crash: its disk has failed, or the directory is gone. */
  readonly isWhole: boolean;
  /** Resolves when the broker has stopped by itself, because all its log directories have failed. Its log says why. */
  readonly failed: Promise<void>;
}

const LAST_ANSWERS_MS = 100;

/**
 * Starts a broker; resolves when it answers requests.
 * @throws {ConfigError} for a setting that cannot be used
 * @throws {LogDirectoryError} when another broker uses the directory, or it belongs to another cluster
 * @throws {ListenError} when a port is taken
 * @throws {RegistrationError} when the cluster that it is to join does not take it
 */
export async function startBroker(options: BrokerOptions = {}): Promise<RunningBroker> {
  return startPrepared(await prepareBroker(options));
}

/** The rest of that: the process's controller, where it has one, is there already. */
export async function startPrepared(prepared: PreparedBroker): Promise<RunningBroker> {
  const broker = await open(prepared);
  await broker.start();
  return broker;
}

async function open(prepared: PreparedBroker): Promise<Broker> {
  try {
    return new Broker(prepared);
  } catch (error) {
    await prepared.controller?.stop();
    throw error;
  }
}

class Broker implements RunningBroker {
  readonly parts: BrokerParts;
  readonly listeners: Listeners;
  readonly stores: Stores;
  readonly events: RecentEvents;
  readonly clusterEvents: RecentEvents;
  readonly throttles: RecentThrottles;
  bootstrap = '';
  readonly #options: BrokerOptions;
  readonly #settings: ReadonlyMap<string, string>;
  readonly #config: DynamicConfig;
  readonly #directories: readonly LogDirectory[];
  readonly #membership: Membership;
  readonly #controller: RunningController | null;
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

  constructor(prepared: PreparedBroker) {
    const { options, network } = prepared;
    this.#options = options;
    this.#settings = prepared.settings;
    this.#config = prepared.config;
    this.#controller = prepared.controller;
    this.events = prepared.events;
    const now = (): number => prepared.platform.clock.now();
    this.clusterEvents = new RecentEvents(now);
    this.throttles = new RecentThrottles(now);
    const { parts, directories, membership, cleaner, assignments } = openParts(prepared);
    this.parts = parts;
    this.#directories = directories;
    this.#membership = membership;
    this.#cleaner = cleaner;
    this.#assignments = assignments;
    this.#tasks = new PeriodicTasks(parts);
    this.listeners = brokerListeners(parts, {
      network,
      interceptor: options.interceptor ?? null,
      forwarder: membership.forwarder,
      meter: () => this.#metrics?.meter ?? null,
      isReady: () => this.#isReady,
      javaOptions: options.javaOptions,
      handshakes: options.handshakes ?? null,
    });
    this.stores = storesOf(this.listeners, prepared.controller);
    this.#publisher = new MetadataPublisher(parts, membership.replicas);
    this.#follow();
  }

  #follow(): void {
    const { metadata, quotas } = this.parts;
    quotas.onThrottled((throttled) => this.throttles.note(throttled));
    metadata.onChange((image) => this.#config.apply(image));
    metadata.onChange(() => this.listeners.settingsChanged());
    metadata.onChange((image, previous, delta) => {
      for (const { event, facts } of metadataEvents(image, previous, delta)) this.clusterEvents.note(event, facts);
    });
    metadata.onChange((image, previous) => {
      if (this.#directories.length > 1 && image.topicsById !== previous.topicsById) this.#assignments.changed();
    });
    for (const { health } of this.#directories) health.onOffline(() => this.#directoryFailed());
    void this.#membership.lost?.then(() => this.#metadataLost());
  }

  async start(): Promise<void> {
    const { config, metadata, partitions, directoryMoves, logger, nodeId } = this.parts;
    try {
      await this.#membership.load();
      const { open, advertised } = resolveListeners(config, (key) => this.#settings.has(key));
      if (config['ottla.metrics.port'] >= 0)
        this.#metrics = await openMetricsListener(open[0].host, this.parts, this.listeners, this.#isActiveController);
      await this.#register(await this.#listen(open, advertised));
      this.#publisher.start();
      this.#tasks.start();
      this.#cleaner.start();
      directoryMoves.resume();
      this.#isReady = true;
      await this.#assignments.start();
      await this.#membership.serve();
      void partitions.secureRecovered();
      logger.info('started', {
        node: nodeId,
        listeners: this.bootstrap,
        cluster: metadata.image.clusterId,
        metrics: this.metricsPort ?? undefined,
        durability: durabilityOf(resolveLogConfig(new Map(), config), this.#options.memory === true),
      });
    } catch (error) {
      await (this.#stopped = this.#end(() => partitions.abandon()));
      throw error;
    }
  }

  /** Null where this process has no controller. */
  get #isActiveController(): (() => boolean) | null {
    const controller = this.#controller;
    if (controller !== null) return () => controller.node.active !== null;
    return this.#membership.forwarder === null ? () => true : null;
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

  #register(listeners: readonly ListenerImage[]): Promise<void> {
    const { config, random, nodeId } = this.parts;
    return this.#membership.register({
      id: nodeId,
      incarnationId: randomUuid(random),
      rack: config['broker.rack'],
      listeners,
      logDirectoryIds: this.#directories.flatMap(({ health, directoryId }) => (health.isOffline ? [] : [directoryId])),
    });
  }

  stop({ leaves } = { leaves: true }): Promise<void> {
    return (this.#stopped ??= this.#leave(leaves));
  }

  /** What this broker leads is led by others first, where there are any; so long it serves as before. */
  async #leave(isHandedOver: boolean): Promise<void> {
    if (isHandedOver && this.#isReady) await this.#membership.leave();
    await this.#end(() => {
      this.isWhole = this.parts.partitions.close(this.#membership.brokerEpoch);
    });
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
    } finally {
      try {
        await this.#membership.close();
      } finally {
        this.parts.transactions.stop();
        this.parts.share.stop();
        this.parts.groups.stop();
        closeLogs();
        await this.#controller?.stop();
      }
    }
  }

  get metricsPort(): number | null {
    return this.#metrics?.port ?? null;
  }

  /** As Kafka does: a broker without any log directory left stops, and its process ends with an error. */
  #directoryFailed(): void {
    if (this.#hasDirectory) return this.#assignments.changed();
    this.#giveUp('all-log-dirs-offline', 'check the disks, then start the broker again');
  }

  /** As Kafka does: the same where it cannot learn what becomes of the cluster, whatever other directories it has. */
  #metadataLost(): void {
    if (this.#hasDirectory) this.#giveUp('metadata-log-dir-failed', 'check its disk, then start the broker again');
  }

  get #hasDirectory(): boolean {
    return this.#directories.some(({ health }) => !health.isOffline);
  }

  /** Requests that wait are answered with the error first. */
  #giveUp(event: string, next: string): void {
    this.parts.logger.error(event, { next });
    this.parts.clock.after(LAST_ANSWERS_MS, () => void this.stop().then(() => this.#fail()));
  }
}

function storesOf(own: Stores, controller: RunningController | null): Stores {
  if (controller === null) return own;
  const { stores } = controller;
  return {
    get hasStores() {
      return own.hasStores || stores.hasStores;
    },
    reloadStores: async () => void (await Promise.all([own.reloadStores(), stores.reloadStores()])),
  };
}

function localHost(host: string): string {
  if (isWildcard(host)) return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

function listenerImage(told: Endpoint, openPort: number): ListenerImage {
  const securityProtocol = SECURITY_PROTOCOLS.indexOf(told.protocol);
  return { name: told.name, host: told.host, port: told.port === 0 ? openPort : told.port, securityProtocol };
}
