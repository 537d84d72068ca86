/** `kafka-consumer-groups`: lists, shows, resets and deletes groups. */
import { DeleteGroups } from '../../../protocol/apis/42-delete-groups.ts';
import { errorMessage } from '../../../protocol/errors.ts';
import type { Cluster } from '../client/cluster.ts';
import { formatAddress } from '../client/address.ts';
import { commitOffsets, committedOffsets } from '../client/group-offsets.ts';
import { describeGroup, listGroups, type DescribedGroup } from '../client/groups.ts';
import { END, listOffsets, nameOf, type TopicPartition } from '../client/offsets.ts';
import { boundsOf, resolvePositions, type Position } from '../client/positions.ts';
import { printLine, type Terminal } from '../terminal.ts';
import { findTopics } from '../topic-names.ts';
import { CommandError, UsageError } from '../usage.ts';
import { columns, onCluster } from './cluster.ts';
import { readFlags, type Flags } from './flags.ts';

const FLAGS = {
  list: 'switch',
  describe: 'switch',
  delete: 'switch',
  'reset-offsets': 'switch',
  group: 'list',
  'all-groups': 'switch',
  topic: 'list',
  'all-topics': 'switch',
  members: 'switch',
  state: 'switch',
  offsets: 'ignored switch',
  verbose: 'ignored switch',
  'to-earliest': 'switch',
  'to-latest': 'switch',
  'to-offset': 'value',
  'to-datetime': 'value',
  'shift-by': 'value',
  execute: 'switch',
  'dry-run': 'switch',
} as const;

const ACTIONS = { list, describe, delete: remove, 'reset-offsets': reset } as const;

export async function consumerGroups(args: readonly string[], terminal: Terminal): Promise<number> {
  const flags = readFlags(args, FLAGS);
  const asked = (Object.keys(ACTIONS) as (keyof typeof ACTIONS)[]).filter((action) => flags.has(action));
  if (asked.length !== 1) throw new UsageError('say one of --list, --describe, --delete, --reset-offsets');
  try {
    await onCluster(terminal, flags, (cluster) => ACTIONS[asked[0]](cluster, flags, terminal));
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    // Kafka's tool ends with 0 all the same, and scripts rely on it.
    await printLine(terminal, `\nError: ${error.message}`);
  }
  return 0;
}

async function list(cluster: Cluster, flags: Flags, terminal: Terminal): Promise<void> {
  const groups = (await listGroups(cluster)).filter(({ protocol }) => ['', 'consumer'].includes(protocol));
  if (!flags.has('state')) return printLine(terminal, groups.map(({ group }) => group).join('\n'));
  const rows = groups.map(({ group, state }) => [group, state]);
  await printLine(terminal, columns([['GROUP', 'STATE'], ...rows]));
}

async function groupsOf(cluster: Cluster, flags: Flags): Promise<DescribedGroup[]> {
  const names = flags.has('all-groups')
    ? (await listGroups(cluster)).filter(({ protocol }) => protocol === 'consumer').map(({ group }) => group)
    : flags.all('group');
  if (names.length === 0 && !flags.has('all-groups')) throw new UsageError('write --group NAME, or --all-groups');
  const found: DescribedGroup[] = [];
  for (const name of names) {
    const group = await describeGroup(cluster, name);
    if (group === null) throw new CommandError(`there is no group '${name}'`);
    found.push(group);
  }
  return found;
}

async function describe(cluster: Cluster, flags: Flags, terminal: Terminal): Promise<void> {
  for (const group of await groupsOf(cluster, flags)) {
    if (group.members.length === 0) terminal.stderr.write(`\nConsumer group '${group.group}' has no active members.\n`);
    if (flags.has('state')) await printState(cluster, group, terminal);
    else if (flags.has('members')) await printMembers(group, terminal);
    else await printOffsets(cluster, group, terminal);
  }
}

async function printState(cluster: Cluster, group: DescribedGroup, terminal: Terminal): Promise<void> {
  const coordinator = await cluster.coordinator(group.group);
  const address = cluster.nodes.get(coordinator)!;
  const rows = [
    ['GROUP', 'COORDINATOR (ID)', 'ASSIGNMENT-STRATEGY', 'STATE', '#MEMBERS'],
    [
      group.group,
      `${formatAddress(address)}  (${coordinator})`,
      group.assignor || '-',
      group.state,
      String(group.members.length),
    ],
  ];
  await printLine(terminal, `\n${columns(rows)}`);
}

async function printMembers(group: DescribedGroup, terminal: Terminal): Promise<void> {
  const rows = group.members.map(({ memberId, client, partitions }) => {
    const [clientId, host] = split(client);
    return [group.group, memberId, `/${host}`, clientId, String(partitions.length)];
  });
  await printLine(terminal, `\n${columns([['GROUP', 'CONSUMER-ID', 'HOST', 'CLIENT-ID', '#PARTITIONS'], ...rows])}`);
}

function split(client: string): [string, string] {
  const at = client.lastIndexOf('@');
  return [client.slice(0, at), client.slice(at + 1)];
}

