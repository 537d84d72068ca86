/** Topics as a page shows them: filtered, sorted and cut on the broker, so that ten thousand cost the browser nothing. */
import { configOf, ResourceType, type ClusterImage } from '../cluster/image.ts';
import type { Pieces } from '../platform/pieces.ts';
import type { BrokerView } from '../testing/broker-view.ts';
import type { TopicFrame, TopicRow, TopicsFrame, Writer } from './frames.ts';
import { readersByTopic, readersOf } from './groups-view.ts';
import type { Rates } from './rates.ts';
import type { TrafficDigest } from './traffic-digest.ts';

export interface TopicsAsked {
  readonly filter: string;
  readonly sort: 'name' | 'partitions' | 'records' | 'bytes' | 'rate';
  readonly from: number;
  readonly limit: number;
  readonly internal: boolean;
}

export function* topicsFrame(
  view: BrokerView,
  rates: Rates,
  digest: TrafficDigest | null,
  asked: TopicsAsked,
): Pieces<TopicsFrame> {
  const wanted = asked.filter.toLowerCase();
  const all = namesIn(view.parts.metadata.image).filter(({ isInternal }) => asked.internal || !isInternal);
  const found = all.filter(({ lower }) => lower.includes(wanted)).map(({ name }) => name);
  const names = sorted(view, rates, found, asked.sort).slice(asked.from, asked.from + asked.limit);
  const readers = yield* readersByTopic(view);
  return { found: found.length, all: all.length, rows: names.map((name) => rowOf(view, rates, digest, readers, name)) };
}

interface TopicName {
  readonly name: string;
  readonly lower: string;
  readonly isInternal: boolean;
}

/** In order, worked out once for each image: people who type a filter ask with each letter. */
const namesOf = new WeakMap<ClusterImage, readonly TopicName[]>();

function namesIn(image: ClusterImage): readonly TopicName[] {
  const known = namesOf.get(image);
  if (known !== undefined) return known;
  const names = Array.from(image.topicsByName.keys())
    .sort()
    .map((name) => ({ name, lower: name.toLowerCase(), isInternal: name.startsWith('__') }));
  namesOf.set(image, names);
  return names;
}

/** `names` come in their order, and keep it where nothing else tells them apart. */
function sorted(
  view: BrokerView,
  rates: Rates,
  names: readonly string[],
  sort: TopicsAsked['sort'],
): readonly string[] {
  if (sort === 'name') return names;
  const known = new Map<string, number>();
  const valueOf = (name: string): number => {
    const value = known.get(name) ?? (sort === 'rate' ? rates.recordsPerSecond(name) : sumOf(view, name)[sort]);
    known.set(name, value);
    return value;
  };
  return names.toSorted((a, b) => valueOf(b) - valueOf(a));
}

function sumOf({ parts }: BrokerView, name: string): { partitions: number; records: number; bytes: number } {
  let records = 0;
  let bytes = 0;
  const partitions = parts.partitions.topicByName(name)?.partitions ?? [];
  for (const partition of partitions) {
    if (partition === undefined) continue;
    records += partition.highWatermark - partition.logStartOffset;
    bytes += partition.size;
  }
  const count = parts.metadata.image.topicsByName.get(name)?.partitions.length ?? partitions.length;
  return { partitions: count, records, bytes };
}

function rowOf(
  view: BrokerView,
  rates: Rates,
  digest: TrafficDigest | null,
  readers: ReadonlyMap<string, string[]>,
  name: string,
): TopicRow {
  return {
    name,
    ...sumOf(view, name),
    recordsPerSecond: rates.recordsPerSecond(name),
    writtenBy: writersOf(view, digest, name)
      .slice(0, NAMED)
      .map(({ clientId, producerId }) => clientId ?? `producer ${producerId}`),
    readBy: (readers.get(name) ?? []).slice(0, NAMED),
    isInternal: name.startsWith('__'),
  };
}

/** Names in a row of a list. */
const NAMED = 5;
const SHOWN_WRITERS = 50;
const SHOWN_PARTITIONS = 300;
/** Partitions whose producers are looked at. */
const LOOKED_AT = 100;

/** By the traffic, where that is recorded; else the producers that partitions know, which are idempotent ones. */
function writersOf(view: BrokerView, digest: TrafficDigest | null, name: string): Writer[] {
  const clients = digest?.writersOf(name) ?? [];
  if (clients.length > 0) return clients.map((clientId) => ({ clientId, producerId: null, lastAtMs: null }));
  const known = new Map<number, number>();
  for (const partition of view.parts.partitions.topicByName(name)?.partitions.slice(0, LOOKED_AT) ?? []) {
    for (const { producerId, lastTimestamp } of partition?.activeProducers() ?? []) {
      known.set(producerId, Math.max(known.get(producerId) ?? 0, lastTimestamp));
      if (known.size >= SHOWN_WRITERS) break;
    }
  }
  return Array.from(known, ([producerId, lastAtMs]) => ({ clientId: null, producerId, lastAtMs }));
}

/** Null where there is no such topic. */
export function* topicFrame(view: BrokerView, digest: TrafficDigest | null, name: string): Pieces<TopicFrame | null> {
  const { image } = view.parts.metadata;
  const topic = image.topicsByName.get(name);
  if (topic === undefined) return null;
  const readBy = yield* readersOf(view, name);
  const sum = sumOf(view, name);
  return {
    name,
    id: topic.id,
    partitionCount: topic.partitions.length,
    records: sum.records,
    bytes: sum.bytes,
    end: endOf(view, name),
    partitions: topic.partitions.slice(0, SHOWN_PARTITIONS).map(({ leader, replicas, isr }, partition) => {
      const open = view.parts.partitions.get(name, partition);
      return {
        partition,
        leader,
        replicas: [...replicas],
        isr: [...isr],
        start: open?.logStartOffset ?? 0,
        end: open?.highWatermark ?? 0,
        stable: open?.lastStableOffset ?? 0,
        bytes: open?.size ?? 0,
        segments: open?.segmentCount ?? 0,
      };
    }),
    configs: Array.from(configOf(image, ResourceType.topic, name), ([key, value]) => ({ key, value })).sort((a, b) =>
      a.key < b.key ? -1 : 1,
    ),
    readBy,
    writtenBy: writersOf(view, digest, name),
  };
}

function endOf({ parts }: BrokerView, name: string): number {
  return (parts.partitions.topicByName(name)?.partitions ?? []).reduce(
    (sum, one) => sum + (one?.highWatermark ?? 0),
    0,
  );
}
