/** `ottla produce`: records from the command line, from lines, files or JSON, into a topic. */
import { Option, type Command } from 'commander';
import { ErrorCode } from '../../protocol/errors.ts';
import { canCompressZstd, codecs, type Codec } from '../../protocol/records/compression.ts';
import type { RecordHeader as Header } from '../../protocol/records/record.ts';
import { nodeFiles } from '../platform/files.ts';
import type { Cluster, TopicMetadata } from './client/cluster.ts';
import { Refused } from './client/failure.ts';
import { Producer } from './client/producer.ts';
import { command } from './command-line.ts';
import { withCluster, withConnection, type ConnectionOptions } from './connection-options.ts';
import { nearest } from '../config/did-you-mean.ts';
import { unescape } from './escapes.ts';
import { collect, instant, wholeNumber } from './option-values.ts';
import { Progress } from './progress.ts';
import { LineCutter, recordOfJson, recordOfLine, type LineFormat, type OutgoingRecord } from './record-input.ts';
import { note, printLine, type Terminal } from './terminal.ts';
import { CommandError, UsageError } from './usage.ts';

interface Options extends ConnectionOptions {
  key?: string;
  keyDelimiter?: string;
  header?: string[];
  partition?: number;
  compression: Codec;
  acks: 'all' | '-1' | '1' | '0';
  idempotent?: boolean;
  file?: string[];
  wholeFile?: boolean;
  jsonLines?: boolean;
  delimiter: string;
  tombstone?: boolean;
  emptyIsNull?: boolean;
  timestamp?: string;
  json?: boolean;
}

const NOTES = `
Without values and --file, records are the lines of stdin. A topic that is not there is created, where the broker allows it.
JSON lines: {"key": "a", "value": "b", "headers": {"h": "1"}, "partition": 0, "timestamp": 1700000000000}, all optional; a null
value is a tombstone, an object as value is stored as JSON, valueBase64 and keyBase64 hold bytes.`;

export function produceCommand(terminal: Terminal): Command {
  const produce = command('produce', 'write records into a topic', [
    ['ottla produce orders "one espresso"', 'one record'],
    ['ottla produce orders -k customer-7 "one espresso"', 'with a key'],
    ['echo "customer-7:one espresso" | ottla produce orders -K :', 'key and value from lines'],
    ['ottla produce orders -H trace=1 -H source=cli < lines.txt', 'with headers'],
    ['ottla produce orders -f events.jsonl --json-lines -z zstd', 'JSON, compressed'],
    ['ottla produce pictures -f cat.png --whole-file', 'a file as one value'],
    ['ottla produce latest -k customer-7 --tombstone', 'delete a key of a compacted topic'],
    ['ottla consume a --json -e | ottla produce b --json-lines', 'copy a topic'],
  ])
    .argument('<topic>', 'where to')
    .argument('[value...]', 'a record each; without, the lines of stdin')
    .option('-k, --key <key>', 'the key of every record')
    .option('-K, --key-delimiter <text>', 'what stands between key and value in each line', unescape)
    .option('-H, --header <name=value>', 'a header of every record; may be repeated', collect)
    .option('-p, --partition <n>', 'into this partition (default: by the key, as Java’s clients)', wholeNumber('-p', 0))
    .addOption(new Option('-z, --compression <codec>', 'compress batches').choices(codecs).default('none'))
    .addOption(new Option('--acks <who>', 'who must have it').choices(['all', '-1', '1', '0']).default('all'))
    .option('--idempotent', 'no duplicates when a request has to be sent again')
    .option('-f, --file <path>', 'read from this file; may be repeated', collect)
    .option('--whole-file', 'each file (or all of stdin) is one value')
    .option('-J, --json-lines', 'lines are JSON objects, as `ottla consume --json` writes them')
    .option('-D, --delimiter <text>', 'what ends a line (default: \\n)', unescape, '\n')
    .option('--tombstone', 'a record without a value, for --key')
    .option('-Z, --empty-is-null', 'empty values are tombstones')
    .option('-T, --timestamp <time>', 'of every record: a date, milliseconds since 1970, or an age such as 1h')
    .option('--json', 'a line of JSON for every batch that was taken')
    .addHelpText('after', NOTES);
  return withConnection(produce).action((topic: string, values: string[], options: Options) =>
    withCluster(terminal, options, (cluster) => run(terminal, cluster, topic, values, options)),
  );
}

async function run(
  terminal: Terminal,
  cluster: Cluster,
  name: string,
  values: string[],
  options: Options,
): Promise<void> {
  const format = formatOf(terminal, options);
  if (options.compression === 'zstd' && !canCompressZstd()) {
    throw new UsageError('-z zstd needs Node 22.15 or later here: choose lz4, or another');
  }
  const sources = sourcesOf(terminal, values, options, format);
  const topic = await findOrCreate(terminal, cluster, name);
  const fromTerminal = terminal.stdin.isTTY === true && values.length === 0 && options.file === undefined;
  const progress = new Progress(terminal, !fromTerminal && options.json !== true);
  const delivered = (partition: number, offset: number, count: number): void => {
    if (options.json !== true) return;
    void printLine(terminal, JSON.stringify({ topic: name, partition, offset: offset < 0 ? null : offset, count }));
  };
  const acks = options.acks === 'all' ? -1 : (Number(options.acks) as -1 | 0 | 1);
  const idempotent = options.idempotent === true;
  if (idempotent && acks !== -1) throw new UsageError('--idempotent needs --acks all');
  const { compression } = options;
  const { systemRandom } = await import('../platform/random.ts'); // with it comes node:crypto, which is slow to load
  const producer = new Producer(cluster, topic, { compression, acks, idempotent, random: systemRandom, delivered });
  await producer.open();
  if (fromTerminal && options.tombstone !== true) note(terminal, 'each line is a record; Ctrl-D ends');
  const all = (async () => {
    for await (const record of sources) {
      await producer.add(record);
      progress.records++;
      progress.bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0);
    }
    await producer.flush();
  })();
  try {
    await Promise.race([all, producer.failed]);
  } finally {
    progress.end();
  }
  if (terminal.stderr.isTTY === true && options.json !== true) note(terminal, `${progress.summary()} to ${name}`);
}

