/** `ottla groups why`: what a client can find out of a group, and what keeps it, of any Kafka broker. */
import type { Command } from 'commander';
import { systemClock } from '../platform/clock.ts';
import type {
  GroupSituation,
  PartitionName,
  Rebalance,
  SimilarTopic,
  SituatedMember,
  SituatedPartition,
} from '../insight/group-situation.ts';
import { nearNames } from '../insight/near-names.ts';
import { why, type Finding } from '../insight/why.ts';
import { ShareGroupDescribe } from '../../protocol/apis/77-share-group-describe.ts';
import type { Cluster, TopicMetadata } from './client/cluster.ts';
import { committedOffsets } from './client/group-offsets.ts';
import { describeGroup, listGroups } from './client/groups.ts';
import { BEGINNING, END, listOffsets, nameOf } from './client/offsets.ts';
import { describeShareGroup, shareOffsets } from './client/share-groups.ts';
import { speaks } from './client/versions.ts';
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

/** What a group is to those who ask its coordinator, of whichever kind it is. */
interface AskedGroup {
  readonly type: string;
  readonly state: string;
  readonly members: readonly Omit<SituatedMember, 'pattern' | 'isConnected'>[];
  /** Where it goes on in each partition. */
  readonly offsets: readonly (PartitionName & { readonly offset: number; readonly unread: number | null })[];
}

/** What a broker tells its clients: neither who left, nor what stood on the wire. */
async function situationOf(cluster: Cluster, id: string): Promise<GroupSituation> {
  const group = await askedGroup(cluster, id);
  const { topics } = await cluster.metadata(null);
  const there = new Map(topics.filter(({ errorCode }) => errorCode === 0).map((topic) => [topic.name!, topic]));
  const subscribed = [...new Set((group?.members ?? []).flatMap((member) => member.subscribed ?? []))];
  const partitions = group === null ? [] : await partitionsOf(cluster, group, there);
  return {
    nowMs: systemClock.now(),
    id,
    type: group?.type ?? null,
    state: group?.state ?? 'Dead',
    members: (group?.members ?? []).map((member) => ({ ...member, pattern: null, isConnected: null })),
    partitions,
    topics: new Map(
      subscribed.flatMap((name) => {
        const topic = there.get(name);
        return topic === undefined ? [] : [[name, topic.partitions.length] as const];
      }),
    ),
    similar: await similarTo(cluster, subscribed, partitions, there),
    similarGroups:
      group === null
        ? nearNames(
            id,
            (await listGroups(cluster)).map((each) => each.group),
          )
        : [],
    lastDeparture: null,
    rebalance: group === null ? null : rebalanceOf(group),
    hindrances: [],
    throttles: [],
    clockStandsStill: false,
    wire: null,
  };
}

async function askedGroup(cluster: Cluster, id: string): Promise<AskedGroup | null> {
  const group = await describeGroup(cluster, id);
  if (group !== null) {
    const offsets = (await committedOffsets(cluster, id)).map((place) => ({ ...place, unread: null }));
    return {
      ...group,
      members: group.members.map(({ partitions: assigned, ...rest }) => ({ ...rest, assigned })),
      offsets,
    };
  }
  const { versions } = await cluster.link();
  const share = speaks(ShareGroupDescribe, versions) ? await describeShareGroup(cluster, id) : null;
  if (share === null) return null;
  const told = await shareOffsets(cluster, id);
  return {
    type: 'share',
    state: share.state,
    members: share.members.map(({ memberId, clientId, subscribed, partitions: assigned }) => ({
      memberId,
      clientId,
      subscribed,
      assigned,
      target: null,
    })),
    offsets: told.flatMap(({ offset, lag, ...place }) => (offset === null ? [] : [{ ...place, offset, unread: lag }])),
  };
}

/** By Kafka's states of groups. */
const PHASES: Readonly<Record<string, Rebalance['phase']>> = {
  PreparingRebalance: 'joining',
  CompletingRebalance: 'assigning',
  Assigning: 'assigning',
  Reconciling: 'reconciling',
};

