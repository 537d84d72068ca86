/** A stretch of one partition's log: the file of batches that begins at `baseOffset`, and its two indexes. */
import { join } from 'node:path';
import * as batch from '../../protocol/records/batch.ts';
import type { LogConfig } from '../config/log-config.ts';
import type { Clock } from '../platform/clock.ts';
import type { Files, OpenFile } from '../platform/files.ts';
import { headers, scanBatches, type BatchVisitor } from './batch-scan.ts';
import { OffsetIndex } from './offset-index.ts';
import { maxSegmentMs, rollJitterMs } from './roll-age.ts';
import { TimeIndex } from './time-index.ts';
import { TransactionIndex } from './transaction-index.ts';

const MAX_INT32 = 0x7fff_ffff;
const UNKNOWN = -2;
const OFFSET_DIGITS = 20;

export const SegmentSuffix = { log: '.log', index: '.index', timeIndex: '.timeindex', transactions: '.txnindex' } as const;

/** Kafka's name of a file that begins at, or tells the state at, an offset. */
export function offsetFileName(offset: number, suffix: string): string {
  return String(offset).padStart(OFFSET_DIGITS, '0') + suffix;
}

/** Bytes of its files as found, -1 for one that is missing. */
export interface SegmentSizes {
  log: number;
  index: number;
  timeIndex: number;
  transactions: number;
}

const NOTHING: SegmentSizes = { log: 0, index: 0, timeIndex: 0, transactions: 0 };

export class Segment {
  readonly baseOffset: number;
  readonly path: string;
  readonly offsetIndex: OffsetIndex;
  readonly timeIndex: TimeIndex;
  readonly transactions: TransactionIndex;
  /** Milliseconds since 1970 when this process first saw the segment: stands in where records have no timestamp. */
  createdMs: number;
  /** Bytes of whole batches; what the file holds behind them does not count. */
  size: number;
  /** Largest timestamp and the last offset of the first batch that has it; UNKNOWN until asked for. */
  #maxTimestamp = UNKNOWN;
  #offsetOfMaxTimestamp = -1;
  #bytesSinceIndexEntry = 0;
  #firstTimestamp = UNKNOWN;
  #rollJitterMs = -1;
  readonly #files: Files;
  #file: OpenFile | null = null;
  /** Changes to its files so far, and how many of them fdatasync has confirmed. */
  #changes = 0;
  #syncedChanges = 0;
  #areIndexesUnsynced = false;
  #syncing = 0;
  #closing = false;

  /** `ending` stands behind every name while the segment is not in use yet. */
  constructor(
    files: Files, directory: string, baseOffset: number, createdMs: number, sizes: SegmentSizes = NOTHING, ending = '',
  ) {
    const name = (suffix: string) => join(directory, offsetFileName(baseOffset, suffix + ending));
    this.#files = files;
    this.baseOffset = baseOffset;
    this.createdMs = createdMs;
    this.path = name(SegmentSuffix.log);
    this.size = sizes.log;
    this.offsetIndex = new OffsetIndex(files, name(SegmentSuffix.index), baseOffset, Math.max(0, sizes.index));
    this.timeIndex = new TimeIndex(files, name(SegmentSuffix.timeIndex), baseOffset, Math.max(0, sizes.timeIndex));
    this.transactions = new TransactionIndex(files, name(SegmentSuffix.transactions), sizes.transactions);
  }

