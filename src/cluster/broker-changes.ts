/** What it means to the cluster that a broker is lost, is back, stops in order or is taken out of it. Pure. */
import type { ServerConfig } from '../config/server.ts';
import { isActive, type BrokerImage, type ClusterImage, type PartitionImage } from './image.ts';
import type { MetadataDraft } from './metadata-records.ts';
import { changeOfPartition, NO_LEADER, type PartitionRules, type PartitionTarget } from './partition-change.ts';
import { rulesByTopic } from './partition-rules.ts';
import { nextPartitionOn } from './replica-index.ts';

/** The broker leaves every ISR and leads nothing until it is unfenced. */
export function fenceBroker(image: ClusterImage, config: ServerConfig, { id, epoch }: BrokerImage): MetadataDraft[] {
  return [
    ...leave(image, config, id, ({ isr }) => isr.includes(id)),
    { type: 'BrokerRegistrationChangeRecord', brokerId: id, brokerEpoch: epoch, fenced: 1 },
  ];
}

/** The broker leads what nobody leads, where it may. */
export function unfenceBroker(image: ClusterImage, config: ServerConfig, { id, epoch }: BrokerImage): MetadataDraft[] {
  const isAcceptable = (brokerId: number): boolean => brokerId === id || isActive(image, brokerId);
  return [
    { type: 'BrokerRegistrationChangeRecord', brokerId: id, brokerEpoch: epoch, fenced: -1 },
    ...changes(image, config, { id, isAcceptable, isOf: ({ leader }) => leader === NO_LEADER }),
  ];
}

/** The broker's leaderships go to others that are in sync, and it leaves every ISR; what only it can lead stays without a leader. */
export function beginControlledShutdown(
  image: ClusterImage,
  config: ServerConfig,
  { id, epoch, inControlledShutdown }: BrokerImage,
): MetadataDraft[] {
  const noted: MetadataDraft = {
    type: 'BrokerRegistrationChangeRecord',
    brokerId: id,
    brokerEpoch: epoch,
    inControlledShutdown: 1,
  };
  return [...(inControlledShutdown ? [] : [noted]), ...leave(image, config, id, ({ isr }) => isr.includes(id))];
}

/** For a broker that will not come back. */
export function unregisterBroker(
  image: ClusterImage,
  config: ServerConfig,
  { id, epoch }: BrokerImage,
): MetadataDraft[] {
  return [
    ...leave(image, config, id, ({ isr, elr }) => isr.includes(id) || elr.includes(id)),
    { type: 'UnregisterBrokerRecord', brokerId: id, brokerEpoch: epoch },
  ];
}

/**
 * The broker was not stopped in order: it may have lost records that it had. Where `isLost`, it leaves every ISR and is eligible
 * nowhere (KIP-966).
 */
export function leaveAll(image: ClusterImage, config: ServerConfig, id: number, isLost: boolean): MetadataDraft[] {
  return leave(image, config, id, ({ isr, elr }) => isr.includes(id) || (isLost && elr.includes(id)), isLost);
}

/** Directories of a broker that went offline take their replicas out of every ISR (KIP-858). None that is news: no records. */
export function loseDirectories(
  image: ClusterImage,
  config: ServerConfig,
  broker: BrokerImage,
  offline: readonly string[],
): MetadataDraft[] {
  const { id, epoch, logDirectoryIds } = broker;
  const lost = logDirectoryIds.filter((directory) => offline.includes(directory));
  if (lost.length === 0) return [];
  const isThere = ({ replicas, directories, isr }: PartitionImage): boolean =>
    isr.includes(id) && lost.includes(directories[replicas.indexOf(id)]);
  const logDirs = logDirectoryIds.filter((directory) => !lost.includes(directory));
  return [
    ...leave(image, config, id, isThere),
    { type: 'BrokerRegistrationChangeRecord', brokerId: id, brokerEpoch: epoch, logDirs },
  ];
}

function leave(
  image: ClusterImage,
  config: ServerConfig,
  id: number,
  isOf: (partition: PartitionImage) => boolean,
  isLost = false,
): MetadataDraft[] {
  const isAcceptable = (brokerId: number): boolean => brokerId !== id && isActive(image, brokerId);
  const lost = isLost ? [id] : [];
  const targetOf = ({ isr }: PartitionImage): PartitionTarget => ({ isr: without(isr, id), lost });
  return changes(image, config, { id, isAcceptable, isOf, targetOf });
}

function without(brokers: readonly number[], id: number): readonly number[] {
  const at = brokers.indexOf(id);
  if (at < 0) return brokers;
  const left = brokers.slice(); // of thousands: a list that is filtered has room for 17
  left.splice(at, 1);
  return left;
}

/** What becomes of partitions that have a replica at a broker. */
interface Affected {
  readonly id: number;
  readonly isAcceptable: (brokerId: number) => boolean;
  /** Which of them change. */
  readonly isOf: (partition: PartitionImage) => boolean;
  readonly targetOf?: (partition: PartitionImage) => PartitionTarget;
}

const AS_IT_IS: PartitionTarget = {};

function changes(
  image: ClusterImage,
  config: ServerConfig,
  { id, isAcceptable, isOf, targetOf = () => AS_IT_IS }: Affected,
): MetadataDraft[] {
  const records: MetadataDraft[] = [];
  const rulesOf = rulesByTopic(image, config, { isAcceptable });
  for (const topic of image.topicsById.values()) {
    let rules: PartitionRules | null = null;
    for (let at = nextPartitionOn(topic, id, 0); at >= 0; at = nextPartitionOn(topic, id, at + 1)) {
      const partition = topic.partitions[at];
      if (!isOf(partition)) continue;
      const change = changeOfPartition(partition, targetOf(partition), (rules ??= rulesOf(topic)));
      if (change !== null)
        records.push({ type: 'PartitionChangeRecord', topicId: topic.id, partitionId: at, ...change });
    }
  }
  return records;
}
