/** What a broker's start means to the cluster. Pure. */
import { ErrorCode } from '../../protocol/errors.ts';
import type { ServerConfig } from '../config/server.ts';
import { leaveAll } from './broker-changes.ts';
import type { BrokerImage, ClusterImage, FeatureRange, ListenerImage } from './image.ts';
import { brokerRecord } from './image-records.ts';
import type { MetadataDraft } from './metadata-records.ts';
import { hasElr } from './partition-rules.ts';

export interface BrokerRegistration {
  readonly id: number;
  /** Fresh at every start. */
  readonly incarnationId: string;
  readonly rack: string | null;
  readonly listeners: readonly ListenerImage[];
  readonly logDirectoryIds: readonly string[];
}

/** The same in a cluster, as request 62 brings it. */
export interface RegistrationRequest extends BrokerRegistration {
  readonly clusterId: string;
  readonly features: readonly FeatureRange[];
  /** The epoch under which it was last stopped in order; -1: it was not, or never ran. */
  readonly previousBrokerEpoch: number;
}

export interface RegistrationResult {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  /** -1 with an error. */
  readonly brokerEpoch: number;
}

const METADATA_VERSION = 'metadata.version';
/** Where none is in force: Kafka's first. */
const FIRST_METADATA_VERSION = 1;
/** Directory ids up to here stand for something else (KIP-858). */
const RESERVED_DIRECTORY = /^A{20}[AB][A-Za-z0-9_-]$/;

/**
 * Registers a broker that is alone, unfenced at once, and elects it anew wherever it is the leader or the only replica: so that
 * what it writes from now on stands under another leader epoch than what it wrote in its former life (KIP-320, KIP-966).
 */
export function registerAlone(registration: BrokerRegistration, image: ClusterImage): MetadataDraft[] {
  const { id } = registration;
  const records: MetadataDraft[] = [brokerRecord(brokerOf(registration, image.revision + 1, { fenced: false }))];
  for (const topic of image.topicsById.values()) {
    for (const [partitionId, partition] of topic.partitions.entries()) {
      const isOnly = partition.replicas.length === 1 && partition.replicas[0] === id;
      if (partition.leader !== id && !isOnly) continue;
      records.push({ type: 'PartitionChangeRecord', topicId: topic.id, partitionId, leader: id });
    }
  }
  return records;
}

/**
 * Registers a broker in a cluster, fenced until it has caught up. Another process of that id than before takes no part in what
 * its predecessor led or was in sync with; after a start that follows no clean shutdown it is not eligible either (KIP-966).
 * `hasLiveSession`: the process that is registered under this id is heard of.
 */
export function registerBroker(
  request: RegistrationRequest,
  image: ClusterImage,
  config: ServerConfig,
  hasLiveSession: boolean,
): RegistrationResult & { readonly records: MetadataDraft[] } {
  const existing = image.brokers.get(request.id);
  const fault = registrationFault(request, image, hasLiveSession);
  if (fault !== null) return { ...fault, brokerEpoch: -1, records: [] };
  const isSame = existing?.incarnationId === request.incarnationId;
  const { fenced, inControlledShutdown } = isSame ? existing : { fenced: true, inControlledShutdown: false };
  const brokerEpoch = isSame ? existing.epoch : image.revision + 1;
  const { features } = request;
  const broker = brokerOf(request, brokerEpoch, { fenced, inControlledShutdown, features });
  // A broker that was never registered left nothing behind, unless it was unregistered: then nobody knows how it ended.
  const isLost = hasElr(image) && (existing?.epoch ?? -2) !== request.previousBrokerEpoch;
  const left = isSame ? [] : leaveAll(image, config, request.id, isLost);
  const done = { errorCode: ErrorCode.NONE, errorMessage: null, brokerEpoch };
  return { ...done, records: [brokerRecord(broker), ...left] };
}

type Fault = Omit<RegistrationResult, 'brokerEpoch'>;

function registrationFault(request: RegistrationRequest, image: ClusterImage, hasLiveSession: boolean): Fault | null {
  const { id, clusterId, incarnationId } = request;
  if (clusterId !== image.clusterId) {
    return {
      errorCode: ErrorCode.INCONSISTENT_CLUSTER_ID,
      errorMessage: `Expected cluster ID ${image.clusterId}, but got cluster ID ${clusterId}`,
    };
  }
  const existing = image.brokers.get(id);
  const isAnother = existing !== undefined && existing.incarnationId !== incarnationId;
  if (isAnother && hasLiveSession && !existing.inControlledShutdown) {
    return {
      errorCode: ErrorCode.DUPLICATE_BROKER_REGISTRATION,
      errorMessage: `Another broker is registered with node id ${id}, and is heard of: ${addressOf(existing)}`,
    };
  }
  const directoryFault = directoriesFault(request, image);
  if (directoryFault !== null) return { errorCode: ErrorCode.INVALID_REGISTRATION, errorMessage: directoryFault };
  if (!request.features.some(({ name }) => name === METADATA_VERSION)) {
    const errorMessage = `Broker ${id} does not say which levels of ${METADATA_VERSION} it supports`;
    return { errorCode: ErrorCode.INVALID_REGISTRATION, errorMessage };
  }
  const featureFault = featuresFault(request, image);
  return featureFault === null
    ? null
    : {
        errorCode: ErrorCode.UNSUPPORTED_VERSION,
        errorMessage: `Unable to register because the broker ${featureFault}`,
      };
}

function addressOf({ listeners }: BrokerImage): string {
  return listeners.map(({ host, port }) => `${host}:${port}`).join(', ') || 'without a listener';
}

function directoriesFault({ id, logDirectoryIds }: RegistrationRequest, image: ClusterImage): string | null {
  if (logDirectoryIds.length === 0) return 'No directories specified in request';
  if (logDirectoryIds.some((each) => RESERVED_DIRECTORY.test(each))) return 'Reserved directory ID in request';
  if (new Set(logDirectoryIds).size < logDirectoryIds.length) return 'Duplicate directory ID in request';
  for (const other of image.brokers.values()) {
    const shared = other.id === id ? undefined : other.logDirectoryIds.find((each) => logDirectoryIds.includes(each));
    if (shared !== undefined) return `Broker ${other.id} is already registered with directory ${shared}`;
  }
  return null;
}

/** Whether the broker can work with each feature at the level that is in force. */
function featuresFault({ features }: RegistrationRequest, image: ClusterImage): string | null {
  const supported = new Map(features.map((each) => [each.name, each]));
  const none = (name: string): FeatureRange => ({ name, minSupportedVersion: 0, maxSupportedVersion: 0 });
  for (const name of new Set([...supported.keys(), ...image.features.keys()])) {
    const level = image.features.get(name) ?? (name === METADATA_VERSION ? FIRST_METADATA_VERSION : 0);
    const { minSupportedVersion: min, maxSupportedVersion: max } = supported.get(name) ?? none(name);
    if (level >= min && level <= max) continue;
    return (
      `does not support finalized version ${level} of ${name}. The broker wants a version between ${min} and ${max}, ` +
      'inclusive.'
    );
  }
  return null;
}

function brokerOf(
  registration: BrokerRegistration,
  epoch: number,
  rest: Pick<BrokerImage, 'fenced'> & Partial<BrokerImage>,
): BrokerImage {
  const { id, incarnationId, rack, listeners, logDirectoryIds } = registration;
  const known = { id, epoch, incarnationId, rack, listeners, logDirectoryIds };
  return { features: [], inControlledShutdown: false, cordonedLogDirectoryIds: [], ...known, ...rest };
}
