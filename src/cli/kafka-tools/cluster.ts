/** The cluster that a tool's --bootstrap-server names. */
import type { Cluster } from '../client/cluster.ts';
import { withCluster } from '../connection-options.ts';
import type { Terminal } from '../terminal.ts';
import type { Flags } from './flags.ts';

const TIMEOUT_SECONDS = 30;

export function addressOf(flags: Flags): string {
  return flags.get('bootstrap-server') ?? flags.get('broker-list') ?? flags.need('bootstrap-server');
}

export function onCluster<T>(terminal: Terminal, flags: Flags, use: (cluster: Cluster) => Promise<T>): Promise<T> {
  return withCluster(terminal, { brokers: addressOf(flags), timeout: TIMEOUT_SECONDS }, use);
}

/** As Kafka's tools lay columns out: each as wide as its longest cell, one space between. */
export function columns(rows: readonly (readonly (string | number)[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => String(cell).padEnd(widths[column]))
        .join(' ')
        .trimEnd(),
    )
    .join('\n');
}
