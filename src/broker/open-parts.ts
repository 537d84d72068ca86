/** Opens the log directories and the metadata log, and builds the parts of a broker over them, each once. */
import type { BrokerParts } from '../apis/broker-parts.ts';
import { ClientTelemetry } from '../apis/client-telemetry.ts';
import { Cleaner } from '../log/cleaner/cleaner.ts';
import { cleanerConfig } from '../log/cleaner/config.ts';
import type { LogDirectory } from '../log/directory.ts';
import { FetchSessions } from '../partitions/fetch-sessions.ts';
import { cleanableLogs } from '../partitions/cleanable-logs.ts';
import { DirectoryMoves } from '../partitions/directory-moves.ts';
import { Partitions } from '../partitions/partitions.ts';
import { silentLogger } from '../platform/logger.ts';
import { LoopTurn } from '../platform/loop-turn.ts';
import { TransactionAdmission } from '../transactions/admission.ts';
import type { TransactionCoordinator } from '../transactions/coordinator.ts';
import { ProducerIds } from '../transactions/producer-ids.ts';
import { openAuthorizer } from '../security/acls/open-authorizer.ts';
import { openQuotas } from '../security/quotas/open-quotas.ts';
import { StoreChanges } from '../security/tls/store-changes.ts';
import { openDelegationTokens } from '../security/tokens/delegation-tokens.ts';
import type { PreparedBroker, SecurityWatcher } from './broker-options.ts';
import { groupCoordinator, transactionCoordinator } from './coordinators.ts';
import { DirectoryAssignments } from './directory-assignments.ts';
import { missingLogDirectory, openLogDirectories } from './log-directories.ts';
import type { Membership } from './membership.ts';
import type { EndOffset } from '../groups/share/offsets.ts';
import { admitAtCoordinator, appendAtLeader, endOffsetAtLeader, type Peers } from './peers.ts';
import type { ShareState } from '../share/share-state.ts';
import { shareStateOf } from './share-state.ts';
import { lazyShareGroups } from './share-groups.ts';

export interface OpenParts {
  readonly parts: BrokerParts;
  readonly directories: readonly LogDirectory[];
  readonly membership: Membership;
  readonly cleaner: Cleaner;
  readonly assignments: DirectoryAssignments;
}

/** @throws {LogDirectoryError} and the errors of the disk; then it has closed and unlocked what it had opened */
export function openParts(prepared: PreparedBroker): OpenParts {
  const { platform, config, paths, clusterId } = prepared;
  const nodeId = config.inForce['node.id'];
  const known = clusterId === undefined ? {} : { clusterId };
  const directories = openLogDirectories(paths, { ...platform, nodeId, ...known });
  try {
    return build(prepared, directories);
  } catch (error) {
    for (const directory of directories) directory.abandon();
    throw error;
  }
}

function build({ platform, config, options, join }: PreparedBroker, directories: readonly LogDirectory[]): OpenParts {
  const { clock, random, logger } = platform;
  const nodeId = config.inForce['node.id'];
  const missingDirectory = () => missingLogDirectory({ ...platform, logger: silentLogger, nodeId });
  const turn = new LoopTurn(clock);
  const lane = turn.lane();
  const onRelocated = (): void => assignments.changed();
  const partitions = new Partitions({ ...platform, directories, missingDirectory, turn, onRelocated });
  const membership = join({ platform, config, directories, partitions, lane });
  const { metadata, channel, peers: remote } = membership;
  const peers: Peers = (nodeId) => remote?.get(nodeId);
  const cleaner = new Cleaner({
    ...platform,
    config: () => cleanerConfig(config.inForce),
    logs: () => cleanableLogs(partitions),
  });
  const assignments: DirectoryAssignments = new DirectoryAssignments({ channel, partitions, logger });
  const needs = { clock, random, logger, metadata, channel, partitions, config: () => config.inForce };
  const share = lazyShareGroups({
    ...needs,
    shareState: () => shareState,
    append: (place, records) => appendAtLeader({ nodeId, metadata, partitions }, peers, place, records),
  });
  const shareState: ShareState = shareStateOf({ nodeId, metadata, share }, peers);
  const endOffset: EndOffset = (topic, partition) =>
    endOffsetAtLeader({ nodeId, metadata, partitions }, peers, { topic, partition });
  const groups = groupCoordinator({ ...needs, shareState, endOffset });
  // Only another process's metadata log may go back while the records stay.
  const isAlone = membership.forwarder === null;
  const largestTaken = (end: number): number =>
    Math.max(partitions.largestProducerIdBelow(end), transactions.largestProducerIdBelow(end));
  const allocate = () => channel.allocateProducerIds();
  const producerIds = isAlone ? new ProducerIds(clock, allocate) : new ProducerIds(clock, allocate, largestTaken);
  const transactions: TransactionCoordinator = transactionCoordinator({ ...needs, nodeId, groups, producerIds, peers });
  const parts: BrokerParts = {
    nodeId,
    clock,
    random,
    logger,
    metadata,
    get controller() {
      return membership.controller;
    },
    channel,
    partitions,
    groups,
    producerIds,
    transactions,
    transactionAdmission: new TransactionAdmission({
      clock,
      config: () => config.inForce,
      ask: (producer, partition) => admitAtCoordinator({ nodeId, metadata, transactions }, peers, producer, partition),
    }),
    directoryMoves: new DirectoryMoves({ ...platform, partitions, cleaner, onMoved: () => assignments.changed() }),
    get config() {
      return config.inForce;
    },
    get layers() {
      return config.layers;
    },
    share,
    telemetry: new ClientTelemetry(clock, random),
    quotas: openQuotas(config.inForce, () => metadata.image, clock),
    authorizer: openAuthorizer(config.inForce, () => metadata.image, logger, clock),
    storeChanges: new StoreChanges(),
    delegationTokens: openDelegationTokens(config.inForce, { image: () => metadata.image, clock, random }),
    fetchSessions: new FetchSessions(clock, random, config.inForce['max.incremental.fetch.session.cache.slots']),
  };
  watch(parts, options.securityWatcher);
  return { parts, directories, membership, cleaner, assignments };
}

function watch({ authorizer, quotas }: BrokerParts, watcher: SecurityWatcher | undefined): void {
  if (watcher === undefined) return;
  authorizer?.audit.onDenied((decided) => watcher.denied(decided));
  quotas.onThrottled((throttled) => watcher.throttled(throttled));
}
