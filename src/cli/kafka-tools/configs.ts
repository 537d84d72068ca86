/** `kafka-configs`: settings of topics, brokers and groups. */
import { alterConfigs, describeConfigs, ResourceType, type Setting } from '../client/configs.ts';
import { printLine, type Terminal } from '../terminal.ts';
import { UsageError } from '../usage.ts';
import { onCluster } from './cluster.ts';
import { readFlags, type Flags } from './flags.ts';

const FLAGS = {
  describe: 'switch',
  alter: 'switch',
  all: 'switch',
  force: 'ignored switch',
  'entity-type': 'value',
  'entity-name': 'value',
  'entity-default': 'switch',
  topic: 'value',
  broker: 'value',
  group: 'value',
  'add-config': 'value',
  'delete-config': 'value',
} as const;

const KINDS = { topics: 'topic', brokers: 'broker', groups: 'group' } as const;

type Kind = (typeof KINDS)[keyof typeof KINDS];

export async function configs(args: readonly string[], terminal: Terminal): Promise<number> {
  const flags = readFlags(args, FLAGS);
  const kind = kindOf(flags);
  const name = flags.has('entity-default') ? '' : (flags.get(kind) ?? flags.get('entity-name'));
  await onCluster(terminal, flags, async (cluster) => {
    if (flags.has('describe')) {
      const names = name === undefined ? await allOf(cluster, kind) : [name];
      const found = await describeConfigs(cluster, ResourceType[kind], names);
      for (const [each, settings] of found) await printSettings(terminal, flags, kind, each, settings);
      return;
    }
    if (name === undefined) throw new UsageError('write --entity-name NAME');
    await alterConfigs(cluster, ResourceType[kind], [name], changesOf(flags));
    await printLine(terminal, `Completed updating ${name === '' ? 'default ' : ''}config for ${kind} ${name}.`);
  });
  return 0;
}

function kindOf(flags: Flags): Kind {
  if (flags.has('describe') === flags.has('alter')) throw new UsageError('say one of --describe, --alter');
  const short = Object.values(KINDS).find((kind) => flags.has(kind));
  if (short !== undefined) return short;
  const type = flags.need('entity-type');
  const kind = (KINDS as Readonly<Record<string, Kind>>)[type];
  if (kind !== undefined) return kind;
  throw new UsageError(`--entity-type ${type} is not there: take ${Object.keys(KINDS).join(', ')}`);
}

async function allOf(cluster: Parameters<typeof describeConfigs>[0], kind: Kind): Promise<string[]> {
  const { topics, brokers } = await cluster.metadata(null);
  if (kind === 'topic') return topics.map(({ name }) => name!);
  return kind === 'broker' ? brokers.map(({ nodeId }) => String(nodeId)) : [];
}

/** Values may have commas in square brackets: a=[b,c],d=e. */
function changesOf(flags: Flags): Map<string, string | null> {
  const changes = new Map<string, string | null>();
  for (const part of (flags.get('add-config') ?? '').match(/[^,=]+=(?:\[[^\]]*\]|[^,]*)/g) ?? []) {
    const equals = part.indexOf('=');
    changes.set(part.slice(0, equals).trim(), part.slice(equals + 1).replace(/^\[(.*)\]$/, '$1'));
  }
  for (const key of flags.get('delete-config')?.split(',') ?? []) changes.set(key.trim(), null);
  if (changes.size > 0) return changes;
  throw new UsageError('--alter wants --add-config key=value or --delete-config key');
}

function printSettings(terminal: Terminal, flags: Flags, kind: Kind, name: string, settings: readonly Setting[]) {
  const isAll = flags.has('all');
  const own: Readonly<Record<Kind, readonly string[]>> = {
    topic: ['topic'],
    broker: name === '' ? ['all brokers'] : ['broker', 'all brokers'],
    group: ['group'],
  };
  const shown = settings.filter(({ source }) => isAll || own[kind].includes(source));
  const lines = shown.map(({ name: key, value, sensitive }) => `  ${key}=${value} sensitive=${sensitive}`);
  const heading = `${isAll ? 'All' : 'Dynamic'} configs for ${kind} ${name} are:`;
  return printLine(terminal, [heading, ...lines].join('\n'));
}
