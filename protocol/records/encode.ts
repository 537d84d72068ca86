/**
 * Builds record batches (magic 2): what a producer does, and what the broker does for the records it writes itself
 * (markers, group state, compaction).
 */
import {
  attributesOf,
  BATCH_OVERHEAD,
  BatchField,
  CURRENT_MAGIC,
  LOG_OVERHEAD,
  setCrc,
  writeInt16,
  writeInt32,
  writeInt53,
} from './batch.ts';
import { codecId, compress, type Codec } from './compression.ts';
import { sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong, type RecordDraft } from './record.ts';

export type { RecordDraft } from './record.ts';

export interface BatchDraft {
  readonly records: readonly RecordDraft[];
  readonly baseOffset?: number;
  readonly leaderEpoch?: number;
  readonly compression?: Codec;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly isTransactional?: boolean;
  readonly isControl?: boolean;
  /** With LogAppendTime every reader takes the batch's maxTimestamp for all its records. */
  readonly timestampType?: 'CreateTime' | 'LogAppendTime';
  /** Otherwise the latest of the records, or -1 where there are none. */
  readonly maxTimestamp?: number;
  /** Otherwise that of the last record; compaction keeps the old one, so that no offset is lost. */
  readonly lastOffsetDelta?: number;
  /** Milliseconds since 1970 from which on tombstones and markers in here may go (KIP-534). */
  readonly deleteHorizonMs?: number;
}

/** One batch, ready for the log or for a Produce request; the bytes are fresh and belong to the caller. */
export function encodeBatch(draft: BatchDraft): Buffer {
  const { records, compression = 'none', deleteHorizonMs } = draft;
  const firstTimestamp = deleteHorizonMs ?? (records.length > 0 ? records[0].timestamp : -1);
  const compressed = compression !== 'none' && records.length > 0;
  const size = sizeOfRecords(records, firstTimestamp);

  let bytes = Buffer.allocUnsafe(compressed ? size : BATCH_OVERHEAD + size);
  writeRecords(bytes, compressed ? 0 : BATCH_OVERHEAD, records, firstTimestamp);
  if (compressed) {
    const body = compress(compression, bytes);
    bytes = Buffer.allocUnsafe(BATCH_OVERHEAD + body.length);
    bytes.set(body, BATCH_OVERHEAD);
  }

  let lastDelta = -1;
  let latest = -1;
  for (let i = 0; i < records.length; i++) {
    lastDelta = records[i].offsetDelta ?? i;
    if (records[i].timestamp > latest) latest = records[i].timestamp;
  }
  writeHeader(bytes, draft, {
    count: records.length,
    codec: compressed ? compression : 'none',
    firstTimestamp,
    latest,
    lastDelta,
  });
  return bytes;
}

/** Values of records, one behind the other in `bytes`, and where each ends. */
export interface ValueSource {
  readonly bytes: Buffer;
  readonly ends: readonly number[];
}

/** A batch of many small records that are a value alone, each of the same timestamp. Otherwise as `encodeBatch`. */
export function encodeValues(
  { bytes: from, ends }: ValueSource,
  timestamp: number,
  draft: Pick<BatchDraft, 'baseOffset' | 'leaderEpoch'>,
): Buffer {
  const count = ends.length;
  let size = BATCH_OVERHEAD;
  for (let i = 0; i < count; i++) {
    const body = sizeOfValue(i, ends[i] - (i === 0 ? 0 : ends[i - 1]));
    size += sizeOfVarint(body) + body;
  }
  const to = Buffer.allocUnsafe(size);
  let at = BATCH_OVERHEAD;
  for (let i = 0; i < count; i++) {
    const start = i === 0 ? 0 : ends[i - 1];
    const length = ends[i] - start;
    at = writeVarint(to, at, sizeOfValue(i, length));
    to[at++] = 0; // attributes
    to[at++] = 0; // of the timestamp the difference to the first
    at = writeVarint(to, at, i);
    at = writeVarint(to, at, -1); // no key
    at = writeVarint(to, at, length);
    from.copy(to, at, start, ends[i]);
    at += length;
    to[at++] = 0; // headers
  }
  const [firstTimestamp, latest] = count > 0 ? [timestamp, timestamp] : [-1, -1];
  writeHeader(to, draft, { count, codec: 'none', firstTimestamp, latest, lastDelta: count - 1 });
  return to;
}

