/** The flags of `ottla start`, for whoever parses, shows or completes them. */
import { Option, type Command } from 'commander';
import { LEVELS } from '../platform/logger.ts';
import { command } from './command-line.ts';
import { collect } from './option-values.ts';

export interface StartFlags {
  port?: string;
  host?: string;
  dir?: string;
  memory?: boolean;
  set?: string[];
  config?: string;
  strict?: boolean;
  nodeId?: string;
  etcd?: string;
  rack?: string;
  processes?: string;
  tls?: boolean;
  certs?: string;
  user?: string[];
  superUser?: string[];
  acl?: string[];
  container?: boolean;
  metricsPort?: string;
  controlPort?: string;
  controlHost?: string;
  /** False with --no-page. */
  page?: boolean;
  pagePort?: string;
  pageHost?: string;
  pageAccess?: string;
  logLevel?: string;
  exitWithParent?: boolean;
}

const NOTES = `
Once it answers requests it prints one line, \`ready host:port\`. Ctrl-C or SIGTERM ends it in order, a second one at once.
Environment variables named KAFKA_… work as in the apache/kafka image: KAFKA_NUM_PARTITIONS=3 sets num.partitions,
KAFKA_CREATE_TOPICS=orders:3:1 creates topics. Flags come before them, they before the file.`;

/** The command without what it does. */
export function startCommand(): Command {
  return command('start', 'run a broker; `ottla --memory` and other flags do so too', [
    ['ottla start', 'on localhost:9092, data in ./ottla-data'],
    ['ottla start --memory', 'nothing on the disk, gone at the end'],
    ['ottla start --port 9192 --dir /var/lib/ottla', 'another port, another place'],
    ['ottla start --set num.partitions=3', 'any broker setting, by its name in Kafka'],
    ['ottla start --config server.properties', 'Kafka’s own file'],
    ['ottla start --tls --super-user admin:secret', 'over TLS, for anyone who has the password: docs/security.md'],
    ["ottla start --user alice:secret --acl 'alice read topic orders'", 'alice signs in, and may read orders alone'],
    ['ottla start --processes 4', 'four brokers on this machine, a process each'],
    ['ottla start --node-id 1 --etcd 10.0.0.1:2379,10.0.0.2:2379', 'one of several brokers, whose state etcd keeps'],
  ])
    .option('--port <n>', 'listen on this port of every interface (default: 9092; 0: any free port)')
    .option('--host <host>', 'listen on this address only')
    .option('--dir <dir>', 'keep everything in this directory (default: ./ottla-data)')
    .option('--memory', 'keep everything in memory and lose it at the end')
    .option('--set <key=value>', 'a broker setting; may be repeated', collect)
    .option('--config <file>', 'settings from a server.properties')
    .option('--strict', 'refuse settings that do not exist in files and variables too, instead of warning of them')
    .option('--node-id <n>', 'the number of this broker in its cluster (default: 1)')
    .option('--etcd <host:port,…>', 'be one of a cluster, whose state this etcd keeps: docs/cluster.md')
    .option('--rack <name>', 'the rack or zone that this broker stands in')
    .option('--processes <n>', 'run so many brokers on this machine, each a process on the next port: docs/cluster.md')
    .option('--tls', 'speak TLS, with certificates in --certs, which are made where there are none')
    .option('--certs <dir>', 'where `ottla certs` keeps them (default: ./ottla-certs)')
    .option('--user <name:password>', 'who may sign in, by SASL PLAIN or SCRAM; may be repeated', collect)
    .option('--super-user <name:password>', 'the same for one who may do everything; others need ACLs then', collect)
    .option('--acl <line>', "who may do what, such as 'alice read topic orders'; may be repeated", collect)
    .option('--metrics-port <n>', 'let Prometheus find /metrics on this port (default: none)')
    .option('--control-port <n>', 'let tests drive the broker over HTTP on this port (default: none)')
    .option('--control-host <host>', 'who may do so: an address to listen on (default: 127.0.0.1)')
    .option('--page-port <n>', 'show the broker in a browser on this port (default: 24092, or the next that is free)')
    .option('--page-host <host>', 'who may look: an address to listen on (default: 127.0.0.1)')
    .option(
      '--page-access <degree>',
      'what people may do there: read, write, test (default: read; with --memory: write)',
    )
    .option('--no-page', 'show nothing in a browser')
    .option(
      '--exit-with-parent',
      'end when the process that started it ends (default: where that is npm or npx, or a pipe)',
    )
    .option('--no-exit-with-parent', 'go on then')
    .addOption(new Option('--container', 'run as the image does').hideHelp())
    .addOption(new Option('--log-level <level>', 'what to tell on stderr (default: warn)').choices(LEVELS))
    .addHelpText('after', NOTES);
}

/** The command that the container's HEALTHCHECK runs, without what it does. */
export function healthcheckCommand(): Command {
  return command('healthcheck', 'exit with 0 when a broker answers, else with 1', [
    ['ottla healthcheck 127.0.0.1:9092 --timeout-ms 1000', 'one second at most'],
  ])
    .argument('[host:port]', 'the broker', '127.0.0.1:9092')
    .option('--timeout-ms <n>', 'how long to wait (default: 5000)')
    .option(
      '--exit-with-parent',
      'end when the process that started it ends (default: where that is npm or npx, or a pipe)',
    )
    .option('--no-exit-with-parent', 'go on then')
    .addOption(new Option('--container', 'ask the broker that KAFKA_… variables describe').hideHelp());
}
