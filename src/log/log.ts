/** One partition's log on the disk: segments of record batches in Kafka's files, and all that is known about them. */
import { dirname, join } from 'node:path';
import * as batch from '../../protocol/records/batch.ts';
import type { LogConfig } from '../config/log-config.ts';
import type { Clock } from '../platform/clock.ts';
import { isSystemError } from '../platform/disk-error.ts';
import type { Logger } from '../platform/logger.ts';
import { AppendFailedError, type AppendStage, type StagedLog } from './append-stage.ts';
import { Deletions } from './deletions.ts';
import { DirectoryHealth } from './directory-health.ts';
import { EpochFile } from './epoch-file.ts';
import { Flusher } from './flusher.ts';
import type { EpochEndOffset } from './leader-epochs.ts';
import { EPOCH_CHECKPOINT, loadLog } from './log-loader.ts';
import type { LogOptions, Range } from './log-options.ts';
import { LogReader } from './log-reader.ts';
import { findMaxTimestamp, findTimestamp, type TimestampOffset } from './log-search.ts';
import { DeletedError, OwnedFiles } from './owned-files.ts';
import type { ProducerSnapshots } from './producer-snapshots.ts';
import type { ProducerState } from './producer-state.ts';
import { segmentsToDelete } from './retention.ts';
import type { Segment } from './segment.ts';
import { segmentIndexOf } from './segment-files.ts';
import { SegmentList } from './segment-list.ts';
import { abortedTransactionsIn, type AbortedTransaction } from './transaction-index.ts';

export type { EpochEndOffset } from './leader-epochs.ts';
export type { LogOptions, Range } from './log-options.ts';
export type { TimestampOffset } from './log-search.ts';

export class Log implements StagedLog {
  readonly directory: string;
  readonly topicId: string;
  /** The first offset readers may ask for. */
  logStartOffset: number;
  /** The offset the next record gets. */
  endOffset: number;
  /** Of its log directory. */
  readonly health: DirectoryHealth;
  /** How it gets to the disk, and who waits for that. */
  readonly flusher: Flusher;
  #config: LogConfig;
  #producers: ProducerState;
  #closed = false;
  /** endOffset when the stage began to hold bytes of this log, and whether a producer is among them. */
  #stagedFrom = 0;
  #stagedProducers = false;
  /** Of this log alone: nothing in them is found by its name once the log is deleted. */
  readonly files: OwnedFiles;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #stage: AppendStage;
  readonly #deletions: Deletions;
  readonly #list: SegmentList;
  readonly #segments: readonly Segment[];
  readonly #epochs: EpochFile;
  readonly #snapshots: ProducerSnapshots;
  readonly #reader: LogReader;

