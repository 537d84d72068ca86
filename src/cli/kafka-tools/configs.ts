/** `kafka-configs`: settings of topics, brokers, groups, client metrics and loggers, and what config-clients.ts has. */
import { ListConfigResources } from '../../../protocol/apis/74-list-config-resources.ts';
import type { Cluster } from '../client/cluster.ts';
import { alterConfigs, describeConfigs, type Setting } from '../client/configs.ts';
import { Refused } from '../client/failure.ts';
import { printLine, type Terminal } from '../terminal.ts';
import { CommandError, UsageError } from '../usage.ts';
import { onCluster } from './cluster.ts';
import { readPropertiesFile } from './command-config.ts';
import { alterClients, CLIENT_FLAGS, clientEntitiesOf, describeClients, isClientType } from './config-clients.ts';
import { readFlags, type Flags, type FlagTable } from './flags.ts';

export const FLAGS: FlagTable = {
  describe: 'switch',
  alter: 'switch',
  all: 'switch',
  'entity-type': 'list',
  'entity-name': 'list',
  'entity-default': 'switch',
  topic: 'value',
  broker: 'value',
  'broker-defaults': 'switch',
  'broker-logger': 'value',
  group: 'value',
  'client-metrics': 'value',
  'add-config': 'value',
  'add-config-file': 'value',
  'delete-config': 'value',
  client: 'value',
  'client-defaults': 'switch',
  user: 'value',
  'user-defaults': 'switch',
  ip: 'value',
  'ip-defaults': 'switch',
  'bootstrap-controller': { refused: 'a broker passes it on to the controller: write --bootstrap-server' },
};

interface Kind {
  /** Kafka's number. */
  readonly type: number;
  /** As Kafka calls one in what it prints. */
  readonly word: string;
  /** The short flag that names one. */
  readonly flag: string;
  /** Whose settings are its own, as the broker says where each comes from. */
  readonly own: readonly string[];
}

const KINDS: Readonly<Record<string, Kind>> = {
  topics: { type: 2, word: 'topic', flag: 'topic', own: ['topic'] },
  brokers: { type: 4, word: 'broker', flag: 'broker', own: ['broker'] },
  'broker-loggers': { type: 8, word: 'broker-logger', flag: 'broker-logger', own: ['logger'] },
  'client-metrics': { type: 16, word: 'client-metric', flag: 'client-metrics', own: ['client metrics'] },
  groups: { type: 32, word: 'group', flag: 'group', own: ['group'] },
};

interface Entity {
  readonly kind: Kind;
  /** Empty: the defaults of all brokers; null: all there are. */
  readonly name: string | null;
}

export async function configs(args: readonly string[], terminal: Terminal): Promise<number> {
  const flags = readFlags(args.some(namesClients) ? args.map(namedDefault) : args, FLAGS);
  const action = flags.oneOf(['describe', 'alter']);
  const naming = ['entity-type', 'entity-name', 'entity-default', 'broker-defaults'];
  const short = Object.values(KINDS).map(({ flag }) => flag);
  const used = action === 'describe' ? ['all'] : ['add-config', 'add-config-file', 'delete-config'];
  flags.only(action, [...naming, ...short, ...CLIENT_FLAGS, ...used]);
  const run = workOf(flags, action, short, terminal);
  try {
    await onCluster(terminal, flags, run);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    terminal.stderr.write(`Error while executing config command with args '${args.join(' ')}'\n`);
    throw new CommandError(error.said);
  }
  return 0;
}

function namesClients(arg: string): boolean {
  return isClientType(arg.replace(/^--entity-t\w*=/, ''));
}

/** The default of one of several types stands in their order: as a name that is empty. */
function namedDefault(arg: string): string {
  return /^--entity-d\w*$/.test(arg) ? '--entity-name=' : arg;
}

function workOf(
  flags: Flags,
  action: 'describe' | 'alter',
  short: readonly string[],
  terminal: Terminal,
): (cluster: Cluster) => Promise<void> {
  const clients = clientEntitiesOf(flags);
  if (clients !== null) {
    const other = [...short, 'broker-defaults'].find((flag) => flags.has(flag));
    if (other !== undefined) throw new UsageError(`--${other} cannot be used with users, clients or ips`);
    if (action === 'describe') return (cluster) => describeClients(cluster, clients, terminal);
    const changes = changesOf(flags);
    return (cluster) => alterClients(cluster, clients, changes, terminal);
  }
  const entity = entityOf(flags, short);
  const run = action === 'describe' ? describe : alter;
  return (cluster) => run(cluster, flags, entity, terminal);
}

async function alter(cluster: Cluster, flags: Flags, { kind, name }: Entity, terminal: Terminal): Promise<void> {
  if (name === null) throw new UsageError(`An entity name must be specified with --alter of ${kind.word}s`);
  const changes = changesOf(flags);
  if (kind === KINDS['broker-loggers']) await checkLoggers(cluster, name, [...changes.keys()]);
  await alterConfigs(cluster, kind.type, [name], changes);
  const what = name === '' ? 'default config for brokers in the cluster' : `config for ${kind.word} ${name}`;
  await printLine(terminal, `Completed updating ${what}.`);
}

/** @throws {CommandError} where the broker has no such logger */
async function checkLoggers(cluster: Cluster, broker: string, names: readonly string[]): Promise<void> {
  const found = await describeConfigs(cluster, KINDS['broker-loggers'].type, [broker]);
  const there = new Set(found.get(broker)!.map(({ name }) => name));
  const unknown = names.filter((name) => !there.has(name));
  if (unknown.length > 0) throw new CommandError(`Invalid broker logger(s): ${unknown.join(',')}`);
}

