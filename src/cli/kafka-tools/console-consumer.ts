/** `kafka-console-consumer`: the records of topics to stdout. */
import type { Terminal } from '../terminal.ts';
import { consumeTopics } from '../consume.ts';
import { unescape } from '../escapes.ts';
import type { Cluster } from '../client/cluster.ts';
import type { ReadRecord } from '../record-format.ts';
import { CommandError, UsageError } from '../usage.ts';
import { onCluster } from './cluster.ts';
import { readFlags, type Flags } from './flags.ts';

const FLAGS = {
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
  'consumer-property': 'list',
  'command-property': 'list',
  'consumer.config': 'ignored',
  'formatter-config': 'ignored',
  formatter: 'ignored',
  'isolation-level': 'value',
  'skip-message-on-error': 'ignored switch',
  'enable-systest-events': 'ignored switch',
  'key-deserializer': 'ignored',
  'value-deserializer': 'ignored',
} as const;

export async function consoleConsumer(args: readonly string[], terminal: Terminal): Promise<number> {
  const flags = readFlags(args, FLAGS);
  const write = writerOf(new Map([...flags.pairs('property'), ...flags.pairs('formatter-property')]));
  const own = new Map([...flags.pairs('consumer-property'), ...flags.pairs('command-property')]);
  const idle = new Idle(terminal, flags.number('timeout-ms'));
  let count = 0;
  const counted = (record: ReadRecord): Buffer => {
    count++;
    idle.touch();
    return write(record);
  };
  const options = {
    ...positionOf(flags, own),
    timeout: 30,
    commit: own.get('enable.auto.commit') !== 'false',
    delimiter: '\n',
    isolation: (flags.get('isolation-level') ?? own.get('isolation.level')) === 'read_committed',
  };
  try {
    await onCluster(terminal, flags, async (cluster) => {
      const names = await topicsOf(cluster, flags);
      await consumeTopics(
        idle.terminal,
        cluster,
        names,
        { ...options, isolation: options.isolation ? 'committed' : 'uncommitted' },
        counted,
      );
    });
  } finally {
    idle.end();
  }
  terminal.stderr.write(`Processed a total of ${count} messages\n`);
  return 0;
}

function positionOf(flags: Flags, own: ReadonlyMap<string, string>) {
  const reset = own.get('auto.offset.reset');
  const start = flags.has('from-beginning') || reset === 'earliest' ? 'beginning' : 'end';
  const partition = flags.number('partition');
  const offset = flags.get('offset');
  if (offset !== undefined && partition === undefined) throw new UsageError('--offset wants --partition');
  const group = flags.get('group') ?? own.get('group.id');
  const count = flags.number('max-messages');
  return {
    offset: offset === undefined ? start : offset,
    ...(partition === undefined ? {} : { partition: [partition] }),
    ...(count === undefined || count < 0 ? {} : { count }),
    ...(group === undefined ? {} : { group }),
  };
}

async function topicsOf(cluster: Cluster, flags: Flags): Promise<string[]> {
  const pattern = flags.get('include') ?? flags.get('whitelist');
  if (pattern === undefined) {
    const name = flags.need('topic');
    await cluster.metadata([name], true); // a topic that is not there is made, as by Kafka's consumer
    return [name];
  }
  const fits = new RegExp(`^(?:${pattern.replaceAll(',', '|')})$`);
  const { topics } = await cluster.metadata(null);
  const names = topics.flatMap(({ name, isInternal }) => (fits.test(name!) && !isInternal ? [name!] : []));
  if (names.length === 0) throw new CommandError(`no topic fits ${pattern}`);
  return names;
}

/** A record as Kafka's default formatter writes it. */
function writerOf(properties: ReadonlyMap<string, string>): (record: ReadRecord) => Buffer {
  const is = (name: string, otherwise = false): boolean => (properties.get(name) ?? String(otherwise)) === 'true';
  const text = (name: string, otherwise: string): Buffer => Buffer.from(unescape(properties.get(name) ?? otherwise));
  const [between, after, none] = [
    text('key.separator', '\\t'),
    text('line.separator', '\\n'),
    text('null.literal', 'null'),
  ];
  const headersBetween = text('headers.separator', ',');
  const shows = ['timestamp', 'partition', 'offset', 'headers', 'key'].filter((part) => is(`print.${part}`));
  if (is('print.value', true)) shows.push('value');
  const parts: Readonly<Record<string, (record: ReadRecord) => Buffer>> = {
    timestamp: ({ timestamp }) => Buffer.from(timestamp < 0 ? 'NO_TIMESTAMP' : `CreateTime:${timestamp}`),
    partition: ({ partition }) => Buffer.from(`Partition:${partition}`),
    offset: ({ offset }) => Buffer.from(`Offset:${offset}`),
    headers: ({ headers }) =>
      headers.length === 0
        ? Buffer.from('NO_HEADERS')
        : join(
            headers.map(({ key, value }) => Buffer.concat([Buffer.from(`${key}:`), value ?? none])),
            headersBetween,
          ),
    key: ({ key }) => key ?? none,
    value: ({ value }) => value ?? none,
  };
  return (record) =>
    Buffer.concat([
      join(
        shows.map((part) => parts[part](record)),
        between,
      ),
      after,
    ]);
}

function join(pieces: readonly Buffer[], between: Buffer): Buffer {
  return Buffer.concat(pieces.flatMap((piece, at) => (at === 0 ? [piece] : [between, piece])));
}

/** Ends the reading when nothing has come for so long. */
class Idle {
  readonly terminal: Terminal;
  readonly #clock: Terminal['clock'];
  readonly #limitMs: number | undefined;
  readonly #ending = new AbortController();
  #timer: ReturnType<Terminal['clock']['after']> | null = null;

  constructor(terminal: Terminal, limitMs: number | undefined) {
    this.#clock = terminal.clock;
    this.#limitMs = limitMs;
    this.terminal = { ...terminal, stopping: () => AbortSignal.any([terminal.stopping(), this.#ending.signal]) };
    this.touch();
  }

  touch(): void {
    if (this.#limitMs === undefined) return;
    this.end();
    this.#timer = this.#clock.after(this.#limitMs, () => this.#ending.abort());
  }

  end(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }
}
