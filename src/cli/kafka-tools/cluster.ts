/** The cluster that a tool's --bootstrap-server names, reached as --command-config says. */
import { Cluster } from '../client/cluster.ts';
import { widest, type Terminal } from '../terminal.ts';
import { connecting, readPropertiesFile, type Properties } from './command-config.ts';
import type { Flags } from './flags.ts';

const TIMEOUT_MS = 30_000;

/** `properties`: what a tool's other flags say about the client, over the file. */
export function onCluster<T>(
  terminal: Terminal,
  flags: Flags,
  use: (cluster: Cluster) => Promise<T>,
  properties: Properties = new Map(),
): Promise<T> {
  const file = commandConfig(flags);
  return withClient(terminal, flags, new Map([...file, ...properties]), use);
}

/** The properties in the file of --command-config; none without. */
export function commandConfig(flags: Flags): Properties {
  const path = flags.get('command-config');
  return path === undefined ? new Map<string, string>() : readPropertiesFile('command-config', path);
}

/** Runs `use` with a cluster, and closes it. `timeoutMs` comes before what the properties say. */
export async function withClient<T>(
  terminal: Terminal,
  flags: Flags,
  properties: Properties,
  use: (cluster: Cluster) => Promise<T>,
  timeoutMs?: number,
): Promise<T> {
  const { timeoutMs: told = TIMEOUT_MS, ...connection } = await connecting(properties);
  const brokers = flags.get('bootstrap-server') ?? flags.get('broker-list') ?? flags.need('bootstrap-server');
  const cluster = new Cluster({ brokers, clock: terminal.clock, timeoutMs: timeoutMs ?? told, ...connection });
  try {
    return await use(cluster);
  } finally {
    await cluster.close();
  }
}

/** As some of Kafka's tools lay columns out: each as wide as its longest cell, one space between. */
export function columns(rows: readonly (readonly (string | number)[])[], least: readonly number[] = []): string {
  const widths = rows[0].map((_, column) =>
    widest(
      rows.map((row) => String(row[column])),
      least[column],
    ),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => String(cell).padEnd(widths[column]))
        .join(' ')
        .trimEnd(),
    )
    .join('\n');
}
