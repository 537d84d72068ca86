/**
 * The indexes of a segment: kept up as batches come, believed as far as the log bears them out, and made anew from the log
 * where it does not.
 */
import * as batch from '../../protocol/records/batch.ts';
import type { Files } from '../platform/files.ts';
import type { Facts } from '../platform/logger.ts';
import { headers } from './batch-scan.ts';
import { areAbortsTrue, headersOf, isEntryTrue, isTimeEntryTrue, type IndexedSegment } from './index-check.ts';
import { OffsetIndex } from './offset-index.ts';
import { SegmentSuffix, type SegmentSizes } from './segment-files.ts';
import { TimeIndex } from './time-index.ts';
import { TransactionIndex } from './transaction-index.ts';

const UNKNOWN = -2;
const REINDEX_INTERVAL_BYTES = 4096;

interface Owner extends IndexedSegment {
  readonly baseOffset: number;
  readonly transactions: TransactionIndex;
  report(event: string, facts: Facts): void;
}

export class SegmentIndexes {
  readonly offsets: OffsetIndex;
  readonly times: TimeIndex;
  readonly transactions: TransactionIndex;
  /** Bytes of batches behind the last entry of the offset index. */
  bytesSinceEntry = 0;
  /** Largest timestamp and the last offset of the first batch that has it; UNKNOWN until asked for. */
  #maxTimestamp = UNKNOWN;
  #offsetOfMaxTimestamp = -1;
  readonly #segment: Owner;

  /** `pathOf` says where the file of each suffix lies. */
  constructor(segment: Owner, files: Files, pathOf: (suffix: string) => string, sizes: SegmentSizes) {
    const { baseOffset } = segment;
    this.#segment = segment;
    this.offsets = new OffsetIndex(files, pathOf(SegmentSuffix.index), baseOffset, Math.max(0, sizes.index));
    this.times = new TimeIndex(files, pathOf(SegmentSuffix.timeIndex), baseOffset, Math.max(0, sizes.timeIndex));
    this.transactions = new TransactionIndex(files, pathOf(SegmentSuffix.transactions), sizes.transactions);
  }

