/** The flags by which every command finds its cluster, and the cluster they lead to. */
import { Option, type Command } from 'commander';
import { nodeFiles } from '../platform/files.ts';
import { Cluster } from './client/cluster.ts';
import type { Credentials, Password, Security } from './client/security.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage.ts';

export interface ConnectionOptions {
  brokers?: string;
  bootstrapServer?: string;
  timeout: number;
  tls?: boolean;
  ca?: string;
  cert?: string;
  certKey?: string;
  tlsInsecure?: boolean;
  sasl?: string;
  user?: string;
  password?: string;
}

export const DEFAULT_BROKERS = 'localhost:9092';

const CONNECTION = 'Connection:';

/** Adds -b and what `withSecurity` adds. */
export function withConnection(command: Command): Command {
  const brokers = new Option(
    '-b, --brokers <list>',
    `host:port, with commas (default: $OTTLA_BROKERS, ${DEFAULT_BROKERS})`,
  );
  command.addOption(brokers.helpGroup(CONNECTION));
  command.addOption(new Option('--bootstrap-server <list>', 'as --brokers, by the name in Kafka’s tools').hideHelp());
  return withSecurity(command);
}

/** Adds --timeout, TLS and SASL. */
export function withSecurity(command: Command): Command {
  const mechanism = new Option('--sasl <mechanism>', 'sign in').choices(['plain', 'scram-sha-256', 'scram-sha-512']);
  const options = [
    new Option('--timeout <seconds>', 'how long to wait for an answer').argParser(secondsOf).default(10),
    new Option('--tls', 'speak TLS'),
    new Option('--ca <file>', 'the authority behind the broker’s certificate, PEM (implies --tls)'),
    new Option('--cert <file>', 'a certificate of your own, PEM'),
    new Option('--cert-key <file>', 'the key of --cert, PEM'),
    new Option('--tls-insecure', 'believe any certificate (implies --tls)'),
    mechanism,
    new Option('--user <name>', 'who signs in (implies --sasl plain)'),
    new Option('--password <password>', 'of --user; $OTTLA_PASSWORD keeps it out of the process list'),
  ];
  for (const option of options) command.addOption(option.helpGroup(CONNECTION));
  return command;
}

function secondsOf(text: string): number {
  const seconds = Number(text.replace(/s$/, ''));
  if (text !== '' && seconds > 0) return seconds;
  throw new UsageError(`--timeout ${text}: write a number of seconds, such as 10 or 0.5`);
}

/** Runs `use` with the cluster that the flags name, and closes it. */
export async function withCluster<T>(
  terminal: Terminal,
  options: ConnectionOptions,
  use: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const cluster = new Cluster({
    brokers: brokersOf(terminal, options),
    clock: terminal.clock,
    timeoutMs: options.timeout * 1000,
    security: securityOf(terminal, options),
  });
  try {
    return await use(cluster);
  } finally {
    await cluster.close();
  }
}

export function brokersOf(terminal: Terminal, options: ConnectionOptions): string {
  return options.brokers ?? options.bootstrapServer ?? (terminal.environment.OTTLA_BROKERS || DEFAULT_BROKERS);
}

export function securityOf(terminal: Terminal, options: ConnectionOptions): Security {
  const { ca, cert, certKey, tlsInsecure } = options;
  const isTls = options.tls === true || ca !== undefined || cert !== undefined || tlsInsecure === true;
  const tls = {
    ca: read('--ca', ca),
    cert: read('--cert', cert),
    key: read('--cert-key', certKey ?? cert),
    rejectUnauthorized: tlsInsecure !== true,
  };
  return { tls: isTls ? tls : null, credentials: credentialsOf(terminal, options) };
}

function credentialsOf(terminal: Terminal, { sasl, user, password }: ConnectionOptions): Credentials | null {
  if (sasl === undefined && user === undefined) return null;
  const secret = password ?? terminal.environment.OTTLA_PASSWORD;
  if (user === undefined) throw new UsageError('--sasl needs a user: add --user NAME');
  if (secret === undefined) throw new UsageError('--user needs a password: set OTTLA_PASSWORD, or add --password');
  const mechanism = (sasl ?? 'plain').toUpperCase() as Password['mechanism'];
  return { mechanism, user, password: secret, isImplied: sasl === undefined };
}

function read(flag: string, path: string | undefined): Buffer | undefined {
  if (path === undefined) return undefined;
  if (!nodeFiles.exists(path)) throw new UsageError(`${flag} ${path}: there is no such file`);
  return nodeFiles.readAll(path);
}
