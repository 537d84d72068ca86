/** The records of a dead-letter queue (KIP-1191): what they say of the record that could not be delivered, and that record. */
import type { Record } from '../../../protocol/records/decode.ts';
import type { Cluster, TopicMetadata } from './cluster.ts';
import { fetchAll, type Reading } from './fetcher.ts';
import { BEGINNING, END, listOffsets, nameOf, type TopicPartition } from './offsets.ts';

export interface DeadLetter extends TopicPartition {
  readonly offset: number;
  /** Milliseconds since 1970: when it was given up. */
  readonly timestamp: number;
  readonly group: string;
  readonly cause: string;
  readonly deliveries: number;
  /** Where the record is that could not be delivered. */
  readonly source: TopicPartition & { readonly offset: number };
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

const PREFIX = '__dlq.errors.';
/** Originals are looked up so many at a time: each is a fetch of its own. */
const AT_ONCE = 50;

/** All that stand in the topic now, in the order of partitions and offsets; records that are no dead letters are passed over. */
export async function readDeadLetters(cluster: Cluster, topic: TopicMetadata): Promise<DeadLetter[]> {
  const name = topic.name!;
  const [starts, ends] = await Promise.all([
    listOffsets(cluster, [topic], () => BEGINNING),
    listOffsets(cluster, [topic], () => END, true),
  ]);
  const readings = topic.partitions.map(({ partitionIndex: partition }): Reading => {
    const at = { topic: name, partition };
    return { ...at, offset: starts.get(nameOf(at)) ?? 0, until: ends.get(nameOf(at)) ?? 0 };
  });
  const letters: DeadLetter[] = [];
  await fetchAll(cluster, readings, {
    committed: true,
    signal: new AbortController().signal,
    take: async (at, records) => {
      for (const record of records) {
        const letter = letterOf(at, record);
        if (letter !== null) letters.push(letter);
      }
    },
  });
  return letters.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

function letterOf({ topic, partition }: TopicPartition, { offset, timestamp, key, value, headers }: Record) {
  const told = new Map(headers.map((header) => [header.key, header.value === null ? '' : Buffer.from(header.value)]));
  const text = (header: string): string => String(told.get(PREFIX + header) ?? '');
  if (!told.has(`${PREFIX}offset`)) return null;
  return {
    topic,
    partition,
    offset,
    timestamp,
    group: text('group'),
    cause: text('message'),
    deliveries: Number(text('delivery.count')),
    source: { topic: text('topic'), partition: Number(text('partition')), offset: Number(text('offset')) },
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
  };
}

/** The records that could not be delivered, where they still exist; null where they do not. */
export async function readOriginals(
  cluster: Cluster,
  letters: readonly DeadLetter[],
): Promise<Map<DeadLetter, Record | null>> {
  const found = new Map<DeadLetter, Record | null>(letters.map((letter) => [letter, null]));
  const { topics } = await cluster.metadata([...new Set(letters.map(({ source }) => source.topic))]);
  const there = topics.filter(({ errorCode }) => errorCode === 0);
  const starts = await listOffsets(cluster, there, () => BEGINNING);
  const ends = await listOffsets(cluster, there, () => END);
  const isThere = ({ source }: DeadLetter): boolean => {
    const [start, end] = [starts.get(nameOf(source)), ends.get(nameOf(source))];
    return start !== undefined && end !== undefined && start <= source.offset && source.offset < end;
  };
  const left = letters.filter(isThere);
  for (let from = 0; from < left.length; from += AT_ONCE) {
    await Promise.all(
      left.slice(from, from + AT_ONCE).map(async (letter) => found.set(letter, await readOne(cluster, letter.source))),
    );
  }
  return found;
}

async function readOne(cluster: Cluster, source: DeadLetter['source']): Promise<Record | null> {
  const { topic, partition, offset } = source;
  let found: Record | null = null;
  await fetchAll(cluster, [{ topic, partition, offset, until: offset + 1 }], {
    committed: false,
    signal: new AbortController().signal,
    take: async (_at, [record]) => void (found = record.offset === offset ? record : null),
  });
  return found;
}
