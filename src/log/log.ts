/** One partition's log on the disk: segments of record batches in Kafka's files, and all that is known about them. */
import { join } from 'node:path';
import * as batch from '../../protocol/records/batch.ts';
import type { LogConfig } from '../config/log-config.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { Files, OpenFile } from '../platform/files.ts';
import type { Logger } from '../platform/logger.ts';
import { AppendStage, DIRECT_WRITE_BYTES, type StagedLog } from './append-stage.ts';
import { Deletions } from './deletions.ts';
import type { EpochEndOffset, LeaderEpochs } from './leader-epochs.ts';
import { EPOCH_CHECKPOINT, loadLog } from './log-loader.ts';
import { findMaxTimestamp, findTimestamp, type TimestampOffset } from './log-search.ts';
import { PlaceMemo } from './place-memo.ts';
import type { ProducerSnapshots } from './producer-snapshots.ts';
import type { ProducerState } from './producer-state.ts';
import { segmentsToDelete } from './retention.ts';
import { Segment, SegmentSuffix } from './segment.ts';

export type { EpochEndOffset } from './leader-epochs.ts';
export type { TimestampOffset } from './log-search.ts';

export interface LogOptions {
  readonly files: Files;
  /** `<log.dir>/<topic>-<partition>`; made where it is missing. */
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly config: LogConfig;
  /** As Kafka prints it: 22 characters of base64url. */
  readonly topicId: string;
  /** The one stage of the broker. */
  readonly stage: AppendStage;
  /** Whether the broker ended in order last time; otherwise the end of the log is read and checked. */
  readonly cleanShutdown: boolean;
  /** Up to where the log is known to be on the disk (recovery-point-offset-checkpoint); 0: unknown. */
  readonly recoveryPoint?: number;
  /** From log-start-offset-checkpoint; the first segment's base offset where that is higher. */
  readonly logStartOffset?: number;
  /** Shared by the logs of a directory; without one the log has its own. */
  readonly deletions?: Deletions;
}

/** Whole batches in one file; the same object is filled again by the next `locate`. */
export interface Range {
  file: OpenFile;
  position: number;
  length: number;
}

export class Log implements StagedLog {
  readonly directory: string;
  readonly topicId: string;
  /** The first offset readers may ask for. */
  logStartOffset: number;
  /** The offset the next record gets. */
  endOffset: number;
  /** Bytes in all segments, those only staged included. */
  size = 0;
  /** Up to where everything is on the disk for sure. */
  recoveryPoint: number;
  #config: LogConfig;
  #producers: ProducerState;
  #active: Segment;
  #unflushedMessages = 0;
  #flushTimer: Timer | null = null;
  #closed = false;
  /** endOffset when the stage began to hold bytes of this log, and whether a producer is among them. */
  #stagedFrom = 0;
  #stagedProducers = false;
  readonly #files: Files;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #stage: AppendStage;
  readonly #deletions: Deletions;
  readonly #segments: Segment[];
  readonly #epochs: LeaderEpochs;
  readonly #snapshots: ProducerSnapshots;
  readonly #memo = new PlaceMemo();
  readonly #range: Range;

  private constructor(options: LogOptions) {
    const loaded = loadLog(options);
    this.directory = options.directory;
    this.topicId = options.topicId;
    this.logStartOffset = loaded.logStartOffset;
    this.endOffset = loaded.endOffset;
    this.recoveryPoint = loaded.recoveryPoint;
    this.#files = options.files;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#config = options.config;
    this.#stage = options.stage;
    this.#deletions = options.deletions ?? new Deletions(options.files, options.clock, options.logger);
    this.#segments = loaded.segments;
    this.#active = loaded.segments[loaded.segments.length - 1];
    this.#epochs = loaded.epochs;
    this.#producers = loaded.producers;
    this.#snapshots = loaded.snapshots;
    for (const segment of loaded.segments) this.size += segment.size;
    this.#range = { file: null as unknown as OpenFile, position: 0, length: 0 };
  }

