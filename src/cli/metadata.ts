/** `ottla metadata`: prints the metadata log, of a cluster out of etcd, or of a broker out of its directory. */
import type { Command } from 'commander';
import { command } from './command-line.ts';
import { collect } from './option-values.ts';
import type { MetadataFlags } from './metadata-log.ts';
import type { Terminal } from './terminal.ts';

export function metadataCommand(terminal: Terminal): Command {
  return command('metadata', 'print the metadata log: every change of the cluster, oldest first', [
    ['ottla metadata --etcd 10.0.0.1:2379', 'of the cluster whose state this etcd keeps'],
    ['ottla metadata --dir /var/lib/ottla', 'of a broker that is alone, or its copy'],
  ])
    .option('--etcd <host:port,…>', 'read it from etcd')
    .option('--dir <dir>', 'read it from a log directory (default: ./ottla-data)')
    .option('--config <file>', 'settings from a server.properties: ottla.etcd.…, log.dirs')
    .option('--set <key=value>', 'such a setting; may be repeated', collect)
    .option('--json', 'one JSON object a line')
    .action(async (flags: MetadataFlags) => {
      const { printMetadata } = await import('./metadata-log.ts'); // it loads what speaks to etcd
      await printMetadata(terminal, flags);
    });
}
