/** How far groups are behind: in offsets, as Kafka's tools tell lag, and in time. */
import type { BrokerView } from '../testing/broker-view.ts';
import type { Group } from '../testing/group.ts';

/** Partitions of one group whose oldest unread record is looked at: each is a read of the log. */
const LOOKED_AT = 20;

export interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Where the group goes on in each partition that it has committed or is assigned; what is not committed at the log's start. */
export function positionsOf({ members, offsets }: Pick<Group, 'members' | 'offsets'>): readonly Place[] {
  if (members.length === 0) return offsets;
  const from = new Map<string, Place>();
  for (const { assignment } of members) {
    for (const place of assignment) from.set(`${place.topic}/${place.partition}`, { ...place, offset: 0 });
  }
  for (const place of offsets) from.set(`${place.topic}/${place.partition}`, place);
  return [...from.values()];
}

/**
 * Offsets between what was committed and the last stable offset. It reads nothing, so that a list of groups may ask for it each
 * second. Null where nothing is committed or assigned.
 */
export function offsetLag(view: BrokerView, positions: readonly Place[]): number | null {
  return positions.length === 0 ? null : positions.reduce((sum, place) => sum + lagIn(view, place), 0);
}

function lagIn(view: BrokerView, { topic, partition, offset }: Place): number {
  const open = view.parts.partitions.get(topic, partition);
  return open === undefined ? 0 : Math.max(0, open.lastStableOffset - Math.max(offset, open.logStartOffset));
}

/** How old the oldest record is that the group has left to read; null where there is none. */
export function ageOf(view: BrokerView, positions: readonly Place[]): number | null {
  const ages = positions
    .filter((place) => lagIn(view, place) > 0)
    .slice(0, LOOKED_AT)
    .flatMap((place) => ageIn(view, place) ?? []);
  return ages.length === 0 ? null : ages.reduce((a, b) => Math.max(a, b));
}

/** By the header of the batch that it stands in: at most as old as the first record there. */
export function ageIn(view: BrokerView, { topic, partition, offset }: Place): number | null {
  const open = view.parts.partitions.get(topic, partition);
  if (open === undefined || open.lastStableOffset <= Math.max(offset, open.logStartOffset)) return null;
  for (const batch of open.batches(Math.max(offset, open.logStartOffset), open.lastStableOffset)) {
    if (batch.isControl) continue;
    return Math.max(0, view.parts.clock.now() - batch.baseTimestamp);
  }
  return null;
}
