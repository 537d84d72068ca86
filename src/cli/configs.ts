/** `ottla configs`: the settings of topics, brokers and groups, read, set and deleted. */
import { Argument, type Command } from 'commander';
import type { Cluster } from './client/cluster.ts';
import {
  alterConfigs,
  describeConfigs,
  parseSettings,
  ResourceType,
  type ResourceKind,
  type Setting,
} from './client/configs.ts';
import { Refused } from './client/failure.ts';
import { command } from './command-line.ts';
import { withCluster, withConnection, type ConnectionOptions } from './connection-options.ts';
import { nearest } from '../config/did-you-mean.ts';
import { note, painter, printJson, printLine, printTable, type Terminal } from './terminal.ts';
import { findTopics } from './topic-names.ts';
import { CommandError, UsageError } from './usage.ts';

interface Options extends ConnectionOptions {
  json?: boolean;
  changed?: boolean;
  explain?: boolean;
  dryRun?: boolean;
}

const KINDS = Object.keys(ResourceType);

const kindArgument = (): Argument => new Argument('<kind>', 'of what').choices(KINDS);

const NAME = 'its name; of a broker its id, or `all` for the defaults of all brokers';

export function configsCommand(terminal: Terminal): Command {
  const configs = command('configs', 'read and change settings of topics, brokers and groups', [
    ['ottla configs get topic orders', 'all settings of a topic'],
    ['ottla configs get broker 1 log.retention.ms', 'one setting of a broker'],
    ['ottla configs set topic orders retention.ms=3600000', 'an hour'],
    ['ottla configs delete topic orders retention.ms', 'back to the default'],
  ]).alias('config');
  configs.addCommand(getCommand(terminal));
  configs.addCommand(setCommand(terminal));
  configs.addCommand(deleteCommand(terminal));
  return configs;
}

/** Brokers are numbered; `all` stands for what applies to each that has no value of its own. */
function resourceName(kind: ResourceKind, name: string): string {
  if (kind !== 'broker' || /^\d+$/.test(name)) return name;
  if (name === 'all') return '';
  throw new UsageError(`'${name}' is no broker: write its id, such as 1, or all`);
}

function getCommand(terminal: Terminal): Command {
  const get = command('get', 'show settings', [
    ['ottla configs get topic orders --changed', 'only what differs from the default'],
    ['ottla configs get topic orders cleanup.policy --explain', 'and what it does'],
    ['ottla configs get group audit --json', 'for a script'],
  ])
    .alias('describe')
    .addArgument(kindArgument())
    .argument('<name>', NAME)
    .argument('[key...]', 'only these')
    .option('--changed', 'only what is not a default')
    .option('--explain', 'with what each does, as the broker says')
    .option('--json', 'as JSON');
  return withConnection(get).action((kind: ResourceKind, name: string, keys: string[], options: Options) => {
    const resource = resourceName(kind, name);
    return withCluster(terminal, options, async (cluster) => {
      const settings = await settingsOf(cluster, kind, resource, keys, options.explain === true);
      const shown = settings.filter(({ source }) => options.changed !== true || source !== 'default');
      if (options.json === true)
        return printJson(
          terminal,
          shown.map((each) => jsonOf(each, options)),
        );
      if (shown.length === 0) return note(terminal, `nothing is set for ${kind} '${name}'`);
      if (options.explain === true) return printExplained(terminal, shown);
      const paint = painter(terminal.stdout, terminal.environment);
      await printTable(
        terminal,
        [{ title: 'KEY' }, { title: 'VALUE' }, { title: 'FROM' }],
        shown.map((each) => {
          const isDefault = each.source === 'default';
          return [
            isDefault ? each.name : paint('bold', each.name),
            valueOf(each, paint),
            isDefault ? paint('dim', each.source) : each.source,
          ];
        }),
      );
    });
  });
}

async function settingsOf(
  cluster: Cluster,
  kind: ResourceKind,
  name: string,
  keys: readonly string[],
  explain: boolean,
): Promise<Setting[]> {
  if (kind === 'topic') await findTopics(cluster, [name]);
  if (kind === 'broker') await findBroker(cluster, name);
  const all =
    (await describeConfigs(cluster, ResourceType[kind], [name], null, { includeDocumentation: explain })).get(name) ??
    [];
  for (const key of keys) if (!all.some((each) => each.name === key)) throw unknownKey(key, kind, all);
  return keys.length === 0 ? all : all.filter((each) => keys.includes(each.name));
}

