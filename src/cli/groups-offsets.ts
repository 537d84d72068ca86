/** `ottla groups reset-offsets` and `delete-offsets`: move and forget what a group has committed. */
import type { Command } from 'commander';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Cluster, TopicMetadata } from './client/cluster.ts';
import { commitOffsets, committedOffsets, deleteOffsets, type CommittedOffset } from './client/group-offsets.ts';
import { nameOf, type TopicPartition } from './client/offsets.ts';
import { boundsOf, parsePosition, resolvePositions, type Position } from './client/positions.ts';
import { command } from './command-line.ts';
import { withCluster, withConnection, type ConnectionOptions } from './connection-options.ts';
import { existingGroup } from './group-names.ts';
import { collect } from './option-values.ts';
import { note, printJson, printLine, printTable, type Terminal } from './terminal.ts';
import { findTopics, partitionsOf } from './topic-names.ts';
import { CommandError, UsageError } from './usage.ts';

interface ResetOptions extends ConnectionOptions {
  to: string;
  topic?: string[];
  allTopics?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

export function resetCommand(terminal: Terminal): Command {
  const reset = command('reset-offsets', 'move the committed offsets of a group that has no members', [
    ['ottla groups reset-offsets audit --topic orders --to beginning', 'read all again'],
    ['ottla groups reset-offsets audit --topic orders:0,1 --to 42', 'two partitions, to an offset'],
    ['ottla groups reset-offsets audit --all-topics --to @2026-11-21', 'what it reads, to a time'],
    ['ottla groups reset-offsets audit --topic orders --to -10 --dry-run', 'show what would be'],
  ])
    .alias('reset')
    .argument('<group>', 'its name; one that is not there is made')
    .requiredOption('--to <where>', 'beginning, end, an offset, -5 (five before the end), @time')
    .option('--topic <topic[:partitions]>', 'which; may be repeated', collect)
    .option('--all-topics', 'all that it has committed offsets of')
    .option('--dry-run', 'show, and change nothing')
    .option('--json', 'as JSON');
  return withConnection(reset).action((group: string, options: ResetOptions) => {
    const position = parsePosition(options.to, terminal.clock.now());
    if ('at' in position && position.at === 'stored') throw new UsageError('--to stored is where the group is already');
    return withCluster(terminal, options, async (cluster) => {
      const before = await committedOffsets(cluster, group);
      const wanted = await scopeOf(cluster, options, before);
      const after = await movedOffsets(cluster, wanted, position);
      if (options.dryRun !== true) {
        await commitOffsets(cluster, group, after).catch((error: unknown) =>
          Promise.reject(explainMembers(error, group)),
        );
      }
      await printMoves(terminal, options, before, after);
    });
  });
}

/** The partitions that --topic and --all-topics name, by topic. */
async function scopeOf(
  cluster: Cluster,
  { topic: given = [], allTopics }: { topic?: string[]; allTopics?: boolean },
  committed: readonly TopicPartition[],
): Promise<{ topic: TopicMetadata; partitions: number[] }[]> {
  const scopes: { name: string; partitions: number[] | null }[] = given.map((text) => {
    const match = /^([^:]+)(?::([\d,]+))?$/.exec(text);
    if (match === null) throw new UsageError(`--topic ${text}: write orders, or orders:0,1`);
    return { name: match[1], partitions: match[2] === undefined ? null : match[2].split(',').map(Number) };
  });
  if (allTopics === true) {
    for (const name of new Set(committed.map(({ topic }) => topic))) scopes.push({ name, partitions: null });
  }
  if (scopes.length === 0) {
    throw new UsageError(
      allTopics === true
        ? 'the group has committed nothing: name a topic with --topic'
        : 'say which: --topic NAME, or --all-topics',
    );
  }
  const topics = await findTopics(cluster, [...new Set(scopes.map(({ name }) => name))]);
  return scopes.map(({ name, partitions }) => {
    const topic = topics.find((each) => each.name === name)!;
    return { topic, partitions: partitionsOf(topic, partitions) };
  });
}

async function movedOffsets(
  cluster: Cluster,
  wanted: readonly { topic: TopicMetadata; partitions: number[] }[],
  position: Position,
): Promise<CommittedOffset[]> {
  const included = new Map<string, TopicPartition>(
    wanted.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => [`${topic.name}/${partition}`, { topic: topic.name!, partition }] as const),
    ),
  );
  const topics = [...new Map(wanted.map(({ topic }) => [topic.name, topic])).values()];
  const bounds = await boundsOf(cluster, topics, (at) => included.has(nameOf(at)));
  const offsets = await resolvePositions(cluster, topics, () => position, bounds);
  return [...included].map(([name, at]) => ({ ...at, offset: offsets.get(name)! }));
}

function explainMembers(error: unknown, group: string): unknown {
  const { errorCode } = error as { errorCode?: number };
  const hasMembers = errorCode === ErrorCode.UNKNOWN_MEMBER_ID || errorCode === ErrorCode.REBALANCE_IN_PROGRESS;
  if (!hasMembers) return error;
  return new CommandError(`group '${group}' has members: stop its consumers first, then reset`);
}

async function printMoves(
  terminal: Terminal,
  { json, dryRun }: ResetOptions,
  before: readonly CommittedOffset[],
  after: readonly CommittedOffset[],
): Promise<void> {
  const old = new Map(before.map((each) => [nameOf(each), each.offset]));
  const moves = after.map(({ topic, partition, offset }) => ({
    topic,
    partition,
    from: old.get(nameOf({ topic, partition })) ?? null,
    to: offset,
  }));
  if (json === true) return printJson(terminal, moves);
  await printTable(
    terminal,
    [
      { title: 'TOPIC' },
      { title: 'PARTITION', align: 'right' },
      { title: 'FROM', align: 'right' },
      { title: 'TO', align: 'right' },
    ],
    moves.map(({ topic, partition, from, to }) => [topic, partition, from ?? '-', to]),
  );
  if (dryRun === true) note(terminal, 'nothing was changed (--dry-run)');
}

export function deleteOffsetsCommand(terminal: Terminal): Command {
  const remove = command('delete-offsets', 'forget what a group has committed of topics that it does not read', [
    ['ottla groups delete-offsets audit --topic orders', 'of a whole topic'],
  ])
    .argument('<group>', 'its name')
    .option('--topic <topic[:partitions]>', 'which; may be repeated', collect);
  return withConnection(remove).action((group: string, options: ConnectionOptions & { topic?: string[] }) =>
    withCluster(terminal, options, async (cluster) => {
      await existingGroup(cluster, group);
      const committed = await committedOffsets(cluster, group);
      const included = (await scopeOf(cluster, options, committed)).flatMap(({ topic, partitions }) =>
        partitions.map((partition) => ({ topic: topic.name!, partition })),
      );
      const there = new Set(committed.map(nameOf));
      const forgotten = included.filter((at) => there.has(nameOf(at)));
      await deleteOffsets(cluster, group, forgotten);
      await printLine(terminal, `forgot ${forgotten.length} offset${forgotten.length === 1 ? '' : 's'} of ${group}`);
    }),
  );
}
