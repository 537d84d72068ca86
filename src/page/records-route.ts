/** GET and POST /records: one page of a topic's records, merged over its partitions. */
import type { Context } from 'hono';
import { parseMessageSearch } from '../insight/message-search.ts';
import { offsetForTimestamp } from '../partitions/offset-lookup.ts';
import type { BrokerView } from '../testing/broker-view.ts';
import { committedOffsets } from '../testing/group-view.ts';
import type { Partition } from '../testing/visible-batches.ts';
import type { RecordsFrame } from './frames.ts';
import { searchRecords } from './record-search.ts';

const PAGE_OF_RECORDS = 100;

/** One page of a topic's records; a search that takes long tells how far it came, and is asked again from there. */
export async function records(context: Context, view: BrokerView, next: string | undefined): Promise<Response> {
  const { topic = '', search = '', partition } = context.req.query();
  const found = view.parts.partitions.topicByName(topic);
  const id = topicIdOf(view, topic);
  if (found === undefined) return context.json({ detail: `There is no topic '${topic}'.`, at: null }, 404);
  const all = found.partitions.filter((one) => one !== undefined);
  const partitions = partition === undefined ? all : all.filter(({ index }) => String(index) === partition);
  const match = search.trim() === '' ? null : parseMessageSearch(search);
  const begin = next === undefined ? beginningOf(context, view, partitions) : parsePlace(next);
  if (begin === null) return context.json({ detail: 'The place to go on from cannot be understood.', at: null }, 400);
  const result = await searchRecords({
    ...begin,
    partitions,
    match,
    limit: PAGE_OF_RECORDS,
    isCancelled: () => context.req.raw.signal.aborted,
  }).catch((error: unknown) => {
    if (topicIdOf(view, topic) === id) throw error;
    return null; // it was deleted meanwhile, and may have been made again
  });
  if (result === null) {
    return context.json({ detail: `Topic '${topic}' was deleted while you searched it.`, at: null }, 404);
  }
  const frame: RecordsFrame = {
    topic,
    rows: result.rows,
    next: result.positions === null ? null : placeText(begin.direction, result.positions),
    searched: result.searched,
  };
  return context.json(frame, 200);
}

/** A topic that was made again has another one. */
function topicIdOf(view: BrokerView, topic: string): string | undefined {
  return view.parts.metadata.image.topicsByName.get(topic)?.id;
}

interface Place {
  readonly direction: 'newest' | 'onwards';
  readonly positions: ReadonlyMap<number, number>;
}

/** `offset=N`, `time=MS` and `unread=GROUP` begin there and go on; else the newest come first. */
function beginningOf(context: Context, view: BrokerView, partitions: readonly Partition[]): Place | null {
  const { offset, time, unread } = context.req.query();
  const from = (of: (partition: Partition) => number): Place => ({
    direction: 'onwards',
    positions: new Map(partitions.map((partition) => [partition.index, of(partition)])),
  });
  if (unread !== undefined) {
    const { topic = '' } = context.req.query();
    const committed = new Map(
      committedOffsets(view, unread)
        .filter((place) => place.topic === topic)
        .map((place) => [place.partition, place.offset]),
    );
    return from(({ index, logStartOffset }) => committed.get(index) ?? logStartOffset);
  }
  if (offset === undefined && time === undefined) return { direction: 'newest', positions: new Map() };
  const wanted = Number(offset ?? time);
  if (!Number.isSafeInteger(wanted) || wanted < 0) return null;
  return offset === undefined
    ? from((partition) => offsetForTimestamp(partition, wanted)?.offset ?? partition.endOffset)
    : from(() => wanted);
}

function placeText(direction: Place['direction'], positions: ReadonlyMap<number, number>): string {
  return `${direction}:${Array.from(positions, ([index, offset]) => `${index}-${offset}`).join('.')}`;
}

function parsePlace(text: string): Place | null {
  const found = /^(newest|onwards):((?:\d{1,9}-\d{1,15}(?:\.|$))*)$/.exec(text);
  if (found === null) return null;
  const positions = found[2]
    .split('.')
    .filter((part) => part !== '')
    .map((part) => part.split('-').map(Number) as [number, number]);
  return { direction: found[1] as Place['direction'], positions: new Map(positions) };
}