  /** Handles are opened when first needed: most partitions of a broker rest. */
  get file(): OpenFile {
    return (this.#file ??= this.#files.open(this.path, 'write'));
  }

  /** Whether any of its files holds what fdatasync has not confirmed. */
  get dirty(): boolean {
    return this.#changes !== this.#syncedChanges;
  }

  get maxTimestamp(): number {
    if (this.#maxTimestamp === UNKNOWN) this.#loadMaxTimestamp();
    return this.#maxTimestamp;
  }

  get offsetOfMaxTimestamp(): number {
    if (this.#maxTimestamp === UNKNOWN) this.#loadMaxTimestamp();
    return this.#offsetOfMaxTimestamp;
  }

  /** How old the segment is for retention: its largest timestamp, or its making where records have none. */
  get largestTimestamp(): number {
    return this.maxTimestamp >= 0 ? this.maxTimestamp : this.createdMs;
  }

  /** The largest of the first batch, or -1. */
  get firstTimestamp(): number {
    if (this.#firstTimestamp === UNKNOWN) {
      headers.open(this.file);
      this.#firstTimestamp = headers.load(0, this.size) ? batch.maxTimestamp(headers.bytes, headers.at) : -1;
    }
    return this.#firstTimestamp;
  }

  takesOffset(lastOffset: number): boolean {
    return lastOffset - this.baseOffset <= MAX_INT32;
  }

  /** Whether a batch of `length` bytes asks for a new segment: segment.bytes, segment.ms, or no room in an index. */
  mustRollFor(length: number, lastOffset: number, timestamp: number, config: LogConfig, clock: Clock): boolean {
    if (!this.takesOffset(lastOffset)) return true;
    if (this.size === 0) return false;
    if (this.size > config.segmentBytes - length || this.#isOld(timestamp, config, clock)) return true;
    return this.offsetIndex.isFull(config.segmentIndexBytes) || this.timeIndex.isFull(config.segmentIndexBytes);
  }

  /** Takes note of a batch that lies, or is staged to lie, at the end. */
  noteAppended(lastOffset: number, timestamp: number, length: number, indexIntervalBytes: number): void {
    if (this.size === 0) this.#firstTimestamp = timestamp;
    if (timestamp > this.maxTimestamp) {
      this.#maxTimestamp = timestamp;
      this.#offsetOfMaxTimestamp = lastOffset;
    }
    if (this.#bytesSinceIndexEntry > indexIntervalBytes) {
      this.offsetIndex.append(lastOffset, this.size);
      this.timeIndex.maybeAppend(this.#maxTimestamp, this.#offsetOfMaxTimestamp);
      this.#bytesSinceIndexEntry = 0;
    }
    this.#bytesSinceIndexEntry += length;
    this.size += length;
    this.#changes++;
  }

  /** Where the batch with `offset` begins, or the first one behind it; `size` when all end before. */
  positionOf(offset: number): number {
    let position = this.offsetIndex.positionBefore(offset);
    headers.open(this.file);
    while (headers.load(position, this.size)) {
      if (batch.lastOffset(headers.bytes, headers.at) >= offset) return position;
      position += batch.sizeInBytes(headers.bytes, headers.at);
    }
    return this.size;
  }

  /** Of the batches from `from` on, where the last one ends that ends at or before `limit`; `from` when none does. */
  boundaryBefore(from: number, limit: number): number {
    let position = Math.max(from, this.offsetIndex.positionAtMost(limit));
    headers.open(this.file);
    while (headers.load(position, limit)) position += batch.sizeInBytes(headers.bytes, headers.at);
    return position;
  }

  /** Size of the batch at `position`. */
  batchSizeAt(position: number): number {
    headers.open(this.file);
    return headers.load(position, this.size) ? batch.sizeInBytes(headers.bytes, headers.at) : 0;
  }

  /** Base offset of the batch at `position`, or -1 at the end. */
  baseOffsetAt(position: number): number {
    headers.open(this.file);
    return headers.load(position, this.size) ? batch.baseOffset(headers.bytes, headers.at) : -1;
  }

  /** The offset behind the last batch; reads only what comes after the last index entry. */
  readNextOffset(): number {
    let next = this.baseOffset;
    if (this.size === 0) return next;
    let position = this.offsetIndex.lastPosition();
    const indexed = position;
    headers.open(this.file);
    while (headers.load(position, this.size)) {
      next = batch.nextOffset(headers.bytes, headers.at);
      position += batch.sizeInBytes(headers.bytes, headers.at);
    }
    this.#bytesSinceIndexEntry = position - indexed;
    return position === this.size ? next : -1;
  }

  /** A copy of the batch at `position`. */
  readBatch(position: number): Buffer | null {
    const size = this.batchSizeAt(position);
    if (size === 0) return null;
    const bytes = Buffer.allocUnsafe(size);
    return this.file.read(bytes, 0, size, position) === size ? bytes : null;
  }

  /** True when an index is missing or cannot belong to this log: `recover` makes it anew. */
  hasBrokenIndexes(sizes: SegmentSizes): boolean {
    if (this.transactions.isBroken) return true;
    if (this.size === 0) return sizes.index > 0 || sizes.timeIndex > 0;
    if (sizes.index < 0 || sizes.timeIndex < 0 || sizes.index % 8 !== 0 || sizes.timeIndex % 12 !== 0) return true;
    return this.offsetIndex.isBroken(this.size);
  }

  /**
   * Reads the whole segment, checks every batch, makes the indexes anew and cuts off what is not sound or what `accept`
   * refuses. Answers the number of bytes cut.
   */
  recover(indexIntervalBytes: number, accept: BatchVisitor): number {
    const found = this.size;
    this.offsetIndex.reset();
    this.timeIndex.reset();
    this.#forgetTail();
    this.#maxTimestamp = -1;
    this.size = 0;
    const end = scanBatches(this.file, 0, found, (bytes, at, size, position) => {
      const lastOffset = batch.lastOffset(bytes, at);
      if (!this.takesOffset(lastOffset) || !accept(bytes, at, size, position)) return false;
      this.noteAppended(lastOffset, batch.maxTimestamp(bytes, at), size, indexIntervalBytes);
      return true;
    });
    if (end < found) this.file.truncate(end);
    this.#changes++;
    return found - end;
  }

  /** Cuts at `position`, where the batch with `offset` begins. */
  truncate(position: number, offset: number): void {
    this.cutTo(position, offset);
    this.file.truncate(position);
    this.#changes++;
  }

  /** Forgets what lies from `position` on without touching the file: it never got there, or will be overwritten. */
  cutTo(position: number, offset: number): void {
    this.offsetIndex.truncateToPosition(position);
    this.timeIndex.truncateTo(offset);
    this.transactions.truncateTo(offset);
    this.size = position;
    this.#forgetTail();
    this.#loadMaxTimestamp();
  }

  /** Writes the indexes, with the entry that closes the segment: no more is appended to it. */
  seal(): void {
    this.trim();
    if (this.size > 0) this.timeIndex.maybeAppend(this.maxTimestamp, this.offsetOfMaxTimestamp);
    this.offsetIndex.save().close();
    this.timeIndex.save().close();
    this.offsetIndex.unload();
    this.timeIndex.unload();
    this.#areIndexesUnsynced = true;
    this.#changes++;
  }

  /** Cuts off what the file holds behind its last batch: preallocated room, or what a failed write left. */
  trim(): void {
    if (this.#file !== null && this.#file.size() > this.size) this.#file.truncate(this.size);
  }

  /** Indexes are synced with the log once they are whole: until then a crash has them made anew. */
  sync(): void {
    this.transactions.sync();
    if (!this.dirty) return;
    this.file.sync();
    if (this.#areIndexesUnsynced) {
      this.offsetIndex.sync();
      this.timeIndex.sync();
    }
    this.#areIndexesUnsynced = false;
    this.#syncedChanges = this.#changes;
  }

  /** The same without stopping the event loop; what is changed meanwhile leaves it dirty. */
  async syncLater(): Promise<void> {
    if (!this.dirty) return;
    const changes = this.#changes;
    const syncs = [this.file.syncLater(), this.transactions.syncLater()];
    if (this.#areIndexesUnsynced) syncs.push(this.offsetIndex.syncLater(), this.timeIndex.syncLater());
    this.#syncing++;
    try {
      await Promise.all(syncs);
      this.#syncedChanges = Math.max(this.#syncedChanges, changes);
      if (!this.dirty) this.#areIndexesUnsynced = false;
    } finally {
      this.#syncing--;
      if (this.#closing) this.close();
    }
  }

  /** A sync under way keeps the handle: its number must not go to another file before that is done. */
  close(): void {
    this.#closing = this.#syncing > 0;
    if (this.#closing) return;
    this.#file?.close();
    this.#file = null;
  }

  /** The files of this segment, whether they exist or not. */
  get paths(): string[] {
    return [this.path, this.offsetIndex.path, this.timeIndex.path, this.transactions.path];
  }

  #isOld(timestamp: number, config: LogConfig, clock: Clock): boolean {
    if (this.#rollJitterMs < 0) this.#rollJitterMs = rollJitterMs(config, this.path);
    return this.#waitedMs(timestamp, clock) > maxSegmentMs(config) - this.#rollJitterMs;
  }

  /** How long records have been coming in: by their own timestamps, or by the clock where they have none. */
  #waitedMs(timestamp: number, clock: Clock): number {
    return this.firstTimestamp >= 0 ? timestamp - this.firstTimestamp : clock.now() - this.createdMs;
  }

  #forgetTail(): void {
    this.#bytesSinceIndexEntry = 0;
    this.#firstTimestamp = UNKNOWN;
    this.#maxTimestamp = UNKNOWN;
    this.#offsetOfMaxTimestamp = -1;
  }

  /** The last entry of the time index, and the batches behind the last one of the offset index. */
  #loadMaxTimestamp(): void {
    this.#maxTimestamp = -1;
    this.#offsetOfMaxTimestamp = this.baseOffset;
    if (this.size === 0) return;
    const { timeIndex, offsetIndex } = this;
    if (timeIndex.count > 0) {
      this.#maxTimestamp = timeIndex.timestamp(timeIndex.count - 1);
      this.#offsetOfMaxTimestamp = timeIndex.offset(timeIndex.count - 1);
    }
    let position = offsetIndex.count > 0 ? offsetIndex.position(offsetIndex.count - 1) : 0;
    const indexed = position;
    headers.open(this.file);
    while (headers.load(position, this.size)) {
      if (batch.maxTimestamp(headers.bytes, headers.at) > this.#maxTimestamp) {
        this.#maxTimestamp = batch.maxTimestamp(headers.bytes, headers.at);
        this.#offsetOfMaxTimestamp = batch.lastOffset(headers.bytes, headers.at);
      }
      position += batch.sizeInBytes(headers.bytes, headers.at);
    }
    this.#bytesSinceIndexEntry = position - indexed;
  }
}

/** Index of the segment `offset` belongs to; readers are mostly at the end. */
export function segmentIndexOf(segments: readonly { readonly baseOffset: number }[], offset: number): number {
  let low = 0;
  let high = segments.length - 1;
  if (offset >= segments[high].baseOffset) return high;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (segments[middle].baseOffset <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
