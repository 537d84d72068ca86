/** `kafka-console-consumer`: the records of topics to stdout. */
import { consumeTopics } from '../consume.ts';
import { javaPattern } from '../java-pattern/java-pattern.ts';
import type { Cluster } from '../client/cluster.ts';
import type { ReadRecord } from '../record-format.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage.ts';
import { commandConfig, withClient } from './cluster.ts';
import { isAboutConnecting, readPropertiesFile, type Properties } from './command-config.ts';
import { readFlags, type Flags, type FlagTable } from './flags.ts';
import { IdleLimit } from './idle-limit.ts';
import { formatterOf } from './record-formatter.ts';

export const FLAGS: FlagTable = {
  topic: 'value',
  include: 'value',
  whitelist: 'value',
  partition: 'value',
  offset: 'value',
  'from-beginning': 'switch',
  'max-messages': 'value',
  'timeout-ms': 'value',
  group: 'value',
  property: 'list',
  'formatter-property': 'list',
  'formatter-config': 'value',
  formatter: 'value',
  'key-deserializer': 'value',
  'value-deserializer': 'value',
  'consumer-property': 'list',
  'command-property': 'list',
  'consumer.config': 'value',
  'isolation-level': 'value',
  'skip-message-on-error': 'switch',
  'enable-systest-events': 'switch',
};

export async function consoleConsumer(args: readonly string[], terminal: Terminal): Promise<number> {
  const flags = readFlags(args, FLAGS);
  const format = formatterOf(flags.get('formatter'), formatterProperties(flags));
  const own = consumerProperties(flags);
  tellUnused(own, terminal);
  const idle = new IdleLimit(terminal, flags.number('timeout-ms'));
  let count = 0;
  const write = (record: ReadRecord): Buffer => {
    count++;
    idle.touch();
    try {
      const { out, log } = format(record);
      if (log !== undefined) terminal.stderr.write(`${log}\n`);
      return out;
    } catch (error) {
      if (!flags.has('skip-message-on-error')) throw error;
      terminal.stderr.write(`Error processing message, skipping this message: ${(error as Error).message}\n`);
      return Buffer.alloc(0);
    }
  };
  const options = {
    ...positionOf(flags, own),
    timeout: 30,
    commit: own.get('enable.auto.commit')?.trim().toLowerCase() !== 'false',
    delimiter: '\n',
    isolation: isolationOf(flags, own),
  };
  const pattern = topicPattern(flags);
  try {
    await withClient(terminal, flags, own, async (cluster) => {
      const names =
        pattern === null ? [await theTopic(cluster, flags)] : await matching(idle.terminal, cluster, pattern);
      if (names.length > 0) await consumeTopics(idle.terminal, cluster, names, options, write);
    });
  } finally {
    idle.end();
    terminal.stderr.write(`Processed a total of ${count} messages\n`);
  }
  if (flags.has('enable-systest-events')) terminal.stdout.write('shutdown_complete\n');
  return 0;
}

export function formatterProperties(flags: Flags): Properties {
  if (flags.has('property') && flags.has('formatter-property')) {
    throw new UsageError('Options --property and --formatter-property cannot be specified together.');
  }
  const path = flags.get('formatter-config');
  const properties = new Map([
    ...(path === undefined ? [] : readPropertiesFile('formatter-config', path)),
    ...flags.pairs('property'),
    ...flags.pairs('formatter-property'),
  ]);
  for (const name of ['key', 'value'] as const) {
    const deserializer = flags.get(`${name}-deserializer`);
    if (deserializer !== undefined) properties.set(`${name}.deserializer`, deserializer);
  }
  return properties;
}

/** What the client is told: files first, then what was given one by one. */
function consumerProperties(flags: Flags): Properties {
  const former = flags.get('consumer.config');
  return new Map([
    ...(former === undefined ? [] : readPropertiesFile('consumer.config', former)),
    ...commandConfig(flags),
    ...flags.pairs('consumer-property'),
    ...flags.pairs('command-property'),
  ]);
}

const HEEDED = new Set(['group.id', 'auto.offset.reset', 'isolation.level', 'enable.auto.commit']);

