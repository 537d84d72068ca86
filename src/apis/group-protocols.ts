/** Which protocols of groups the cluster has, beside the classic one: without one, each of its APIs is unsupported. */
import type { Parts } from './broker-parts.ts';

export const SHARE_GROUPS_OFF = 'Share groups are switched off: see the feature share.version.';
export const STREAMS_GROUPS_OFF =
  'Streams groups are switched off: see streams.version and group.coordinator.rebalance.protocols.';

type Broker = Parts<'config' | 'metadata'>;

/** KIP-848. */
export function speaksConsumerProtocol(broker: Broker): boolean {
  return isFinalized('group.version', broker) && isListed('consumer', broker);
}

/** KIP-932. group.coordinator.rebalance.protocols decides nothing here, as in Kafka. */
export function speaksShareProtocol(broker: Parts<'metadata'>): boolean {
  return isFinalized('share.version', broker);
}

/** KIP-1071. */
export function speaksStreamsProtocol(broker: Broker): boolean {
  return isFinalized('streams.version', broker) && isListed('streams', broker);
}

function isFinalized(feature: string, { metadata }: Parts<'metadata'>): boolean {
  return (metadata.image.features.get(feature) ?? 0) > 0;
}

function isListed(protocol: 'consumer' | 'streams', { config }: Parts<'config'>): boolean {
  return config['group.coordinator.rebalance.protocols'].includes(protocol);
}
