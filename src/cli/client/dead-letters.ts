/** The records of a dead-letter queue (KIP-1191): what they say of the record that could not be delivered, and that record. */
import { ErrorCode } from '../../../protocol/errors.ts';
import type { Record } from '../../../protocol/records/decode.ts';
import { isOriginal, letterFacts, type LetterFacts } from '../../insight/dead-letter.ts';
import type { Cluster, TopicMetadata } from './cluster.ts';
import { Refused } from './failure.ts';
import { fetchAll, type Reading } from './fetcher.ts';
import { BEGINNING, END, listOffsets, nameOf, type TopicPartition } from './offsets.ts';

export interface DeadLetter extends TopicPartition, LetterFacts {
  readonly offset: number;
  /** Milliseconds since 1970: when it was given up. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

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

function letterOf(at: TopicPartition, { offset, timestamp, key, value, headers }: Record): DeadLetter | null {
  const told = new Map(headers.map((header) => [header.key, Buffer.from(header.value ?? []).toString()]));
  const facts = letterFacts((name) => told.get(name));
  if (facts === null) return null;
  const { topic, partition } = at;
  const copy = { key: key === null ? null : Buffer.from(key), value: value === null ? null : Buffer.from(value) };
  return { topic, partition, offset, timestamp, ...facts, ...copy };
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
      left.slice(from, from + AT_ONCE).map(async (letter) => found.set(letter, await readOne(cluster, letter))),
    );
  }
  return found;
}

async function readOne(cluster: Cluster, letter: DeadLetter): Promise<Record | null> {
  const { topic, partition, offset } = letter.source;
  let found: Record | null = null;
  try {
    await fetchAll(cluster, [{ topic, partition, offset, until: offset + 1 }], {
      committed: false,
      signal: new AbortController().signal,
      take: async (_at, [record]) =>
        void (found = record.offset === offset && isOriginal(record, letter) ? record : null),
    });
  } catch (error) {
    if (!(error instanceof Refused) || !GONE.has(error.errorCode)) throw error;
  }
  return found;
}

/** The topic was deleted, or the record, since it was looked whether it is there. */
const GONE: ReadonlySet<number> = new Set([ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ErrorCode.OFFSET_OUT_OF_RANGE]);
