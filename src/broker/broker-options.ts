/** What a broker is told by whoever starts it, and what is made of that before the broker is. */
import { refuseConflicts } from '../config/conflicts.ts';
import { ConfigError } from '../config/definition.ts';
import { listenerOfPeers, resolveListeners } from '../config/listeners.ts';
import { controllersOf, type ControllerAddress } from '../config/quorum.ts';
import type { ServerConfig } from '../config/server.ts';
import { combineSettings } from '../config/settings.ts';
import { clusterIdIn } from '../log/directory.ts';
import type { Interceptor } from '../net/interceptor.ts';
import { BoundedFiles } from '../platform/bounded-files.ts';
import { systemClock, type Clock } from '../platform/clock.ts';
import { nodeFiles, type Files } from '../platform/files.ts';
import { silentLogger, type Logger } from '../platform/logger.ts';
import { MemoryFiles } from '../platform/memory-files.ts';
import { nodeNetwork, type Network } from '../platform/network.ts';
import { maxOpenFiles } from '../platform/open-file-limit.ts';
import { systemRandom, type Random } from '../platform/random.ts';
import { RecentEvents, rememberedBy } from '../platform/recent-events.ts';
import type { Decided } from '../security/acls/text.ts';
import type { Throttled } from '../security/quotas/client-quotas.ts';
import type { Handshakes } from '../security/tls/handshakes.ts';
import type { RunningController } from './controller-process.ts';
import { DynamicConfig } from './dynamic-config.ts';
import type { OpenEtcd } from './etcd-settings.ts';
import { alone, type Join } from './membership.ts';
import type { OpenMetadataStore } from './metadata-store.ts';
import type { Platform } from './platform.ts';

export interface BrokerOptions {
  /** Configuration by Kafka's keys, as text. A key of an object must exist; a map has been checked (combineSettings). */
  readonly settings?: Readonly<Record<string, string>> | ReadonlyMap<string, string>;
  /** Keeps everything in memory: nothing is read from or written to a disk. */
  readonly memory?: boolean;
  /** For a new log directory; an old one keeps its own. */
  readonly clusterId?: string;
  /**
   * Where controllers listen, when it is one broker of a cluster: the one in its own process first. Unless given, process.roles and
   * controller.quorum.… say whether there are any.
   */
  readonly controllers?: readonly ControllerAddress[];
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly files?: Files;
  readonly network?: Network;
  /** KAFKA_OPTS: a JAAS file may stand there, as Kafka's scripts take it. */
  readonly javaOptions?: string | undefined;
  /** Opens etcd, where the cluster's state lies in it, instead of the network. */
  readonly openEtcd?: OpenEtcd;
  /** For a metadata store that others share with it; the broker does not close it. */
  readonly openMetadataStore?: OpenMetadataStore;
  /** How it takes part in its cluster, where settings do not say it: one of several brokers in one process (tests). */
  readonly join?: Join;
  /** Told of refusals and throttles; tests use it (src/testing). */
  readonly securityWatcher?: SecurityWatcher;
  /** Asked at each handshake of TLS; tests use it (src/testing). */
  readonly handshakes?: Handshakes;
  /** Stands between every request and its handler; tests use it (src/testing). */
  readonly interceptor?: Interceptor;
}

/** What the authorizer and the quotas tell of. */
export interface SecurityWatcher {
  denied(decided: Decided): void;
  throttled(throttled: Throttled): void;
}

export interface PreparedBroker {
  readonly options: BrokerOptions;
  readonly settings: ReadonlyMap<string, string>;
  readonly config: DynamicConfig;
  readonly platform: Platform;
  /** What its logger is told of. */
  readonly events: RecentEvents;
  readonly network: Network;
  /** Of the log directories, in their order. */
  readonly paths: readonly string[];
  /** Of the same process; it ends with the broker. */
  readonly controller: RunningController | null;
  readonly clusterId: string | undefined;
  readonly join: Join;
}

const MEMORY_DIRECTORY = '/memory';
/** Test brokers share a metadata store, and a control port makes its own broker anew: both are their own controllers. */
const ALONE_ONLY =
  'a broker of a cluster has no control port, and no test runs it in its process: start it without --control-port, ' +
  'or without --etcd and process.roles=broker';

