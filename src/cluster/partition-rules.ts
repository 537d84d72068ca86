/** By what rules the partitions of a topic change, as its settings and the features of the cluster say. Pure. */
import { ZERO_UUID } from '../../protocol/schema.ts';
import type { ServerConfig } from '../config/server.ts';
import { configOf, isActive, ResourceType, type ClusterImage, type PartitionImage, type TopicImage } from './image.ts';
import type { ElectionKind, PartitionRules } from './partition-change.ts';
import { replicaCountOf } from './replica-index.ts';

/** As in Kafka's DirectoryId: the broker has yet to say where it keeps the replica. */
export const UNASSIGNED_DIRECTORY = 'AAAAAAAAAAAAAAAAAAAAAQ';
/** The replica's directory is gone, whichever it was. */
export const LOST_DIRECTORY = 'AAAAAAAAAAAAAAAAAAAAAg';

/** What is set for all topics; the cluster's own setting counts before the configuration of the controller. */
type Setting = 'min.insync.replicas' | 'unclean.leader.election.enable';

function settingOfAll(image: ClusterImage, config: ServerConfig, key: Setting): string {
  return configOf(image, ResourceType.broker, '').get(key) ?? String(config[key]);
}

export function isUncleanAllowed({ name }: TopicImage, image: ClusterImage, config: ServerConfig): boolean {
  const key = 'unclean.leader.election.enable';
  return (configOf(image, ResourceType.topic, name).get(key) ?? settingOfAll(image, config, key)) === 'true';
}

export function hasElr(image: ClusterImage): boolean {
  return (image.features.get('eligible.leader.replicas.version') ?? 0) > 0;
}

interface RulesOptions {
  readonly election?: ElectionKind;
  /** Which brokers may lead, by their id; active ones, unless given. */
  readonly isAcceptable?: (brokerId: number) => boolean;
}

export function rulesOf(
  topic: TopicImage,
  image: ClusterImage,
  config: ServerConfig,
  options: RulesOptions = {},
): PartitionRules {
  return rulesByTopic(image, config, options)(topic);
}

/** For one topic after the other of a change: what holds for all of them is found once. */
export function rulesByTopic(
  image: ClusterImage,
  config: ServerConfig,
  { election, isAcceptable: mayLead = (brokerId) => isActive(image, brokerId) }: RulesOptions,
): (topic: TopicImage) => PartitionRules {
  const elr = hasElr(image);
  const minIsrOfAll = settingOfAll(image, config, 'min.insync.replicas');
  const uncleanOfAll = settingOfAll(image, config, 'unclean.leader.election.enable');
  const isAcceptable = (brokerId: number, partition: PartitionImage): boolean =>
    mayLead(brokerId) && isDirectoryOnline(image, partition, brokerId);
  return (topic) => {
    const own = configOf(image, ResourceType.topic, topic.name);
    const minIsr = Number(own.get('min.insync.replicas') ?? minIsrOfAll);
    const unclean = own.get('unclean.leader.election.enable') ?? uncleanOfAll;
    return {
      hasElr: elr,
      minIsr: minIsr <= 1 || topic.partitions.length === 0 ? minIsr : Math.min(minIsr, replicaCountOf(topic)),
      election: election ?? (unclean === 'true' ? 'unclean' : 'online'),
      isAcceptable,
    };
  };
}

function isDirectoryOnline(image: ClusterImage, { replicas, directories }: PartitionImage, brokerId: number): boolean {
  const at = replicas.indexOf(brokerId);
  return at < 0 || isOnline(image, brokerId, directories[at]);
}

/** Whether a broker has not said that this directory of its has failed. */
export function isOnline(image: ClusterImage, brokerId: number, directory: string): boolean {
  if (directory === ZERO_UUID || directory === UNASSIGNED_DIRECTORY) return true;
  const online = image.brokers.get(brokerId)?.logDirectoryIds ?? [];
  return directory !== LOST_DIRECTORY && (online.length === 0 || online.includes(directory));
}
