/** Groups as a page shows them: filtered, sorted and cut on the broker; and one with what keeps it and how it was rebalanced. */
import { rebalancesOf } from '../insight/rebalances.ts';
import { why } from '../insight/why.ts';
import { eachInPieces, flatMapInPieces, mapInPieces, whenDone, type Pieces } from '../platform/pieces.ts';
import type { BrokerView } from '../testing/broker-view.ts';
import { situationOf } from '../testing/group-situation.ts';
import { groupWithoutLag, listedGroups, type ListedGroup } from '../testing/group-view.ts';
import { shareBacklog } from '../testing/queue-view.ts';
import type { GroupFrame, GroupRow, GroupsFrame } from './frames.ts';
import { knownGroup } from './known-groups.ts';
import { ageIn, ageOf, offsetLag, positionsOf } from './lag.ts';
import type { PageBroker } from './page-broker.ts';
import type { TrafficDigest } from './traffic-digest.ts';

/** Without what has to be read from logs. */
export type GroupSummary = Omit<GroupRow, 'ageMs'> & ListedGroup;

export interface GroupsAsked {
  readonly filter: string;
  readonly sort: 'name' | 'lag' | 'members';
  readonly from: number;
  readonly limit: number;
}

/** Groups of which all is worked out at each look; of more, the first by name. */
const LOOKED_AT = 5000;
/** Topics that a row of a list names. */
const NAMED_TOPICS = 10;
/** Partitions of one group. */
const SHOWN_PARTITIONS = 200;
const SHOWN_MEMBERS = 100;
/** That a member is told to own. */
const NAMED_PARTITIONS = 10;

export function* groupsFrame(
  view: BrokerView,
  digest: TrafficDigest | null,
  { filter, sort, from, limit }: GroupsAsked,
): Pieces<GroupsFrame> {
  const wanted = filter.toLowerCase();
  const there = listedGroups(view);
  const all = [...there, ...askedInVain(there, digest)].sort((a, b) => (a.id < b.id ? -1 : 1));
  const found = all.filter(({ id }) => id.toLowerCase().includes(wanted));
  const listed = sort === 'name' ? found.slice(from, from + limit) : found.slice(0, LOOKED_AT);
  const rows = yield* mapInPieces(listed, (group) => summaryOf(view, group));
  if (sort !== 'name') rows.sort((a, b) => (b[sort] ?? -1) - (a[sort] ?? -1) || (a.id < b.id ? -1 : 1));
  const shown = sort === 'name' ? rows : rows.slice(from, from + limit);
  return { found: found.length, all: all.length, rows: shown.map((row) => ({ ...row, ageMs: ageOfGroup(view, row) })) };
}

/** Groups that are not there, though consumers have asked for them: why they get nothing is to be found, too. */
function askedInVain(there: readonly ListedGroup[], digest: TrafficDigest | null): ListedGroup[] {
  if (digest === null) return [];
  const ids = new Set(there.map(({ id }) => id));
  return digest.groupsAskedFor.filter((id) => !ids.has(id)).map((id) => ({ id, state: 'Dead', type: '' }));
}

export function ageOfGroup(view: BrokerView, { lag, ...listed }: ListedGroup & Pick<GroupRow, 'lag'>): number | null {
  if (lag === null || lag === 0 || listed.type === 'share') return null;
  return ageOf(view, knownGroup(view, listed).positions);
}

/** Of the first 5,000. */
export function groupSummaries(view: BrokerView, listed: readonly ListedGroup[]): Pieces<GroupSummary[]> {
  return mapInPieces(listed.slice(0, LOOKED_AT), (group) => summaryOf(view, group));
}

function summaryOf(view: BrokerView, listed: ListedGroup): GroupSummary {
  const { id, type, state } = listed;
  if (type === '') return { id, type, state, members: 0, lag: null, topics: [] };
  const { members, positions, topics } = knownGroup(view, listed);
  const lag = type === 'share' ? shareBacklog(view, id) : offsetLag(view, positions);
  return { id, type, state, members: members.length, lag, topics: topics.slice(0, NAMED_TOPICS) };
}

/** Which groups have committed or read the topic, and how far each is behind in it. */
export function readersOf(
  view: BrokerView,
  topic: string,
): Pieces<{ group: string; lag: number | null; clients: readonly string[] }[]> {
  return flatMapInPieces(listedGroups(view).slice(0, LOOKED_AT), (listed) => {
    const { members, offsets, topics } = knownGroup(view, listed);
    if (!topics.includes(topic)) return [];
    const own = members
      .map((member) => ({ ...member, assignment: member.assignment.filter((place) => place.topic === topic) }))
      .filter(({ assignment }) => assignment.length > 0);
    const positions = positionsOf({ members: own, offsets: offsets.filter((place) => place.topic === topic) });
    return [{ group: listed.id, lag: offsetLag(view, positions), clients: own.map(({ clientId }) => clientId) }];
  });
}

/** Which groups read each topic, by what they have committed or are assigned. */
export function readersByTopic(view: BrokerView): Pieces<Map<string, string[]>> {
  const readers = new Map<string, string[]>();
  const note = (listed: ListedGroup): void => {
    for (const topic of knownGroup(view, listed).topics) {
      const known = readers.get(topic);
      if (known === undefined) readers.set(topic, [listed.id]);
      else known.push(listed.id);
    }
  };
  return whenDone(eachInPieces(listedGroups(view).slice(0, LOOKED_AT), note), () => readers);
}

export function groupFrame({ view, traffic, faults, clockIsVirtual }: PageBroker, id: string): GroupFrame {
  const situation = situationOf({ broker: view, traffic, faults, clockStandsStill: clockIsVirtual }, id);
  const { members } = groupWithoutLag(view, id);
  const { image } = view.parts.metadata;
  const owners = new Map(
    members.flatMap(({ clientId, assignment }) =>
      assignment.map(({ topic, partition }) => [`${topic}[${partition}]`, clientId] as const),
    ),
  );
  return {
    id,
    type: situation.type,
    state: situation.state,
    memberCount: members.length,
    members: members.slice(0, SHOWN_MEMBERS).map(({ memberId, clientId, clientHost, assignment }) => ({
      memberId,
      clientId,
      host: clientHost.replace(/^\//, ''),
      assigned: assignment.map(({ topic, partition }) => `${topic}[${partition}]`).slice(0, NAMED_PARTITIONS),
      assignedCount: assignment.length,
    })),
    partitions: situation.partitions
      .slice(0, SHOWN_PARTITIONS)
      .map(({ topic, partition, start, committed, end, unread }) => ({
        topic,
        partition,
        committed,
        end,
        unread,
        ageMs: unread === 0 ? null : ageIn(view, { topic, partition, offset: committed ?? start }),
        owner: owners.get(`${topic}[${partition}]`) ?? null,
        leader: image.topicsByName.get(topic)?.partitions[partition]?.leader ?? -1,
      })),
    why: why(situation),
    rebalances: rebalancesOf(id, view.events(), situation.rebalance),
    nowMs: situation.nowMs,
  };
}