async function printOffsets(cluster: Cluster, group: DescribedGroup, terminal: Terminal): Promise<void> {
  const stored = new Map((await committedOffsets(cluster, group.group)).map((each) => [nameOf(each), each]));
  const owners = new Map(
    group.members.flatMap((member) => member.partitions.map((at) => [nameOf(at), { at, member }])),
  );
  const all = new Map<string, TopicPartition>([
    ...stored,
    ...[...owners].map(([name, { at }]): [string, TopicPartition] => [name, at]),
  ]);
  if (all.size === 0) return;
  const { topics } = await cluster.metadata([...new Set([...all.values()].map(({ topic }) => topic))]);
  const there = topics.filter(({ errorCode }) => errorCode === 0);
  const ends = await listOffsets(cluster, there, (at) => (all.has(nameOf(at)) ? END : undefined));
  const rows = [...all]
    .toSorted(([, a], [, b]) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1))
    .map(([name, { topic, partition }]) => {
      const [committed, end] = [stored.get(name)?.offset, ends.get(name)];
      const lag = committed === undefined || end === undefined ? '-' : end - committed;
      const member = owners.get(name)?.member;
      const [clientId, host] = member === undefined ? ['-', '-'] : split(member.client);
      const owner = [member?.memberId ?? '-', member === undefined ? '-' : `/${host}`, clientId];
      return [group.group, topic, partition, committed ?? '-', end ?? '-', lag, ...owner];
    });
  const heading = ['GROUP', 'TOPIC', 'PARTITION', 'CURRENT-OFFSET', 'LOG-END-OFFSET', 'LAG', 'CONSUMER-ID', 'HOST'];
  await printLine(terminal, `\n${columns([[...heading, 'CLIENT-ID'], ...rows])}`);
}

async function remove(cluster: Cluster, flags: Flags, terminal: Terminal): Promise<void> {
  const names = (await groupsOf(cluster, flags)).map(({ group }) => group);
  for (const name of names) {
    await cluster.sendToCoordinator(name, DeleteGroups, { groupsNames: [name] }, ({ results: [{ errorCode }] }) => {
      if (errorCode !== 0) throw new CommandError(`group '${name}' was not deleted: ${errorMessage(errorCode)}`);
    });
  }
  const quoted = names.map((name) => `'${name}'`).join(', ');
  await printLine(terminal, `Deletion of requested consumer groups (${quoted}) was successful.`);
}

async function reset(cluster: Cluster, flags: Flags, terminal: Terminal): Promise<void> {
  const groups = flags.all('group');
  if (groups.length === 0) throw new UsageError('write --group NAME');
  const rows: (string | number)[][] = [];
  for (const group of groups) {
    const committed = await committedOffsets(cluster, group);
    const wanted = await scopeOf(cluster, flags, committed);
    const included = new Set(wanted.map(nameOf));
    const topics = await findTopics(cluster, [...new Set(wanted.map(({ topic }) => topic))]);
    const bounds = await boundsOf(cluster, topics, (at) => included.has(nameOf(at)));
    const old = new Map(committed.map((each) => [nameOf(each), each.offset]));
    const offsets = await resolvePositions(cluster, topics, (at) => positionOf(flags, old.get(nameOf(at))), bounds);
    const moves = wanted.map((at) => ({ ...at, offset: offsets.get(nameOf(at))! }));
    if (flags.has('execute')) await commitOffsets(cluster, group, moves);
    rows.push(...moves.map(({ topic, partition, offset }) => [group, topic, partition, offset]));
  }
  await printLine(terminal, `\n${columns([['GROUP', 'TOPIC', 'PARTITION', 'NEW-OFFSET'], ...rows])}`);
  if (!flags.has('execute')) terminal.stderr.write('nothing was changed: add --execute\n');
}

/** --topic name, or name:0,1; or what the group has committed. */
async function scopeOf(
  cluster: Cluster,
  flags: Flags,
  committed: readonly TopicPartition[],
): Promise<TopicPartition[]> {
  if (flags.has('all-topics')) return committed.map(({ topic, partition }) => ({ topic, partition }));
  if (flags.all('topic').length === 0) throw new UsageError('write --topic NAME, or --all-topics');
  const scopes = flags.all('topic').map((text) => text.split(':'));
  const topics = await findTopics(
    cluster,
    scopes.map(([name]) => name),
  );
  return scopes.flatMap(([topic, some], at) => {
    const all = topics[at].partitions.map(({ partitionIndex }) => partitionIndex);
    return (some === undefined ? all : some.split(',').map(Number)).map((partition) => ({ topic, partition }));
  });
}

function positionOf(flags: Flags, committed: number | undefined): Position {
  if (flags.has('to-earliest')) return { at: 'beginning' };
  if (flags.has('to-latest')) return { at: 'end' };
  const [offset, shift, time] = [flags.number('to-offset'), flags.number('shift-by'), flags.get('to-datetime')];
  if (offset !== undefined) return { offset };
  if (shift !== undefined) return { offset: Math.max(0, (committed ?? 0) + shift) };
  const parsed = Date.parse(time ?? '');
  if (Number.isNaN(parsed)) {
    throw new UsageError('say where: --to-earliest, --to-latest, --to-offset N, --shift-by N, --to-datetime ISO-8601');
  }
  return { time: parsed };
}
