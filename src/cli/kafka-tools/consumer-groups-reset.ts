/** `kafka-consumer-groups --reset-offsets`, and that of share groups: plans where a group goes on reading and, with --execute, commits it. */
import { nodeFiles } from '../../platform/files.ts';
import type { Cluster, TopicMetadata } from '../client/cluster.ts';
import { commitOffsets, committedOffsets, type CommittedOffset } from '../client/group-offsets.ts';
import { describeGroup } from '../client/groups.ts';
import { listOffsets, nameOf, type TopicPartition } from '../client/offsets.ts';
import { boundsOf } from '../client/positions.ts';
import { printLine, type Terminal } from '../terminal.ts';
import { parseDuration, parseTime } from '../time-text.ts';
import { CommandError, UsageError } from '../usage.ts';
import { columns } from './cluster.ts';
import type { Flags } from './flags.ts';
import { groupsOf } from './group-selection.ts';
import { parseScope } from './topic-scope.ts';

/** How a new offset is said; one of them must be. */
export const SCENARIOS = [
  'to-earliest',
  'to-latest',
  'to-current',
  'to-offset',
  'shift-by',
  'to-datetime',
  'by-duration',
  'from-file',
] as const;

type Scenario = (typeof SCENARIOS)[number];

interface Plan {
  readonly group: string;
  readonly offsets: readonly CommittedOffset[];
}

/** The kind of groups whose offsets are moved. */
export interface ResetGroups {
  readonly scenarios: readonly Scenario[];
  /** Where the group is now. */
  offsets(cluster: Cluster, group: string): Promise<CommittedOffset[]>;
  /** Why it cannot be moved now; null where it can. */
  whyNot(cluster: Cluster, group: string): Promise<string | null>;
  move(cluster: Cluster, group: string, offsets: readonly CommittedOffset[]): Promise<void>;
}

export const CONSUMER_GROUPS: ResetGroups = {
  scenarios: SCENARIOS,
  offsets: committedOffsets,
  async whyNot(cluster, group) {
    const state = (await describeGroup(cluster, group))?.state ?? 'Dead';
    if (state === 'Empty' || state === 'Dead') return null;
    return `Assignments can only be reset if the group '${group}' is inactive, but the current state is ${state}.`;
  },
  move: (cluster, group, offsets) => commitOffsets(cluster, group, offsets),
};

export async function resetOffsets(
  cluster: Cluster,
  flags: Flags,
  terminal: Terminal,
  kind: ResetGroups = CONSUMER_GROUPS,
): Promise<void> {
  if (flags.has('execute') && flags.has('dry-run')) throw new UsageError('--execute cannot be used with --dry-run');
  const scenario = flags.oneOf(kind.scenarios);
  checkScope(flags, scenario);
  if (!flags.has('execute') && !flags.has('dry-run')) {
    terminal.stderr.write('WARN: No action will be performed as the --execute option is missing.\n');
  }
  const plans: Plan[] = [];
  const groups = await groupsOf(cluster, flags);
  const file = scenario === 'from-file' ? readPlans(flags.need('from-file'), groups) : null;
  for (const group of groups) {
    const why = await kind.whyNot(cluster, group);
    if (why !== null) {
      await printLine(terminal, `\nError: ${why}`);
      continue;
    }
    const known = await kind.offsets(cluster, group);
    plans.push(await planOf(cluster, flags, scenario, group, known, file?.get(group) ?? null, terminal));
  }
  if (flags.has('execute')) for (const { group, offsets } of plans) await kind.move(cluster, group, offsets);
  await printPlans(plans, flags, terminal);
}

function checkScope(flags: Flags, scenario: Scenario): void {
  const given = ['topic', 'all-topics'].filter((name) => flags.has(name));
  if (scenario === 'from-file') {
    if (given.length > 0) throw new UsageError(`--${given[0]} cannot be used with --from-file`);
  } else if (given.length !== 1) {
    throw new UsageError('One of the reset scopes should be defined: --all-topics, --topic.');
  }
}

async function printPlans(plans: readonly Plan[], flags: Flags, terminal: Terminal): Promise<void> {
  const rows = plans.flatMap(({ group, offsets }) =>
    offsets.map(({ topic, partition, offset }) => [group, topic, partition, offset]),
  );
  if (!flags.has('export')) {
    const heading = ['GROUP', 'TOPIC', 'PARTITION', 'NEW-OFFSET'];
    return printLine(terminal, `\n${columns([heading, ...rows], [15, 15, 10, 15])}`);
  }
  const isOne = !flags.has('all-groups') && flags.all('group').length === 1;
  for (const row of rows) await printLine(terminal, (isOne ? row.slice(1) : row).join(','));
}

type Wanted = TopicPartition & { readonly offset?: number };

