/** `ottla consume`: writes the records of topics to stdout, alone or as a member of a group. */
import { Option, type Command } from 'commander';
import type { Record as KafkaRecord } from '../../protocol/records/decode.ts';
import { AutoCommit } from './client/auto-commit.ts';
import type { Cluster, TopicMetadata } from './client/cluster.ts';
import { fetchAll, type BatchFacts, type Reading } from './client/fetcher.ts';
import { GroupMember } from './client/group-member.ts';
import { committedOffsets } from './client/group-offsets.ts';
import { nameOf, type TopicPartition } from './client/offsets.ts';
import { boundsOf, parsePosition, resolvePositions, type Bounds, type Position } from './client/positions.ts';
import { command } from './command-line.ts';
import { withCluster, withConnection, type ConnectionOptions } from './connection-options.ts';
import { unescape } from './escapes.ts';
import { partitionList, wholeNumber } from './option-values.ts';
import { Progress } from './progress.ts';
import { compileFormat, jsonLine, LETTERS_HELP, type ReadRecord } from './record-format.ts';
import { note, print, type Terminal } from './terminal.ts';
import { findTopics, partitionsOf } from './topic-names.ts';
import { UsageError } from './usage.ts';

export interface ConsumeOptions extends ConnectionOptions {
  offset?: string;
  partition?: number[];
  count?: number;
  exit?: boolean;
  format?: string;
  keyDelimiter?: string;
  delimiter: string;
  json?: boolean;
  group?: string;
  commit: boolean;
  isolation: 'committed' | 'uncommitted';
}

export function consumeCommand(terminal: Terminal): Command {
  const consume = command('consume', 'read records from topics', [
    ['ottla consume orders', 'from the beginning, then wait for more'],
    ['ottla consume orders -o end', 'only what comes from now on'],
    ['ottla consume orders -o -5 -e', 'the last 5 of each partition, then exit'],
    ['ottla consume orders -o @1h -e', 'those of the last hour'],
    ["ottla consume orders -f '%t %p %o %k: %s\\n'", 'in a format of yours'],
    ['ottla consume orders -K :', 'key:value, as produce -K reads it'],
    ['ottla consume orders --json -e | jq .value', 'JSON lines, for scripts'],
    ['ottla consume orders payments -g audit', 'as a member of the group audit'],
    ['ottla consume orders -c 1 -p 0 -o 42', 'one record'],
  ])
    .argument('<topic...>', 'what to read')
    .option(
      '-o, --offset <where>',
      'beginning, end, 42, -5 (the last five), @time; in a group: where nothing is committed',
    )
    .option('-p, --partition <list>', 'only these: 0, or 0,2, or 0-3', partitionList('-p'))
    .option('-c, --count <n>', 'exit after so many records', wholeNumber('-c', 1))
    .option('-e, --exit', 'exit at the end, as it was at the start')
    .option('-g, --group <id>', 'as a member of this group, which keeps how far it has read')
    .option('--no-commit', 'with -g: keep nothing')
    .option('-f, --format <format>', `how to write each: ${LETTERS_HELP}`)
    .option('-K, --key-delimiter <text>', 'write key, this, value', unescape)
    .option('-D, --delimiter <text>', 'written after each record (default: \\n)', unescape, '\n')
    .option('--json', 'a line of JSON each')
    .addOption(
      new Option('--isolation <which>', 'records of transactions: only committed, or all')
        .choices(['committed', 'uncommitted'])
        .default('committed'),
    );
  return withConnection(consume).action((topics: string[], options: ConsumeOptions) =>
    withCluster(terminal, options, (cluster) => consumeTopics(terminal, cluster, topics, options)),
  );
}

/** Reads until the options, or the terminal, say that it is enough; `write` makes bytes of each record. */
export async function consumeTopics(
  terminal: Terminal,
  cluster: Cluster,
  names: readonly string[],
  options: ConsumeOptions,
  write: (record: ReadRecord) => Buffer = writerOf(options),
): Promise<void> {
  const position = options.offset === undefined ? null : parsePosition(options.offset, terminal.clock.now());
  if (options.group !== undefined && options.partition !== undefined) {
    throw new UsageError('-g and -p exclude each other: a group divides the partitions itself');
  }
  const topics = await findTopics(cluster, names);
  const output = new Output(terminal, write, options.count ?? Infinity);
  try {
    if (options.group === undefined) await consumeAlone(cluster, topics, position, options, output);
    else await consumeInGroup(cluster, topics, position, { ...options, group: options.group }, output);
  } finally {
    output.end();
  }
}

function writerOf({ json, format, keyDelimiter, delimiter }: ConsumeOptions): (record: ReadRecord) => Buffer {
  if (json === true) return jsonLine;
  if (format !== undefined) return compileFormat(format);
  const [between, after] = [Buffer.from(keyDelimiter ?? ''), Buffer.from(delimiter)];
  const none = Buffer.alloc(0);
  if (keyDelimiter === undefined) return ({ value }) => Buffer.concat([value ?? none, after]);
  return ({ key, value }) => Buffer.concat([key ?? none, between, value ?? none, after]);
}

/** Counts what is written, and ends the reading when it is enough or nobody listens. */
class Output {
  readonly done = new AbortController();
  readonly terminal: Terminal;
  readonly #write: (record: ReadRecord) => Buffer;
  readonly #progress: Progress;
  #left: number;

  constructor(terminal: Terminal, write: (record: ReadRecord) => Buffer, count: number) {
    this.terminal = terminal;
    this.#write = write;
    this.#left = count;
    this.#progress = new Progress(terminal, terminal.stdout.isTTY !== true);
    const stopping = terminal.stopping();
    if (stopping.aborted) this.done.abort();
    stopping.addEventListener('abort', () => this.done.abort());
  }

