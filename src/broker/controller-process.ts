/**
 * The controller of a process in a cluster: opens what keeps the metadata log and the CONTROLLER listener, and takes part in the
 * election from then on. Loaded only where a cluster is asked for.
 */
import { controllerHandlers } from '../apis/controllers/index.ts';
import type { ControllerParts } from '../apis/controllers/controller-parts.ts';
import { emptyImage, type BrokerImage, type ClusterImage, type ListenerImage } from '../cluster/image.ts';
import type { ProbeOutcome } from '../cluster/broker-heartbeats.ts';
import type { MetadataFeed } from '../cluster/metadata-feed.ts';
import type { ImageListener } from '../cluster/metadata-loader.ts';
import { isWildcard, resolveListeners, SECURITY_PROTOCOLS, type Endpoint } from '../config/listeners.ts';
import { refuseOwnQuorum } from '../config/quorum.ts';
import { ControllerNode } from '../controllers/controller-node.ts';
import type { MetricsServer } from '../metrics/server.ts';
import { ConnectionCounts } from '../net/connection-counts.ts';
import { Dispatcher } from '../net/dispatch.ts';
import { connectPeer } from '../peers/peer-client.ts';
import { LoopTurn } from '../platform/loop-turn.ts';
import type { Network } from '../platform/network.ts';
import { randomUuid } from '../platform/random.ts';
import { firstUsers } from './bootstrap-checkpoint.ts';
import { connectionLimits } from './connection-limits.ts';
import type { ControllerEngine } from './controller-engine.ts';
import { ControllerProbe, PROBE_MS } from './controller-probe.ts';
import { DynamicConfig } from './dynamic-config.ts';
import { openEtcdEngine } from './etcd-engine.ts';
import { refuseEtcdSettings, type OpenEtcd } from './etcd-settings.ts';
import { openFile } from './file-engine.ts';
import { listenerSecurity } from './listener-security.ts';
import { Listeners, type Stores } from './listeners.ts';
import { openAuthorizer } from '../security/acls/open-authorizer.ts';
import { openQuotas } from '../security/quotas/open-quotas.ts';
import { peerNetwork } from './peer-networks.ts';
import { openDelegationTokens } from '../security/tokens/delegation-tokens.ts';
import type { Platform } from './platform.ts';
import { StandbyReports } from './standby-reports.ts';

export interface ControllerProcessOptions {
  readonly settings: ReadonlyMap<string, string>;
  readonly platform: Platform;
  readonly network: Network;
  /** The first of log.dirs; null where the process keeps nothing. */
  readonly directory: string | null;
  /** For a new cluster. */
  readonly clusterId?: string;
  /** Instead of the network's. */
  readonly openEtcd?: OpenEtcd;
  /** KAFKA_OPTS: a JAAS file may stand there. */
  readonly javaOptions?: string | undefined;
}

export interface RunningController {
  readonly clusterId: string;
  readonly node: ControllerNode;
  /** Where its listener is open, for a process on this machine. */
  readonly address: { readonly host: string; readonly port: number };
  /** Of `/metrics`; null where the process is a broker, too, which has one, or where nothing is measured. */
  readonly metricsPort: number | null;
  /** Where others connect over TLS. */
  readonly stores: Stores;
  /** Another controller is elected at once, where this one was the active one. */
  stop(): Promise<void>;
}

/**
 * Resolves when the listener is open and the process may be elected.
 * @throws {ConfigError} for settings that cannot be used
 * @throws {ClusterError | LogDirectoryError}
 */
export async function startController(options: ControllerProcessOptions): Promise<RunningController> {
  const controller = new ControllerProcess(options);
  await controller.start();
  return controller;
}

class ControllerProcess implements RunningController {
  address = { host: '127.0.0.1', port: 0 };
  readonly #options: ControllerProcessOptions;
  readonly #config: DynamicConfig;
  /** To other controllers. */
  #controllers: Network;
  #probe: ControllerProbe | null = null;
  #node: ControllerNode | null = null;
  #engine: ControllerEngine | null = null;
  #listeners: Listeners | null = null;
  #reports: StandbyReports | null = null;
  /** Told of what changes in a term of this process. */
  readonly #followers: ImageListener[] = [];
  #metrics: MetricsServer | null = null;

  constructor(options: ControllerProcessOptions) {
    this.#options = options;
    const { settings, platform, network } = options;
    this.#config = new DynamicConfig(settings, platform.logger);
    this.#controllers = network;
  }

  get clusterId(): string {
    return this.node.clusterId;
  }

  get node(): ControllerNode {
    return this.#node!; // there once it has started
  }

  get metricsPort(): number | null {
    return this.#metrics?.port ?? null;
  }

  get stores(): Stores {
    return this.#listeners!; // there once it has started
  }