async function planOf(
  cluster: Cluster,
  flags: Flags,
  scenario: Scenario,
  group: string,
  committed: readonly CommittedOffset[],
  fromFile: readonly CommittedOffset[] | null,
  terminal: Terminal,
): Promise<Plan> {
  const wanted: readonly Wanted[] = fromFile ?? (await scopeOf(cluster, flags, committed));
  const topics = await existing(cluster, wanted);
  const included = new Set(wanted.map(nameOf));
  const bounds = await boundsOf(cluster, topics, (at) => included.has(nameOf(at)));
  const old = new Map(committed.map((each) => [nameOf(each), each.offset]));
  const time = timeOf(flags, scenario, terminal.clock.now());
  const found =
    time === null ? null : await listOffsets(cluster, topics, (at) => (included.has(nameOf(at)) ? time : undefined));
  const offsets: CommittedOffset[] = [];
  for (const { topic, partition, offset: told } of wanted) {
    const name = nameOf({ topic, partition });
    const [first, last] = [bounds.begin.get(name)!, bounds.end.get(name)!];
    if (found !== null && (found.get(name) ?? -1) < 0) {
      const what = `Partition ${partition} from topic ${topic} is empty.`;
      await printLine(terminal, `\nWarn: ${what} Falling back to latest known offset.`);
    }
    const meant = told ?? offsetOf(flags, scenario, { topic, partition }, first, last, old.get(name), found?.get(name));
    offsets.push({ topic, partition, offset: Math.min(Math.max(meant, first), last) });
  }
  return { group, offsets };
}

function offsetOf(
  flags: Flags,
  scenario: Scenario,
  { topic, partition }: TopicPartition,
  first: number,
  last: number,
  committed: number | undefined,
  found = -1,
): number {
  switch (scenario) {
    case 'to-earliest':
      return first;
    case 'to-latest':
      return last;
    case 'to-current':
      return committed ?? last;
    case 'to-offset':
      return flags.number('to-offset')!;
    case 'shift-by':
      if (committed !== undefined) return committed + flags.number('shift-by')!;
      throw new UsageError(
        `Cannot shift offset for partition ${topic}-${partition} since there is no current committed offset`,
      );
    default:
      return found < 0 ? last : found;
  }
}

/** From when on the records are wanted; null where that is not said by a time. */
function timeOf(flags: Flags, scenario: Scenario, now: number): number | null {
  if (scenario === 'to-datetime') {
    const text = flags.need('to-datetime');
    const time = text.includes('T') ? parseTime(text) : null;
    if (time !== null) return time;
    throw new CommandError(`--to-datetime ${text}: write YYYY-MM-DDThh:mm:ss.sss, which is UTC unless a zone follows`);
  }
  if (scenario !== 'by-duration') return null;
  const text = flags.need('by-duration');
  const duration = parseDuration(text);
  if (duration !== null) return now - duration;
  throw new CommandError(`--by-duration ${text}: write a duration such as P1DT2H (PnDTnHnMnS)`);
}

/** What --topic names, or all that the group has committed. */
async function scopeOf(
  cluster: Cluster,
  flags: Flags,
  committed: readonly TopicPartition[],
): Promise<TopicPartition[]> {
  if (flags.has('all-topics')) return committed.map(({ topic, partition }) => ({ topic, partition }));
  const scopes = flags.all('topic').map(parseScope);
  const topics = await existing(cluster, scopes);
  return scopes.flatMap(({ topic, partitions }) => {
    const { partitions: there } = topics.find(({ name }) => name === topic)!;
    const all = there.map(({ partitionIndex }) => partitionIndex).toSorted((a, b) => a - b);
    return (partitions ?? all).map((partition) => ({ topic, partition }));
  });
}

/** The topics of these partitions. @throws {CommandError} where one is not there */
async function existing(
  cluster: Cluster,
  wanted: readonly { readonly topic: string; readonly partition?: number }[],
): Promise<TopicMetadata[]> {
  const { topics } = await cluster.metadata([...new Set(wanted.map(({ topic }) => topic))]);
  const missing = topics.find(({ errorCode }) => errorCode !== 0);
  if (missing !== undefined) throw new CommandError(`there is no topic '${missing.name}'`);
  const has = (topic: string, partition: number): boolean =>
    topics.some(
      ({ name, partitions }) => name === topic && partitions.some(({ partitionIndex }) => partitionIndex === partition),
    );
  const strange = wanted.filter(({ topic, partition }) => partition !== undefined && !has(topic, partition));
  if (strange.length === 0) return topics;
  const names = strange.map(({ topic, partition }) => `${topic}-${partition}`).join(',');
  throw new CommandError(`The partitions "${names}" do not exist`);
}

/** The lines of a file as --export writes them: topic,partition,offset, behind the group's name where there are several. */
function readPlans(path: string, groups: readonly string[]): Map<string, CommittedOffset[]> {
  if (!nodeFiles.exists(path)) throw new CommandError(`Unable to read file ${path}`);
  const plans = new Map<string, CommittedOffset[]>(groups.map((group) => [group, []]));
  const isOne = groups.length === 1;
  for (const [index, line] of nodeFiles.readAll(path).toString().split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const cells = line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
    const group = isOne && cells.length === 3 ? groups[0] : cells.shift()!;
    const [topic, partition, offset] = cells;
    if (cells.length !== 3 || !/^\d{1,9}$/.test(partition) || !/^\d{1,15}$/.test(offset)) {
      const shape = isOne ? 'topic,partition,offset' : 'group,topic,partition,offset';
      throw new CommandError(`${path}: line ${index + 1} is not ${shape}`);
    }
    plans.get(group)?.push({ topic, partition: Number(partition), offset: Number(offset) });
  }
  const empty = groups.find((group) => plans.get(group)!.length === 0);
  if (empty !== undefined) throw new CommandError(`No reset plan for group ${empty} found`);
  return plans;
}
