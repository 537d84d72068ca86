/** Whether the cluster has streams groups (KIP-1071): at level 0 of streams.version every API of theirs is unsupported. */
import type { Parts } from './broker-parts.ts';

export const STREAMS_GROUPS_OFF =
  'Streams groups are switched off: see streams.version and group.coordinator.rebalance.protocols.';

type Broker = Parts<'config' | 'metadata'>;

export function speaksStreamsProtocol({ config, metadata }: Broker): boolean {
  return (
    (metadata.image.features.get('streams.version') ?? 0) > 0 &&
    config['group.coordinator.rebalance.protocols'].includes('streams')
  );
}
