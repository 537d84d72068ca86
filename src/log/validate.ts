/**
 * What a broker checks in the one batch a produce request has for a partition, and what it rewrites in it (timestamps,
 * compression). The codes are those Apache Kafka 4.4 answers. PURE.
 */
import { ErrorCode } from '../../protocol/errors.ts';
import * as batch from '../../protocol/records/batch.ts';
import { codecId, codecs, compress, DecompressedTooLarge, type Codec } from '../../protocol/records/compression.ts';
import { recordBytes } from '../../protocol/records/decode.ts';
import { RefusedRecords } from '../../protocol/records/record-lengths.ts';
import { Malformed, walkRecords, type RecordWalk } from '../../protocol/records/walk.ts';
import type { LogConfig } from '../config/log-config.ts';
import { isTimestampInRange, NO_TIMESTAMP, RecordRefusals, type RecordError } from './record-refusals.ts';

export interface Validation {
  errorCode: number;
  errorMessage: string | null;
  recordErrors: readonly RecordError[];
  /** Whether it was refused for what Kafka sees only with the log in its hands; its answer then has the log's start. */
  reachedLog: boolean;
  /** The batch to append: changed where it lay, or new bytes where it had to be compressed anew. */
  bytes: Buffer;
  at: number;
  length: number;
  /** -1 unless the topic stamps with LogAppendTime. */
  logAppendTimeMs: number;
  /** Its records come to more than may be looked at in one go: nothing is decided yet, see validateInPieces. */
  isLong: boolean;
  /** The bytes of records that were looked at, decompressed. */
  recordBytes: number;
}

export interface ValidationRules {
  readonly config: LogConfig;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** Of the Produce request: before 7 there was no zstd (KIP-110). */
  readonly apiVersion: number;
}

const NO_RECORD_ERRORS: readonly RecordError[] = [];
const NO_BYTES = Buffer.alloc(0);
/** Records that are only looked at are decompressed here, as long as they fit. */
const decompressed = Buffer.allocUnsafeSlow(128 * 1024);
const ZSTD = codecId('zstd');
const ZSTD_SINCE_VERSION = 7;
const SHORTEST_LENGTH = 14;
const BYTES_UP_TO_MAGIC = 17;
/** What compressed records may come to where they are validated at once: up to 20 ms of work. */
const AT_ONCE_BYTES = 2 * 1024 * 1024;
/** The same of records that come uncompressed, and have fewer bytes to spare. */
const UNCOMPRESSED_AT_ONCE_BYTES = 4 * AT_ONCE_BYTES;
/** The same of any records, by their number: each is walked to, and twice where some are refused. */
const RECORDS_AT_ONCE = 1 << 15;
/** The same where the topic wants them compressed anew. */
const RECOMPRESSED_AT_ONCE_BYTES = 256 * 1024;
/** The bit of the attributes' low byte. */
const LOG_APPEND_TIME = 0x08;

/** Of the batch that is being validated. */
let result: Validation = pending(NO_BYTES, 0);

/** Checks the `length` bytes at `at` that a producer sent for one partition, and makes them ready for the log. */
export function validateBatch(bytes: Buffer, at: number, length: number, rules: ValidationRules): Readonly<Validation> {
  result = pending(bytes, at);
  if (!isOneBatch(bytes, at, at + length) || !isSound(bytes, at, rules)) return result;
  result.length = batch.sizeInBytes(bytes, at); // a partial batch behind it is passed over, as Kafka does
  if (!areRecordsSound(bytes, at, rules)) return result;
  rewrite(bytes, at, rules);
  return result;
}

function pending(bytes: Buffer, at: number): Validation {
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    recordErrors: NO_RECORD_ERRORS,
    reachedLog: false,
    bytes,
    at,
    length: 0,
    logAppendTimeMs: -1,
    isLong: false,
    recordBytes: 0,
  };
}

/** What the pieces of validateInPieces have come to. */
export interface LookedAt {
  /** Why the records cannot be read or are refused as a whole; null where they are sound. */
  readonly failure: Error | { readonly reason: string } | null;
  readonly minTimestampDelta: number;
  readonly maxTimestampDelta: number;
  readonly refusals: RecordRefusals;
  /** Its records compressed anew, or why they are not; null where they stay as they came. */
  readonly packed: Buffer | Error | null;
}

