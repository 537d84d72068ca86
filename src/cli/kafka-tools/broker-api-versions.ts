/** `kafka-broker-api-versions`: what each broker answers; the usual question of a health check. */
import { apis } from '../../../protocol/apis/index.ts';
import { formatAddress } from '../client/address.ts';
import type { Cluster } from '../client/cluster.ts';
import { printLine, type Terminal } from '../terminal.ts';
import { onCluster } from './cluster.ts';
import { readFlags } from './flags.ts';

export async function brokerApiVersions(args: readonly string[], terminal: Terminal): Promise<number> {
  await onCluster(terminal, readFlags(args, {}), (cluster) => printApiVersions(cluster, terminal));
  return 0;
}

export async function printApiVersions(cluster: Cluster, terminal: Terminal): Promise<void> {
  const { brokers } = await cluster.metadata([]);
  for (const { nodeId, host, port, rack } of brokers) {
    const { versions } = await cluster.link(nodeId);
    const lines = [...versions]
      .toSorted(([a], [b]) => a - b)
      .map(([key, { first, last }]) => {
        const name = apis.find((api) => api.key === key)?.name ?? 'UNKNOWN';
        const range = first === last ? String(first) : `${first} to ${last}`;
        return `\t${name}(${key}): ${range} [usable: ${last}]`;
      });
    const heading = `${formatAddress({ host, port })} (id: ${nodeId} rack: ${rack} isFenced: false) -> (`;
    await printLine(terminal, `${heading}\n${lines.join(',\n')}\n)`);
  }
}
