/**
 * A broker among others: it reads the metadata log of the active controller, registers there, is unfenced, and has clients' requests
 * that change the cluster forwarded. The controllers are Ottla's, or Apache Kafka's. Loaded by such a broker alone.
 */
import { resolve } from 'node:path';
import { supportedRanges } from '../cluster/features.ts';
import type { Controller } from '../cluster/controller.ts';
import type { BrokerRegistration } from '../cluster/registration.ts';
import { ConfigError } from '../config/definition.ts';
import { listenerOfPeers, type ListenerEndpoints } from '../config/listeners.ts';
import type { ControllerAddress } from '../config/quorum.ts';
import type { ServerConfig } from '../config/server.ts';
import type { DirectoryHealth } from '../log/directory-health.ts';
import type { LogDirectory } from '../log/directory.ts';
import { BrokerLifecycle, RegistrationError } from '../peers/broker-lifecycle.ts';
import { askClusterId } from '../peers/cluster-id.ts';
import { ControllerQuorum } from '../peers/controller-quorum.ts';
import { ControllerRequests } from '../peers/controller-requests.ts';
import { EnvelopeForwarder } from '../peers/envelope.ts';
import { MetadataCopy } from '../peers/metadata-copy.ts';
import { MetadataFetcher, type FetcherSettings } from '../peers/metadata-fetcher.ts';
import { OtherBrokers } from '../peers/other-brokers.ts';
import { RemoteChannel } from '../peers/remote-channel.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Network } from '../platform/network.ts';
import { Replicas } from '../replication/replicas.ts';
import { previousBrokerEpoch } from './log-directories.ts';
import type { Join, Membership, MembershipNeeds } from './membership.ts';
import { peerNetwork, type PeerNeeds } from './peer-networks.ts';

/** How others are reached. */
export interface PeerNetworks {
  readonly brokers: Network;
  readonly controllers: Network;
}

export interface MemberOptions {
  readonly networks: PeerNetworks;
  /** Where controllers listen; any one of them may be the active one. */
  readonly controllers: readonly ControllerAddress[];
  /** The log directory that has the copy of the metadata log: see metadataPath. */
  readonly metadataPath: string;
}

/** For clients' requests that change the cluster, and the broker's own: those that wait for a commit at the same time share it. */
const CONNECTIONS = 8;
/** How long a broker waits to see what the controller has just said. */
const SEEN_MS = 10_000;

/**
 * Of the directories at `paths`, where the copy of the metadata log lies: metadata.log.dir, or the first.
 * @throws {ConfigError} where metadata.log.dir is none of them
 */
export function metadataPath(wanted: string | null, paths: readonly string[]): string {
  const known = paths.map((path) => resolve(path));
  if (wanted === null) return known[0];
  const path = resolve(wanted);
  if (known.includes(path)) return path;
  throw new ConfigError(
    `metadata.log.dir=${wanted} is none of log.dirs (${paths.join(', ')}): name one of them, or take metadata.log.dir away`,
  );
}

/** @throws {ConfigError} and rejects with it, where the settings do not say how to connect to the others */
export async function peerNetworks(
  endpoints: ListenerEndpoints,
  config: ServerConfig,
  needs: PeerNeeds,
): Promise<PeerNetworks> {
  const { controller } = endpoints;
  return {
    brokers: await peerNetwork(listenerOfPeers(endpoints, config), 'sasl.mechanism.inter.broker.protocol', needs),
    controllers: await peerNetwork(controller, 'sasl.mechanism.controller.protocol', needs),
  };
}

/** The id of the cluster that the controllers belong to, for a broker whose log directories have none yet. */
export function findClusterId(
  { networks, controllers }: Omit<MemberOptions, 'metadataPath'>,
  platform: { readonly clock: Clock; readonly logger: Logger },
  config: ServerConfig,
): Promise<string> {
  return askClusterId({
    ...platform,
    network: networks.controllers,
    controllers,
    timeoutMs: config['initial.broker.registration.timeout.ms'],
    clientId: String(config['node.id']),
  });
}

export function memberOf(options: MemberOptions): Join {
  return (needs) => new ClusterMember(options, needs);
}

class ClusterMember implements Membership {
  readonly metadata: MetadataFetcher;
  readonly channel: RemoteChannel;
  readonly forwarder: EnvelopeForwarder;
  readonly replicas: Replicas;
  readonly peers: OtherBrokers;
  readonly lost: Promise<void>;
  readonly #needs: MembershipNeeds;
  readonly #findClusterId: () => Promise<string>;
  readonly #requests: ControllerRequests;
  readonly #lifecycle: BrokerLifecycle;

