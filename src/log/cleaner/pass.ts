/**
 * One compaction of one log, in steps that each take well under a millisecond: the keys of the dirty part are noted, then
 * groups of segments are written anew and swapped in. Reads, appends and retention go on between the steps.
 */
import * as batch from '../../../protocol/records/batch.ts';
import { codecs, compress, type Codec } from '../../../protocol/records/compression.ts';
import { CorruptRecords, recordBytes } from '../../../protocol/records/decode.ts';
import { compressLater, hasThreads, recordBytesLater } from './compression.ts';
import { BatchFilter } from './filter.ts';
import type { OffsetMap } from './offset-map.ts';
import { groupSegments, type CleanPlan } from './plan.ts';
import { RecordSpans, sealBatch, type KeptBatch } from './records.ts';
import { CLEANED, removeCleaned, renameEnding, SWAP } from './swap.ts';
import { CleanedTransactions } from './transactions.ts';
import type { Log } from '../log.ts';
import { Segment } from '../segment.ts';
import { segmentIndexOf } from '../segment-files.ts';

/** A log changed under the cleaner in a way that makes the work so far useless; nothing is lost, it begins anew later. */
export class CleaningAbandoned extends Error {
  override name = 'CleaningAbandoned';
}

export interface PassOptions {
  readonly log: Log;
  readonly plan: CleanPlan;
  readonly map: OffsetMap;
  readonly nowMs: number;
}

export interface PassResult {
  /** The next pass begins here. */
  readonly cleanedTo: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** After each the driver may pause; a promise is to be awaited first. */
export type Step = Promise<void> | undefined;

const READ_BYTES = 256 * 1024;
const WRITE_BYTES = 256 * 1024;
/** Bytes of batches a step goes through; a compressed batch is a step of its own. */
const STEP_BYTES = 16 * 1024;
/** From here on a thread compresses and decompresses (gzip, zstd): on the loop a megabyte takes tens of milliseconds. */
const LARGE_BYTES = 32 * 1024;

/** @throws {CleaningAbandoned} {CorruptRecords} and the disk's errors; the log is what it was, or partly compacted */
export function* cleanLog(options: PassOptions): Generator<Step, PassResult, void> {
  const pass = new Pass(options);
  yield* pass.noteKeys();
  const end = options.map.latestOffset + 1;
  const { log } = options;
  const cleaned = log.segments.slice(0, -1).filter(({ baseOffset }) => baseOffset < end);
  const endOffset = log.segments[cleaned.length].baseOffset;
  for (const group of groupSegments(cleaned, log.config, endOffset)) yield* pass.clean(group);
  return { cleanedTo: end, bytesRead: pass.bytesRead, bytesWritten: pass.bytesWritten };
}

class Pass {
  bytesRead = 0;
  bytesWritten = 0;
  readonly #options: PassOptions;
  readonly #cursor = new BatchCursor();
  readonly #output = Buffer.allocUnsafe(WRITE_BYTES);
  readonly #aborted = new CleanedTransactions();
  #transactions: CleanedTransactions;
  #target: Segment | null = null;

  constructor(options: PassOptions) {
    this.#options = options;
    // Transactions may reach over groups, so all of them share one account.
    this.#transactions = new CleanedTransactions((transaction) => this.#target?.transactions.append([transaction]));
  }

