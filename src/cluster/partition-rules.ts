/** By what rules the partitions of a topic change, as its settings and the features of the cluster say. Pure. */
import { ZERO_UUID } from '../../protocol/schema.ts';
import type { ServerConfig } from '../config/server.ts';
import { configOf, isActive, ResourceType, type ClusterImage, type PartitionImage, type TopicImage } from './image.ts';
import type { ElectionKind, PartitionRules } from './partition-change.ts';

/** As in Kafka's DirectoryId: the broker has yet to say where it keeps the replica. */
export const UNASSIGNED_DIRECTORY = 'AAAAAAAAAAAAAAAAAAAAAQ';
/** The replica's directory is gone, whichever it was. */
export const LOST_DIRECTORY = 'AAAAAAAAAAAAAAAAAAAAAg';

/** What is set for a topic; a cluster's own setting counts before the configuration of the controller. */
type SettingOf = (key: 'min.insync.replicas' | 'unclean.leader.election.enable') => string;

function settingsOf({ name }: TopicImage, image: ClusterImage, config: ServerConfig): SettingOf {
  const own = configOf(image, ResourceType.topic, name);
  const ofAll = configOf(image, ResourceType.broker, '');
  return (key) => own.get(key) ?? ofAll.get(key) ?? String(config[key]);
}

export function isUncleanAllowed(topic: TopicImage, image: ClusterImage, config: ServerConfig): boolean {
  return settingsOf(topic, image, config)('unclean.leader.election.enable') === 'true';
}

export function hasElr(image: ClusterImage): boolean {
  return (image.features.get('eligible.leader.replicas.version') ?? 0) > 0;
}

/** Makes the rules for one partition after the other of a topic. `isAcceptable` says which brokers may lead, by their id. */
export function rulesOf(
  topic: TopicImage,
  image: ClusterImage,
  config: ServerConfig,
  { election, isAcceptable }: { election?: ElectionKind; isAcceptable?: (brokerId: number) => boolean } = {},
): (partition: PartitionImage) => PartitionRules {
  const settingOf = settingsOf(topic, image, config);
  const minIsr = Number(settingOf('min.insync.replicas'));
  const common = {
    hasElr: hasElr(image),
    minIsr: Math.min(minIsr, topic.partitions[0]?.replicas.length ?? minIsr),
    election: election ?? (settingOf('unclean.leader.election.enable') === 'true' ? 'unclean' : 'online'),
  };
  const mayLead = isAcceptable ?? ((brokerId: number) => isActive(image, brokerId));
  return (partition) => ({
    ...common,
    isAcceptable: (brokerId) => mayLead(brokerId) && isDirectoryOnline(image, partition, brokerId),
  });
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
