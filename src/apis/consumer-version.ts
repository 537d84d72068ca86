/** Whether the cluster has the consumer protocol (KIP-848): without it each of its APIs is unsupported. */
import type { Parts } from './broker-parts.ts';

/** Both group.version and group.coordinator.rebalance.protocols can switch it off. */
export function speaksConsumerProtocol({ config, metadata }: Parts<'config' | 'metadata'>): boolean {
  return (
    (metadata.image.features.get('group.version') ?? 0) > 0 &&
    config['group.coordinator.rebalance.protocols'].includes('consumer')
  );
}
