/**
 * What validateBatch does, for batches whose records are too much for one turn of the event loop: they are decompressed, looked at
 * and compressed anew in pieces of about a millisecond, between which others have their turn. PURE.
 */
import * as batch from '../../protocol/records/batch.ts';
import { BoundedOutput } from '../../protocol/records/bounded-output.ts';
import { codecs, compressInPieces, unfold, type ThreadedPiece } from '../../protocol/records/compression.ts';
import { DEFAULT_MAX_DECOMPRESSED_BYTES } from '../../protocol/records/decode.ts';
import { RecordLengths } from '../../protocol/records/record-lengths.ts';
import { walkRecords, type RecordVisitor } from '../../protocol/records/walk.ts';
import { RecordRefusals } from './record-refusals.ts';
import {
  areInTime,
  concludeLong,
  levelOf,
  targetCodec,
  validateBatch,
  type LookedAt,
  type Validation,
  type ValidationRules,
} from './validate.ts';

/** Of records, looked at between two pauses. */
const PIECE_BYTES = 128 * 1024;

export type ValidationPieces = Generator<ThreadedPiece | undefined, Readonly<Validation>>;

/** All of a batch, long or not, whose bytes nobody else changes meanwhile. */
export function* validateInPieces(bytes: Buffer, at: number, length: number, rules: ValidationRules): ValidationPieces {
  const valid = validateBatch(bytes, at, length, rules);
  if (!valid.isLong) return valid;
  const looked = yield* lookAt(bytes, at, rules);
  return concludeLong(bytes, at, looked, rules);
}

function* lookAt(bytes: Buffer, at: number, rules: ValidationRules): Generator<ThreadedPiece | undefined, LookedAt> {
  const refusals = new RecordRefusals(batch.baseTimestamp(bytes, at), batch.attributes(bytes, at), rules);
  const nothing = { minTimestampDelta: 0, maxTimestampDelta: 0, refusals, packed: null };
  let records: Buffer;
  try {
    records = yield* unfoldRecords(bytes, at, rules);
  } catch (error) {
    return { ...nothing, failure: error as Error };
  }
  const count = batch.recordCount(bytes, at);
  const walked = yield* walkPieces(records, count, rules.config.cleanupCompact ? refusals.visit : undefined);
  if (typeof walked === 'string') return { ...nothing, failure: { reason: walked } };
  const isSound = rules.config.cleanupCompact || areInTime(bytes, at, walked, rules);
  if (!isSound) yield* walkPieces(records, count, refusals.visit);
  const target = refusals.refused > 0 ? null : targetCodec(bytes, at, rules.config);
  if (target === null) return { ...walked, refusals, failure: null, packed: null };
  const { config } = rules;
  const packed = yield* compressInPieces(target, records, levelOf(target, config), config.maxMessageBytes);
  return { ...walked, refusals, failure: null, packed };
}

function* unfoldRecords(bytes: Buffer, at: number, { config }: ValidationRules): Generator<undefined, Buffer> {
  const stored = bytes.subarray(at + batch.BATCH_OVERHEAD, at + batch.sizeInBytes(bytes, at));
  const codec = codecs[batch.compressionOf(batch.attributes(bytes, at))];
  if (codec === 'none') return stored;
  const limit = config.maxDecompressedMessageBytes;
  const count = batch.recordCount(bytes, at);
  const lengths = limit < DEFAULT_MAX_DECOMPRESSED_BYTES ? new RecordLengths(count, limit) : null;
  // All at once, for the system gives memory as it is written: to grow would be to copy.
  const output = new BoundedOutput(DEFAULT_MAX_DECOMPRESSED_BYTES, DEFAULT_MAX_DECOMPRESSED_BYTES);
  for (const pieces = unfold(codec, stored, output); pieces.next().done !== true;) {
    lengths?.look(output.bytes, output.length);
    yield;
  }
  lengths?.look(output.bytes, output.length);
  return output.finish();
}

/** The least and greatest timestamp, or what is wrong. */
function* walkPieces(
  records: Buffer,
  count: number,
  visitor: RecordVisitor | undefined,
): Generator<undefined, { minTimestampDelta: number; maxTimestampDelta: number } | string> {
  let minTimestampDelta = Infinity;
  let maxTimestampDelta = -Infinity;
  for (let at = 0, index = 0; ;) {
    const walk = walkRecords(records, at, records.length, count, visitor, index, at + PIECE_BYTES);
    if (walk.failedIndex >= 0) return walk.reason;
    minTimestampDelta = Math.min(minTimestampDelta, walk.minTimestampDelta);
    maxTimestampDelta = Math.max(maxTimestampDelta, walk.maxTimestampDelta);
    at = walk.end;
    index = walk.walked;
    if (index >= count) return { minTimestampDelta, maxTimestampDelta };
    yield;
  }
}
