/** Opens the log directories and the metadata log, and builds the parts of a broker over them, each once. */
import type { BrokerParts } from '../apis/broker-parts.ts';
import { ClientTelemetry } from '../apis/client-telemetry.ts';
import { Controller } from '../cluster/controller.ts';
import { localChannel } from '../cluster/controller-channel.ts';
import type { MetadataStore } from '../cluster/metadata-store.ts';
import { Cleaner } from '../log/cleaner/cleaner.ts';
import { cleanerConfig } from '../log/cleaner/config.ts';
import type { LogDirectory } from '../log/directory.ts';
import { FetchSessions } from '../partitions/fetch-sessions.ts';
import { cleanableLogs } from '../partitions/cleanable-logs.ts';
import { DirectoryMoves } from '../partitions/directory-moves.ts';
import { Partitions } from '../partitions/partitions.ts';
import type { Lane } from '../platform/lane.ts';
import { silentLogger } from '../platform/logger.ts';
import { LoopTurn } from '../platform/loop-turn.ts';
import { ProducerIds } from '../transactions/producer-ids.ts';
import { groupCoordinator, transactionCoordinator } from './coordinators.ts';
import { DirectoryAssignments } from './directory-assignments.ts';
import type { DynamicConfig } from './dynamic-config.ts';
import { folderMaker, missingLogDirectory, openLogDirectories } from './log-directories.ts';
import { openMetadataStore, type OpenMetadataStore } from './metadata-store.ts';
import { transactionCoordinatorOf, type Peers } from './peers.ts';
import type { Platform } from './platform.ts';

export interface OpenPartsOptions {
  readonly platform: Platform;
  readonly config: DynamicConfig;
  /** Of the log directories, in their order. */
  readonly paths: readonly string[];
  readonly clusterId: string | undefined;
  readonly openMetadataStore: OpenMetadataStore | undefined;
  readonly peers: Peers;
}

export interface OpenParts {
  readonly parts: BrokerParts;
  readonly directories: readonly LogDirectory[];
  readonly store: MetadataStore;
  readonly cleaner: Cleaner;
  readonly assignments: DirectoryAssignments;
}

/** @throws {LogDirectoryError} and the errors of the disk; then it has closed and unlocked what it had opened */
export function openParts(options: OpenPartsOptions): OpenParts {
  const { platform, config, paths, clusterId, openMetadataStore: shared } = options;
  const nodeId = config.inForce['node.id'];
  const known = clusterId === undefined ? {} : { clusterId };
  const directories = openLogDirectories(paths, { ...platform, nodeId, ...known });
  let store: MetadataStore | null = null;
  try {
    const turn = new LoopTurn(platform.clock);
    const lane = turn.lane();
    store = openMetadataStore(directories[0], platform, lane, shared);
    return build(options, directories, store, { turn, lane });
  } catch (error) {
    if (shared === undefined) void store?.close();
    for (const directory of directories) directory.abandon();
    throw error;
  }
}

function build(
  { platform, config, peers }: OpenPartsOptions,
  directories: readonly LogDirectory[],
  store: MetadataStore,
  { turn, lane }: { readonly turn: LoopTurn; readonly lane: Lane },
): OpenParts {
  const { clock, random, logger } = platform;
  const nodeId = config.inForce['node.id'];
  const { clusterId } = directories[0];
  const missingDirectory = () => missingLogDirectory({ ...platform, logger: silentLogger, nodeId });
  const partitions = new Partitions({ ...platform, directories, missingDirectory, turn });
  const makeFolders = folderMaker(partitions, logger, nodeId);
  const controller = new Controller({ store, clusterId, random, config: () => config.inForce, makeFolders, lane });
  const channel = localChannel(nodeId, controller);
  const cleaner = new Cleaner({
    ...platform,
    config: () => cleanerConfig(config.inForce),
    logs: () => cleanableLogs(partitions),
  });
  const assignments = new DirectoryAssignments({ channel, partitions, logger });
  const needs = { clock, random, logger, metadata: controller, channel, partitions, config: () => config.inForce };
  const groups = groupCoordinator(needs);
  const producerIds = new ProducerIds(() => channel.allocateProducerIds());
  const transactions = transactionCoordinator({ ...needs, nodeId, groups, producerIds, peers });
  const parts: BrokerParts = {
    nodeId,
    clock,
    random,
    logger,
    metadata: controller,
    controller,
    channel,
    partitions,
    groups,
    producerIds,
    transactions,
    transactionCoordinatorOf: (id) =>
      transactionCoordinatorOf({ nodeId, metadata: controller, transactions }, peers, id),
    directoryMoves: new DirectoryMoves({ ...platform, partitions, cleaner, onMoved: () => assignments.changed() }),
    get config() {
      return config.inForce;
    },
    get layers() {
      return config.layers;
    },
    telemetry: new ClientTelemetry(clock, random),
    fetchSessions: new FetchSessions(clock, random, config.inForce['max.incremental.fetch.session.cache.slots']),
  };
  return { parts, directories, store, cleaner, assignments };
}