function entityOf(flags: Flags, short: readonly string[]): Entity {
  const types = [...short, 'broker-defaults', 'entity-type'].filter((flag) => flags.has(flag));
  if (types.length === 0) throw new UsageError('At least one entity type must be specified');
  if (types.length > 1) throw new UsageError(`--${types[0]} cannot be used with --${types[1]}`);
  const [given] = types;
  if (given !== 'entity-type') {
    const extra = ['entity-name', 'entity-default'].find((flag) => flags.has(flag));
    if (extra !== undefined) throw new UsageError(`--${extra} cannot be used with --${given}`);
    if (given === 'broker-defaults') return { kind: KINDS.brokers, name: '' };
    return named(
      Object.values(KINDS).find(({ flag }) => flag === given)!,
      flags.need(given),
    );
  }
  const type = flags.need('entity-type');
  const twice = ['entity-type', 'entity-name'].find((flag) => flags.all(flag).length > 1);
  if (twice !== undefined) throw new UsageError(`--${twice} was given twice: write it once`);
  if (!Object.hasOwn(KINDS, type)) {
    throw new UsageError(
      `Invalid entity type ${type}: there are ${[...Object.keys(KINDS), 'users, clients, ips'].join(', ')}`,
    );
  }
  if (flags.has('entity-default')) {
    if (type !== 'brokers') throw new UsageError(`--entity-default cannot be used with --entity-type ${type}`);
    if (flags.has('entity-name')) throw new UsageError('--entity-default cannot be used with --entity-name');
    return { kind: KINDS.brokers, name: '' };
  }
  return named(KINDS[type], flags.get('entity-name') ?? null);
}

function named(kind: Kind, name: string | null): Entity {
  const isOfBroker = kind === KINDS.brokers || kind === KINDS['broker-loggers'];
  if (isOfBroker && name !== null && !/^\d{1,9}$/.test(name)) {
    throw new UsageError(`The entity name for ${kind.flag}s must be a valid integer broker id, but it is: ${name}`);
  }
  return { kind, name };
}

/** Values may have commas in square brackets: a=[b,c],d=e. The file comes first. */
function changesOf(flags: Flags): Map<string, string | null> {
  const path = flags.get('add-config-file');
  const changes = new Map<string, string | null>(path === undefined ? [] : readPropertiesFile('add-config-file', path));
  for (const part of splitSettings(flags.get('add-config') ?? '')) {
    const equals = part.indexOf('=');
    if (equals < 1) throw new UsageError(`--add-config ${part}: write key=value, or key=[value,value]`);
    changes.set(
      part.slice(0, equals).trim(),
      part
        .slice(equals + 1)
        .trim()
        .replace(/^\[(.*)\]$/s, '$1'),
    );
  }
  const removed = flags.get('delete-config')?.split(',') ?? [];
  for (const key of removed) {
    if (key.trim() === '') throw new UsageError('--delete-config needs the names of settings');
    changes.set(key.trim(), null);
  }
  if (changes.size > 0) return changes;
  const ways = '--add-config, --add-config-file, or --delete-config';
  throw new UsageError(`At least one of ${ways} must be specified with --alter`);
}

/** At the commas that are not within square brackets. */
function splitSettings(text: string): string[] {
  return text === '' ? [] : text.split(/,(?![^[]*\])/);
}

async function describe(cluster: Cluster, flags: Flags, { kind, name }: Entity, terminal: Terminal): Promise<void> {
  const isAll = flags.has('all');
  const names = name === null ? await allOf(cluster, kind) : [name];
  if (name !== null && !isAll && !(await isThere(cluster, kind, name))) {
    await printLine(terminal, `The ${kind.word} '${name}' doesn't exist and doesn't have dynamic config.`);
    return;
  }
  const found = await describeConfigs(cluster, kind.type, names, null, { includeSynonyms: true });
  for (const [each, settings] of found) {
    await printSettings(terminal, kind, each, settings, isAll);
  }
}

async function allOf(cluster: Cluster, { type }: Kind): Promise<string[]> {
  const { topics, brokers } = await cluster.metadata(null);
  if (type === KINDS.topics.type) return topics.map(({ name }) => name!);
  const ids = brokers.map(({ nodeId }) => String(nodeId));
  if (type === KINDS.brokers.type) return [...ids, ''];
  if (type === KINDS['broker-loggers'].type) return ids;
  const { configResources } = await cluster.sendAny(ListConfigResources, { resourceTypes: [type] });
  return configResources.map(({ resourceName }) => resourceName);
}

async function isThere(cluster: Cluster, kind: Kind, name: string): Promise<boolean> {
  return kind === KINDS['broker-loggers'] || (await allOf(cluster, kind)).includes(name);
}

function printSettings(
  terminal: Terminal,
  { word, own }: Kind,
  name: string,
  settings: readonly Setting[],
  isAll: boolean,
): Promise<void> {
  const isDefaults = word === 'broker' && name === '';
  const sources = isDefaults ? ['all brokers'] : own;
  const lines = settings
    .filter(({ source }) => isAll || sources.includes(source))
    .map(({ name: key, value, sensitive, synonyms }) => {
      return `  ${key}=${value} sensitive=${sensitive} synonyms={${synonyms.join(', ')}}`;
    });
  const heading = isDefaults
    ? 'Default configs for brokers in the cluster are:'
    : `${isAll ? 'All' : 'Dynamic'} configs for ${word} ${name} are:`;
  return printLine(terminal, [heading, ...lines].join('\n'));
}