/** Bytes behind the length field of a record that is a value alone. */
function sizeOfValue(index: number, length: number): number {
  return 1 + 1 + sizeOfVarint(index) + 1 + sizeOfVarint(length) + length + 1;
}

/** What the header says besides what the draft does. */
interface Content {
  readonly count: number;
  readonly codec: Codec;
  readonly firstTimestamp: number;
  readonly latest: number;
  readonly lastDelta: number;
}

/** Of a batch whose records stand behind it. */
function writeHeader(
  bytes: Buffer,
  draft: Omit<BatchDraft, 'records'>,
  { count, codec, firstTimestamp, latest, lastDelta }: Content,
): void {
  const word = attributesOf(
    codecId(codec),
    draft.timestampType === 'LogAppendTime',
    draft.isTransactional === true,
    draft.isControl === true,
    draft.deleteHorizonMs !== undefined,
  );
  writeInt53(bytes, BatchField.baseOffset, draft.baseOffset ?? 0);
  writeInt32(bytes, BatchField.batchLength, bytes.length - LOG_OVERHEAD);
  writeInt32(bytes, BatchField.leaderEpoch, draft.leaderEpoch ?? -1);
  bytes[BatchField.magic] = CURRENT_MAGIC;
  writeInt16(bytes, BatchField.attributes, word);
  writeInt32(bytes, BatchField.lastOffsetDelta, draft.lastOffsetDelta ?? lastDelta);
  writeInt53(bytes, BatchField.baseTimestamp, firstTimestamp);
  writeInt53(bytes, BatchField.maxTimestamp, draft.maxTimestamp ?? latest);
  writeInt53(bytes, BatchField.producerId, draft.producerId ?? -1);
  writeInt16(bytes, BatchField.producerEpoch, draft.producerEpoch ?? -1);
  writeInt32(bytes, BatchField.baseSequence, draft.baseSequence ?? -1);
  writeInt32(bytes, BatchField.recordCount, count);
  setCrc(bytes, 0);
}

function sizeOfRecords(records: readonly RecordDraft[], firstTimestamp: number): number {
  let size = 0;
  for (let i = 0; i < records.length; i++) {
    const body = sizeOfBody(records[i], i, firstTimestamp);
    size += sizeOfVarint(body) + body;
  }
  return size;
}

/** Bytes of a record behind its length field. */
function sizeOfBody(record: RecordDraft, index: number, firstTimestamp: number): number {
  const { key, value, headers } = record;
  let size =
    1 +
    sizeOfVarlong(record.timestamp - firstTimestamp) +
    sizeOfVarint(record.offsetDelta ?? index) +
    sizeOfBytes(key) +
    sizeOfBytes(value);
  if (headers === undefined) return size + 1;
  size += sizeOfVarint(headers.length);
  for (const header of headers) {
    const keySize = Buffer.byteLength(header.key);
    size += sizeOfVarint(keySize) + keySize + sizeOfBytes(header.value);
  }
  return size;
}

function sizeOfBytes(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : sizeOfVarint(bytes.length) + bytes.length;
}

function writeRecords(to: Buffer, at: number, records: readonly RecordDraft[], firstTimestamp: number): void {
  for (let i = 0; i < records.length; i++) {
    const { key, value, headers, timestamp, offsetDelta = i } = records[i];
    at = writeVarint(to, at, sizeOfBody(records[i], i, firstTimestamp));
    to[at++] = 0; // attributes: none are defined for a record
    at = writeVarlong(to, at, timestamp - firstTimestamp);
    at = writeVarint(to, at, offsetDelta);
    at = writeBytes(to, at, key);
    at = writeBytes(to, at, value);
    at = writeVarint(to, at, headers === undefined ? 0 : headers.length);
    if (headers === undefined) continue;
    for (const header of headers) {
      at = writeVarint(to, at, Buffer.byteLength(header.key));
      at += to.write(header.key, at);
      at = writeBytes(to, at, header.value);
    }
  }
}

function writeBytes(to: Buffer, at: number, bytes: Uint8Array | null): number {
  if (bytes === null) return writeVarint(to, at, -1);
  at = writeVarint(to, at, bytes.length);
  to.set(bytes, at);
  return at + bytes.length;
}
