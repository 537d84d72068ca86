/** One partition's log on the disk: segments of record batches in Kafka's files, and all that is known about them. */
import { dirname, join } from 'node:path';
import type { LogConfig } from '../config/log-config.ts';
import type { StagedLog } from './append-stage.ts';
import { Deletions } from './deletions.ts';
import { DirectoryHealth } from './directory-health.ts';
import { EpochFile } from './epoch-file.ts';
import { Flusher } from './flusher.ts';
import type { EpochEndOffset } from './leader-epochs.ts';
import { LogAppender } from './log-appender.ts';
import { EPOCH_CHECKPOINT, loadLog } from './log-loader.ts';
import type { LogOptions, Range } from './log-options.ts';
import { LogReader } from './log-reader.ts';
import { findMaxTimestamp, findTimestamp, type TimestampOffset } from './log-search.ts';
import { LogState } from './log-state.ts';
import { DeletedError, OwnedFiles } from './owned-files.ts';
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
  /** Of its log directory. */
  readonly health: DirectoryHealth;
  /** How it gets to the disk, and who waits for that. */
  readonly flusher: Flusher;
  /** Of this log alone: nothing in them is found by its name once the log is deleted. */
  readonly files: OwnedFiles;
  #isClosed = false;
  readonly #state: LogState;
  readonly #appender: LogAppender;
  readonly #reader: LogReader;
  readonly #deletions: Deletions;
  readonly #onCut: LogOptions['onCut'];

  private constructor(given: LogOptions) {
    const { directory, clock, logger, config } = given;
    const files = new OwnedFiles(given.files, directory);
    const options = { ...given, files };
    const loaded = loadLog(options);
    this.directory = directory;
    this.topicId = options.topicId;
    this.#onCut = options.onCut;
    this.files = files;
    this.#deletions = options.deletions ?? new Deletions(given.files, clock, logger);
    this.#reader = new LogReader(loaded.segments);
    this.health = options.health ?? new DirectoryHealth(dirname(directory), logger, clock);
    const epochs = new EpochFile(files, join(directory, EPOCH_CHECKPOINT), loaded.epochs);
    const doors = { files, clock, health: this.health, epochs };
    this.flusher = new Flusher(loaded.segments, loaded, doors, async () => this.flushLater());
    // Whoever made them, in this process or the one before, may not have synced their names.
    for (const each of [dirname(directory), directory]) this.flusher.noteNewNames(each, 0);
    const list = new SegmentList(loaded.segments, { ...options, deletions: this.#deletions });
    const { flusher } = this;
    const { memo } = this.#reader;
    this.#state = new LogState({ ...loaded, directory, config, list, epochs, flusher, memo });
    this.#appender = new LogAppender(this, this.#state, { ...options, health: this.health });
  }

  /** Opens or makes the log. */
  static open(options: LogOptions): Log {
    return new Log(options);
  }

  /** The first offset readers may ask for. */
  get logStartOffset(): number {
    return this.#state.logStartOffset;
  }

  /** The offset the next record gets. */
  get endOffset(): number {
    return this.#state.endOffset;
  }

  get config(): LogConfig {
    return this.#state.config;
  }

  updateConfig(config: LogConfig): void {
    this.#state.config = config;
  }

  /** The last one is appended to. To be read, not changed. */
  get segments(): readonly Segment[] {
    return this.#state.segments;
  }

  /** Bytes in all segments, those only staged included. */
  get size(): number {
    return this.#state.list.size;
  }

  get segmentCount(): number {
    return this.segments.length;
  }

  /** Whether it was closed or deleted: then it must not be used. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Idempotent and transactional producers as known here; to be read, not changed. */
  get producers(): ProducerState {
    return this.#state.producers;
  }

  /** The first offset of the oldest transaction that is still going on, or -1. */
  get firstUnstableOffset(): number {
    return this.#state.producers.firstUndecidedOffset;
  }

  /** The leader epoch of the newest batch, or -1. */
  get latestEpoch(): number {
    return this.#state.epochs.latest;
  }

  /** Whether `locate` may be asked for `offset`. */
  isInRange(offset: number): boolean {
    return offset >= this.logStartOffset && offset <= this.endOffset;
  }

  /** What is appended from now on belongs to `leaderEpoch`; the first append under it says so too. */
  beginEpoch(leaderEpoch: number): void {
    this.#state.epochs.begin(leaderEpoch, this.endOffset);
  }

  /**
   * Appends one validated batch: stamps base offset and leader epoch into `bytes`, answers the base offset. It is
   * only staged: `stage.flush()` must come before the answer to the producer, and before `bytes` may change.
   * @throws {AppendFailedError} when a write of this log failed before and `stage.flush()` has not told so yet
   * @throws {DirectoryOfflineError} {DeletedError} or an error of the system (isSystemError), which `health` has been told
   * of; anything else is a bug, thrown as it came. Nothing is appended then
   */
  append(bytes: Buffer, at: number, length: number, leaderEpoch: number): number {
    this.#check();
    return this.#appender.append(bytes, at, length, leaderEpoch);
  }

  /**
   * Appends batches as the leader of the partition sent them in `leaderEpoch`: offsets and leader epochs stay. Written at once and without a
   * copy; answers the new end offset. For flush.messages see `flusher.awaitsCommit`, as after `append`.
   * @throws {ReplicatedBatchError} where a batch is not whole, not sound, or not in order: then none of them is appended
   * @throws as `append`; batches that a segment before had room for may be in the log then, the others are not
   */
  appendAsFollower(bytes: Buffer, at: number, length: number, leaderEpoch: number): number {
    this.#check();
    return this.#appender.appendAsFollower(bytes, at, length, leaderEpoch);
  }

  /** What idempotence says of a batch before it is appended; see ProducerState.check. */
  checkProducer(bytes: Buffer, at: number, fromClient = true): number {
    return this.#state.producers.check(bytes, at, fromClient);
  }

  /** After DUPLICATE_SEQUENCE_NUMBER of `checkProducer`: the base offset the batch got the first time. */
  get duplicateOffset(): number {
    return this.#state.producers.duplicateOffset;
  }

  /**
   * Whole batches from the one that contains `offset`, each ending below `upToOffset`, in one file, at most `maxBytes`
   * (or the first alone, with `minOneBatch`). Null when there is none. Ask `isInRange` first. To be read by a CheckedReader.
   * @throws {CorruptBatchError} where damage is known at `offset`
   */
  locate(offset: number, upToOffset: number, maxBytes: number, minOneBatch: boolean): Range | null {
    if (!this.isInRange(offset)) throw new RangeError(`Offset ${offset} is not in ${this.directory}`);
    const { endOffset, list, config } = this.#state;
    const upTo = Math.min(upToOffset, endOffset);
    if (offset === endOffset) this.#reader.memo.add(list.active, offset, list.active.size);
    if (offset >= upTo) return null;
    this.#appender.settle();
    return this.#reader.locate(offset, upTo, this.endOffset, maxBytes, minOneBatch, config.skipCorruptBatches);
  }

  /** Aborted transactions with records in [from, upTo), by first offset: read_committed readers pass over them. */
  abortedTransactions(from: number, upTo: number): readonly AbortedTransaction[] {
    return abortedTransactionsIn(this.segments, segmentIndexOf(this.segments, from), from, upTo);
  }

  /** The first record whose timestamp is at least `timestamp` (milliseconds since 1970), or null. */
  offsetForTimestamp(timestamp: number): TimestampOffset | null {
    this.#appender.settle();
    return findTimestamp(this.segments, timestamp, this.logStartOffset);
  }

  /** The first record with the largest timestamp (KIP-734), or null in an empty log. */
  maxTimestamp(): TimestampOffset | null {
    this.#appender.settle();
    return findMaxTimestamp(this.segments, this.logStartOffset);
  }

  /** Leader epoch in which `offset` was written, or -1. */
  epochOf(offset: number): number {
    return this.#state.epochs.epochOf(offset);
  }

  /** As OffsetForLeaderEpoch answers. */
  endOffsetForEpoch(epoch: number): EpochEndOffset {
    return this.#state.epochs.endOffsetFor(epoch, this.endOffset);
  }

  /** Cuts everything from `offset` on, and the whole batch it lies in. */
  truncateTo(offset: number): void {
    if (offset >= this.endOffset) return;
    this.#appender.settle();
    const { recoveryPoint } = this;
    this.#state.truncateTo(offset);
    if (recoveryPoint > this.recoveryPoint) this.#onCut?.(this.recoveryPoint);
  }

  /** Throws everything away; the next record gets `offset`. */
  truncateFullyAndStartAt(offset: number): void {
    this.#appender.settle();
    this.#state.truncateFullyAndStartAt(offset);
    this.#onCut?.(0); // whatever was there
  }

  /** Moves the start of the log forward; files that lie before it as a whole go. */
  deleteRecordsBefore(offset: number): void {
    if (offset <= this.logStartOffset) return;
    if (offset > this.endOffset) throw new RangeError(`Offset ${offset} is not in ${this.directory}`);
    this.#state.deleteFront(segmentIndexOf(this.segments, offset), offset);
  }

  /**
   * Deletes the files retention.ms and retention.bytes no longer ask for, as far as they lie below `upToOffset` (the
   * high watermark); answers how many.
   */
  applyRetention(nowMs: number, upToOffset = this.endOffset): number {
    this.#appender.settle();
    const { segments, size, logStartOffset, endOffset } = this;
    const count = segmentsToDelete(segments, this.config, { nowMs, size, logStartOffset, endOffset, upToOffset });
    if (count === 0) return 0;
    if (count === segments.length) this.#appender.roll();
    this.#state.deleteFront(count, segments[count].baseOffset);
    return count;
  }

  /** For the cleaner alone: puts what `take` answers in the place of `replaced`, neighbours in this log. */
  replaceSegments(replaced: readonly Segment[], take: () => Segment): void {
    this.#state.replace(replaced, take);
  }

  /** Up to where everything is on the disk for sure. */
  get recoveryPoint(): number {
    return this.flusher.recoveryPoint;
  }

  /** Returns once everything appended is on the disk. @throws the disk's error: the log's directory is offline then */
  flush(): void {
    this.#appender.settle();
    this.flusher.flush(this.endOffset);
  }

  /** The same without stopping the event loop. */
  flushLater(): Promise<void> {
    this.#appender.settle();
    return this.flusher.flushLater(this.endOffset);
  }

  /** Ends in order: everything on the disk, indexes complete, producers remembered. Then the log must not be used. */
  close(): void {
    if (this.#isClosed) return;
    this.#appender.settle();
    this.flusher.stop();
    this.#isClosed = true;
    const { list, snapshots, producers, endOffset } = this.#state;
    if (!this.health.isOffline && (list.active.dirty || this.recoveryPoint < endOffset)) {
      list.active.seal();
      snapshots.take(endOffset, producers);
      this.flusher.flush(endOffset);
    }
    this.flusher.commits.start();
    list.close();
  }

  /**
   * Renames the directory at once and removes it after file.delete.delay.ms. Then the log must not be used: whoever waits for
   * the disk is told DeletedError, and readers may go on until the files are gone.
   */
  delete(): void {
    this.#appender.settle();
    this.#isClosed = true;
    const { list, config } = this.#state;
    this.files.delete();
    list.delete();
    this.flusher.delete(new DeletedError(this.directory));
    this.#deletions.directory(config.fileDeleteDelayMs, this.directory, this.topicId, () => list.close());
  }

  /** For AppendStage only: what was staged from `position` of the active segment on did not reach the disk. */
  rollBackTo(position: number, cause: unknown): void {
    this.#appender.rollBackTo(position, cause);
  }

  #check(): void {
    this.health.check();
    if (!this.#isClosed) return;
    this.files.check();
    throw new Error(`${this.directory} is closed`);
  }
}