function tellUnused(properties: Properties, terminal: Terminal): void {
  const unused = [...properties.keys()].filter((key) => !HEEDED.has(key) && !isAboutConnecting(key));
  if (unused.length > 0) terminal.stderr.write(`These properties change nothing here: ${unused.join(', ')}\n`);
}

function isolationOf(flags: Flags, own: Properties): 'committed' | 'uncommitted' {
  const level = flags.get('isolation-level') ?? own.get('isolation.level') ?? 'read_uncommitted';
  if (level === 'read_committed') return 'committed';
  if (level === 'read_uncommitted') return 'uncommitted';
  throw new UsageError(`--isolation-level ${level}: write read_committed or read_uncommitted`);
}

function positionOf(flags: Flags, own: Properties) {
  const partition = flags.number('partition');
  const count = flags.number('max-messages');
  const group = groupOf(flags, own);
  if (group !== undefined && partition !== undefined) {
    throw new UsageError('Options group and partition cannot be specified together.');
  }
  return {
    offset: offsetOf(flags, own, partition !== undefined),
    ...(partition === undefined ? {} : { partition: [partition] }),
    ...(count === undefined || count < 0 ? {} : { count }),
    ...(group === undefined ? {} : { group }),
  };
}

function groupOf(flags: Flags, own: Properties): string | undefined {
  const [byFlag, byProperty] = [flags.get('group'), own.get('group.id')];
  if (byFlag !== undefined && byProperty !== undefined && byFlag !== byProperty) {
    throw new UsageError(`The group is '${byFlag}' by --group and '${byProperty}' by group.id: write one of them`);
  }
  return byFlag ?? byProperty;
}

function offsetOf(flags: Flags, own: Properties, hasPartition: boolean): string {
  const offset = flags.get('offset');
  const reset = own.get('auto.offset.reset')?.trim().toLowerCase();
  if (reset !== undefined && reset !== 'earliest' && reset !== 'latest') {
    throw new UsageError(`auto.offset.reset=${reset}: this tool takes earliest and latest`);
  }
  if (flags.has('from-beginning') && reset === 'latest') {
    const both = "--from-beginning and 'auto.offset.reset=latest'";
    throw new UsageError(`Can't simultaneously specify ${both}, please remove one option`);
  }
  if (offset !== undefined) {
    if (!hasPartition) throw new UsageError('The partition is required when offset is specified.');
    if (flags.has('from-beginning')) throw new UsageError('--offset cannot be used with --from-beginning');
    if (/^(earliest|latest|\d{1,15})$/i.test(offset)) return offset.toLowerCase();
    const valid = "Valid values are 'earliest', 'latest', or a non-negative long.";
    throw new UsageError(`The provided offset value '${offset}' is incorrect. ${valid}`);
  }
  return flags.has('from-beginning') || reset === 'earliest' ? 'beginning' : 'end';
}

/** --include, or --whitelist as it was once called; null where --topic says which. */
function topicPattern(flags: Flags): string | null {
  const given = ['topic', 'include', 'whitelist'].filter((name) => flags.has(name));
  if (given.length !== 1)
    throw new UsageError('Exactly one of the following arguments is required: [topic], [include]');
  return given[0] === 'topic' ? null : flags.need(given[0]);
}

async function theTopic(cluster: Cluster, flags: Flags): Promise<string> {
  const name = flags.need('topic');
  await cluster.metadata([name], true); // a topic that is not there is made, as by Kafka's consumer
  return name;
}

const LOOK_AGAIN_MS = 250;

/** Waits until there is a topic that matches, or the reading ends. */
async function matching(terminal: Terminal, cluster: Cluster, expression: string): Promise<string[]> {
  const pattern = javaPattern(expression);
  const stopping = terminal.stopping();
  while (!stopping.aborted) {
    const { topics } = await cluster.metadata(null);
    const names = topics.flatMap(({ name, isInternal }) => (!isInternal && pattern.matches(name!) ? [name!] : []));
    if (names.length > 0) return names;
    await cluster.pause(LOOK_AGAIN_MS);
  }
  return [];
}