  async start(): Promise<void> {
    const { settings } = this.#options;
    const config = this.#config.inForce;
    const listeners = resolveListeners(config, (key) => settings.has(key));
    const { controller, advertisedController, advertised } = listeners;
    const isInEtcd = config['ottla.etcd.endpoints'].length > 0;
    refuseOwnQuorum(config);
    if (isInEtcd) refuseEtcdSettings(config, [...advertised.values(), advertisedController]);
    const address = advertisedController;
    const { platform, network, javaOptions } = this.#options;
    const needs = { ...platform, network, layers: () => this.#config.layers, javaOptions };
    this.#controllers = await peerNetwork(controller, 'sasl.mechanism.controller.protocol', needs);
    const probe = (this.#probe = new ControllerProbe(this.#controllers, platform.clock));
    try {
      this.#engine = isInEtcd
        ? await openEtcdEngine({ ...this.#options, config, address, probe })
        : openFile(this.#options, this.#nodeId);
      await this.#open(this.#engine, controller, advertisedController);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#reports?.stop();
    await this.#metrics?.close();
    this.#metrics = null;
    await this.#node?.stop();
    this.#probe?.stop();
    await this.#listeners?.close('the controller stops');
    this.#engine?.close();
    this.#engine = null;
  }

  get #nodeId(): number {
    return this.#config.inForce['node.id'];
  }

  /** Null where the process is a broker, too, which tells of both; or where nothing is measured. */
  async #openMetrics(
    host: string,
    listeners: () => Listeners,
    counts: ConnectionCounts,
  ): Promise<MetricsServer | null> {
    const config = this.#config.inForce;
    const port = config['ottla.metrics.port'];
    if (port < 0 || config['process.roles'].includes('broker')) return null;
    const { openControllerMetrics } = await import('./metrics-listener.ts');
    const imageOf = (): ClusterImage => this.#node?.image ?? emptyImage('');
    const metadata: MetadataFeed = {
      get image() {
        return imageOf();
      },
      onChange: (listener) => void this.#followers.push(listener),
    };
    const connections = () => listeners().connectionsByListener();
    const isActiveController = () => this.#node?.state === 'active';
    const watched = { metadata, isActiveController, connections, counts };
    return openControllerMetrics({ host, port }, this.#options.platform.clock, watched);
  }

  async #open(engine: ControllerEngine, endpoint: Endpoint, advertised: Endpoint): Promise<void> {
    const { platform, network, javaOptions, directory } = this.#options;
    const { clock, random, logger } = platform;
    const config = this.#config;
    const turn = new LoopTurn(clock);
    const parts = this.#parts();
    const counts = new ConnectionCounts();
    const failed = (listener: string): void => void counts.of(listener).failed++;
    this.#metrics = await this.#openMetrics(endpoint.host, () => listeners, counts);
    const meter = this.#metrics?.meter ?? null;
    const dispatcher = (): Dispatcher =>
      Dispatcher.over<ControllerParts>({ handlers: controllerHandlers, parts, settle: () => {}, turn, meter });
    const listeners = new Listeners({
      clock,
      logger,
      secure: listenerSecurity({ parts, network, handlers: controllerHandlers, javaOptions, failed }),
      config: () => config.inForce,
      limits: connectionLimits(parts),
      dispatcher,
      innerDispatcher: dispatcher,
      counts,
      authorizer: parts.authorizer,
      settle: () => {},
      turn,
      isReady: () => this.#node !== null,
      closed: (connectionId) => this.#node?.active?.sessions.connectionClosed(connectionId),
    });
    this.#listeners = listeners;
    const port = await listeners.open(endpoint);
    const incarnation = randomUuid(random);
    const told = { host: advertised.host, port: advertised.port === 0 ? port : advertised.port };
    // A certificate is for the names that others are told.
    const isOverTls = endpoint.protocol.endsWith('SSL');
    this.address = isOverTls ? told : { host: isWildcard(endpoint.host) ? '127.0.0.1' : endpoint.host, port };
    const securityProtocol = SECURITY_PROTOCOLS.indexOf(endpoint.protocol);
    const listener: ListenerImage = { name: endpoint.name, ...told, securityProtocol };
    const claim = { nodeId: this.#nodeId, incarnation, ...told };
    this.#node = new ControllerNode({
      clusterId: engine.clusterId,
      registration: { id: this.#nodeId, incarnationId: incarnation, listeners: [listener] },
      claim,
      metadataLog: engine.metadataLog,
      elect: (elected) => engine.elect(claim, elected),
      clock,
      random,
      logger,
      config: () => config.inForce,
      configure: (image) => {
        config.apply(image);
        listeners.settingsChanged();
      },
      changed: (image, previous, delta) => {
        for (const follower of this.#followers) void follower(image, previous, delta);
      },
      bootstrap: () => (directory === null ? [] : firstUsers(platform.files, directory)),
      probeBroker: (broker) => this.#probeBroker(broker),
    });
    const tellsPosition = !config.inForce['process.roles'].includes('broker');
    this.#reports = new StandbyReports({ node: this.#node, network: this.#controllers, clock, tellsPosition });
    logger.info('controller-started', {
      node: this.#nodeId,
      cluster: this.clusterId,
      listener: `${told.host}:${told.port}`,
      metrics: this.metricsPort ?? undefined,
    });
  }

  #parts(): ControllerParts {
    const { clock, random, logger } = this.#options.platform;
    const config = this.#config;
    const nodeOf = (): ControllerNode => this.node;
    // Users and ACLs count while it stands by, too: others ask it who the active controller is.
    const imageOf = (): ClusterImage => this.node.image;
    return {
      nodeId: this.#nodeId,
      clock,
      random,
      logger,
      quotas: openQuotas(config.inForce, imageOf, clock),
      authorizer: openAuthorizer(config.inForce, imageOf, logger, clock),
      delegationTokens: openDelegationTokens(config.inForce, { image: imageOf, clock, random }),
      get node() {
        return nodeOf();
      },
      get config() {
        return config.inForce;
      },
      get layers() {
        return config.layers;
      },
      metadata: {
        get image() {
          return imageOf();
        },
        onChange: () => {}, // nobody on this listener follows it
      },
    };
  }

  async #probeBroker({ listeners }: BrokerImage): Promise<ProbeOutcome> {
    const [first] = listeners;
    if (first === undefined) return 'silent';
    const { host, port } = first;
    try {
      void (await connectPeer(this.#options.network, { host, port, timeoutMs: PROBE_MS })).close();
      return 'accepted';
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED' ? 'refused' : 'silent';
    }
  }
}