  /** Opens or makes the log; synchronous, and quick after an orderly end. */
  static open(options: LogOptions): Log {
    return new Log(options);
  }

  get config(): LogConfig {
    return this.#config;
  }

  updateConfig(config: LogConfig): void {
    this.#config = config;
  }

  /** How many files of batches there are. */
  get segmentCount(): number {
    return this.#segments.length;
  }

  /** Idempotent and transactional producers as known here; to be read, not changed. */
  get producers(): ProducerState {
    return this.#producers;
  }

  /** The first offset of the oldest transaction that is still going on, or -1. */
  get firstUnstableOffset(): number {
    return this.#producers.firstUndecidedOffset;
  }

  /** The leader epoch of the newest batch, or -1. */
  get latestEpoch(): number {
    return this.#epochs.latest;
  }

  /** Nothing is tiered: the log begins where its files do. */
  get earliestLocal(): number {
    return this.logStartOffset;
  }

  /** Whether `locate` may be asked for `offset`. */
  isInRange(offset: number): boolean {
    return offset >= this.logStartOffset && offset <= this.endOffset;
  }

  /** What is appended from now on belongs to `leaderEpoch`; the first append under it says so too. */
  beginEpoch(leaderEpoch: number): void {
    if (leaderEpoch !== this.#epochs.latest && this.#epochs.assign(leaderEpoch, this.endOffset)) this.#saveEpochs();
  }

  /**
   * Appends one validated batch: stamps base offset and leader epoch into `bytes`, answers the base offset. Small batches
   * are only staged: `stage.flush()` must come before the answer to the producer.
   * @throws {AppendFailedError} when a write of this log failed before and `stage.flush()` has not told so yet
   * @throws the disk's error; nothing is appended then
   */
  append(bytes: Buffer, at: number, length: number, leaderEpoch: number): number {
    const stage = this.#stage;
    const count = batch.lastOffsetDelta(bytes, at) + 1;
    const timestamp = batch.maxTimestamp(bytes, at);
    const baseOffset = this.endOffset;
    const lastOffset = baseOffset + count - 1;
    if (this.#mustRoll(length, lastOffset, timestamp)) this.#roll();
    const direct = length >= DIRECT_WRITE_BYTES;
    if (!direct) stage.makeRoom(this, length);
    else if (stage.holds(this)) stage.write();
    stage.refuseFailed(this);
    this.beginEpoch(leaderEpoch);

    batch.setBaseOffset(bytes, at, baseOffset);
    batch.setLeaderEpoch(bytes, at, leaderEpoch);
    const segment = this.#active;
    const isFromProducer = batch.producerId(bytes, at) >= 0;
    if (direct) {
      segment.file.write(bytes, at, length, segment.size);
    } else {
      if (!stage.holds(this)) {
        this.#stagedFrom = baseOffset;
        this.#stagedProducers = false;
      }
      if (isFromProducer) this.#stagedProducers = true;
      stage.add(this, segment.file, segment.size, bytes, at, length);
    }
    segment.noteAppended(lastOffset, timestamp, length, this.#config.indexIntervalBytes);
    this.endOffset = lastOffset + 1;
    this.size += length;
    if (isFromProducer) this.#producers.replay(bytes, at);
    this.#noteUnflushed(count);
    return baseOffset;
  }

  /** What idempotence says of a batch before it is appended; see ProducerState.check. */
  checkProducer(bytes: Buffer, at: number, fromClient = true): number {
    return this.#producers.check(bytes, at, fromClient);
  }

  /** After DUPLICATE_SEQUENCE_NUMBER of `checkProducer`: the base offset the batch got the first time. */
  get duplicateOffset(): number {
    return this.#producers.duplicateOffset;
  }

  /** Its largest timestamp, which Kafka gives as the log append time of the answer. */
  get duplicateTimestamp(): number {
    return this.#producers.duplicateTimestamp;
  }

  /**
   * Whole batches from the one that contains `offset`, each ending below `upToOffset`, in one file, at most `maxBytes`
   * (or the first alone, with `minOneBatch`). Null when there is none. Ask `isInRange` first.
   */
  locate(offset: number, upToOffset: number, maxBytes: number, minOneBatch: boolean): Range | null {
    if (!this.isInRange(offset)) throw new RangeError(`Offset ${offset} is not in ${this.directory}`);
    const upTo = Math.min(upToOffset, this.endOffset);
    if (offset === this.endOffset) this.#memo.add(this.#active, offset, this.#active.size);
    if (offset >= upTo) return null;
    this.#settle();
    for (let i = this.#indexOf(offset); i < this.#segments.length; i++) {
      const segment = this.#segments[i];
      const start = this.#positionOf(segment, offset);
      if (start >= segment.size) continue; // compaction left nothing from `offset` on in this one
      const next = i + 1 < this.#segments.length ? this.#segments[i + 1].baseOffset : this.endOffset;
      const limit = upTo >= next ? segment.size : this.#positionOf(segment, upTo);
      return this.#fill(segment, start, limit, Math.min(upTo, next), maxBytes, minOneBatch);
    }
    return null;
  }

  /** The first record whose timestamp is at least `timestamp` (milliseconds since 1970), or null. */
  offsetForTimestamp(timestamp: number): TimestampOffset | null {
    this.#settle();
    return findTimestamp(this.#segments, timestamp, this.logStartOffset);
  }

  /** The first record with the largest timestamp (KIP-734), or null in an empty log. */
  maxTimestamp(): TimestampOffset | null {
    this.#settle();
    return findMaxTimestamp(this.#segments, this.logStartOffset);
  }

  /** Leader epoch in which `offset` was written, or -1. */
  epochOf(offset: number): number {
    return this.#epochs.epochOf(offset);
  }

  /** As OffsetForLeaderEpoch answers. */
  endOffsetForEpoch(epoch: number): EpochEndOffset {
    return this.#epochs.endOffsetFor(epoch, this.endOffset);
  }

  /** Cuts everything from `offset` on, and the whole batch it lies in. */
  truncateTo(offset: number): void {
    if (offset >= this.endOffset) return;
    this.#settle();
    if (offset <= this.#segments[0].baseOffset) return this.truncateFullyAndStartAt(offset);
    const kept = this.#indexOf(offset);
    this.#deleteSegments(this.#segments.splice(kept + 1));
    this.#active = this.#segments[kept];
    this.#active.truncate(this.#active.positionOf(offset), offset);
    this.#afterCut(offset);
  }

  /** Throws everything away; the next record gets `offset`. */
  truncateFullyAndStartAt(offset: number): void {
    this.#settle();
    this.#deleteSegments(this.#segments.splice(0));
    this.#addSegment(offset);
    this.logStartOffset = offset;
    this.#afterCut(offset);
  }

  /** Moves the start of the log forward; files that lie before it as a whole go. */
  deleteRecordsBefore(offset: number): void {
    if (offset <= this.logStartOffset) return;
    if (offset > this.endOffset) throw new RangeError(`Offset ${offset} is not in ${this.directory}`);
    this.logStartOffset = offset;
    if (this.#epochs.truncateFrom(offset)) this.#saveEpochs();
    let count = 0;
    while (count + 1 < this.#segments.length && this.#segments[count + 1].baseOffset <= offset) count++;
    this.#deleteSegments(this.#segments.splice(0, count));
    this.#snapshots.removeBefore(this.#segments[0].baseOffset);
  }

  /**
   * Deletes the files retention.ms and retention.bytes no longer ask for, as far as they lie below `upToOffset` (the
   * high watermark); answers how many.
   */
  applyRetention(nowMs: number, upToOffset = this.endOffset): number {
    this.#settle();
    const count = segmentsToDelete(this.#segments, this.#config, {
      nowMs, size: this.size, logStartOffset: this.logStartOffset, endOffset: this.endOffset, upToOffset,
    });
    if (count === 0) return 0;
    if (count === this.#segments.length) this.#roll();
    this.#deleteSegments(this.#segments.splice(0, count));
    const start = this.#segments[0].baseOffset;
    this.#snapshots.removeBefore(start);
    if (start > this.logStartOffset) this.logStartOffset = start;
    if (this.#epochs.truncateFrom(this.logStartOffset)) this.#saveEpochs();
    return count;
  }

  /** Returns once everything appended is on the disk. */
  flush(): void {
    this.#settle();
    const upTo = this.#beginFlush();
    for (const segment of this.#dirtySegments()) segment.sync();
    this.#advanceRecoveryPoint(upTo);
  }

  /** The same without stopping the event loop. */
  async flushLater(): Promise<void> {
    this.#settle();
    const upTo = this.#beginFlush();
    await Promise.all(this.#dirtySegments().map((segment) => segment.syncLater()));
    this.#advanceRecoveryPoint(upTo);
  }

  /** Ends in order: everything on the disk, indexes complete, producers remembered. Then the log must not be used. */
  close(): void {
    if (this.#closed) return;
    this.#settle();
    this.#flushTimer?.cancel();
    if (this.#active.dirty || this.recoveryPoint < this.endOffset) {
      if (this.#active.file.size() > this.#active.size) this.#active.file.truncate(this.#active.size);
      this.flush();
      this.#active.seal();
      this.#snapshots.take(this.endOffset, this.#producers);
    }
    this.#closeFiles();
  }

  /** Renames the directory at once and removes it after file.delete.delay.ms. Then the log must not be used. */
  delete(): void {
    this.#settle();
    this.#flushTimer?.cancel();
    this.#closeFiles();
    const unique = Buffer.from(this.topicId, 'base64url').toString('hex');
    const renamed = `${this.directory}.${unique}-delete`;
    this.#files.rename(this.directory, renamed);
    this.#deletions.later(this.#config.fileDeleteDelayMs, [renamed]);
  }

  /** For AppendStage only: what was staged from `position` of the active segment on did not reach the disk. */
  rollBackTo(position: number): void {
    const lost = this.#active.size - position;
    this.size -= lost;
    this.endOffset = this.#stagedFrom;
    this.#active.cutTo(position, this.endOffset);
    this.#memo.clear();
    this.#logger.error('log.append-lost', { directory: this.directory, bytes: lost, endOffset: this.endOffset });
    if (this.#epochs.truncateTo(this.endOffset)) this.#saveEpochs();
    if (this.#stagedProducers) {
      this.#producers = this.#snapshots.load(this.#segments, this.logStartOffset, this.endOffset);
    }
  }

  /** Readers of the files must find what is staged; a failure is told by the next `stage.flush()`. */
  #settle(): void {
    if (this.#stage.holds(this)) this.#stage.write();
  }

  #mustRoll(length: number, lastOffset: number, timestamp: number): boolean {
    const segment = this.#active;
    const config = this.#config;
    if (segment.size === 0) return !segment.takesOffset(lastOffset);
    if (segment.size > config.segmentBytes - length || !segment.takesOffset(lastOffset)) return true;
    if (segment.waitedMs(timestamp, this.#clock.now()) > config.segmentMs) return true;
    return segment.offsetIndex.isFull(config.segmentIndexBytes) || segment.timeIndex.isFull(config.segmentIndexBytes);
  }

  /** Begins a new segment at the end. The old one goes to the disk in the background. */
  #roll(): void {
    this.#settle();
    this.#stage.refuseFailed(this);
    const old = this.#active;
    old.seal();
    this.#snapshots.take(this.endOffset, this.#producers);
    const upTo = this.endOffset;
    this.#addSegment(upTo);
    old.syncLater().then(
      () => this.#advanceRecoveryPoint(upTo),
      (error: Error) => this.#logger.error('log.sync-failed', { file: old.path, error: error.message }),
    );
  }

  #addSegment(baseOffset: number): void {
    const segment = new Segment(this.#files, this.directory, baseOffset, this.#clock.now());
    if (segment.file.size() > 0) segment.file.truncate(0); // left by a start that failed half way
    this.#segments.push(segment);
    this.#active = segment;
  }

  #fill(
    segment: Segment, start: number, limit: number, limitOffset: number, maxBytes: number, minOneBatch: boolean,
  ): Range | null {
    if (limit <= start) return null;
    let end = limit;
    if (limit - start > maxBytes) {
      end = segment.boundaryBefore(start, start + maxBytes);
      if (end === start) {
        if (!minOneBatch) return null;
        end = start + segment.batchSizeAt(start);
      }
      if (end < limit) this.#memo.add(segment, segment.baseOffsetAt(end), end);
    }
    if (end === limit) this.#memo.add(segment, limitOffset, end);
    const range = this.#range;
    range.file = segment.file;
    range.position = start;
    range.length = end - start;
    return range;
  }

  /** As Segment.positionOf, but first asks where the last reads ended. */
  #positionOf(segment: Segment, offset: number): number {
    const position = this.#memo.find(segment, offset);
    return position >= 0 ? position : segment.positionOf(offset);
  }

  /** Index of the segment `offset` belongs to; readers are mostly at the end. */
  #indexOf(offset: number): number {
    const segments = this.#segments;
    if (offset >= this.#active.baseOffset) return segments.length - 1;
    let low = 0;
    let high = segments.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (segments[middle].baseOffset <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Not synced: after a crash the epochs are read from the batches as well. */
  #saveEpochs(): void {
    this.#files.replace(join(this.directory, EPOCH_CHECKPOINT), this.#epochs.encode(), false);
  }

  #afterCut(offset: number): void {
    this.endOffset = offset;
    if (this.logStartOffset > offset) this.logStartOffset = offset;
    this.size = 0;
    for (const segment of this.#segments) this.size += segment.size;
    if (this.recoveryPoint > offset) this.recoveryPoint = offset;
    this.#memo.clear();
    if (this.#epochs.truncateTo(offset)) this.#saveEpochs();
    this.#producers = this.#snapshots.load(this.#segments, this.logStartOffset, offset);
  }

  #deleteSegments(segments: readonly Segment[]): void {
    if (segments.length === 0) return;
    this.#memo.clear();
    for (const segment of segments) {
      this.size -= segment.size;
      const renamed: string[] = [];
      for (const path of segment.paths) {
        if (!this.#files.exists(path)) continue;
        this.#files.rename(path, path + SegmentSuffix.deleted);
        renamed.push(path + SegmentSuffix.deleted);
      }
      this.#deletions.later(this.#config.fileDeleteDelayMs, renamed, () => segment.close());
    }
  }

  #noteUnflushed(messages: number): void {
    const { flushMessages, flushMs } = this.#config;
    if (flushMessages === Number.MAX_SAFE_INTEGER && flushMs === Number.MAX_SAFE_INTEGER) return;
    this.#unflushedMessages += messages;
    if (this.#unflushedMessages >= flushMessages) return this.flush();
    if (flushMs === Number.MAX_SAFE_INTEGER || this.#flushTimer !== null) return;
    this.#flushTimer = this.#clock.after(flushMs, () => {
      this.flushLater().catch((error: Error) => {
        this.#logger.error('log.sync-failed', { directory: this.directory, error: error.message });
      });
    });
  }

  /** Answers up to where a sync that begins now holds. */
  #beginFlush(): number {
    this.#unflushedMessages = 0;
    this.#flushTimer?.cancel();
    this.#flushTimer = null;
    return this.endOffset;
  }

  #dirtySegments(): Segment[] {
    return this.#segments.filter((segment) => segment.dirty);
  }

  /** Never beyond a segment whose own sync is still under way or failed. */
  #advanceRecoveryPoint(upTo: number): void {
    for (const segment of this.#segments) {
      if (segment.baseOffset >= upTo) break;
      if (segment.dirty && segment !== this.#active) return;
    }
    if (upTo > this.recoveryPoint && upTo <= this.endOffset) this.recoveryPoint = upTo;
  }

  #closeFiles(): void {
    this.#closed = true;
    for (const segment of this.#segments) segment.close();
  }
}