  /** Fills the map from the dirty part, as far as it has room. */
  *noteKeys(): Generator<Step, void, void> {
    const { log, plan, map } = this.#options;
    const { segments } = log;
    const first = segmentIndexOf(segments, plan.firstDirtyOffset);
    const dirty = segments.slice(first, -1).filter(({ baseOffset }) => baseOffset < plan.upTo);
    this.#aborted.addAborted(log.abortedTransactions(plan.firstDirtyOffset, plan.upTo));
    for (const [i, segment] of dirty.entries()) {
      if (!(yield* this.#noteKeysOf(segment, segment.positionOf(plan.firstDirtyOffset)))) return;
      // Where compaction left a gap at the end of the segment, there is nothing to wait for.
      map.latestOffset = (dirty[i + 1]?.baseOffset ?? plan.upTo) - 1;
    }
  }

  /** False when the map is full. */
  *#noteKeysOf(segment: Segment, from: number): Generator<Step, boolean, void> {
    const { log, map } = this.#options;
    const spans = new RecordSpans();
    const sizes = [segment.size];
    let unpaused = 0;
    this.#cursor.open(segment, from, nextBase(log.segments, segment));
    while (this.#cursor.next()) {
      const { bytes, at } = this.#cursor;
      const records = yield* decompressed(bytes, at);
      this.#requireUnchanged([segment], sizes);
      if (!this.#noteKeysIn(bytes, at, records, spans)) return false;
      map.latestOffset = Math.max(map.latestOffset, batch.lastOffset(bytes, at));
      unpaused += workIn(bytes, at);
      this.bytesRead += batch.sizeInBytes(bytes, at);
      if (unpaused < STEP_BYTES) continue;
      unpaused = 0;
      yield;
      this.#requireUnchanged([segment], sizes);
    }
    return true;
  }

  #noteKeysIn(bytes: Buffer, at: number, records: Buffer, spans: RecordSpans): boolean {
    const { map, plan } = this.#options;
    if (batch.isControl(batch.attributes(bytes, at))) {
      this.#aborted.isNeedless(bytes, at); // ends the transaction
      return true;
    }
    if (this.#aborted.isAborted(bytes, at)) return true;
    const base = batch.baseOffset(bytes, at);
    spans.open(records);
    for (let i = batch.recordCount(bytes, at); i > 0; i--) {
      spans.next();
      const offset = base + spans.offsetDelta;
      if (spans.keyLength < 0 || offset < plan.firstDirtyOffset) continue;
      if (!map.put(spans.bytes, spans.keyAt, spans.keyLength, offset)) return false;
    }
    return true;
  }

  /** Writes the segments of a group into one, and puts that in their place. */
  *clean(group: readonly Segment[]): Generator<Step, void, void> {
    const { log } = this.#options;
    const { files } = log;
    const sizes = group.map(({ size }) => size);
    const check = () => this.#requireUnchanged(group, sizes);
    check();
    const { baseOffset } = group[0];
    removeCleaned(files, log.directory, baseOffset);
    const createdMs = group.reduce((latest, segment) => Math.max(latest, segment.createdMs), 0);
    const target = new Segment(files, log.directory, baseOffset, createdMs, undefined, CLEANED);
    this.#target = target;
    let isReady = false;
    try {
      yield* this.#write(group, target, check);
      yield this.#sync(target, files.exists(group[0].transactions.path));
      check();
      renameEnding(files, log.directory, baseOffset, CLEANED, SWAP);
      yield files.syncDirectoryLater(log.directory);
      check();
      isReady = true;
    } finally {
      target.close();
      if (!isReady) {
        if (!log.isClosed) removeCleaned(files, log.directory, baseOffset);
      }
    }
    target.delete(); // its names are another segment's from here on
    log.replaceSegments(group, () => {
      renameEnding(files, log.directory, baseOffset, SWAP, '');
      const { size, offsetIndex, timeIndex, transactions } = target;
      const found = {
        log: size,
        index: offsetIndex.bytes,
        timeIndex: timeIndex.bytes,
        transactions: transactions.bytes,
      };
      return new Segment(files, log.directory, baseOffset, createdMs, found);
    });
  }

  *#write(group: readonly Segment[], target: Segment, check: () => void): Generator<Step, void, void> {
    const { log, plan, map, nowMs } = this.#options;
    let unpaused = 0;
    let buffered = 0;
    const flush = () => {
      if (buffered > 0) target.file.write(this.#output, 0, buffered, target.size - buffered);
      buffered = 0;
    };
    for (const segment of group) {
      const next = nextBase(log.segments, segment);
      this.#transactions.addAborted(log.abortedTransactions(segment.baseOffset, next));
      const filter = new BatchFilter({
        map,
        transactions: this.#transactions,
        producers: log.producers.producers,
        upTo: plan.upTo,
        nowMs,
        deleteRetentionMs: log.config.deleteRetentionMs,
      });
      this.#cursor.open(segment, 0, next);
      while (this.#cursor.next()) {
        const { bytes, at } = this.#cursor;
        const size = batch.sizeInBytes(bytes, at);
        const records = yield* decompressed(bytes, at);
        const left = filter.filter(bytes, at, records);
        const result = left === null || Buffer.isBuffer(left) ? left : yield* compressed(bytes, at, left);
        check();
        if (result !== null) {
          const from = result === bytes ? at : 0;
          const length = result === bytes ? size : result.length;
          if (buffered + length > WRITE_BYTES) flush();
          if (length > WRITE_BYTES) target.file.write(result, from, length, target.size);
          else buffered += result.copy(this.#output, buffered, from, from + length);
          const lastOffset = batch.lastOffset(result, from);
          target.noteAppended(lastOffset, batch.maxTimestamp(result, from), length, log.config.indexIntervalBytes);
          this.bytesWritten += length;
        }
        unpaused += workIn(bytes, at);
        this.bytesRead += size;
        if (unpaused < STEP_BYTES) continue;
        unpaused = 0;
        yield;
        check();
      }
    }
    flush();
  }

  /** All files of the new segment on the disk: the old ones go soon. */
  async #sync(target: Segment, hadTransactions: boolean): Promise<void> {
    const { files } = this.#options.log;
    if (hadTransactions && target.transactions.bytes === 0) files.open(target.transactions.path, 'write').close();
    target.seal();
    try {
      await target.syncLater();
    } finally {
      target.close();
    }
  }

  #requireUnchanged(group: readonly Segment[], sizes: readonly number[]): void {
    const { log } = this.#options;
    const first = log.isClosed ? -1 : log.segments.indexOf(group[0]);
    // A cut may have made the last of them the active one, which is never compacted.
    const isClosed = first >= 0 && first + group.length < log.segments.length;
    if (isClosed && group.every((segment, i) => log.segments[first + i] === segment && segment.size === sizes[i]))
      return;
    throw new CleaningAbandoned(`${log.directory} changed while it was compacted`);
  }
}

/** The records of the batch at `at`; large ones are a step of their own. */
function* decompressed(bytes: Buffer, at: number): Generator<Step, Buffer, void> {
  const codec = codecOf(bytes, at);
  if (codec === 'none' || batch.sizeInBytes(bytes, at) < LARGE_BYTES) return recordBytes(bytes, at);
  if (hasThreads(codec)) return yield* awaited(recordBytesLater(bytes, at));
  const records = recordBytes(bytes, at);
  yield;
  return records;
}

/** The batch with the records that are left of it. */
function* compressed(bytes: Buffer, at: number, left: KeptBatch): Generator<Step, Buffer, void> {
  const codec = codecOf(bytes, at);
  const { body } = left;
  if (codec === 'none' || body.length < LARGE_BYTES) return sealBatch(bytes, at, left, compress(codec, body));
  if (hasThreads(codec)) return sealBatch(bytes, at, left, yield* awaited(compressLater(codec, body)));
  yield;
  return sealBatch(bytes, at, left, compress(codec, body));
}

function codecOf(bytes: Buffer, at: number): Codec {
  return codecs[batch.compressionOf(batch.attributes(bytes, at))];
}

function* awaited<T>(promise: Promise<T>): Generator<Step, T, void> {
  let value: { readonly is: T } | null = null as { readonly is: T } | null;
  yield promise.then((is) => void (value = { is }));
  return value!.is;
}

/** Where the segment behind it begins; the last one is never cleaned. */
function nextBase(segments: readonly Segment[], segment: Segment): number {
  return segments[segments.indexOf(segment) + 1].baseOffset;
}

function workIn(bytes: Buffer, at: number): number {
  const isCompressed = batch.compressionOf(batch.attributes(bytes, at)) !== 0;
  return isCompressed ? STEP_BYTES : batch.sizeInBytes(bytes, at);
}

/** Goes from batch to batch of a segment with a buffer of its own; every batch is checked before it is believed. */
class BatchCursor {
  bytes = Buffer.allocUnsafe(READ_BYTES);
  at = 0;
  #segment: Segment | null = null;
  #end = 0;
  /** The offsets that the next batch may have: from here on, and below the segment behind. */
  #leastOffset = 0;
  #limitOffset = 0;
  /** Where in the file `bytes` begins, and how much of it is read. */
  #start = 0;
  #length = 0;
  #next = 0;