  private constructor(given: LogOptions) {
    const files = new OwnedFiles(given.files, given.directory);
    const options = { ...given, files };
    const loaded = loadLog(options);
    this.directory = options.directory;
    this.topicId = options.topicId;
    this.logStartOffset = loaded.logStartOffset;
    this.endOffset = loaded.endOffset;
    const { clock } = options;
    this.files = files;
    this.#logger = options.logger;
    this.#clock = clock;
    this.#config = options.config;
    this.#stage = options.stage;
    this.#deletions = options.deletions ?? new Deletions(given.files, clock, options.logger);
    this.#list = new SegmentList(loaded.segments, { ...options, deletions: this.#deletions });
    this.#segments = loaded.segments;
    this.#reader = new LogReader(loaded.segments);
    this.#epochs = new EpochFile(files, join(options.directory, EPOCH_CHECKPOINT), loaded.epochs);
    this.#producers = loaded.producers;
    this.#snapshots = loaded.snapshots;
    this.health = options.health ?? new DirectoryHealth(dirname(options.directory), options.logger, clock);
    const doors = { files, clock, health: this.health, epochs: this.#epochs };
    this.flusher = new Flusher(loaded.segments, loaded, doors, async () => this.flushLater());
    // Whoever made them, in this process or the one before, may not have synced their names.
    for (const each of [dirname(options.directory), options.directory]) this.flusher.noteNewNames(each, 0);
  }

  /** Opens or makes the log. */
  static open(options: LogOptions): Log {
    return new Log(options);
  }

  get config(): LogConfig { return this.#config; }

  updateConfig(config: LogConfig): void {
    this.#config = config;
  }

  /** The last one is appended to. To be read, not changed. */
  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /** Bytes in all segments, those only staged included. */
  get size(): number { return this.#list.size; }

  get segmentCount(): number { return this.#segments.length; }

  /** Whether it was closed or deleted: then it must not be used. */
  get isClosed(): boolean { return this.#closed; }

  /** Idempotent and transactional producers as known here; to be read, not changed. */
  get producers(): ProducerState { return this.#producers; }

  /** The first offset of the oldest transaction that is still going on, or -1. */
  get firstUnstableOffset(): number {
    return this.#producers.firstUndecidedOffset;
  }

  /** The leader epoch of the newest batch, or -1. */
  get latestEpoch(): number { return this.#epochs.latest; }

  /** Whether `locate` may be asked for `offset`. */
  isInRange(offset: number): boolean {
    return offset >= this.logStartOffset && offset <= this.endOffset;
  }

  /** What is appended from now on belongs to `leaderEpoch`; the first append under it says so too. */
  beginEpoch(leaderEpoch: number): void {
    this.#epochs.begin(leaderEpoch, this.endOffset);
  }

  /**
   * Appends one validated batch: stamps base offset and leader epoch into `bytes`, answers the base offset. It is
   * only staged: `stage.flush()` must come before the answer to the producer, and before `bytes` may change.
   * @throws {AppendFailedError} when a write of this log failed before and `stage.flush()` has not told so yet
   * @throws {DirectoryOfflineError} {DeletedError} or an error of the system (isSystemError), which `health` has been told
   * of; anything else is a bug, thrown as it came. Nothing is appended then
   */
  append(bytes: Buffer, at: number, length: number, leaderEpoch: number): number {
    this.health.check();
    if (this.#closed) this.#refuseClosed();
    const { endOffset } = this;
    try {
      return this.#append(bytes, at, length, leaderEpoch);
    } catch (error) {
      this.truncateTo(endOffset); // where it was staged before something failed
      if (!(error instanceof AppendFailedError)) this.#writeFailed(error);
      throw error;
    }
  }

  #refuseClosed(): never {
    this.files.check();
    throw new Error(`${this.directory} is closed`);
  }

  #append(bytes: Buffer, at: number, length: number, leaderEpoch: number): number {
    const stage = this.#stage;
    const count = batch.lastOffsetDelta(bytes, at) + 1;
    const timestamp = batch.maxTimestamp(bytes, at);
    const baseOffset = this.endOffset;
    const lastOffset = baseOffset + count - 1;
    if (this.#list.active.mustRollFor(length, lastOffset, timestamp, this.#config, this.#clock)) this.#roll();
    stage.makeRoom(this, length);
    stage.refuseFailed(this);
    this.beginEpoch(leaderEpoch);

    batch.setBaseOffset(bytes, at, baseOffset);
    batch.setLeaderEpoch(bytes, at, leaderEpoch);
    const segment = this.#list.active;
    const isFromProducer = batch.producerId(bytes, at) >= 0;
    if (!stage.holds(this)) {
      this.#stagedFrom = baseOffset;
      this.#stagedProducers = false;
    }
    if (isFromProducer) this.#stagedProducers = true;
    stage.add(this, segment.file, segment.size, bytes, at, length);
    segment.noteAppended(lastOffset, timestamp, length, this.#config.indexIntervalBytes);
    this.endOffset = lastOffset + 1;
    this.#list.size += length;
    if (isFromProducer) segment.transactions.note(this.#producers.replay(bytes, at), this.#producers);
    this.flusher.noteAppended(count, this.#config);
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

  /**
   * Whole batches from the one that contains `offset`, each ending below `upToOffset`, in one file, at most `maxBytes`
   * (or the first alone, with `minOneBatch`). Null when there is none. Ask `isInRange` first. To be read by a CheckedReader.
   * @throws {CorruptBatchError} where damage is known at `offset`
   */
  locate(offset: number, upToOffset: number, maxBytes: number, minOneBatch: boolean): Range | null {
    if (!this.isInRange(offset)) throw new RangeError(`Offset ${offset} is not in ${this.directory}`);
    const upTo = Math.min(upToOffset, this.endOffset);
    if (offset === this.endOffset) this.#reader.memo.add(this.#list.active, offset, this.#list.active.size);
    if (offset >= upTo) return null;
    this.#settle();
    const { skipCorruptBatches } = this.#config;
    return this.#reader.locate(offset, upTo, this.endOffset, maxBytes, minOneBatch, skipCorruptBatches);
  }

  /** Aborted transactions with records in [from, upTo), by first offset: read_committed readers pass over them. */
  abortedTransactions(from: number, upTo: number): readonly AbortedTransaction[] {
    return abortedTransactionsIn(this.#segments, segmentIndexOf(this.#segments, from), from, upTo);
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
    const kept = segmentIndexOf(this.#segments, offset);
    this.#deleteSegments(this.#list.all.splice(kept + 1));
    this.#list.active.truncate(this.#list.active.positionOf(offset), offset);
    this.#afterCut(offset);
  }

  /** Throws everything away; the next record gets `offset`. */
  truncateFullyAndStartAt(offset: number): void {
    this.#settle();
    this.#deleteSegments(this.#list.all.splice(0));
    this.#list.add(offset, this.#config);
    this.flusher.noteNewNames(this.directory, offset);
    this.logStartOffset = offset;
    this.#afterCut(offset);
  }

  /** Moves the start of the log forward; files that lie before it as a whole go. */
  deleteRecordsBefore(offset: number): void {
    if (offset <= this.logStartOffset) return;
    if (offset > this.endOffset) throw new RangeError(`Offset ${offset} is not in ${this.directory}`);
    this.#deleteFront(segmentIndexOf(this.#segments, offset), offset);
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
    this.#deleteFront(count, this.#segments[count].baseOffset);
    return count;
  }

  /** For the cleaner alone: puts what `take` answers in the place of `replaced`, neighbours in this log. */
  replaceSegments(replaced: readonly Segment[], take: () => Segment): void {
    this.#reader.memo.clear();
    this.#list.replace(replaced, take, this.#config);
    this.#snapshots.removeStray(this.#segments);
  }

  /** Up to where everything is on the disk for sure. */
  get recoveryPoint(): number {
    return this.flusher.recoveryPoint;
  }

  /** Returns once everything appended is on the disk. @throws the disk's error: the log's directory is offline then */
  flush(): void {
    this.#settle();
    this.flusher.flush(this.endOffset);
  }

  /** The same without stopping the event loop. */
  flushLater(): Promise<void> {
    this.#settle();
    return this.flusher.flushLater(this.endOffset);
  }

  /** Ends in order: everything on the disk, indexes complete, producers remembered. Then the log must not be used. */
  close(): void {
    if (this.#closed) return;
    this.#settle();
    this.flusher.stop();
    this.#closed = true;
    if (!this.health.isOffline && (this.#list.active.dirty || this.recoveryPoint < this.endOffset)) {
      this.#list.active.seal();
      this.#snapshots.take(this.endOffset, this.#producers);
      this.flusher.flush(this.endOffset);
    }
    this.flusher.commits.start();
    this.#list.close();
  }

  /** Renames the directory at once and removes it after file.delete.delay.ms. Then the log must not be used. */
  delete(): void {
    this.#settle();
    this.#closed = true;
    this.files.delete();
    this.#list.delete();
    this.flusher.delete(new DeletedError(this.directory));
    this.#deletions.directory(this.#config.fileDeleteDelayMs, this.directory, this.topicId, () => this.#list.close());
  }

  /** For AppendStage only: what was staged from `position` of the active segment on did not reach the disk. */
  rollBackTo(position: number, cause: unknown): void {
    const lost = this.#list.active.size - position;
    this.#list.size -= lost;
    this.endOffset = this.#stagedFrom;
    this.#list.active.cutTo(position, this.endOffset);
    this.#reader.memo.clear();
    this.#writeFailed(cause);
    if (!isSystemError(cause)) {
      this.#logger.error('append-failed', { directory: this.directory, error: (cause as Error).stack ?? String(cause) });
    }
    this.#epochs.truncateTo(this.endOffset);
    if (this.#stagedProducers) {
      this.#producers = this.#snapshots.load(this.#segments, this.logStartOffset, this.endOffset);
    }
  }

  /** What reached the disk of a batch that was refused must not come to life at the next start. */
  #writeFailed(error: unknown): void {
    this.health.writeFailed(this.#list.active.path, error);
    if (this.health.isOffline || this.#stage.holds(this)) return;
    try {
      this.#list.active.trim();
    } catch {
      // The next append writes over it, or recovery cuts it.
    }
  }

  /** Readers of the files must find what is staged; a failure is told by the next `stage.flush()`. */
  #settle(): void {
    if (this.#stage.holds(this)) this.#stage.write();
  }

  /** Begins a new segment at the end. The old one goes to the disk in the background. */
  #roll(): void {
    this.#settle();
    this.#stage.refuseFailed(this);
    const old = this.#list.active;
    old.seal();
    this.#snapshots.take(this.endOffset, this.#producers);
    const upTo = this.endOffset;
    this.#list.add(upTo, this.#config);
    this.flusher.noteNewNames(this.directory, upTo);
    this.flusher.syncRolled(old, upTo);
  }

  #afterCut(offset: number): void {
    this.endOffset = offset;
    if (this.logStartOffset > offset) this.logStartOffset = offset;
    this.#list.recount();
    this.flusher.cutTo(offset);
    this.#reader.memo.clear();
    this.#epochs.truncateTo(offset);
    this.#producers = this.#snapshots.load(this.#segments, this.logStartOffset, offset);
  }

  #deleteFront(count: number, logStartOffset: number): void {
    this.#deleteSegments(this.#list.all.splice(0, count));
    this.#snapshots.removeBefore(this.#segments[0].baseOffset);
    if (logStartOffset > this.logStartOffset) this.logStartOffset = logStartOffset;
    this.#epochs.truncateFrom(this.logStartOffset);
  }

  #deleteSegments(segments: readonly Segment[]): void {
    if (segments.length === 0) return;
    this.#reader.memo.clear();
    this.#list.remove(segments, this.#config);
  }
}