  /** Answers how many it has written. */
  async take({ topic, partition }: TopicPartition, records: KafkaRecord[], facts: BatchFacts): Promise<number> {
    const wanted = records.slice(0, this.#left);
    this.#left -= wanted.length;
    const { timestampType, leaderEpoch } = facts;
    const pieces = wanted.map((record) => this.#write({ ...record, topic, partition, timestampType, leaderEpoch }));
    const bytes = Buffer.concat(pieces);
    this.#progress.records += wanted.length;
    this.#progress.bytes += bytes.length;
    await print(this.terminal.stdout, bytes);
    if (this.#left === 0) this.done.abort();
    return wanted.length;
  }

  /** For someone who looks on and wonders. */
  hint(text: string): void {
    if (this.terminal.stderr.isTTY === true) note(this.terminal, text);
  }

  expect(total: number): void {
    this.#progress.total = Math.min(total, this.#left);
  }

  end(): void {
    this.#progress.end();
    const { stderr, stdout } = this.terminal;
    if (stderr.isTTY === true && stdout.isTTY !== true) note(this.terminal, this.#progress.summary());
  }
}

async function consumeAlone(
  cluster: Cluster,
  topics: readonly TopicMetadata[],
  position: Position | null,
  options: ConsumeOptions,
  output: Output,
): Promise<void> {
  const wanted = new Set(
    topics.flatMap((topic) =>
      partitionsOf(topic, options.partition ?? null).map((partition) => nameOf({ topic: topic.name!, partition })),
    ),
  );
  const committed = options.isolation === 'committed';
  const bounds = await boundsOf(cluster, topics, (at) => wanted.has(nameOf(at)), committed);
  const offsets = await resolvePositions(cluster, topics, () => position ?? { at: 'beginning' }, bounds);
  const readings = readingsOf(topics, offsets, bounds, options);
  if (options.exit === true) output.expect(readings.reduce((sum, { offset, until }) => sum + (until! - offset), 0));
  const isAtEnd = readings.every((reading) => reading.offset === bounds.end.get(nameOf(reading)));
  if (isAtEnd && options.exit !== true) output.hint('nothing to read yet: waiting for records, Ctrl-C ends');
  const take = async (at: TopicPartition, records: KafkaRecord[], facts: BatchFacts): Promise<void> =>
    void (await output.take(at, records, facts));
  await fetchAll(cluster, readings, { committed, signal: output.done.signal, take });
}

function readingsOf(
  topics: readonly TopicMetadata[],
  offsets: ReadonlyMap<string, number>,
  { end }: Bounds,
  options: ConsumeOptions,
): Reading[] {
  return topics.flatMap(({ name: topic, partitions }) =>
    partitions.flatMap(({ partitionIndex: partition }) => {
      const name = nameOf({ topic: topic!, partition });
      const offset = offsets.get(name);
      const until = options.exit === true ? (end.get(name) ?? 0) : null;
      return offset === undefined ? [] : [{ topic: topic!, partition, offset, until }];
    }),
  );
}

async function consumeInGroup(
  cluster: Cluster,
  topics: readonly TopicMetadata[],
  position: Position | null,
  options: ConsumeOptions & { group: string },
  output: Output,
): Promise<void> {
  const { group } = options;
  const stopped = output.done.signal;
  const member = new GroupMember(
    cluster,
    group,
    topics.map(({ name }) => name!),
  );
  try {
    for (let isDone = false; !isDone && !stopped.aborted;) {
      const rebalance = new AbortController();
      const end = (): void => rebalance.abort();
      stopped.addEventListener('abort', end);
      const mine = await member.join(end);
      isDone = await readShare(cluster, topics, mine, position, options, member, output, rebalance.signal);
      stopped.removeEventListener('abort', end);
    }
  } finally {
    await member.leave();
  }
}

/** Reads this member's partitions until the group rebalances (false), or to their ends with -e (true). */
async function readShare(
  cluster: Cluster,
  topics: readonly TopicMetadata[],
  mine: readonly TopicPartition[],
  position: Position | null,
  options: ConsumeOptions & { group: string },
  member: GroupMember,
  output: Output,
  signal: AbortSignal,
): Promise<boolean> {
  const committed = options.isolation === 'committed';
  const owned = new Set(mine.map(nameOf));
  const stored = new Map((await committedOffsets(cluster, options.group)).map((each) => [nameOf(each), each.offset]));
  const bounds = await boundsOf(cluster, topics, (at) => owned.has(nameOf(at)), committed);
  const otherwise =
    position === null || ('at' in position && position.at === 'stored') ? { at: 'beginning' as const } : position;
  const positionOf = (at: TopicPartition): Position => {
    const offset = stored.get(nameOf(at));
    return offset === undefined ? otherwise : { offset };
  };
  const readings = readingsOf(topics, await resolvePositions(cluster, topics, positionOf, bounds), bounds, options);
  const commits = new AutoCommit(cluster.clock, (offsets) =>
    options.commit
      ? member.commit(offsets).catch((error: Error) => note(output.terminal, `not committed: ${error.message}`))
      : Promise.resolve(),
  );
  const take = async (at: TopicPartition, records: KafkaRecord[], facts: BatchFacts): Promise<void> => {
    const count = await output.take(at, records, facts);
    if (count > 0) commits.add({ ...at, offset: records[count - 1].offset + 1 });
  };
  await fetchAll(cluster, readings, { committed, signal, take });
  // A member with nothing to read waits for a rebalance that gives it something.
  if (readings.length === 0 && options.exit !== true) await aborted(signal);
  await commits.now();
  return !signal.aborted;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
