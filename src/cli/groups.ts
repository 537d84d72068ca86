/** `ottla groups`: lists groups, shows members and lag, moves and forgets offsets, deletes groups. */
import type { Command } from 'commander';
import { DeleteGroups } from '../../protocol/apis/42-delete-groups.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Cluster } from './client/cluster.ts';
import { refuse } from './client/failure.ts';
import { committedOffsets } from './client/group-offsets.ts';
import { listGroups, type DescribedGroup } from './client/groups.ts';
import { listOffsets, END, nameOf, type TopicPartition } from './client/offsets.ts';
import { command } from './command-line.ts';
import { withCluster, withConnection, type ConnectionOptions } from './connection-options.ts';
import { existingGroup } from './group-names.ts';
import { whyCommand } from './groups-why.ts';
import { deleteOffsetsCommand, resetCommand } from './groups-offsets.ts';
import { note, painter, printJson, printLine, printTable, type Terminal } from './terminal.ts';
import { CommandError } from './usage.ts';

interface Options extends ConnectionOptions {
  json?: boolean;
}

export function groupsCommand(terminal: Terminal): Command {
  const groups = command('groups', 'list, show, reset and delete consumer groups', [
    ['ottla groups', 'list them'],
    ['ottla groups describe audit', 'members, offsets and lag'],
    ['ottla groups why audit', 'why it does not get what it waits for'],
    ['ottla groups reset-offsets audit --topic orders --to beginning', 'read all again'],
    ['ottla groups delete audit', 'and what it has committed'],
  ]).alias('group');
  groups.addCommand(listCommand(terminal));
  groups.addCommand(describeCommand(terminal));
  groups.addCommand(whyCommand(terminal));
  groups.addCommand(resetCommand(terminal));
  groups.addCommand(deleteOffsetsCommand(terminal));
  groups.addCommand(deleteCommand(terminal));
  return groups;
}

function listCommand(terminal: Terminal): Command {
  const list = command('list', 'list groups', [
    ['ottla groups list --json | jq -r .[].group', 'their names for a script'],
  ])
    .alias('ls')
    .option('-q, --quiet', 'names only')
    .option('--json', 'as JSON');
  return withConnection(list).action((options: Options & { quiet?: boolean }) =>
    withCluster(terminal, options, async (cluster) => {
      const groups = await listGroups(cluster);
      if (options.json === true) return printJson(terminal, groups);
      if (groups.length === 0) return note(terminal, 'no groups; `ottla consume TOPIC -g NAME` makes one');
      if (options.quiet === true) return printLine(terminal, groups.map(({ group }) => group).join('\n'));
      await printTable(
        terminal,
        [{ title: 'GROUP' }, { title: 'STATE' }, { title: 'TYPE' }],
        groups.map(({ group, state, type }) => [group, state, type]),
      );
    }),
  );
}

function describeCommand(terminal: Terminal): Command {
  const describe = command('describe', 'show members, committed offsets and lag', [
    ['ottla groups describe audit', 'one'],
    ['ottla groups describe audit --json | jq .lag', 'how far it is behind'],
  ])
    .alias('show')
    .argument('<group...>', 'their names')
    .option('--json', 'as JSON');
  return withConnection(describe).action((names: string[], options: Options) =>
    withCluster(terminal, options, async (cluster) => {
      const shown = [];
      for (const name of names) shown.push(await withLag(cluster, await existingGroup(cluster, name)));
      if (options.json === true) return printJson(terminal, shown);
      for (const [index, group] of shown.entries()) {
        if (index > 0) await printLine(terminal, '');
        await printGroup(terminal, group);
      }
    }),
  );
}

/** The group, and each partition it reads or has committed: whose it is, how far it is, how far behind. */
async function withLag(cluster: Cluster, group: DescribedGroup) {
  const stored = new Map((await committedOffsets(cluster, group.group)).map((each) => [nameOf(each), each]));
  const owners = new Map(
    group.members.flatMap((member) => member.partitions.map((at) => [nameOf(at), { at, member }] as const)),
  );
  const all = new Map<string, TopicPartition>([...stored, ...[...owners].map(([name, { at }]) => [name, at] as const)]);
  const { topics } = await cluster.metadata([...new Set([...all.values()].map(({ topic }) => topic))]);
  const there = topics.filter(({ errorCode }) => errorCode === 0);
  const ends = await listOffsets(cluster, there, (at) => (all.has(nameOf(at)) ? END : undefined));
  const partitions = [...all]
    .map(([name, { topic, partition }]) => {
      const committed = stored.get(name)?.offset ?? null;
      const end = ends.get(name) ?? null;
      const lag = committed === null || end === null ? null : Math.max(0, end - committed);
      const owner = owners.get(name)?.member;
      return {
        topic,
        partition,
        committed,
        end,
        lag,
        memberId: owner?.memberId ?? null,
        client: owner?.client ?? null,
      };
    })
    .toSorted((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1));
  const lag = partitions.reduce((sum, each) => sum + (each.lag ?? 0), 0);
  return { ...group, lag, partitions };
}

async function printGroup(terminal: Terminal, group: Awaited<ReturnType<typeof withLag>>): Promise<void> {
  const paint = painter(terminal.stdout, terminal.environment);
  const { members, partitions } = group;
  const facts = [
    group.state,
    group.assignor === '' ? '' : `assignor ${group.assignor}`,
    `${members.length} member${members.length === 1 ? '' : 's'}`,
    `lag ${group.lag}`,
  ];
  await printLine(terminal, `${paint('bold', group.group)}  ${facts.filter((fact) => fact !== '').join(', ')}`);
  if (partitions.length > 0) {
    await printTable(
      terminal,
      [
        { title: 'TOPIC' },
        { title: 'PARTITION', align: 'right' },
        { title: 'COMMITTED', align: 'right' },
        { title: 'END', align: 'right' },
        { title: 'LAG', align: 'right' },
        { title: 'READ BY' },
      ],
      partitions.map(({ topic, partition, committed, end, lag, client }) => [
        topic,
        partition,
        committed ?? '-',
        end ?? '-',
        lag === null || lag === 0 ? (lag ?? '-') : paint('yellow', String(lag)),
        client ?? paint('dim', 'no member'),
      ]),
    );
  }
  const idle = members.filter((member) => member.partitions.length === 0);
  if (idle.length > 0) await printLine(terminal, `without partitions: ${idle.map(({ client }) => client).join(', ')}`);
}

function deleteCommand(terminal: Terminal): Command {
  const remove = command('delete', 'delete groups without members, and their offsets', [
    ['ottla groups delete audit billing', 'two at once'],
  ])
    .alias('rm')
    .argument('<group...>', 'their names')
    .option('--if-exists', 'no failure where one is missing');
  return withConnection(remove).action((names: string[], options: Options & { ifExists?: boolean }) =>
    withCluster(terminal, options, async (cluster) => {
      for (const name of names) {
        const answer = await cluster.sendToCoordinator(name, DeleteGroups, { groupsNames: [name] }, ({ results }) => {
          const [{ errorCode }] = results;
          if (errorCode === ErrorCode.NON_EMPTY_GROUP) {
            throw new CommandError(`group '${name}' has members: stop its consumers first, then delete it`);
          }
          if (errorCode !== ErrorCode.GROUP_ID_NOT_FOUND) refuse(`group '${name}'`, errorCode);
        });
        const isGone = answer.results[0].errorCode === 0;
        if (!isGone && options.ifExists !== true) await existingGroup(cluster, name);
        await printLine(terminal, isGone ? `deleted ${name}` : `${name} is not there`);
      }
    }),
  );
}
