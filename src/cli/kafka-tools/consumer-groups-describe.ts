/** `kafka-consumer-groups --describe`: offsets and lag, members, or the state of groups, as Kafka lays them out. */
import type { Cluster } from '../client/cluster.ts';
import { formatAddress } from '../client/address.ts';
import { committedOffsets } from '../client/group-offsets.ts';
import { describeGroup, type DescribedGroup } from '../client/groups.ts';
import { byTopic, END, listOffsets, nameOf, type TopicPartition } from '../client/offsets.ts';
import { printLine, type Terminal } from '../terminal.ts';
import { CommandError, UsageError } from '../usage.ts';
import { columns } from './cluster.ts';
import type { Flags } from './flags.ts';
import { groupsOf } from './group-selection.ts';

const NOTHING = '-';

export async function describeGroups(cluster: Cluster, flags: Flags, terminal: Terminal): Promise<void> {
  const shown = ['members', 'offsets', 'state'].filter((name) => flags.has(name));
  if (shown.length > 1) throw new UsageError(`write one of ${shown.map((name) => `--${name}`).join(', ')}`);
  if (flags.get('state') !== undefined) {
    throw new UsageError(`--state ${flags.get('state')}: with --describe it takes no states`);
  }
  const names = await groupsOf(cluster, flags);
  for (const name of names.toSorted((a, b) => (a < b ? -1 : 1))) {
    const group = await describeGroup(cluster, name);
    if (group === null) throw new CommandError(`Group ${name} not found.`);
    tellState(group, terminal);
    const isVerbose = flags.has('verbose');
    if (shown[0] === 'state') await printState(cluster, group, isVerbose, terminal);
    else if (shown[0] === 'members') await printMembers(group, isVerbose, terminal);
    else await printOffsets(cluster, group, isVerbose, terminal);
  }
}

function tellState({ group, state }: DescribedGroup, terminal: Terminal): void {
  if (state === 'Empty') terminal.stderr.write(`\nConsumer group '${group}' has no active members.\n`);
  if (['PreparingRebalance', 'CompletingRebalance', 'Assigning', 'Reconciling'].includes(state)) {
    terminal.stderr.write(`\nWarning: Consumer group '${group}' is rebalancing.\n`);
  }
}

async function printState(
  cluster: Cluster,
  group: DescribedGroup,
  isVerbose: boolean,
  terminal: Terminal,
): Promise<void> {
  const coordinator = await cluster.coordinator(group.group);
  const address = `${formatAddress(cluster.nodes.get(coordinator)!)}  (${coordinator})`;
  const row = [group.group, address, group.assignor || NOTHING, group.state];
  const heading = ['GROUP', 'COORDINATOR (ID)', 'ASSIGNMENT-STRATEGY', 'STATE'];
  if (isVerbose) {
    row.push(String(group.epoch ?? NOTHING), String(group.assignmentEpoch ?? NOTHING));
    heading.push('GROUP-EPOCH', 'TARGET-ASSIGNMENT-EPOCH');
  }
  const table = [
    [...heading, '#MEMBERS'],
    [...row, group.members.length],
  ];
  await printLine(terminal, `\n${columns(table, [15, 25, 20, 20, ...(isVerbose ? [15, 25] : [])])}`);
}