  get maxTimestamp(): number {
    if (this.#maxTimestamp === UNKNOWN) this.#loadMaxTimestamp();
    return this.#maxTimestamp;
  }

  get offsetOfMaxTimestamp(): number {
    if (this.#maxTimestamp === UNKNOWN) this.#loadMaxTimestamp();
    return this.#offsetOfMaxTimestamp;
  }

  isFull(maxBytes: number): boolean {
    return this.offsets.isFull(maxBytes) || this.times.isFull(maxBytes);
  }

  /** Takes note of a batch of `length` bytes at `position`, the end so far. */
  note(lastOffset: number, timestamp: number, position: number, length: number, intervalBytes: number): void {
    if (timestamp > this.maxTimestamp) {
      this.#maxTimestamp = timestamp;
      this.#offsetOfMaxTimestamp = lastOffset;
    }
    if (this.bytesSinceEntry > intervalBytes) {
      this.offsets.append(lastOffset, position);
      this.times.maybeAppend(this.#maxTimestamp, this.#offsetOfMaxTimestamp);
      this.bytesSinceEntry = 0;
    }
    this.bytesSinceEntry += length;
  }

  /** Where to begin to look for the batch with `offset`. */
  startFor(offset: number): number {
    const entry = this.offsets.entryBefore(offset);
    if (entry >= 0 && !isEntryTrue(this.#segment, entry)) this.#rebuild();
    return this.offsets.positionBefore(offset);
  }

  /** An offset no batch before which has a timestamp of at least `timestamp`. */
  offsetBefore(timestamp: number): number {
    const entry = this.times.entryBefore(timestamp);
    if (entry >= 0 && !isTimeEntryTrue(this.#segment, entry)) this.#rebuild();
    return this.times.offsetBefore(timestamp);
  }

  /** True when an index, of which files of `sizes` were found, is missing or cannot belong to this log. */
  areBroken(sizes: SegmentSizes): boolean {
    const segment = this.#segment;
    if (this.transactions.isBroken || !areAbortsTrue(segment)) return true;
    if (segment.size === 0) return sizes.index > 0 || sizes.timeIndex > 0;
    if (sizes.index < 0 || sizes.timeIndex < 0 || sizes.index % 8 !== 0 || sizes.timeIndex % 12 !== 0) return true;
    return this.offsets.isBroken(segment.size);
  }

  /** Keeps what is true of batches below `offset`, and answers from which position on batches have to be noted again. */
  trustBelow(offset: number): number {
    const { offsets, times } = this;
    headers.open(this.#segment.file);
    offsets.truncateTo(offset);
    times.truncateTo(offset);
    const [entry, last] = [offsets.count - 1, times.count - 1];
    if (entry < 0 || last < 0 || !isEntryTrue(this.#segment, entry) || !isTimeEntryTrue(this.#segment, last)) {
      this.#forget();
      return 0;
    }
    // Batches behind the last entry of either index have to be noted again.
    const from = offsets.entryAtMost(this.#segment.positionOf(times.offset(last)));
    const position = from >= 0 && isEntryTrue(this.#segment, from) ? offsets.position(from) : 0;
    offsets.truncateToPosition(position + 1);
    this.bytesSinceEntry = 0;
    this.#maxTimestamp = times.timestamp(last);
    this.#offsetOfMaxTimestamp = times.offset(last);
    return position;
  }

  /** Forgets batches from `position` on, where `offset` begins; the segment ends there already. */
  cutTo(position: number, offset: number): void {
    this.offsets.truncateToPosition(position);
    this.times.truncateTo(offset);
    this.transactions.truncateTo(offset);
    this.#loadMaxTimestamp();
  }

  /** Writes both indexes, with the entry that closes the segment: no more is appended to it. */
  seal(): void {
    if (this.#segment.size > 0) this.times.maybeAppend(this.maxTimestamp, this.offsetOfMaxTimestamp);
    for (const index of [this.offsets, this.times]) index.save().close();
    for (const index of [this.offsets, this.times]) index.unload();
  }

  #forget(): void {
    this.offsets.reset();
    this.times.reset();
    this.bytesSinceEntry = 0;
    this.#maxTimestamp = -1;
    this.#offsetOfMaxTimestamp = -1;
  }

  /** The last entry of the time index, and the batches behind the last one of the offset index. */
  #loadMaxTimestamp(): void {
    const segment = this.#segment;
    this.bytesSinceEntry = 0;
    this.#maxTimestamp = -1;
    this.#offsetOfMaxTimestamp = segment.baseOffset;
    if (segment.size === 0) return;
    headers.open(segment.file);
    const { times, offsets } = this;
    const last = times.count - 1;
    if (last >= 0) {
      if (!isTimeEntryTrue(segment, last)) return this.#rebuild();
      this.#maxTimestamp = times.timestamp(last);
      this.#offsetOfMaxTimestamp = times.offset(last);
    }
    const entry = offsets.count - 1;
    if (entry >= 0 && !isEntryTrue(segment, entry)) return this.#rebuild();
    const indexed = entry >= 0 ? offsets.position(entry) : 0;
    let position = indexed;
    while ((position = segment.soundFrom(position, 0)) < segment.size) {
      if (batch.maxTimestamp(headers.bytes, headers.at) > this.#maxTimestamp) {
        this.#maxTimestamp = batch.maxTimestamp(headers.bytes, headers.at);
        this.#offsetOfMaxTimestamp = batch.lastOffset(headers.bytes, headers.at);
      }
      position += batch.sizeInBytes(headers.bytes, headers.at);
    }
    this.bytesSinceEntry = position - indexed;
  }

  /** Makes both indexes anew from the headers of the log: one of them says what is not so. */
  #rebuild(): void {
    this.#segment.report('log.index-rebuilt', { file: this.offsets.path });
    const found = headersOf(this.#segment);
    this.#forget();
    for (const { lastOffset, timestamp, position, length } of found) {
      this.note(lastOffset, timestamp, position, length, REINDEX_INTERVAL_BYTES);
    }
  }
}
