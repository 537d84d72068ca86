/** What a broker is told by whoever starts it, and what is made of that before the broker is. */
import { refuseConflicts } from '../config/conflicts.ts';
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
import { DynamicConfig } from './dynamic-config.ts';
import type { LogHandover } from './log-handover.ts';
import { alone, type Join } from './membership.ts';
import type { OpenMetadataStore } from './metadata-store.ts';
import type { Peers } from './peers.ts';
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
  /** For a metadata store that several brokers share; none of them closes it. */
  readonly openMetadataStore?: OpenMetadataStore;
  /** Brokers of this process that share logs with this one. */
  readonly logHandover?: LogHandover;
  /** Brokers of this process that this one can reach. */
  readonly peers?: Peers;
  /** Stands between every request and its handler; tests use it (src/testing). */
  readonly interceptor?: Interceptor;
}

export interface PreparedBroker {
  readonly options: BrokerOptions;
  readonly settings: ReadonlyMap<string, string>;
  readonly config: DynamicConfig;
  readonly platform: Platform;
  readonly network: Network;
  /** Of the log directories, in their order. */
  readonly paths: readonly string[];
  readonly clusterId: string | undefined;
  readonly join: Join;
}

const MEMORY_DIRECTORY = '/memory';

/**
 * @throws {ConfigError} for a setting that cannot be used
 * @throws {RegistrationError} where controllers are to say which cluster they belong to, and do not
 */
export async function prepareBroker(options: BrokerOptions): Promise<PreparedBroker> {
  const { settings: given = {}, logger = silentLogger, clock = systemClock, random = systemRandom } = options;
  const settings = given instanceof Map ? given : combineSettings({ set: new Map(Object.entries(given)) }).values;
  const config = new DynamicConfig(settings, logger);
  const { inForce } = config;
  refuseConflicts(inForce);
  const files = options.files ?? filesOf(options, inForce);
  const network = options.network ?? nodeNetwork();
  const platform = { files, clock, random, logger };
  const paths = options.memory === true ? [MEMORY_DIRECTORY] : (inForce['log.dirs'] ?? inForce['log.dir']);
  const prepared = { options, settings, config, platform, network, paths };
  const controllers = options.controllers ?? controllersOf(inForce);
  if (controllers === null)
    return { ...prepared, clusterId: options.clusterId, join: alone(options.openMetadataStore) };

  const { findClusterId, memberOf } = await import('./cluster-member.ts');
  const isNew = !paths.some((path) => clusterIdIn(files, path) !== null);
  const member = { network, controllers };
  const clusterId = options.clusterId ?? (isNew ? await findClusterId(member, platform, inForce) : undefined);
  return { ...prepared, clusterId, join: memberOf(member) };
}

function filesOf({ memory }: BrokerOptions, config: ServerConfig): Files {
  return memory === true
    ? new MemoryFiles()
    : new BoundedFiles(nodeFiles, maxOpenFiles(config['ottla.max.open.files']));
}
