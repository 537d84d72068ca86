/** `ottla groups why`: what a client can find out of a group, and what keeps it, of any Kafka broker. */
import type { Command } from 'commander';
import { systemClock } from '../platform/clock.ts';
import type { GroupSituation, PartitionName, SituatedPartition } from '../insight/group-situation.ts';
import { why, type Finding } from '../insight/why.ts';
import type { Cluster } from './client/cluster.ts';
import { committedOffsets } from './client/group-offsets.ts';
import { describeGroup, type DescribedGroup } from './client/groups.ts';
import { BEGINNING, END, listOffsets, nameOf } from './client/offsets.ts';
import { command } from './command-line.ts';
import { withCluster, withConnection, type ConnectionOptions } from './connection-options.ts';
import { painter, printJson, printLine, type Terminal } from './terminal.ts';

export function whyCommand(terminal: Terminal): Command {
  const shown = command('why', 'tell why a group does not get what it waits for', [
    ['ottla groups why billing', 'the most certain cause first'],
    ['ottla groups why billing --json | jq -r .[0].cause', 'for a script'],
  ])
    .argument('<group>', 'its name')
    .option('--json', 'as JSON');
  return withConnection(shown).action((name: string, options: ConnectionOptions & { json?: boolean }) =>
    withCluster(terminal, options, async (cluster) => {
      const findings = why(await situationOf(cluster, name));
      if (options.json === true) return printJson(terminal, findings);
      for (const finding of findings) await printFinding(terminal, finding);
    }),
  );
}

async function printFinding(terminal: Terminal, { sentence, evidence, next }: Finding): Promise<void> {
  const paint = painter(terminal.stdout, terminal.environment);
  await printLine(terminal, paint('bold', sentence));
  for (const line of evidence) await printLine(terminal, `  ${line}`);
  if (next !== '') await printLine(terminal, `  ${paint('dim', next)}`);
}

/** What a broker tells its clients: neither who left, nor what stood on the wire. */
async function situationOf(cluster: Cluster, id: string): Promise<GroupSituation> {
  const group = await describeGroup(cluster, id);
  const { topics } = await cluster.metadata(null);
  const partitionsByTopic = new Map(
    topics.filter(({ errorCode }) => errorCode === 0).map(({ name, partitions }) => [name!, partitions.length]),
  );
  return {
    nowMs: systemClock.now(),
    id,
    type: group?.type ?? null,
    state: group?.state ?? 'Dead',
    members: (group?.members ?? []).map(({ memberId, clientId, subscribed, partitions, target }) => ({
      memberId,
      clientId,
      subscribed,
      assigned: partitions,
      target,
    })),
    partitions: group === null ? [] : await partitionsOf(cluster, group, partitionsByTopic),
    topics: partitionsByTopic,
    lastDeparture: null,
    rebalance: null,
    hindrances: [],
    clockStandsStill: false,
    wire: null,
  };
}

async function partitionsOf(
  cluster: Cluster,
  { group, members }: DescribedGroup,
  known: ReadonlyMap<string, number>,
): Promise<SituatedPartition[]> {
  const committed = await committedOffsets(cluster, group);
  const subscribed = new Set(members.flatMap((member) => member.subscribed ?? []));
  const places: PartitionName[] = [
    ...members.flatMap(({ partitions }) => partitions),
    ...committed,
    ...Array.from(subscribed).flatMap((topic) =>
      Array.from({ length: known.get(topic) ?? 0 }, (_, partition) => ({ topic, partition })),
    ),
  ];
  const all = new Map(places.filter(({ topic }) => known.has(topic)).map((place) => [nameOf(place), place]));
  const { topics } = await cluster.metadata([...new Set(Array.from(all.values(), ({ topic }) => topic))]);
  const there = topics.filter(({ errorCode }) => errorCode === 0);
  const ask = (timestamp: number, isCommitted = false): Promise<Map<string, number>> =>
    listOffsets(cluster, there, (at) => (all.has(nameOf(at)) ? timestamp : undefined), isCommitted);
  const [starts, stables, ends] = await Promise.all([ask(BEGINNING), ask(END, true), ask(END)]);
  const offsets = new Map(committed.map((place) => [nameOf(place), place.offset]));
  return Array.from(all).flatMap(([name, { topic, partition }]) => {
    const [start, stable, end] = [starts.get(name), stables.get(name), ends.get(name)];
    if (start === undefined || stable === undefined || end === undefined) return [];
    const open = { transactionalId: null, producerId: null, firstOffset: stable, sinceMs: null };
    const openTransaction = stable < end ? open : null;
    return {
      topic,
      partition,
      start,
      stable,
      end,
      committed: offsets.get(name) ?? null,
      unread: null,
      openTransaction,
    };
  });
}