async function findBroker(cluster: Cluster, name: string): Promise<void> {
  await cluster.metadata([]);
  const ids = [...cluster.nodes.keys()];
  if (name !== '' && !ids.includes(Number(name))) {
    throw new CommandError(`there is no broker ${name}; the cluster has ${ids.join(', ')}`);
  }
}

function unknownKey(key: string, kind: ResourceKind, all: readonly Setting[]): CommandError {
  const near = nearest(
    key,
    all.map(({ name }) => name),
  );
  const next = near === null ? '`ottla configs get` without a key lists all' : `did you mean '${near}'?`;
  return new CommandError(`a ${kind} has no setting '${key}'; ${next}`);
}

function jsonOf({ name, value, source, readOnly, sensitive, documentation }: Setting, { explain }: Options) {
  return { key: name, value, source, readOnly, sensitive, ...(explain === true ? { documentation } : {}) };
}

function valueOf({ value, sensitive }: Setting, paint: ReturnType<typeof painter>): string {
  if (sensitive) return paint('dim', '(secret)');
  return value === null ? paint('dim', '(unset)') : value;
}

async function printExplained(terminal: Terminal, settings: readonly Setting[]): Promise<void> {
  const paint = painter(terminal.stdout, terminal.environment);
  for (const setting of settings) {
    const { name, source, documentation } = setting;
    await printLine(terminal, `${paint('bold', name)}=${valueOf(setting, paint)}  ${paint('dim', source)}`);
    const words = (documentation ?? '').replace(/<[^>]+>/g, '').split(/\s+/);
    let line = '';
    for (const word of words) {
      if (line.length + word.length > 98) {
        await printLine(terminal, `  ${line}`);
        line = '';
      }
      line += line === '' ? word : ` ${word}`;
    }
    if (line !== '') await printLine(terminal, `  ${line}`);
  }
}

function setCommand(terminal: Terminal): Command {
  const set = command('set', 'change settings', [
    ['ottla configs set topic orders retention.ms=3600000 cleanup.policy=delete', 'two at once'],
    ['ottla configs set broker all log.retention.ms=86400000', 'for all brokers'],
    ['ottla configs set group audit consumer.session.timeout.ms=50000', 'of a group of the consumer protocol'],
  ])
    .addArgument(kindArgument())
    .argument('<name>', NAME)
    .argument('<key=value...>', 'what')
    .option('--dry-run', 'ask the broker whether it would, and change nothing');
  return withConnection(set).action((kind: ResourceKind, name: string, texts: string[], options: Options) => {
    const changes = new Map<string, string | null>(parseSettings(texts));
    return withCluster(terminal, options, (cluster) => change(terminal, cluster, kind, name, changes, options));
  });
}

function deleteCommand(terminal: Terminal): Command {
  const remove = command('delete', 'forget settings, so that the default applies', [
    ['ottla configs delete topic orders retention.ms', 'one'],
  ])
    .alias('unset')
    .addArgument(kindArgument())
    .argument('<name>', NAME)
    .argument('<key...>', 'which')
    .option('--dry-run', 'ask the broker whether it would, and change nothing');
  return withConnection(remove).action((kind: ResourceKind, name: string, keys: string[], options: Options) => {
    const changes = new Map<string, string | null>(keys.map((key) => [key, null]));
    return withCluster(terminal, options, (cluster) => change(terminal, cluster, kind, name, changes, options));
  });
}

async function change(
  terminal: Terminal,
  cluster: Cluster,
  kind: ResourceKind,
  name: string,
  changes: ReadonlyMap<string, string | null>,
  options: Options,
): Promise<void> {
  const resource = resourceName(kind, name);
  if (kind === 'topic') await findTopics(cluster, [name]);
  if (kind === 'broker') await findBroker(cluster, resource);
  try {
    await alterConfigs(cluster, ResourceType[kind], [resource], changes, options.dryRun === true);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const all = (await describeConfigs(cluster, ResourceType[kind], [resource])).get(resource) ?? [];
    const unknown = [...changes.keys()].find((key) => !all.some((each) => each.name === key));
    throw unknown === undefined || all.length === 0 ? error : unknownKey(unknown, kind, all);
  }
  for (const [key, value] of changes) {
    const what = value === null ? `deleted ${key}` : `set ${key}=${value}`;
    await printLine(terminal, options.dryRun === true ? `would have ${what}` : `${what} of ${kind} ${name}`);
  }
}