const SEVERAL_PROCESSES =
  'ottla.processes is for `ottla start`, which starts processes; a broker within a program is one: take it away';

/**
 * @throws {ConfigError} for a setting that cannot be used
 * @throws {ClusterError} where etcd does not answer, or has another cluster
 * @throws {RegistrationError} where controllers are to say which cluster they belong to, and do not
 */
export async function prepareBroker(options: BrokerOptions): Promise<PreparedBroker> {
  const { settings: given = {}, clock = systemClock, random = systemRandom } = options;
  const events = new RecentEvents(() => clock.now());
  const logger = rememberedBy(events, options.logger ?? silentLogger);
  const settings = given instanceof Map ? given : combineSettings({ set: new Map(Object.entries(given)) }).values;
  const config = new DynamicConfig(settings, logger);
  const { inForce } = config;
  refuseConflicts(inForce);
  if (inForce['ottla.processes'] > 1) throw new ConfigError(SEVERAL_PROCESSES);
  const isOfTest = options.openMetadataStore !== undefined || options.join !== undefined;
  if (isOfTest && isMember(inForce)) throw new ConfigError(ALONE_ONLY);
  const files = options.files ?? filesOf(options, inForce);
  const network = options.network ?? nodeNetwork();
  const platform = { files, clock, random, logger };
  const paths = options.memory === true ? [MEMORY_DIRECTORY] : (inForce['log.dirs'] ?? inForce['log.dir']);
  const prepared = { options, settings, config, platform, events, network, paths };
  const endpoints = resolveListeners(inForce, (key) => settings.has(key));
  if (isMember(inForce)) listenerOfPeers(endpoints, inForce);
  const controller = isControllerToo(inForce) ? await controllerOf(prepared) : null;
  const controllers = controller === null ? (options.controllers ?? controllersOf(inForce)) : [controller.address];
  if (controllers === null) {
    const { clusterId, join = alone(options.openMetadataStore) } = options;
    return { ...prepared, controller, clusterId, join };
  }
  try {
    const { findClusterId, memberOf, metadataPath, peerNetworks } = await import('./cluster-member.ts');
    const wanted = options.memory === true ? null : inForce['metadata.log.dir'];
    const { javaOptions } = options;
    const needs = { ...platform, network, layers: () => config.layers, javaOptions };
    const networks = await peerNetworks(endpoints, inForce, needs);
    const member = { networks, controllers, metadataPath: metadataPath(wanted, paths) };
    const isNew = !paths.some((path) => clusterIdIn(files, path) !== null);
    const known = controller?.clusterId ?? options.clusterId;
    const clusterId = known ?? (isNew ? await findClusterId(member, platform, inForce) : undefined);
    return { ...prepared, controller, clusterId, join: memberOf(member) };
  } catch (error) {
    await controller?.stop();
    throw error;
  }
}

function isMember(config: ServerConfig): boolean {
  return isControllerToo(config) || controllersOf(config) !== null;
}

/** In a cluster on etcd every process may be the controller, unless its roles say otherwise. */
function isControllerToo(config: ServerConfig): boolean {
  return config['ottla.etcd.endpoints'].length > 0 && config['process.roles'].includes('controller');
}

async function controllerOf({
  options,
  settings,
  platform,
  network,
  paths,
}: Omit<PreparedBroker, 'controller' | 'clusterId' | 'join' | 'events'>) {
  const { startController } = await import('./controller-process.ts');
  const { clusterId, memory } = options;
  return startController({
    settings,
    platform,
    network,
    directory: memory === true ? null : paths[0],
    javaOptions: options.javaOptions,
    ...(clusterId === undefined ? {} : { clusterId }),
    ...(options.openEtcd === undefined ? {} : { openEtcd: options.openEtcd }),
  });
}

function filesOf({ memory }: BrokerOptions, config: ServerConfig): Files {
  return memory === true
    ? new MemoryFiles()
    : new BoundedFiles(nodeFiles, maxOpenFiles(config['ottla.max.open.files']));
}