  constructor(options: MemberOptions, needs: MembershipNeeds) {
    const { networks, controllers } = options;
    const network = networks.controllers;
    this.#needs = needs;
    this.#findClusterId = () => findClusterId(options, needs.platform, needs.config.inForce);
    const { platform, config, directories } = needs;
    const { clock, logger } = platform;
    const nodeId = config.inForce['node.id'];
    const clientId = String(nodeId); // by which the active controller knows who asks, as Kafka's
    const quorum = new ControllerQuorum(controllers, clock);
    const directory = directories.find(({ path }) => path === options.metadataPath)!;
    const { clusterId, directoryId } = directory;
    const copy = metadataCopy(directory, logger);
    this.lost = new Promise((resolve) => directory.health.onOffline(resolve));
    this.metadata = new MetadataFetcher({
      clock,
      logger,
      network,
      quorum,
      copy,
      clusterId,
      nodeId,
      directoryId,
      lane: needs.partitions.turn.lane(),
      settings: () => fetcherSettings(config.inForce),
    });
    const image = () => this.metadata.image;
    this.#requests = new ControllerRequests({ network, clock, quorum, clientId, connections: CONNECTIONS });
    this.forwarder = new EnvelopeForwarder(this.#requests);
    this.#lifecycle = new BrokerLifecycle({
      clock,
      logger,
      requests: new ControllerRequests({ network, clock, quorum, clientId }),
      image,
      settings: () => ({
        intervalMs: config.inForce['broker.heartbeat.interval.ms'],
        sessionTimeoutMs: config.inForce['broker.session.timeout.ms'],
        registrationTimeoutMs: config.inForce['initial.broker.registration.timeout.ms'],
      }),
      offlineLogDirectories: () => directories.flatMap(({ health, directoryId: id }) => (health.isOffline ? [id] : [])),
      trouble: () => this.metadata.trouble,
    });
    for (const { health } of directories) this.#leaveFailed(health);
    this.channel = new RemoteChannel({
      nodeId,
      requests: this.#requests,
      forwarder: this.forwarder,
      image,
      until: (check, timeoutMs) => this.metadata.until(check, timeoutMs),
      brokerEpoch: () => this.brokerEpoch,
      config: () => config.inForce,
      clientId,
      logger,
    });
    this.peers = otherBrokers(networks.brokers, needs, this.metadata);
    this.replicas = new Replicas({
      clock,
      logger,
      network: networks.brokers,
      nodeId,
      brokerEpoch: () => this.brokerEpoch,
      metadata: this.metadata,
      channel: this.channel,
      partitions: needs.partitions,
      config: () => config.inForce,
    });
  }

  /** What lies on a disk that fails, or is full, is left to other brokers at once. */
  #leaveFailed(health: DirectoryHealth): void {
    health.leaveWhenRefusing();
    health.onOffline(() => this.#lifecycle.beatSoon());
  }

  get controller(): Controller {
    throw new Error('a request for the active controller was handled by a broker that is none');
  }

  get brokerEpoch(): number {
    return this.#lifecycle.brokerEpoch;
  }

  /** @throws {RegistrationError} where no controller tells what the cluster is */
  async load(): Promise<void> {
    const { inForce } = this.#needs.config;
    const timeoutMs = inForce['initial.broker.registration.timeout.ms'];
    this.metadata.start();
    if (await this.metadata.caughtUp(timeoutMs)) return;
    const own = this.#needs.directories[0].clusterId;
    if (this.metadata.isForeign) {
      throw new RegistrationError(
        `The log directories belong to cluster ${own}, the controllers to ${await this.#findClusterId()}; ` +
          'use other log.dirs, or correct controller.quorum.bootstrap.servers.',
      );
    }
    throw new RegistrationError(
      `The metadata of cluster ${own} could not be read within initial.broker.registration.timeout.ms=${timeoutMs} ` +
        `(${this.metadata.trouble ?? 'no active controller'}); start the controllers, or correct controller.quorum.bootstrap.servers.`,
    );
  }

  async register(registration: BrokerRegistration): Promise<void> {
    const { directories } = this.#needs;
    await this.#lifecycle.register({
      ...registration,
      clusterId: directories[0].clusterId,
      features: supportedRanges,
      previousBrokerEpoch: previousBrokerEpoch(directories),
    });
    // The log directories are opened by what the controller has made of the registration.
    await this.metadata.until(({ revision }) => revision >= this.brokerEpoch, SEEN_MS);
  }

  async serve(): Promise<void> {
    const { 'node.id': nodeId } = this.#needs.config.inForce;
    await this.#lifecycle.unfence();
    await this.metadata.until(({ brokers }) => brokers.get(nodeId)?.fenced === false, SEEN_MS);
  }

  async leave(): Promise<void> {
    const { config, platform } = this.#needs;
    if (!config.inForce['controlled.shutdown.enable']) return;
    if (await this.#lifecycle.leave()) return;
    platform.logger.warn('controlled-shutdown-ended', {
      next: 'partitions that are led here have no leader until it is fenced',
    });
  }

  async close(): Promise<void> {
    this.peers.close();
    await this.replicas.stop();
    this.#lifecycle.stop();
    this.#requests.close();
    await this.metadata.stop();
  }
}

function otherBrokers(
  network: Network,
  { platform, config }: MembershipNeeds,
  metadata: MetadataFetcher,
): OtherBrokers {
  const clientId = `broker-${config.inForce['node.id']}`;
  return new OtherBrokers({ clock: platform.clock, network, metadata, config: () => config.inForce, clientId });
}

/** A disk that refuses it is left, as one that refuses records. */
function metadataCopy({ files, path, health }: LogDirectory, logger: Logger): MetadataCopy {
  const onFailure = (file: string, error: unknown): void => health.writeFailed(file, error);
  return new MetadataCopy({ files, logDirectory: path, logger, onFailure });
}

function fetcherSettings(config: ServerConfig): FetcherSettings {
  return {
    maxBytes: config['controller.quorum.fetch.max.bytes'],
    maxSnapshotBytes: config['controller.quorum.fetch.snapshot.max.bytes'],
    timeoutMs: config['controller.quorum.fetch.timeout.ms'],
    snapshotAfterBytes: config['metadata.log.max.record.bytes.between.snapshots'],
  };
}
