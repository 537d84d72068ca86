/** A stretch of one partition's log: the file of batches that begins at `baseOffset`, and its two indexes. */
import { join } from 'node:path';
import * as batch from '../../protocol/records/batch.ts';
import type { LogConfig } from '../config/log-config.ts';
import type { Clock } from '../platform/clock.ts';
import type { Files, OpenFile } from '../platform/files.ts';
import type { Facts } from '../platform/logger.ts';
import { headers } from './batch-scan.ts';
import { CorruptBatchError, DamageList, extentOfDamage } from './damage.ts';
import { areAbortsTrue, headersOf, isEntryTrue, isTimeEntryTrue } from './index-check.ts';
import { OffsetIndex } from './offset-index.ts';
import { OwnedFiles } from './owned-files.ts';
import { maxSegmentMs, rollJitterMs } from './roll-age.ts';
import { SegmentFile, type SegmentState } from './segment-file.ts';
import { offsetFileName, SegmentSuffix, type SegmentSizes } from './segment-files.ts';
import { TimeIndex } from './time-index.ts';
import { TransactionIndex } from './transaction-index.ts';

const MAX_INT32 = 0x7fff_ffff;
const UNKNOWN = -2;
const REINDEX_INTERVAL_BYTES = 4096;
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
  /** How often its end was cut off, records that readers may have been promised. */
  cuts = 0;
  readonly damage = new DamageList();
  /** Told what is found wrong with the files. */
  report: (event: string, facts: Facts) => void = () => {};
  /** Largest timestamp and the last offset of the first batch that has it; UNKNOWN until asked for. */
  #maxTimestamp = UNKNOWN;
  #offsetOfMaxTimestamp = -1;
  #bytesSinceIndexEntry = 0;
  #firstTimestamp = UNKNOWN;
  #rollJitterMs = -1;
  readonly #files: OwnedFiles;
  readonly #log: SegmentFile;

  /** `ending` stands behind every name while the segment is not in use yet. */
  constructor(
    files: Files, directory: string, baseOffset: number, createdMs: number, sizes: SegmentSizes = NOTHING, ending = '',
  ) {
    const name = (suffix: string) => join(directory, offsetFileName(baseOffset, suffix + ending));
    this.path = name(SegmentSuffix.log);
    const owned = new OwnedFiles(files, this.path);
    this.#files = owned;
    this.baseOffset = baseOffset;
    this.createdMs = createdMs;
    this.size = sizes.log;
    this.offsetIndex = new OffsetIndex(owned, name(SegmentSuffix.index), baseOffset, Math.max(0, sizes.index));
    this.timeIndex = new TimeIndex(owned, name(SegmentSuffix.timeIndex), baseOffset, Math.max(0, sizes.timeIndex));
    this.transactions = new TransactionIndex(owned, name(SegmentSuffix.transactions), sizes.transactions);
    this.#log = new SegmentFile(owned, this);
  }

  /** Handles are opened when first needed: most partitions of a broker rest. @throws {DeletedError} */
  get file(): OpenFile {
    return this.#log.file;
  }

  get state(): SegmentState {
    return this.#log.state;
  }

  get dirty(): boolean {
    return this.#log.dirty;
  }

  get maxTimestamp(): number {
    if (this.#maxTimestamp === UNKNOWN) this.#loadMaxTimestamp();
    return this.#maxTimestamp;
  }

  get offsetOfMaxTimestamp(): number {
    if (this.#maxTimestamp === UNKNOWN) this.#loadMaxTimestamp();
    return this.#offsetOfMaxTimestamp;
  }

  /** How old it is for retention: its largest timestamp, or its making where records have none. */
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
    this.#log.changes++;
  }

  /**
   * Where the batch with `offset` begins, or the first one behind it; `size` when all end before. Where bytes are damaged in
   * which it must have been: where these begin.
   */
  positionOf(offset: number): number {
    headers.open(this.file);
    let position = this.#startFor(offset);
    for (let next = 0; position < this.size; ) {
      const found = this.soundFrom(position, next);
      if (found === this.size) return position;
      if (batch.lastOffset(headers.bytes, headers.at) >= offset) {
        return found > position && batch.baseOffset(headers.bytes, headers.at) > offset ? position : found;
      }
      next = batch.nextOffset(headers.bytes, headers.at);
      position = found + batch.sizeInBytes(headers.bytes, headers.at);
    }
    return this.size;
  }

  /**
   * Brings the header of the batch at `position` into the window, or of the first one behind what is damaged there, and
   * says where that is; `size` at the end. Batches behind others have offsets from `leastOffset` on.
   */
  soundFrom(position: number, leastOffset: number): number {
    headers.follow(this.file);
    const least = Math.max(leastOffset, this.baseOffset);
    while (position < this.size) {
      if (headers.load(position, this.size) && batch.baseOffset(headers.bytes, headers.at) >= least) return position;
      position = this.corrupt(position, least).damage.end;
    }
    return this.size;
  }

  /** Takes note that there is no sound batch at `position`; answers what to throw at whoever wanted it. */
  corrupt(position: number, leastOffset: number): CorruptBatchError {
    let damage = this.damage.at(position);
    if (damage === null) {
      damage = extentOfDamage(this.file, position, this.size, leastOffset);
      this.damage.add(damage);
      this.report('log.damaged', {
        file: this.path, from: damage.start, to: damage.end, offset: leastOffset, nextOffset: damage.nextOffset,
        next: 'consumers are told CORRUPT_MESSAGE there; ottla.skip.corrupt.batches=true lets them pass',
      });
    }
    return new CorruptBatchError(this.path, damage);
  }

  /** Of the batches from `from` on, where the last one ends that ends at or before `limit`; `from` when none does. */
  boundaryBefore(from: number, limit: number): number {
    let position = from;
    headers.open(this.file);
    const entry = this.offsetIndex.entryAtMost(limit);
    if (entry >= 0 && this.offsetIndex.position(entry) > from && isEntryTrue(this, entry)) {
      position = this.offsetIndex.position(entry);
    }
    while (headers.load(position, limit)) position += batch.sizeInBytes(headers.bytes, headers.at);
    return position;
  }

  /** Size of the batch at `position`. @throws {CorruptBatchError} */
  batchSizeAt(position: number): number {
    headers.open(this.file);
    if (!headers.load(position, this.size)) throw this.corrupt(position, 0);
    return batch.sizeInBytes(headers.bytes, headers.at);
  }

  /** Base offset of the batch at `position`, or -1 where there is none. */
  baseOffsetAt(position: number): number {
    headers.open(this.file);
    return headers.load(position, this.size) ? batch.baseOffset(headers.bytes, headers.at) : -1;
  }

  /** The offset behind the last batch, -1 where index and log do not fit; reads only what comes after the last index entry. */
  readNextOffset(): number {
    let next = this.baseOffset;
    if (this.size === 0) return next;
    const last = this.offsetIndex.last();
    let position = last?.position ?? 0;
    headers.open(this.file);
    if (last !== null && !(headers.load(position, this.size) && batch.lastOffset(headers.bytes, headers.at) === last.offset)) {
      return -1;
    }
    while (headers.load(position, this.size)) {
      next = batch.nextOffset(headers.bytes, headers.at);
      position += batch.sizeInBytes(headers.bytes, headers.at);
    }
    this.#bytesSinceIndexEntry = position - (last?.position ?? 0);
    return position === this.size ? next : -1;
  }

  /** A copy of the batch at `position`, null at the end. @throws {CorruptBatchError} */
  readBatch(position: number): Buffer | null {
    if (position >= this.size) return null;
    const size = this.batchSizeAt(position);
    const bytes = Buffer.allocUnsafe(size);
    if (this.file.read(bytes, 0, size, position) < size || !batch.isCrcValid(bytes, 0)) throw this.corrupt(position, 0);
    return bytes;
  }

  /** An offset no batch before which has a timestamp of at least `timestamp`. */
  offsetBefore(timestamp: number): number {
    const entry = this.timeIndex.entryBefore(timestamp);
    if (entry >= 0 && !isTimeEntryTrue(this, entry)) this.#reindex();
    return this.timeIndex.offsetBefore(timestamp);
  }

  /** True when an index is missing or cannot belong to this log: `recover` makes it anew. */
  hasBrokenIndexes(sizes: SegmentSizes): boolean {
    if (this.transactions.isBroken || !areAbortsTrue(this)) return true;
    if (this.size === 0) return sizes.index > 0 || sizes.timeIndex > 0;
    if (sizes.index < 0 || sizes.timeIndex < 0 || sizes.index % 8 !== 0 || sizes.timeIndex % 12 !== 0) return true;
    return this.offsetIndex.isBroken(this.size);
  }

  /**
   * For recovery: keeps what true indexes say of batches below `offset`, and forgets all else, the size included. Answers
   * where to read on.
   */
  trustBelow(offset: number): number {
    const { offsetIndex, timeIndex } = this;
    headers.open(this.file);
    offsetIndex.truncateTo(offset);
    timeIndex.truncateTo(offset);
    const [entry, last] = [offsetIndex.count - 1, timeIndex.count - 1];
    if (entry < 0 || last < 0 || !isEntryTrue(this, entry) || !isTimeEntryTrue(this, last)) {
      this.#forgetIndexes();
      return 0;
    }
    // Batches behind the last entry of either index have to be noted again.
    const from = offsetIndex.entryAtMost(this.positionOf(timeIndex.offset(last)));
    const position = from >= 0 && isEntryTrue(this, from) ? offsetIndex.position(from) : 0;
    offsetIndex.truncateToPosition(position + 1);
    this.#forgetTail();
    this.#maxTimestamp = timeIndex.timestamp(last);
    this.#offsetOfMaxTimestamp = timeIndex.offset(last);
    this.size = position;
    return position;
  }

  noteChanged(): void {
    this.#log.changes++;
  }

  /** Cuts at `position`, where the batch with `offset` begins. */
  truncate(position: number, offset: number): void {
    this.cutTo(position, offset);
    this.cuts++;
    this.file.truncate(position);
    this.#log.changes++;
  }

  /** Forgets what lies from `position` on without touching the file: it never got there, or will be overwritten. */
  cutTo(position: number, offset: number): void {
    this.offsetIndex.truncateToPosition(position);
    this.timeIndex.truncateTo(offset);
    this.transactions.truncateTo(offset);
    this.damage.cutTo(position);
    this.size = position;
    this.#forgetTail();
    this.#loadMaxTimestamp();
  }

  /** Writes the indexes, with the entry that closes the segment: no more is appended to it. */
  seal(): void {
    this.trim();
    if (this.size > 0) this.timeIndex.maybeAppend(this.maxTimestamp, this.offsetOfMaxTimestamp);
    for (const index of [this.offsetIndex, this.timeIndex]) index.save().close();
    for (const index of [this.offsetIndex, this.timeIndex]) index.unload();
    this.#log.noteIndexesSaved();
  }

  /** Cuts off what the file holds behind its last batch: preallocated room, or what a failed write left. */
  trim(): void {
    this.#log.trim(this.size);
  }

  sync(): void {
    this.#log.sync();
  }

  /** The same without stopping the event loop; what is changed meanwhile leaves it dirty. */
  syncLater(): Promise<void> {
    return this.#log.syncLater();
  }

  /** Lets the handle go, once no sync needs it. Of a deleted segment: those who still read it are told that it is gone. */
  close(): void {
    this.#log.close();
  }

  /** Its files are about to be renamed and removed: nothing opens them by their names any more. */
  delete(): void {
    this.#files.delete();
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

  #forgetIndexes(): void {
    this.offsetIndex.reset();
    this.timeIndex.reset();
    this.#forgetTail();
    this.#maxTimestamp = -1;
    this.size = 0;
  }

  /** The last entry of the time index, and the batches behind the last one of the offset index. */
  #loadMaxTimestamp(): void {
    this.#maxTimestamp = -1;
    this.#offsetOfMaxTimestamp = this.baseOffset;
    if (this.size === 0) return;
    headers.open(this.file);
    const { timeIndex, offsetIndex } = this;
    const last = timeIndex.count - 1;
    if (last >= 0) {
      if (!isTimeEntryTrue(this, last)) return this.#reindex();
      this.#maxTimestamp = timeIndex.timestamp(last);
      this.#offsetOfMaxTimestamp = timeIndex.offset(last);
    }
    const entry = offsetIndex.count - 1;
    if (entry >= 0 && !isEntryTrue(this, entry)) return this.#reindex();
    const indexed = entry >= 0 ? offsetIndex.position(entry) : 0;
    let position = indexed;
    while ((position = this.soundFrom(position, 0)) < this.size) {
      if (batch.maxTimestamp(headers.bytes, headers.at) > this.#maxTimestamp) {
        this.#maxTimestamp = batch.maxTimestamp(headers.bytes, headers.at);
        this.#offsetOfMaxTimestamp = batch.lastOffset(headers.bytes, headers.at);
      }
      position += batch.sizeInBytes(headers.bytes, headers.at);
    }
    this.#bytesSinceIndexEntry = position - indexed;
  }

  #startFor(offset: number): number {
    const entry = this.offsetIndex.entryBefore(offset);
    if (entry >= 0 && !isEntryTrue(this, entry)) this.#reindex();
    return this.offsetIndex.positionBefore(offset);
  }

  /** Makes both indexes anew from the headers of the log: one of them says what is not so. */
  #reindex(): void {
    this.report('log.index-rebuilt', { file: this.offsetIndex.path });
    const [found, size] = [headersOf(this), this.size];
    this.#forgetIndexes();
    for (const { lastOffset, timestamp, position, length } of found) {
      this.size = position;
      this.noteAppended(lastOffset, timestamp, length, REINDEX_INTERVAL_BYTES);
    }
    this.size = size;
  }
}
