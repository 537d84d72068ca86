/** A stretch of one partition's log: the file of batches that begins at `baseOffset`, and its two indexes. */
import { join } from 'node:path';
import * as batch from '../../protocol/records/batch.ts';
import type { LogConfig } from '../config/log-config.ts';
import type { Clock } from '../platform/clock.ts';
import type { Files, OpenFile } from '../platform/files.ts';
import type { Facts } from '../platform/logger.ts';
import { headers } from './batch-scan.ts';
import { CorruptBatchError, DamageList, extentOfDamage } from './damage.ts';
import { isEntryTrue } from './index-check.ts';
import type { OffsetIndex } from './offset-index.ts';
import { OwnedFiles } from './owned-files.ts';
import { maxSegmentMs, rollJitterMs } from './roll-age.ts';
import { SegmentFile, type SegmentState } from './segment-file.ts';
import { offsetFileName, SegmentSuffix, type SegmentSizes } from './segment-files.ts';
import { SegmentIndexes } from './segment-indexes.ts';
import type { TimeIndex } from './time-index.ts';
import type { TransactionIndex } from './transaction-index.ts';

const MAX_INT32 = 0x7fff_ffff;
const UNKNOWN = -2;
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
  #firstTimestamp = UNKNOWN;
  #rollJitterMs = -1;
  readonly #files: OwnedFiles;
  readonly #log: SegmentFile;
  readonly #indexes: SegmentIndexes;

  /** `ending` stands behind every name while the segment is not in use yet. */
  constructor(
    files: Files,
    directory: string,
    baseOffset: number,
    createdMs: number,
    sizes: SegmentSizes = NOTHING,
    ending = '',
  ) {
    const pathOf = (suffix: string) => join(directory, offsetFileName(baseOffset, suffix + ending));
    this.path = pathOf(SegmentSuffix.log);
    this.baseOffset = baseOffset;
    this.createdMs = createdMs;
    this.size = sizes.log;
    this.#files = new OwnedFiles(files, this.path);
    this.#indexes = new SegmentIndexes(this, this.#files, pathOf, sizes);
    this.offsetIndex = this.#indexes.offsets;
    this.timeIndex = this.#indexes.times;
    this.transactions = this.#indexes.transactions;
    this.#log = new SegmentFile(this.#files, this);
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
    return this.#indexes.maxTimestamp;
  }

  /** The last offset of the first batch that has it. */
  get offsetOfMaxTimestamp(): number {
    return this.#indexes.offsetOfMaxTimestamp;
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
    return this.#indexes.isFull(config.segmentIndexBytes);
  }

  /** Takes note of a batch that lies, or is staged to lie, at the end. */
  noteAppended(lastOffset: number, timestamp: number, length: number, indexIntervalBytes: number): void {
    if (this.size === 0) this.#firstTimestamp = timestamp;
    this.#indexes.note(lastOffset, timestamp, this.size, length, indexIntervalBytes);
    this.size += length;
    this.#log.changes++;
  }

  /**
   * Where the batch with `offset` begins, or the first one behind it; `size` when all end before. Where bytes are damaged in
   * which it must have been: where these begin. Who goes through the segment says `from`, where it has come to: the search begins
   * there, unless an index knows of a place behind it.
   */
  positionOf(offset: number, from = 0): number {
    if (from === 0) headers.open(this.file);
    else headers.follow(this.file);
    const isFar = from === 0 || this.offsetIndex.positionBefore(offset) > from;
    let position = isFar ? this.#indexes.startFor(offset) : from;
    for (let next = 0; position < this.size;) {
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
        file: this.path,
        from: damage.start,
        to: damage.end,
        offset: leastOffset,
        nextOffset: damage.nextOffset,
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
    if (
      last !== null &&
      !(headers.load(position, this.size) && batch.lastOffset(headers.bytes, headers.at) === last.offset)
    ) {
      return -1;
    }
    while (headers.load(position, this.size)) {
      next = batch.nextOffset(headers.bytes, headers.at);
      position += batch.sizeInBytes(headers.bytes, headers.at);
    }
    this.#indexes.bytesSinceEntry = position - (last?.position ?? 0);
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
    return this.#indexes.offsetBefore(timestamp);
  }

  /** True when an index is missing or cannot belong to this log: `recover` makes it anew. */
  hasBrokenIndexes(sizes: SegmentSizes): boolean {
    return this.#indexes.areBroken(sizes);
  }

  /**
   * For recovery: keeps what true indexes say of batches below `offset`, and forgets all else, the size included. Answers
   * where to read on.
   */
  trustBelow(offset: number): number {
    this.size = this.#indexes.trustBelow(offset);
    this.#firstTimestamp = UNKNOWN;
    return this.size;
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
    this.damage.cutTo(position);
    this.size = position;
    this.#firstTimestamp = UNKNOWN;
    this.#indexes.cutTo(position, offset);
  }

  /** Writes the indexes, with the entry that closes the segment: no more is appended to it. */
  seal(): void {
    this.trim();
    this.#indexes.seal();
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
}