/** What is left of validateBatch when the records of a long batch have been looked at. */
export function concludeLong(
  bytes: Buffer,
  at: number,
  looked: LookedAt,
  rules: ValidationRules,
): Readonly<Validation> {
  const { failure, refusals } = looked;
  result = pending(bytes, at);
  result.reachedLog = true;
  result.length = batch.sizeInBytes(bytes, at);
  if (failure instanceof Error) failUnreadable(failure);
  else if (failure !== null) failWalk(failure.reason, batch.compressionOf(batch.attributes(bytes, at)) !== 0);
  else if (failRefused(refusals, batch.recordCount(bytes, at))) {
    const base = batch.baseTimestamp(bytes, at);
    const isCreateTime = rules.config.messageTimestampType === 'CreateTime';
    if (isCreateTime && areInTime(bytes, at, looked, rules)) {
      fixMaxTimestamp(bytes, at, Math.max(NO_TIMESTAMP, base + looked.maxTimestampDelta));
    }
    rewrite(bytes, at, rules, looked.packed);
  }
  return result;
}

function fail(errorCode: number, message: string): false {
  result.errorCode = errorCode;
  result.errorMessage = message;
  result.length = 0;
  return false;
}

/** Exactly one whole batch: since Produce v3 a partition's records are no longer a sequence of them. */
function isOneBatch(bytes: Buffer, at: number, end: number): boolean {
  if (end - at < BYTES_UP_TO_MAGIC) return fail(ErrorCode.INVALID_RECORD, 'There is no record batch; send exactly one');
  const size = batch.sizeInBytes(bytes, at);
  const magic = batch.magic(bytes, at);
  if (size < batch.LOG_OVERHEAD + SHORTEST_LENGTH) {
    return fail(ErrorCode.CORRUPT_MESSAGE, `No record batch is as short as ${size - batch.LOG_OVERHEAD} bytes`);
  }
  if (magic < 0 || magic > batch.CURRENT_MAGIC) {
    return fail(ErrorCode.CORRUPT_MESSAGE, `Record batches with magic ${magic} are not known; send magic 2`);
  }
  if (size > end - at) return fail(ErrorCode.INVALID_RECORD, 'The record batch is cut short; send all of it');
  if (magic !== batch.CURRENT_MAGIC) {
    return fail(ErrorCode.INVALID_RECORD, `Message sets with magic ${magic} are no longer taken; send magic 2`);
  }
  const next = at + size;
  if (end - next < BYTES_UP_TO_MAGIC) return true;
  const nextSize = batch.sizeInBytes(bytes, next);
  if (nextSize < batch.LOG_OVERHEAD + SHORTEST_LENGTH) {
    return fail(ErrorCode.CORRUPT_MESSAGE, 'What follows the record batch is none; send exactly one');
  }
  if (nextSize > end - next) return true;
  return fail(ErrorCode.INVALID_RECORD, 'There is more than one record batch; send exactly one');
}

function isSound(bytes: Buffer, at: number, { config, apiVersion }: ValidationRules): boolean {
  const word = batch.attributes(bytes, at);
  const codec = batch.compressionOf(word);
  if (apiVersion < ZSTD_SINCE_VERSION && codec === ZSTD) {
    return fail(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, 'zstd needs Produce version 7 or later; use another codec');
  }
  const baseOffset = batch.baseOffset(bytes, at);
  if (baseOffset !== 0) {
    result.reachedLog = true;
    return fail(ErrorCode.INVALID_RECORD, `The base offset of the batch is ${baseOffset}; send 0`);
  }
  const size = batch.sizeInBytes(bytes, at);
  if (size > config.maxMessageBytes) {
    return fail(
      ErrorCode.MESSAGE_TOO_LARGE,
      `The batch of ${size} bytes is larger than max.message.bytes=${config.maxMessageBytes}; raise that or send less`,
    );
  }
  if (size < batch.BATCH_OVERHEAD || !batch.isCrcValid(bytes, at)) {
    return fail(ErrorCode.CORRUPT_MESSAGE, 'The CRC of the record batch is wrong; send it again');
  }
  result.reachedLog = true;
  // Kafka trips over a codec it does not know, and so this is its answer.
  if (codec >= codecs.length) return fail(ErrorCode.UNKNOWN_SERVER_ERROR, `Compression ${codec} is not known`);
  return isHeaderSound(bytes, at, word);
}

