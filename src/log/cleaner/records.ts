/** The records of a batch as stretches of bytes, and batches made of some of them, for compaction. PURE. */
import * as batch from '../../../protocol/records/batch.ts';
import { CorruptRecords } from '../../../protocol/records/decode.ts';
import { encodeBatch } from '../../../protocol/records/encode.ts';
import {
  readVarint,
  readVarlong,
  sizeOfVarint,
  sizeOfVarlong,
  writeVarint,
  writeVarlong,
  type Cursor,
} from '../../../protocol/records/record.ts';

/** Goes from record to record; the fields are those of the one `next` came to. */
export class RecordSpans {
  bytes: Buffer = Buffer.alloc(0);
  /** From the length field to the end. */
  start = 0;
  end = 0;
  timestampDelta = 0;
  /** Where the offset delta begins, and all that a new timestamp leaves as it is. */
  restAt = 0;
  offsetDelta = 0;
  keyAt = 0;
  /** -1 without a key. */
  keyLength = -1;
  hasValue = false;
  #limit = 0;
  readonly #cursor: Cursor = { next: 0 };

  /** `bytes`: the records of one batch, not compressed. */
  open(bytes: Buffer): void {
    this.bytes = bytes;
    this.end = 0;
    this.#limit = bytes.length;
  }

  /** @throws {CorruptRecords} where there is no whole record */
  next(): void {
    this.start = this.end;
    const length = this.#varint(this.start, this.#limit);
    const at = this.#cursor.next;
    if (length < 1 || length > this.#limit - at) throw corrupt();
    this.end = at + length;
    this.timestampDelta = readVarlong(this.bytes, at + 1, this.end, this.#cursor); // behind the attributes
    if (this.#cursor.next < 0) throw corrupt();
    this.restAt = this.#cursor.next;
    this.offsetDelta = this.#varint(this.restAt, this.end);
    this.keyLength = this.#varint(this.#cursor.next, this.end);
    this.keyAt = this.#cursor.next;
    if (this.keyLength > this.end - this.keyAt) throw corrupt();
    this.hasValue = this.#varint(this.keyAt + Math.max(0, this.keyLength), this.end) >= 0;
  }

  #varint(at: number, end: number): number {
    const value = readVarint(this.bytes, at, end, this.#cursor);
    if (this.#cursor.next < 0) throw corrupt();
    return value;
  }
}

/** Where each record that stays begins, ends, has its `restAt`, and its timestamp delta. */
export class KeptRecords {
  count = 0;
  bytes = 0;
  maxTimestampDelta = 0;
  readonly #places: number[] = [];

  clear(): void {
    this.count = 0;
    this.bytes = 0;
    this.maxTimestampDelta = 0;
  }

  add(span: RecordSpans): void {
    const places = this.#places;
    const at = this.count++ * 4;
    places[at] = span.start;
    places[at + 1] = span.end;
    places[at + 2] = span.restAt;
    places[at + 3] = span.timestampDelta;
    this.bytes += span.end - span.start;
    if (this.count === 1 || span.timestampDelta > this.maxTimestampDelta) this.maxTimestampDelta = span.timestampDelta;
  }

  /** The records as they are. */
  copy(records: Buffer): Buffer {
    const to = Buffer.allocUnsafe(this.bytes);
    let at = 0;
    for (let i = 0; i < this.count * 4; i += 4) at += records.copy(to, at, this.#places[i], this.#places[i + 1]);
    return to;
  }

  /** The records with `shift` milliseconds added to each timestamp delta. */
  shifted(records: Buffer, shift: number): Buffer {
    const places = this.#places;
    let size = 0;
    for (let i = 0; i < this.count * 4; i += 4) size += sizeOf(places, i, shift).whole;
    const to = Buffer.allocUnsafe(size);
    let at = 0;
    for (let i = 0; i < this.count * 4; i += 4) {
      at = writeVarint(to, at, sizeOf(places, i, shift).body);
      to[at++] = 0; // attributes: none are defined for a record
      at = writeVarlong(to, at, places[i + 3] + shift);
      at += records.copy(to, at, places[i + 2], places[i + 1]);
    }
    return to;
  }
}

function sizeOf(places: readonly number[], i: number, shift: number): { body: number; whole: number } {
  const body = 1 + sizeOfVarlong(places[i + 3] + shift) + places[i + 1] - places[i + 2];
  return { body, whole: sizeOfVarint(body) + body };
}

/** Some of a batch's records, to be compressed as the batch was and put behind its header. */
export interface KeptBatch {
  /** Not compressed yet. */
  readonly body: Buffer;
  readonly count: number;
  readonly maxTimestampDelta: number;
  /** Tombstones and markers among them may go from then on; null leaves open when. */
  readonly horizonMs: number | null;
}

/** What is left of the batch at `at` with only the `kept` of its `records`. */
export function keptBatch(
  bytes: Buffer,
  at: number,
  records: Buffer,
  kept: KeptRecords,
  horizonMs: number | null,
): KeptBatch {
  const body =
    horizonMs === null ? kept.copy(records) : kept.shifted(records, batch.baseTimestamp(bytes, at) - horizonMs);
  return { body, count: kept.count, maxTimestampDelta: kept.maxTimestampDelta, horizonMs };
}

/**
 * The batch at `at` with the records of `kept`, which are `stored` when compressed. Base and last offset stay, so that the
 * offsets and the producer's sequence numbers do.
 */
export function sealBatch(bytes: Buffer, at: number, kept: KeptBatch, stored: Buffer): Buffer {
  const { count, maxTimestampDelta, horizonMs } = kept;
  const word = batch.attributes(bytes, at);
  const made = Buffer.allocUnsafe(batch.BATCH_OVERHEAD + stored.length);
  bytes.copy(made, 0, at, at + batch.BATCH_OVERHEAD);
  made.set(stored, batch.BATCH_OVERHEAD);
  batch.writeInt32(made, batch.BatchField.batchLength, made.length - batch.LOG_OVERHEAD);
  batch.writeInt32(made, batch.BatchField.recordCount, count);
  if (!batch.hasLogAppendTime(word)) {
    batch.writeInt53(made, batch.BatchField.maxTimestamp, batch.baseTimestamp(bytes, at) + maxTimestampDelta);
  }
  if (horizonMs !== null) {
    batch.writeInt16(made, batch.BatchField.attributes, word | batch.DELETE_HORIZON);
    batch.writeInt53(made, batch.BatchField.baseTimestamp, horizonMs);
  }
  batch.setCrc(made, 0);
  return made;
}

/** The batch at `at` without records: it still says which offsets and sequence numbers there were. */
export function emptyBatch(bytes: Buffer, at: number): Buffer {
  const word = batch.attributes(bytes, at);
  return encodeBatch({
    records: [],
    baseOffset: batch.baseOffset(bytes, at),
    lastOffsetDelta: batch.lastOffsetDelta(bytes, at),
    leaderEpoch: batch.leaderEpoch(bytes, at),
    maxTimestamp: batch.maxTimestamp(bytes, at),
    producerId: batch.producerId(bytes, at),
    producerEpoch: batch.producerEpoch(bytes, at),
    baseSequence: batch.baseSequence(bytes, at),
    isTransactional: batch.isTransactional(word),
    isControl: batch.isControl(word),
    timestampType: batch.hasLogAppendTime(word) ? 'LogAppendTime' : 'CreateTime',
  });
}

function corrupt(): CorruptRecords {
  return new CorruptRecords('A record in the batch has a wrong length');
}
