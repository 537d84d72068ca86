/** `ottla queues`: the queues of share groups, what waits in them and what is in flight (KIP-932). */
import type { Command } from 'commander';
import { nearest } from '../config/did-you-mean.ts';
import type { Cluster } from './client/cluster.ts';
import { listGroups } from './client/groups.ts';
import { nameOf } from './client/offsets.ts';
import { describeShareGroup, shareInFlight, shareOffsets, type ShareMember } from './client/share-groups.ts';
import { command } from './command-line.ts';
import { withCluster, withConnection, type ConnectionOptions } from './connection-options.ts';
import { note, painter, printJson, printLine, printTable, type Column, type Terminal } from './terminal.ts';
import { CommandError } from './usage.ts';

interface Options extends ConnectionOptions {
  json?: boolean;
}

/** Counts are null where a broker does not tell them: partitions that no consumer fetches now, brokers other than Ottla. */
interface Counts {
  /** Records that are not finished. */
  readonly backlog: number | null;
  /** Records that members hold. */
  readonly inFlight: number | null;
  /** Records that were handed out before, and wait for their next turn. */
  readonly available: number | null;
  /** Records whose dead letters are being written. */
  readonly archiving: number | null;
  /** The highest delivery count of those. */
  readonly deliveries: number | null;
  /** Milliseconds until the first lock runs out: that of the record which has been held longest. */
  readonly oldestLockEndMs: number | null;
}

interface QueuePartition extends Counts {
  readonly topic: string;
  readonly partition: number;
  readonly start: number | null;
}

interface Queue extends Counts {
  readonly group: string;
  readonly state: string;
  readonly members: readonly ShareMember[];
  readonly partitions: readonly QueuePartition[];
}

export function queuesCommand(terminal: Terminal): Command {
  const queues = command('queues', 'show the queues of share groups: backlog, in flight, deliveries', [
    ['ottla queues', 'all of them'],
    ['ottla queues mailer', 'one, by partition, with its members'],
    ['ottla queues --json | jq ".[].backlog"', 'for scripts'],
  ])
    .alias('queue')
    .argument('[group...]', 'share groups; all of them unless given')
    .option('--json', 'as JSON');
  return withConnection(queues).action((names: string[], options: Options) =>
    withCluster(terminal, options, async (cluster) => {
      const found: Queue[] = [];
      const groups = await groupsOf(cluster, names);
      const { topics } = await cluster.metadata(null);
      const topicNames = new Map(topics.map(({ topicId, name }) => [topicId, name!]));
      for (const group of groups) found.push(await queueOf(cluster, group, topicNames));
      if (options.json === true) return printJson(terminal, found);
      if (names.length === 0) return printQueues(terminal, found);
      for (const [index, queue] of found.entries()) {
        if (index > 0) await printLine(terminal, '');
        await printQueue(terminal, queue);
      }
    }),
  );
}

async function groupsOf(cluster: Cluster, names: readonly string[]): Promise<readonly string[]> {
  const all = (await listGroups(cluster))
    .filter(({ type }) => type.toLowerCase() === 'share')
    .map(({ group }) => group);
  for (const name of names) {
    if (all.includes(name)) continue;
    const near = nearest(name, all);
    const next = near === null ? '`ottla queues` lists what there is' : `did you mean '${near}'?`;
    throw new CommandError(`there is no share group '${name}'; ${next}`);
  }
  return names.length === 0 ? all : names;
}

async function queueOf(cluster: Cluster, group: string, topicNames: ReadonlyMap<string, string>): Promise<Queue> {
  const described = await describeShareGroup(cluster, group);
  const [offsets, inFlight] = await Promise.all([
    shareOffsets(cluster, group),
    shareInFlight(cluster, group, topicNames),
  ]);
  const partitions = offsets.map(({ topic, partition, offset, lag }): QueuePartition => {
    const told = inFlight.get(nameOf({ topic, partition }));
    return {
      topic,
      partition,
      start: offset,
      backlog: lag,
      inFlight: told?.acquired ?? null,
      available: told?.available ?? null,
      archiving: told?.archiving ?? null,
      deliveries: told?.mostDeliveries ?? null,
      oldestLockEndMs: told?.nextLockEndMs ?? null,
    };
  });
  const [state, members] = [described?.state ?? 'Dead', described?.members ?? []];
  return { group, state, members, ...together(partitions), partitions };
}

function together(partitions: readonly QueuePartition[]): Counts {
  const over = (name: keyof Counts, join: (all: number[]) => number): number | null => {
    const known = partitions.flatMap((each) => each[name] ?? []);
    return known.length === 0 ? null : join(known);
  };
  const sum = (all: number[]): number => all.reduce((total, each) => total + each, 0);
  const most = (all: number[]): number => all.reduce((high, each) => Math.max(high, each), 0);
  const least = (all: number[]): number => all.reduce((low, each) => Math.min(low, each), Infinity);
  return {
    backlog: over('backlog', sum),
    inFlight: over('inFlight', sum),
    available: over('available', sum),
    archiving: over('archiving', sum),
    deliveries: over('deliveries', most),
    oldestLockEndMs: over('oldestLockEndMs', least),
  };
}

const COUNTS: readonly Column[] = [
  { title: 'BACKLOG', align: 'right' },
  { title: 'IN FLIGHT', align: 'right' },
  { title: 'TO RETRY', align: 'right' },
  { title: 'ARCHIVING', align: 'right' },
  { title: 'DELIVERIES', align: 'right' },
  { title: 'LOCKED FOR', align: 'right' },
];

function cellsOf({ backlog, inFlight, available, archiving, deliveries, oldestLockEndMs }: Counts): string[] {
  const counts = [backlog, inFlight, available, archiving, deliveries].map((count) => String(count ?? '-'));
  return [...counts, oldestLockEndMs === null ? '-' : `${(oldestLockEndMs / 1000).toFixed(1)} s`];
}

async function printQueues(terminal: Terminal, queues: readonly Queue[]): Promise<void> {
  if (queues.length === 0) return note(terminal, 'no share groups; a share consumer makes one when it joins');
  await printTable(
    terminal,
    [{ title: 'GROUP' }, { title: 'STATE' }, { title: 'MEMBERS', align: 'right' }, ...COUNTS],
    queues.map((queue) => [queue.group, queue.state, queue.members.length, ...cellsOf(queue)]),
  );
}

async function printQueue(terminal: Terminal, queue: Queue): Promise<void> {
  const paint = painter(terminal.stdout, terminal.environment);
  const { group, state, members, partitions } = queue;
  const count = `${members.length} member${members.length === 1 ? '' : 's'}`;
  await printLine(terminal, `${paint('bold', group)}  ${state}, ${count}, backlog ${queue.backlog ?? 'unknown'}`);
  if (partitions.length > 0) {
    await printTable(
      terminal,
      [{ title: 'TOPIC' }, { title: 'PARTITION', align: 'right' }, { title: 'START', align: 'right' }, ...COUNTS],
      partitions.map((each) => [each.topic, each.partition, each.start ?? '-', ...cellsOf(each)]),
    );
  }
  if (members.length === 0) return;
  await printTable(
    terminal,
    [{ title: 'MEMBER' }, { title: 'CLIENT' }, { title: 'HOST' }, { title: 'READS' }],
    members.map(({ memberId, clientId, host, partitions: read }) => [
      memberId,
      clientId,
      host.replace(/^\//, ''),
      read.map(nameOf).join(' '),
    ]),
  );
}