function isHeaderSound(bytes: Buffer, at: number, word: number): boolean {
  const count = batch.recordCount(bytes, at);
  const lastDelta = batch.lastOffsetDelta(bytes, at);
  if (count <= 0) return fail(ErrorCode.INVALID_RECORD, `The batch declares ${count} records; send at least one`);
  if (lastDelta !== count - 1) {
    return fail(ErrorCode.INVALID_RECORD, `The batch declares ${count} records, but ${lastDelta} as last offset delta`);
  }
  if (batch.isControl(word)) return fail(ErrorCode.INVALID_RECORD, 'Only brokers write control batches');
  if (batch.producerId(bytes, at) >= 0 && batch.baseSequence(bytes, at) < 0) {
    return fail(ErrorCode.INVALID_RECORD, 'The batch has a producer id but no sequence number');
  }
  return true;
}

/** Compressed records are looked at too: what cannot be read later must not be acknowledged now. */
function areRecordsSound(bytes: Buffer, at: number, rules: ValidationRules): boolean {
  const word = batch.attributes(bytes, at);
  const { config } = rules;
  const compressed = batch.compressionOf(word) !== 0;
  if (batch.recordCount(bytes, at) > RECORDS_AT_ONCE) {
    result.isLong = true;
    return false;
  }
  let records = bytes;
  let from = at + batch.BATCH_OVERHEAD;
  let end = at + batch.sizeInBytes(bytes, at);
  if (compressed) {
    try {
      // What comes to no more than the limit of one record has no record that is larger.
      const most = Math.min(config.maxDecompressedMessageBytes, AT_ONCE_BYTES);
      records = recordBytes(bytes, at, most, decompressed);
    } catch (error) {
      if (!(error instanceof DecompressedTooLarge)) return failUnreadable(error as Error);
      result.isLong = true;
      return false;
    }
    from = 0;
    end = records.length;
  }
  result.recordBytes = end - from;
  if (end - from > RECOMPRESSED_AT_ONCE_BYTES && isLong(bytes, at, end - from, config)) {
    result.isLong = true;
    return false;
  }
  const walk = walkRecords(records, from, end, batch.recordCount(bytes, at));
  if (walk.failedIndex >= 0) return failWalk(walk.reason, compressed);
  const base = batch.baseTimestamp(bytes, at);
  if ((config.cleanupCompact && walk.nullKeys > 0) || !isInTime(base, word, walk, rules)) {
    return failRecords(records, from, end, batch.recordCount(bytes, at), base, word, rules);
  }
  if (config.messageTimestampType === 'CreateTime') {
    fixMaxTimestamp(bytes, at, Math.max(NO_TIMESTAMP, base + walk.maxTimestampDelta));
  }
  return true;
}

/** As DecompressedTooLarge says it of compressed records. */
function isLong(bytes: Buffer, at: number, length: number, config: LogConfig): boolean {
  return length > UNCOMPRESSED_AT_ONCE_BYTES || targetCodec(bytes, at, config) !== null;
}

function failWalk(reason: string, isCompressed: boolean): false {
  // Kafka trips over offsets that do not count up in a compressed batch, hence this code.
  const tripped = isCompressed && reason === Malformed.offsetDelta;
  return fail(tripped ? ErrorCode.UNKNOWN_SERVER_ERROR : ErrorCode.INVALID_RECORD, reason);
}

function failUnreadable(error: Error): false {
  const isTooLarge = error instanceof RefusedRecords || error instanceof DecompressedTooLarge;
  // Kafka trips over what its codecs cannot read.
  return fail(isTooLarge ? ErrorCode.INVALID_RECORD : ErrorCode.UNKNOWN_SERVER_ERROR, error.message);
}

/** Whether the timestamps of all its records are as the topic allows, by the least and the greatest. */
export function areInTime(
  bytes: Buffer,
  at: number,
  walk: Pick<RecordWalk, 'minTimestampDelta' | 'maxTimestampDelta'>,
  rules: ValidationRules,
): boolean {
  return isInTime(batch.baseTimestamp(bytes, at), batch.attributes(bytes, at), walk, rules);
}

function isInTime(
  base: number,
  word: number,
  walk: Pick<RecordWalk, 'minTimestampDelta' | 'maxTimestampDelta'>,
  rules: ValidationRules,
): boolean {
  if (rules.config.messageTimestampType === 'LogAppendTime') return !batch.hasLogAppendTime(word);
  const earliest = base + walk.minTimestampDelta;
  const latest = base + walk.maxTimestampDelta;
  if (earliest === NO_TIMESTAMP && latest !== NO_TIMESTAMP) return false; // -1 may hide others: look at each
  return isTimestampInRange(earliest, rules) && isTimestampInRange(latest, rules);
}

