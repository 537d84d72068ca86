/** Groups as a page shows them: all in a list, and one with what keeps it. */
import { why } from '../insight/why.ts';
import type { BrokerView } from '../testing/broker-view.ts';
import { situationOf } from '../testing/group-situation.ts';
import { committedOffsets, groupIds, groupWithoutLag } from '../testing/group-view.ts';
import type { Group } from '../testing/group.ts';
import { shareBacklog } from '../testing/queue-view.ts';
import type { GroupFrame, GroupsFrame } from './frames.ts';
import type { PageBroker } from './page-broker.ts';

export type GroupSummary = GroupsFrame['rows'][number];

/** Groups of which all is worked out at each look; of more, the first by name. */
const SHOWN_GROUPS = 500;
export function groupSummaries(view: BrokerView): GroupSummary[] {
  return groupIds(view)
    .sort()
    .slice(0, SHOWN_GROUPS)
    .map((id) => summaryOf(view, id));
}

function summaryOf(view: BrokerView, id: string): GroupSummary {
  const group = groupWithoutLag(view, id);
  const lag = group.type === 'share' ? shareBacklog(view, id) : offsetLag(view, group);
  const topics = new Set([
    ...group.offsets.map(({ topic }) => topic),
    ...group.members.flatMap(({ assignment }) => assignment.map(({ topic }) => topic)),
  ]);
  const { state, members } = group;
  return { id, type: group.type ?? '', state, members: members.length, lag, topics: [...topics].sort() };
}

/**
 * Offsets between what was committed and the last stable offset, as Kafka's tools tell lag; what is not committed counts from the
 * log's start. It reads nothing, so that a list of groups may ask for it each second. Null where nothing is committed or assigned.
 */
function offsetLag(view: BrokerView, { members, offsets }: Pick<Group, 'members' | 'offsets'>): number | null {
  const from = new Map<string, { topic: string; partition: number; offset: number }>();
  for (const { assignment } of members) {
    for (const place of assignment) from.set(`${place.topic}/${place.partition}`, { ...place, offset: 0 });
  }
  for (const place of offsets) from.set(`${place.topic}/${place.partition}`, place);
  if (from.size === 0) return null;
  let lag = 0;
  for (const { topic, partition, offset } of from.values()) {
    const open = view.parts.partitions.get(topic, partition);
    if (open !== undefined) lag += Math.max(0, open.lastStableOffset - Math.max(offset, open.logStartOffset));
  }
  return lag;
}

/** Which groups have committed or read the topic, and how far each is behind in it. */
export function readersOf(view: BrokerView, topic: string): { group: string; lag: number | null }[] {
  return groupIds(view)
    .sort()
    .slice(0, SHOWN_GROUPS)
    .flatMap((id) => {
      const { members, offsets } = groupWithoutLag(view, id);
      const own = {
        members: members.map((member) => ({
          ...member,
          assignment: member.assignment.filter((place) => place.topic === topic),
        })),
        offsets: offsets.filter((place) => place.topic === topic),
      };
      const reads = own.offsets.length > 0 || own.members.some(({ assignment }) => assignment.length > 0);
      return reads ? { group: id, lag: offsetLag(view, own) } : [];
    });
}

/** Which groups read each topic, by what they have committed. */
export function readersByTopic(view: BrokerView): Map<string, string[]> {
  const readers = new Map<string, string[]>();
  for (const id of groupIds(view).sort().slice(0, SHOWN_GROUPS)) {
    for (const topic of new Set(committedOffsets(view, id).map((place) => place.topic))) {
      const known = readers.get(topic);
      if (known === undefined) readers.set(topic, [id]);
      else known.push(id);
    }
  }
  return readers;
}

export function groupFrame({ view, traffic, faults, clockIsVirtual }: PageBroker, id: string): GroupFrame {
  const situation = situationOf({ broker: view, traffic, faults, clockStandsStill: clockIsVirtual }, id);
  const { members } = groupWithoutLag(view, id);
  const owners = new Map(
    members.flatMap(({ clientId, assignment }) =>
      assignment.map(({ topic, partition }) => [`${topic}[${partition}]`, clientId] as const),
    ),
  );
  return {
    id,
    type: situation.type,
    state: situation.state,
    members: members.map(({ memberId, clientId, clientHost, assignment }) => ({
      memberId,
      clientId,
      host: clientHost.replace(/^\//, ''),
      assigned: assignment.map(({ topic, partition }) => `${topic}[${partition}]`),
    })),
    partitions: situation.partitions.map(({ topic, partition, committed, end, unread }) => ({
      topic,
      partition,
      committed,
      end,
      unread,
      owner: owners.get(`${topic}[${partition}]`) ?? null,
    })),
    why: why(situation),
  };
}
