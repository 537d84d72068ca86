/** `ottla start --processes N`: one controller, in this process, and N brokers that are processes of their own (layout.ts). */
import { hostname } from 'node:os';
import { startController, type RunningController } from '../broker/controller-process.ts';
import { ConfigError } from '../config/definition.ts';
import type { TopicToCreate } from '../config/environment.ts';
import { clusterIdIn } from '../log/directory.ts';
import { startChild } from '../platform/child-process.ts';
import { systemClock } from '../platform/clock.ts';
import { nodeFiles } from '../platform/files.ts';
import type { Level, Logger } from '../platform/logger.ts';
import { nodeNetwork } from '../platform/network.ts';
import { systemRandom } from '../platform/random.ts';
import { BrokerProcess, type BrokerChild } from './broker-process.ts';
import { layoutOf } from './layout.ts';
import type { Commission, Report } from './supervised-broker.ts';

export interface SupervisorOptions {
  /** With ottla.processes, and log.dirs. */
  readonly settings: ReadonlyMap<string, string>;
  /** For a new cluster. */
  readonly clusterId: string | undefined;
  readonly topics: readonly TopicToCreate[];
  /** See Commission. */
  readonly javaOptions: string | undefined;
  readonly logger: Logger;
  readonly logLevel: Level;
  /** Changes the cluster before its brokers are there. */
  readonly begin?: (controller: ActiveController['controller']) => Promise<void>;
}

type ActiveController = NonNullable<RunningController['node']['active']>;

export interface RunningProcesses {
  /** host:port of each broker, with commas. */
  readonly bootstrap: string;
  /** In order; resolves when all have ended. */
  stop(): Promise<void>;
  /** At once, for who has no time left. */
  kill(): void;
  /** Each reads its key and trust stores again. */
  reloadStores(): void;
}

/** What stands behind `ottla` where a broker's process is started. */
const SUPERVISED = ['start', '--supervised'];
/** How long the only controller may take to read its log. */
const ACTIVE_MS = 60_000;
const LOOK_MS = 10;

/**
 * Resolves when all brokers answer requests; where one does not come so far, none goes on.
 * @throws {ConfigError | ClusterError}
 */
export async function startProcesses(options: SupervisorOptions): Promise<RunningProcesses> {
  const { settings, clusterId, topics, javaOptions, logger, logLevel, begin } = options;
  const layout = layoutOf(settings, hostname());
  refuseRecordsOfOne(layout.directories);
  const controller = await startController({
    settings: layout.controller,
    platform: { files: nodeFiles, clock: systemClock, random: systemRandom, logger },
    network: nodeNetwork(),
    directory: layout.controller.get('log.dirs')!,
    javaOptions,
    ...(clusterId === undefined ? {} : { clusterId }),
  });
  try {
    await begin?.(await activeOf(controller));
  } catch (error) {
    await controller.stop();
    throw error;
  }
  const { host, port } = controller.address;
  const brokers = layout.brokers.map((each, i) => {
    const bootstrap = ['controller.quorum.bootstrap.servers', `${host}:${port}`] as const;
    const own = { settings: [...each, bootstrap], topics: i === 0 ? topics : [] };
    const nodeId = Number(each.get('node.id'));
    return new BrokerProcess({
      nodeId,
      start: () => broker({ ...own, javaOptions, logLevel }),
      clock: systemClock,
      logger,
    });
  });
  try {
    const addresses = await Promise.all(brokers.map(({ ready }) => ready));
    return running(addresses, brokers, controller);
  } catch (error) {
    await stopAll(brokers, controller);
    throw error;
  }
}

async function activeOf({ node }: RunningController): Promise<ActiveController['controller']> {
  const untilMs = systemClock.monotonic() + ACTIVE_MS;
  while (node.active === null) {
    if (systemClock.monotonic() > untilMs) throw new Error('the controller does not come to serve: its log says why');
    await new Promise<void>((resolve) => void systemClock.after(LOOK_MS, resolve));
  }
  return node.active.controller;
}

function broker(commission: Commission): BrokerChild {
  const child = startChild(SUPERVISED, commission);
  return { ...child, onReady: (run) => child.onTold((report) => run((report as Report).bootstrap)) };
}

function running(
  addresses: readonly string[],
  brokers: readonly BrokerProcess[],
  controller: RunningController,
): RunningProcesses {
  return {
    bootstrap: addresses.join(','),
    stop: () => stopAll(brokers, controller),
    kill: () => {
      for (const each of brokers) each.kill();
    },
    reloadStores: () => {
      void controller.stores.reloadStores();
      for (const each of brokers) each.reloadStores();
    },
  };
}

/** The controller last: brokers hand over what they lead. */
async function stopAll(brokers: readonly BrokerProcess[], controller: RunningController): Promise<void> {
  await Promise.all(brokers.map((each) => each.stop()));
  await controller.stop();
}

/** @throws {ConfigError} */
function refuseRecordsOfOne(directories: readonly string[]): void {
  const taken = directories.find((path) => clusterIdIn(nodeFiles, path) !== null);
  if (taken === undefined) return;
  throw new ConfigError(
    `${taken} has the records of a broker that is one process: give another --dir, or start it without --processes`,
  );
}