/** Names every record that is refused (KIP-467). */
function failRecords(
  records: Buffer,
  from: number,
  end: number,
  count: number,
  base: number,
  word: number,
  rules: ValidationRules,
): boolean {
  const refusals = new RecordRefusals(base, word, rules);
  walkRecords(records, from, end, count, refusals.visit);
  return failRefused(refusals, count);
}

function failRefused({ errors, refused, isUntimely }: RecordRefusals, count: number): boolean {
  if (errors.length === 0) return true; // the header was out of range, none of its records is
  result.recordErrors = errors;
  const code = isUntimely ? ErrorCode.INVALID_TIMESTAMP : ErrorCode.INVALID_RECORD;
  return fail(code, `${refused} of ${count} records were refused, so all were. The first: ${errors[0].message}`);
}

/** A producer's header may name another type or maximum than its records have; indexes must be able to rely on it. */
function fixMaxTimestamp(bytes: Buffer, at: number, maxTimestamp: number): void {
  if (batch.maxTimestamp(bytes, at) === maxTimestamp && !batch.hasLogAppendTime(batch.attributes(bytes, at))) return;
  bytes[at + batch.BatchField.attributes + 1] &= ~LOG_APPEND_TIME;
  batch.writeInt53(bytes, at + batch.BatchField.maxTimestamp, maxTimestamp);
  batch.setCrc(bytes, at);
}

function rewrite(bytes: Buffer, at: number, rules: ValidationRules, packed: Buffer | Error | null = null): void {
  const { config, nowMs } = rules;
  const stamp = config.messageTimestampType === 'LogAppendTime';
  if (stamp) result.logAppendTimeMs = nowMs;
  const target = targetCodec(bytes, at, config);
  if (target !== null) recompress(bytes, at, target, config, packed);
  else if (stamp) batch.setLogAppendTime(bytes, at, nowMs);
  if (target !== null && stamp && result.errorCode === ErrorCode.NONE) batch.setLogAppendTime(result.bytes, 0, nowMs);
}

/** What the batch is to be compressed with anew; null where it stays as it came. */
export function targetCodec(bytes: Buffer, at: number, { compressionType }: LogConfig): Codec | null {
  if (compressionType === 'producer') return null;
  const codec = codecs[batch.compressionOf(batch.attributes(bytes, at))];
  const target = compressionType === 'uncompressed' ? 'none' : compressionType;
  return target === codec ? null : target;
}

/** compression.type of the topic is another than the producer's: the rare and dear way. Records stay as they are, byte by byte. */
function recompress(
  bytes: Buffer,
  at: number,
  compression: Codec,
  config: LogConfig,
  before: Buffer | Error | null,
): void {
  let packed: Buffer;
  try {
    if (before instanceof Error) throw before;
    packed = before ?? compress(compression, recordBytes(bytes, at), levelOf(compression, config)); // they fit
  } catch (error) {
    if (error instanceof DecompressedTooLarge) failRecompressed(config);
    else fail(ErrorCode.UNKNOWN_SERVER_ERROR, (error as Error).message);
    return;
  }
  if (batch.BATCH_OVERHEAD + packed.length > config.maxMessageBytes) return void failRecompressed(config);
  const fresh = Buffer.allocUnsafe(batch.BATCH_OVERHEAD + packed.length);
  bytes.copy(fresh, 0, at, at + batch.BATCH_OVERHEAD);
  packed.copy(fresh, batch.BATCH_OVERHEAD);
  batch.setCompression(fresh, 0, codecId(compression));
  result.bytes = fresh;
  result.at = 0;
  result.length = fresh.length;
}

function failRecompressed({ maxMessageBytes }: LogConfig): false {
  const message = `Compressed anew the batch is larger than max.message.bytes=${maxMessageBytes}`;
  return fail(ErrorCode.MESSAGE_TOO_LARGE, message);
}

/** What the topic asks for, of codecs that have levels. */
export function levelOf(compression: Codec, config: LogConfig): number | undefined {
  if (compression === 'gzip') return config.compressionGzipLevel;
  return compression === 'zstd' ? config.compressionZstdLevel : undefined;
}