function rebalanceOf({ state, members }: AskedGroup): Rebalance | null {
  const phase = PHASES[state];
  if (phase === undefined) return null;
  const late = members.filter(({ assigned, target }) => target !== null && !samePlaces(assigned, target));
  const waitingFor = phase === 'reconciling' ? [...new Set(late.map(({ clientId }) => clientId))] : [];
  return { phase, sinceMs: null, untilMs: null, reason: null, waitingFor };
}

function samePlaces(a: readonly PartitionName[], b: readonly PartitionName[]): boolean {
  const others = new Set(b.map(nameOf));
  return a.length === b.length && a.every((place) => others.has(nameOf(place)));
}

type Topics = ReadonlyMap<string, TopicMetadata>;

async function partitionsOf(cluster: Cluster, group: AskedGroup, topics: Topics): Promise<SituatedPartition[]> {
  const subscribed = new Set(group.members.flatMap((member) => member.subscribed ?? []));
  const places: PartitionName[] = [
    ...group.members.flatMap(({ assigned }) => assigned),
    ...group.offsets,
    ...Array.from(subscribed).flatMap((topic) =>
      (topics.get(topic)?.partitions ?? []).map(({ partitionIndex: partition }) => ({ topic, partition })),
    ),
  ];
  const all = new Map(places.filter(({ topic }) => topics.has(topic)).map((place) => [nameOf(place), place]));
  const there = topicsOf(all.values(), topics);
  const ask = (timestamp: number, isCommitted = false): Promise<Map<string, number>> =>
    listOffsets(cluster, there, (at) => (all.has(nameOf(at)) ? timestamp : undefined), isCommitted);
  const [starts, stables, ends] = await Promise.all([ask(BEGINNING), ask(END, true), ask(END)]);
  const offsets = new Map(group.offsets.map((place) => [nameOf(place), place]));
  return Array.from(all).flatMap(([name, { topic, partition }]) => {
    const [start, stable, end] = [starts.get(name), stables.get(name), ends.get(name)];
    if (start === undefined || stable === undefined || end === undefined) return [];
    const open = { transactionalId: null, producerId: null, firstOffset: stable, sinceMs: null };
    const openTransaction = stable < end ? open : null;
    const { offset: committed = null, unread = null } = offsets.get(name) ?? {};
    const known = { topic, partition, start, stable, end, committed, unread, openTransaction };
    // A share group has passed what lies before its offset, or never saw it: its coordinator does not tell which.
    return { ...known, hasAborted: null, fetched: group.type === 'share' ? NOT_KNOWN : null };
  });
}

const NOT_KNOWN = { first: 0, last: 0, began: null, isUncommitted: false };

function topicsOf(places: Iterable<PartitionName>, topics: Topics): TopicMetadata[] {
  const names = new Set(Array.from(places, ({ topic }) => topic));
  return [...names].flatMap((name) => topics.get(name) ?? []);
}

/** Of topics that are missing, or hold nothing. */
async function similarTo(
  cluster: Cluster,
  subscribed: readonly string[],
  partitions: readonly SituatedPartition[],
  topics: Topics,
): Promise<Map<string, SimilarTopic[]>> {
  const filled = new Set(partitions.filter(({ start, end }) => end > start).map(({ topic }) => topic));
  const near = new Map(
    subscribed.filter((topic) => !filled.has(topic)).map((topic) => [topic, nearNames(topic, topics.keys())]),
  );
  const there = [...new Set([...near.values()].flat())].flatMap((name) => topics.get(name) ?? []);
  const ask = (timestamp: number): Promise<Map<string, number>> => listOffsets(cluster, there, () => timestamp);
  const [starts, ends] = await Promise.all([ask(BEGINNING), ask(END)]);
  const recordsOf = (name: string): number =>
    topics.get(name)!.partitions.reduce((sum, { partitionIndex: partition }) => {
      const place = nameOf({ topic: name, partition });
      return sum + (ends.get(place) ?? 0) - (starts.get(place) ?? 0);
    }, 0);
  return new Map(
    Array.from(near, ([topic, names]) => [topic, names.map((name) => ({ name, records: recordsOf(name) }))]),
  );
}
