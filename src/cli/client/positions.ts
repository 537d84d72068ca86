/** Where to begin reading, as people say it, and the offsets that this means in each partition. */
import { instant } from '../option-values.ts';
import { UsageError } from '../usage.ts';
import type { Cluster, TopicMetadata } from './cluster.ts';
import { BEGINNING, END, listOffsets, nameOf, type TopicPartition } from './offsets.ts';

export type Position =
  | { readonly at: 'beginning' | 'end' | 'stored' }
  /** This offset. */
  | { readonly offset: number }
  /** So many records before the end. */
  | { readonly last: number }
  /** The first record at or after this time, in milliseconds since 1970. */
  | { readonly time: number };

const WORDS: Readonly<Record<string, Position>> = {
  beginning: { at: 'beginning' },
  earliest: { at: 'beginning' },
  start: { at: 'beginning' },
  end: { at: 'end' },
  latest: { at: 'end' },
  stored: { at: 'stored' },
};

/** Reads beginning, end, stored, 42, -5, @2026-11-21, @1700000000000, @1h. Throws UsageError. */
export function parsePosition(text: string, now: number): Position {
  if (Object.hasOwn(WORDS, text)) return WORDS[text];
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return { offset: Number(text) };
  if (/^-\d+$/.test(text) && Number.isSafeInteger(Number(text))) return { last: -Number(text) };
  if (text.startsWith('@')) return { time: instant(text.slice(1), now) };
  throw new UsageError(
    `'${text}' is no place to read from: write beginning, end, an offset (42), the last records (-5), ` +
      'or a time (@2026-11-21T10:00Z, or @1h for an hour ago)',
  );
}

export interface Bounds {
  readonly begin: ReadonlyMap<string, number>;
  readonly end: ReadonlyMap<string, number>;
}

/** First and next offset of each partition that `includes`, by `nameOf`. */
export async function boundsOf(
  cluster: Cluster,
  topics: readonly TopicMetadata[],
  includes: (at: TopicPartition) => boolean,
  committed = false,
): Promise<Bounds> {
  const [begin, end] = await Promise.all([
    listOffsets(cluster, topics, (at) => (includes(at) ? BEGINNING : undefined)),
    listOffsets(cluster, topics, (at) => (includes(at) ? END : undefined), committed),
  ]);
  return { begin, end };
}

/** The offset that a position means in each partition within bounds; what lies outside is moved to the nearer bound. */
export async function resolvePositions(
  cluster: Cluster,
  topics: readonly TopicMetadata[],
  positionOf: (at: TopicPartition) => Position,
  { begin, end }: Bounds,
): Promise<Map<string, number>> {
  const timeOf = (at: TopicPartition): number | undefined => {
    const position = end.has(nameOf(at)) ? positionOf(at) : null;
    return position !== null && 'time' in position ? position.time : undefined;
  };
  const byTime = await listOffsets(cluster, topics, timeOf);
  const offsets = new Map<string, number>();
  for (const { name: topic, partitions } of topics) {
    for (const { partitionIndex } of partitions) {
      const at = { topic: topic!, partition: partitionIndex };
      const [first, last] = [begin.get(nameOf(at)), end.get(nameOf(at))];
      if (first === undefined || last === undefined) continue;
      const meant = meaningOf(positionOf(at), first, last, byTime.get(nameOf(at)) ?? -1);
      offsets.set(nameOf(at), Math.min(Math.max(meant, first), last));
    }
  }
  return offsets;
}

function meaningOf(position: Position, first: number, last: number, found: number): number {
  if ('offset' in position) return position.offset;
  if ('last' in position) return last - position.last;
  if ('time' in position) return found < 0 ? last : found;
  return position.at === 'end' ? last : first;
}
