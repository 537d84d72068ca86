/** The records of a dead-letter queue: why and where, and on demand the record itself. */
import type { RecordDraft } from '../../protocol/records/encode.ts';
import type { Partition } from '../partitions/partition.ts';
import { CorruptBatchError } from '../partitions/read.ts';
import type { SharePartition } from './share-partition.ts';

/** Offsets that could not be delivered, both ends included, and why. */
export interface Letter {
  readonly first: number;
  readonly last: number;
  readonly deliveryCount: number;
  /** By a member; otherwise they have been delivered too often. */
  readonly isRejected: boolean;
}

export interface LetterOptions {
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** Key and value of the record, where they can be read. */
  readonly copiesRecords: boolean;
  /** Of a batch. */
  readonly maxBytes: number;
}

interface Content {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

type Contents = Generator<{ readonly offset: number; readonly content: Content }>;

const REJECTED = 'Offset rejected by client.';
const TOO_OFTEN = 'Offset delivery count exceeded the threshold.';
const NOTHING: Content = { key: null, value: null };
/** What a record takes beside its key and value: headers, lengths; and a batch beside its records. */
const RECORD_OVERHEAD = 400;
const BATCH_OVERHEAD = 100;

/** In batches, none larger than the queue takes: a record that is too large is told by its headers alone. */
export function* deadLetterRecords(
  partition: SharePartition,
  letter: Letter,
  { nowMs, copiesRecords, maxBytes }: LetterOptions,
): Generator<RecordDraft[]> {
  let records: RecordDraft[] = [];
  let left = maxBytes - BATCH_OVERHEAD;
  for (const { offset, content } of contentsOf(partition, letter, copiesRecords)) {
    const headers = headersOf(partition, letter, offset);
    const fixed =
      RECORD_OVERHEAD + 2 * Buffer.byteLength(partition.groupId) + Buffer.byteLength(partition.partition.topic);
    const size = fixed + (content.key?.length ?? 0) + (content.value?.length ?? 0);
    const told = size > maxBytes - BATCH_OVERHEAD ? NOTHING : content;
    const takes = told === content ? size : fixed;
    if (takes > left && records.length > 0) {
      yield records;
      records = [];
      left = maxBytes - BATCH_OVERHEAD;
    }
    records.push({ ...told, headers, timestamp: nowMs });
    left -= takes;
  }
  if (records.length > 0) yield records;
}

/** The offsets that are records; what the log no longer has counts, what it never had (gaps, markers) does not. */
function* contentsOf({ partition }: SharePartition, { first, last }: Letter, copiesRecords: boolean): Contents {
  const start = partition.logStartOffset;
  yield* untold(first, Math.min(last, start - 1));
  for (let next = Math.max(first, start); next <= last;) {
    try {
      for (const told of soundContents(partition, next, last, copiesRecords)) {
        next = told.offset + 1;
        yield told;
      }
      return;
    } catch (error) {
      if (!(error instanceof CorruptBatchError)) throw error;
      // What the disk does not give is told by its offsets alone.
      const behind = error.damage.nextOffset > next ? error.damage.nextOffset : last + 1;
      yield* untold(next, Math.min(last, behind - 1));
      next = behind;
    }
  }
}

/** @throws {CorruptBatchError} where the disk does not give what was appended */
function* soundContents(partition: Partition, first: number, last: number, copiesRecords: boolean): Contents {
  for (const batch of partition.batches(first, partition.highWatermark)) {
    const { baseOffset, lastOffset, recordCount, isControl } = batch;
    if (baseOffset > last) return;
    if (isControl) continue;
    const isWhole = recordCount === lastOffset - baseOffset + 1;
    if (isWhole && !copiesRecords) {
      yield* untold(Math.max(first, baseOffset), Math.min(last, lastOffset));
      continue;
    }
    for (const { offset, key, value } of batch.records()) {
      if (offset < first || offset > last) continue;
      yield { offset, content: copiesRecords ? { key: copyOf(key), value: copyOf(value) } : NOTHING };
    }
  }
}

function* untold(first: number, last: number): Contents {
  for (let offset = first; offset <= last; offset++) yield { offset, content: NOTHING };
}

function copyOf(bytes: Uint8Array | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes);
}

function headersOf({ groupId, partition }: SharePartition, letter: Letter, offset: number) {
  const { deliveryCount, isRejected } = letter;
  const texts = {
    topic: partition.topic,
    partition: partition.index,
    offset,
    group: groupId,
    'delivery.count': deliveryCount,
    message: isRejected ? REJECTED : TOO_OFTEN,
  };
  return Object.entries(texts).map(([name, value]) => ({
    key: `__dlq.errors.${name}`,
    value: Buffer.from(String(value)),
  }));
}