function formatOf(terminal: Terminal, options: Options): LineFormat {
  const { key, keyDelimiter = null, partition = null, timestamp } = options;
  if (keyDelimiter === '') throw new UsageError('-K needs a text, such as : or \\t');
  if (options.delimiter === '')
    throw new UsageError('-D needs a text, such as \\n; --whole-file takes all as one value');
  return {
    keyDelimiter,
    key: key === undefined ? null : Buffer.from(key),
    emptyIsNull: options.emptyIsNull === true,
    headers: (options.header ?? []).map(headerOf),
    partition,
    timestamp: timestamp === undefined ? null : instant(timestamp, terminal.clock.now()),
  };
}

function headerOf(text: string): Header {
  const equals = text.indexOf('=');
  if (equals < 1) throw new UsageError(`-H ${text}: write -H name=value`);
  return { key: text.slice(0, equals), value: Buffer.from(text.slice(equals + 1)) };
}

async function* sourcesOf(
  terminal: Terminal,
  values: readonly string[],
  options: Options,
  format: LineFormat,
): AsyncGenerator<OutgoingRecord> {
  const { file: files = [], jsonLines, delimiter } = options;
  const parse = jsonLines === true ? recordOfJson : recordOfLine;
  if (options.tombstone === true) {
    if (format.key === null) throw new UsageError('--tombstone needs a key: add -k KEY');
    yield { ...format, value: null };
    return;
  }
  let number = 0;
  for (const value of values) yield parse(Buffer.from(value), format, ++number);
  if (values.length > 0 && files.length === 0) return;
  const inputs = files.length === 0 ? [terminal.stdin] : files.map((path) => filePieces(path));
  for (const input of inputs) {
    if (options.wholeFile === true) {
      const pieces: Buffer[] = [];
      for await (const piece of input) pieces.push(piece as Buffer);
      yield parse(Buffer.concat(pieces), format, ++number);
      continue;
    }
    const cutter = new LineCutter(delimiter);
    for await (const piece of input) {
      for (const line of cutter.push(Buffer.from(piece as Buffer))) yield parse(line, format, ++number);
    }
    for (const line of cutter.rest()) yield parse(line, format, ++number);
  }
}

const PIECE_BYTES = 256 * 1024;

function* filePieces(path: string): Generator<Buffer> {
  if (!nodeFiles.exists(path)) throw new UsageError(`-f ${path}: there is no such file`);
  const file = nodeFiles.open(path, 'read');
  try {
    for (let at = 0; ;) {
      const piece = Buffer.allocUnsafe(PIECE_BYTES);
      const count = file.read(piece, 0, PIECE_BYTES, at);
      if (count === 0) return;
      at += count;
      yield piece.subarray(0, count);
    }
  } finally {
    file.close();
  }
}

/** How long a broker may say that there is no topic while it creates it. */
const CREATION_MS = 1500;

/** The topic; created by asking for it, as producers do, where there is none. `limitMs`: how long that may take. */
export async function findOrCreate(
  terminal: Terminal,
  cluster: Cluster,
  name: string,
  limitMs = cluster.timeoutMs,
): Promise<TopicMetadata> {
  const { topics } = await cluster.metadata(null);
  const isThere = topics.some((topic) => topic.name === name);
  const near = isThere
    ? null
    : nearest(
        name,
        topics.flatMap((topic) => topic.name ?? []),
      );
  const hint = near === null ? '' : `; did you mean '${near}'?`;
  const started = terminal.clock.monotonic();
  for (;;) {
    const [topic] = (await cluster.metadata([name], true)).topics;
    const isReady = topic.errorCode === 0 && topic.partitions.every(({ leaderId }) => leaderId >= 0);
    if (isReady) {
      if (!isThere) note(terminal, `created topic '${name}', which was not there${hint}`);
      return topic;
    }
    const errorCode = topic.errorCode || ErrorCode.LEADER_NOT_AVAILABLE;
    const waitedMs = terminal.clock.monotonic() - started;
    if (errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION && waitedMs > Math.min(limitMs, CREATION_MS)) {
      const next = hint || `; \`ottla topics create ${name}\` makes it`;
      throw new CommandError(`there is no topic '${name}', and this cluster creates none by itself${next}`);
    }
    const refusal = new Refused(`topic '${name}'`, errorCode);
    if (!refusal.isRetriable || waitedMs > limitMs) throw refusal;
    await cluster.pause(100);
  }
}