  open(segment: Segment, from: number, limitOffset: number): void {
    this.#leastOffset = segment.baseOffset;
    this.#limitOffset = limitOffset;
    this.#segment = segment;
    this.#end = segment.size;
    this.#start = from;
    this.#length = 0;
    this.#next = 0;
  }

  /** @throws {CorruptRecords} when the next bytes are no sound batch */
  next(): boolean {
    const position = this.#start + this.#next;
    if (position >= this.#end) return false;
    this.at = this.#next;
    let size = this.#sizeHere();
    if (this.at + size > this.#length) {
      this.#read(position);
      size = this.#sizeHere();
      if (size > this.bytes.length && position + size <= this.#end) {
        this.bytes = Buffer.allocUnsafe(size);
        this.#read(position);
      }
    }
    const isWhole = size >= batch.BATCH_OVERHEAD && this.at + size <= this.#length && this.#isInOrder();
    if (
      !isWhole ||
      batch.magic(this.bytes, this.at) !== batch.CURRENT_MAGIC ||
      !batch.isCrcValid(this.bytes, this.at)
    ) {
      throw new CorruptRecords(`No sound batch at byte ${position} of ${this.#segment?.path}`);
    }
    this.#next = this.at + size;
    this.#leastOffset = batch.nextOffset(this.bytes, this.at);
    return true;
  }

  /** The checksum leaves the base offset out; a wrong one would have the last record of a key taken for an old one. */
  #isInOrder(): boolean {
    const { bytes, at } = this;
    return batch.baseOffset(bytes, at) >= this.#leastOffset && batch.nextOffset(bytes, at) <= this.#limitOffset;
  }

  #sizeHere(): number {
    return this.at + batch.BATCH_OVERHEAD <= this.#length ? batch.sizeInBytes(this.bytes, this.at) : Infinity;
  }

  #read(position: number): void {
    const most = Math.min(this.bytes.length, this.#end - position);
    this.#start = position;
    this.at = 0;
    this.#length = this.#segment?.file.read(this.bytes, 0, most, position) ?? 0;
  }
}