async function printMembers(group: DescribedGroup, isVerbose: boolean, terminal: Terminal): Promise<void> {
  const isStatic = group.members.some(({ instanceId }) => instanceId !== null);
  const heading = [
    'GROUP',
    'CONSUMER-ID',
    ...(isStatic ? ['GROUP-INSTANCE-ID'] : []),
    'HOST',
    'CLIENT-ID',
    '#PARTITIONS',
    ...(isVerbose ? ['CURRENT-EPOCH', 'CURRENT-ASSIGNMENT', 'TARGET-EPOCH', 'TARGET-ASSIGNMENT'] : []),
  ];
  const rows = group.members.map(({ memberId, instanceId, client, partitions, epoch, target }) => {
    const [clientId, host] = split(client);
    return [
      group.group,
      memberId,
      ...(isStatic ? [instanceId ?? ''] : []),
      `/${host}`,
      clientId,
      partitions.length,
      ...(isVerbose
        ? [
            epoch ?? NOTHING,
            assignmentText(partitions),
            (epoch === null ? null : group.assignmentEpoch) ?? NOTHING,
            assignmentText(target ?? []),
          ]
        : []),
    ];
  });
  const least = [15, 15, ...(isStatic ? [17] : []), 15, 15, 15, ...(isVerbose ? [15, 20, 15, 20] : [])];
  await printLine(terminal, `\n${columns([heading, ...rows], least)}`);
}

/** orders:0,1;payments:2 */
function assignmentText(partitions: readonly TopicPartition[]): string {
  if (partitions.length === 0) return NOTHING;
  const texts = byTopic(partitions).map(([topic, some]) => {
    const numbers = some.map(({ partition }) => partition).toSorted((a, b) => a - b);
    return `${topic}:${numbers.join(',')}`;
  });
  return texts.toSorted().join(';');
}

function split(client: string): [clientId: string, host: string] {
  const at = client.lastIndexOf('@');
  return [client.slice(0, at), client.slice(at + 1)];
}

async function printOffsets(
  cluster: Cluster,
  group: DescribedGroup,
  isVerbose: boolean,
  terminal: Terminal,
): Promise<void> {
  const stored = new Map((await committedOffsets(cluster, group.group)).map((each) => [nameOf(each), each]));
  const owners = new Map(
    group.members.flatMap((member) => member.partitions.map((at) => [nameOf(at), { at, member }] as const)),
  );
  const all = new Map<string, TopicPartition>([...stored, ...[...owners].map(([name, { at }]) => [name, at] as const)]);
  const idle = group.members.filter(({ partitions }) => partitions.length === 0);
  if (all.size === 0 && idle.length === 0) return;
  const { topics } = await cluster.metadata([...new Set([...all.values()].map(({ topic }) => topic))]);
  const there = topics.filter(({ errorCode }) => errorCode === 0);
  const ends = await listOffsets(cluster, there, (at) => (all.has(nameOf(at)) ? END : undefined));
  const rows = [...all]
    .toSorted(([, a], [, b]) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1))
    .map(([name, { topic, partition }]) => {
      const committed = stored.get(name);
      const end = ends.get(name);
      const lag = committed === undefined || end === undefined ? NOTHING : end - committed.offset;
      const epoch = committed?.leaderEpoch ?? -1;
      const member = owners.get(name)?.member;
      const [clientId, host] = member === undefined ? [NOTHING, ''] : split(member.client);
      return [
        group.group,
        topic,
        partition,
        ...(isVerbose ? [epoch < 0 ? NOTHING : epoch] : []),
        committed?.offset ?? NOTHING,
        end ?? NOTHING,
        lag,
        member?.memberId ?? NOTHING,
        member === undefined ? NOTHING : `/${host}`,
        clientId,
      ];
    });
  for (const { memberId, client } of idle) {
    const [clientId, host] = split(client);
    const none = [NOTHING, NOTHING, ...(isVerbose ? [NOTHING] : []), NOTHING, NOTHING, NOTHING];
    rows.push([group.group, ...none, memberId, `/${host}`, clientId]);
  }
  const heading = ['GROUP', 'TOPIC', 'PARTITION', ...(isVerbose ? ['LEADER-EPOCH'] : [])];
  heading.push('CURRENT-OFFSET', 'LOG-END-OFFSET', 'LAG', 'CONSUMER-ID', 'HOST', 'CLIENT-ID');
  const least = [15, 15, 10, ...(isVerbose ? [15] : []), 15, 15, 15, 15, 15];
  await printLine(terminal, `\n${columns([heading, ...rows], least)}`);
}
