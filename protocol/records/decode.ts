/**
 * Reads whole record batches into objects: for what replays a log (groups, transactions), the cleaner, tools and
 * tests. Produce and fetch never come here; they use batch.ts and walk.ts.
 */
import * as batch from './batch.ts';
import type { OutputWatch } from './bounded-output.ts';
import { codecs, decompress, DecompressedTooLarge, type Codec } from './compression.ts';
import { readVarint, readVarlong, type Cursor, type Record } from './record.ts';
import { RecordLengths } from './record-lengths.ts';

export type { Record } from './record.ts';

/** Bytes that are no record batch, or one with contradictions in it. */
export class CorruptRecords extends Error {
  override name = 'CorruptRecords';
}

/** A batch as read. Fields as in batch.ts; int64 as numbers, timestamps in milliseconds since 1970. */
export interface DecodedBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly leaderEpoch: number;
  readonly compression: Codec;
  readonly timestampType: 'CreateTime' | 'LogAppendTime';
  readonly isTransactional: boolean;
  readonly isControl: boolean;
  /** From then on tombstones and markers in here may go (KIP-534); null until the cleaner has come by. */
  readonly deleteHorizonMs: number | null;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly records: Record[];
}

/** What the records of one batch may come to when decompressed, unless the caller says otherwise. */
export const DEFAULT_MAX_DECOMPRESSED_BYTES = 128 * 1024 * 1024;

/** The position of every whole batch from `at` on, of any magic; ends quietly at a partial one, as in a fetch. */
export function* batches(bytes: Buffer, at = 0, end = bytes.length): Generator<number, void, void> {
  for (let next = batch.batchEnd(bytes, at, end); next >= 0; next = batch.batchEnd(bytes, at, end)) {
    yield at;
    at = next;
  }
}

/**
 * The records of the batch at `at` as bytes for walkRecords: a view, or decompressed, into `room` where there is one and
 * it is large enough. Throws BadCompression.
 */
export function recordBytes(
  bytes: Buffer,
  at: number,
  maxBytes = DEFAULT_MAX_DECOMPRESSED_BYTES,
  room: Buffer | null = null,
  watch: OutputWatch | null = null,
): Buffer {
  const stored = bytes.subarray(at + batch.BATCH_OVERHEAD, at + batch.sizeInBytes(bytes, at));
  const codec = batch.compressionOf(batch.attributes(bytes, at));
  if (codec === 0 || stored.length === 0) return stored;
  if (codec >= codecs.length) throw new CorruptRecords(`Compression ${codec} is not known; use ${codecs.join(', ')}`);
  return decompress(codecs[codec], stored, maxBytes, room, watch);
}

/**
 * The same, refusing records of more than `maxRecordBytes` before they are held: throws RefusedRecords. All records of a batch
 * may come to DEFAULT_MAX_DECOMPRESSED_BYTES. What comes to no more than `maxRecordBytes` has no record that is larger, and needs
 * no look at each; that is the common case.
 */
export function recordBytesUpTo(maxRecordBytes: number, bytes: Buffer, at: number, room: Buffer): Buffer {
  if (maxRecordBytes >= DEFAULT_MAX_DECOMPRESSED_BYTES) {
    return recordBytes(bytes, at, DEFAULT_MAX_DECOMPRESSED_BYTES, room);
  }
  try {
    return recordBytes(bytes, at, maxRecordBytes, room);
  } catch (error) {
    if (!(error instanceof DecompressedTooLarge)) throw error;
    const lengths = new RecordLengths(batch.recordCount(bytes, at), maxRecordBytes);
    return recordBytes(bytes, at, DEFAULT_MAX_DECOMPRESSED_BYTES, room, lengths);
  }
}

