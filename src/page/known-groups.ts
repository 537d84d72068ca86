/**
 * Groups as they were when they were looked at last. All that changes one is written to its partition of __consumer_offsets: where nothing
 * was written since, a page that looks at thousands of groups each second need not ask for their members and offsets again.
 */
import type { BrokerView } from '../testing/broker-view.ts';
import { listedGroup, type ListedGroup } from '../testing/group-view.ts';
import type { Group } from '../testing/group.ts';
import type { Partition } from '../testing/visible-batches.ts';
import { positionsOf, type Place } from './lag.ts';

export interface KnownGroup {
  readonly members: Group['members'];
  readonly offsets: Group['offsets'];
  /** Where it goes on in each partition that it has committed or is assigned. */
  readonly positions: readonly Place[];
  /** Those that it has committed or is assigned, by their names. */
  readonly topics: readonly string[];
}

interface Remembered extends KnownGroup {
  readonly type: string;
  readonly state: string;
  /** What of the broker it was made from. */
  readonly partition: Partition;
  /** Another leader may have taken back what this broker had appended, and appended as much. */
  readonly leaderEpoch: number;
  readonly end: number;
  readonly topicsByName: object;
}

const remembered = new WeakMap<BrokerView, Map<string, Remembered>>();
const MOST = 10_000;
/** In others members come and go before anything is written. */
const SETTLED: ReadonlySet<string> = new Set(['Stable', 'Empty']);

export function knownGroup(view: BrokerView, listed: ListedGroup): KnownGroup {
  const { id, type, state } = listed;
  const { groups, partitions, metadata } = view.parts;
  const partition = partitions.get('__consumer_offsets', groups.partitionFor(id));
  if (partition === undefined || !SETTLED.has(state)) return made(view, listed);
  const { topicsByName } = metadata.image;
  const { leaderEpoch, endOffset: end } = partition;
  const before = remembered.get(view)?.get(id);
  const isAsBefore =
    before?.end === end &&
    before.partition === partition &&
    before.leaderEpoch === leaderEpoch &&
    before.state === state &&
    before.type === type &&
    before.topicsByName === topicsByName;
  if (isAsBefore) return before;
  const known = { ...made(view, listed), type, state, partition, leaderEpoch, end, topicsByName };
  remember(view, id, known);
  return known;
}

function made(view: BrokerView, listed: ListedGroup): KnownGroup {
  const { members, offsets } = listedGroup(view, listed);
  const topics = new Set(offsets.map(({ topic }) => topic));
  for (const { assignment } of members) for (const { topic } of assignment) topics.add(topic);
  return { members, offsets, positions: positionsOf({ members, offsets }), topics: [...topics].sort() };
}

function remember(view: BrokerView, id: string, known: Remembered): void {
  let all = remembered.get(view);
  if (all === undefined) remembered.set(view, (all = new Map()));
  if (all.size >= MOST) all.clear(); // most of them are gone
  all.set(id, known);
}
