/** The page that lists every configuration key: type, default, range, what it does. */
import type { Definition, Table } from '../src/config/definition.ts';
import { effectOf } from '../src/config/effects.ts';

/** Begins the keys that Kafka does not have: tools are shown them only when set, readers of the page always. */
const OWN = 'ottla.';

/** Markdown; one section for each table, keys in alphabetical order. */
export function configurationPage(sections: readonly { title: string; table: Table }[]): string {
  return [
    '# Configuration',
    '',
    'Written by `npm run docs` from the tables in `src/config`; do not edit. Names, types and defaults are those of',
    'Apache Kafka; keys that begin with `ottla.` are additions. Every key is accepted, kept and shown. It acts: *yes*; *no*, for',
    'on a broker that is alone, in one process without a JVM, it changes nothing; or *not yet*, for it belongs to a part',
    'of Kafka that Ottla does not have. Of keys that do not act and are set all the same, the log says so once.',
    '',
    ...frequent(sections),
    ...sections.flatMap(({ title, table }) => section(title, table)),
  ].join('\n');
}

/** The keys that people set, before all the others. */
const FREQUENT = `
  listeners advertised.listeners log.dirs node.id broker.rack
  num.partitions default.replication.factor auto.create.topics.enable delete.topic.enable
  log.retention.ms log.retention.bytes log.segment.bytes log.cleanup.policy log.flush.interval.messages
  message.max.bytes max.connections connections.max.idle.ms group.initial.rebalance.delay.ms
  offsets.retention.minutes ottla.metrics.port
`
  .trim()
  .split(/\s+/);

function frequent(sections: readonly { title: string; table: Table }[]): string[] {
  const tables = sections.map(({ table }) => table);
  const rows = FREQUENT.flatMap((key) => {
    const table = tables.find((each) => Object.hasOwn(each, key));
    return table === undefined ? [] : [row(key, table[key])];
  });
  if (rows.length === 0) return [];
  return [
    '## What people set',
    '',
    '| key | acts | type | default | allowed | changes | |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ];
}

function section(title: string, table: Table): string[] {
  const shown = Object.entries(table).filter(([key, { internal }]) => internal !== true || key.startsWith(OWN));
  const rows = shown.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, definition]) => row(key, definition));
  return [
    `## ${title}`,
    '',
    '| key | acts | type | default | allowed | changes | |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ];
}

function row(key: string, definition: Definition): string {
  const { type, defaultText, update, documentation } = definition;
  const shown = defaultText === null ? 'null' : defaultText === '' ? '(empty)' : code(defaultText);
  return `| ${code(key)} | ${effectOf(key)} | ${type} | ${shown} | ${allowed(definition)} | ${update} | ${cell(documentation)} |`;
}

function allowed({ min, max, or, oneOf }: Definition): string {
  if (oneOf !== undefined) return oneOf.map(code).join(', ');
  const range = [min === undefined ? '' : `from ${min}`, max === undefined ? '' : `to ${max}`].filter(
    (part) => part !== '',
  );
  if (range.length > 0 && or !== undefined) range.push(`or ${or}`);
  return range.join(' ');
}

function code(text: string): string {
  return `\`${cell(text)}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