/** The batch at `at` with all its records. Throws CorruptRecords or BadCompression; the CRC is the caller's to check. */
export function decodeBatch(bytes: Buffer, at = 0, maxBytes = DEFAULT_MAX_DECOMPRESSED_BYTES): DecodedBatch {
  if (batch.batchEnd(bytes, at, bytes.length) < 0) throw new CorruptRecords(`No whole record batch at byte ${at}`);
  if (batch.magic(bytes, at) !== batch.CURRENT_MAGIC) {
    throw new CorruptRecords(`Magic ${batch.magic(bytes, at)} at byte ${at} cannot be read; only 2 can`);
  }
  const word = batch.attributes(bytes, at);
  const baseTimestamp = batch.baseTimestamp(bytes, at);
  const logAppendTime = batch.hasLogAppendTime(word);
  const first = {
    offset: batch.baseOffset(bytes, at),
    timestamp: baseTimestamp,
    appendTime: logAppendTime ? batch.maxTimestamp(bytes, at) : null,
  };
  return {
    baseOffset: first.offset,
    lastOffset: batch.lastOffset(bytes, at),
    leaderEpoch: batch.leaderEpoch(bytes, at),
    compression: codecs[batch.compressionOf(word)],
    timestampType: logAppendTime ? 'LogAppendTime' : 'CreateTime',
    isTransactional: batch.isTransactional(word),
    isControl: batch.isControl(word),
    deleteHorizonMs: batch.hasDeleteHorizon(word) ? baseTimestamp : null,
    baseTimestamp,
    maxTimestamp: batch.maxTimestamp(bytes, at),
    producerId: batch.producerId(bytes, at),
    producerEpoch: batch.producerEpoch(bytes, at),
    baseSequence: batch.baseSequence(bytes, at),
    records: new RecordReader(recordBytes(bytes, at, maxBytes)).records(batch.recordCount(bytes, at), first),
  };
}

interface FirstRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly appendTime: number | null;
}

/** Takes records apart in order; every length is compared with what is left of its record. */
class RecordReader implements Cursor {
  next = 0;
  readonly #bytes: Buffer;
  #at = 0;
  #end = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  records(count: number, first: FirstRecord): Record[] {
    const records: Record[] = [];
    for (let i = 0; i < count; i++) {
      this.#end = this.#bytes.length;
      const length = this.#varint();
      if (length < 1 || length > this.#bytes.length - this.#at) throw corrupt('length');
      this.#end = this.#at + length;
      records.push(this.#record(first));
      if (this.#at !== this.#end) throw corrupt('length');
    }
    if (this.#at !== this.#bytes.length)
      throw new CorruptRecords('The batch goes on after the last record it declares');
    return records;
  }

  #record(first: FirstRecord): Record {
    this.#at++; // the attributes, which mean nothing
    const delta = readVarlong(this.#bytes, this.#at, this.#end, this);
    this.#moved();
    const timestamp = first.appendTime ?? first.timestamp + delta;
    const offset = first.offset + this.#varint();
    const key = this.#nullable();
    const value = this.#nullable();
    return { offset, timestamp, key, value, headers: this.#headers() };
  }

  #headers(): Record['headers'] {
    const count = this.#varint();
    if (count < 0 || count > (this.#end - this.#at) >> 1) throw corrupt('number of headers');
    const headers: { key: string; value: Buffer | null }[] = [];
    for (let i = 0; i < count; i++) {
      const key = this.#nullable();
      if (key === null) throw corrupt('header key');
      headers.push({ key: key.toString(), value: this.#nullable() });
    }
    return headers;
  }

  /** Any negative length is null, as Kafka reads it. */
  #nullable(): Buffer | null {
    const length = this.#varint();
    if (length < 0) return null;
    if (length > this.#end - this.#at) throw corrupt('length of a field');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #varint(): number {
    const value = readVarint(this.#bytes, this.#at, this.#end, this);
    this.#moved();
    return value;
  }

  #moved(): void {
    if (this.next < 0) throw corrupt('number of variable length');
    this.#at = this.next;
  }
}

function corrupt(what: string): CorruptRecords {
  return new CorruptRecords(`A record in the batch has a wrong ${what}`);
}
