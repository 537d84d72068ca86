/**
 * Puts batches at the end of a log: a producer's through the broker's stage, which writes those of one read together; a
 * leader's as they came, in one write a segment.
 */
import * as batch from '../../protocol/records/batch.ts';
import type { Clock } from '../platform/clock.ts';
import { isSystemError } from '../platform/disk-error.ts';
import type { Logger } from '../platform/logger.ts';
import { AppendFailedError, type AppendStage, type StagedLog } from './append-stage.ts';
import type { DirectoryHealth } from './directory-health.ts';
import type { LogState } from './log-state.ts';
import { checkReplicated } from './replicated-batches.ts';
import type { Segment } from './segment.ts';

export interface LogAppenderOptions {
  readonly stage: AppendStage;
  readonly clock: Clock;
  readonly health: DirectoryHealth;
  readonly logger: Logger;
}

export class LogAppender {
  /** endOffset when the stage began to hold bytes of this log, and whether a producer is among them. */
  #stagedFrom = 0;
  #stagedProducers = false;
  /** As the stage knows the log. */
  readonly #log: StagedLog;
  readonly #state: LogState;
  readonly #stage: AppendStage;
  readonly #clock: Clock;
  readonly #health: DirectoryHealth;
  readonly #logger: Logger;

  constructor(log: StagedLog, state: LogState, { stage, clock, health, logger }: LogAppenderOptions) {
    this.#log = log;
    this.#state = state;
    this.#stage = stage;
    this.#clock = clock;
    this.#health = health;
    this.#logger = logger;
  }

  /** See Log.append. In one piece, without `#note`: calls show here, on the way of every batch (docs/decisions/0014). */
  append(bytes: Buffer, at: number, length: number, leaderEpoch: number): number {
    const state = this.#state;
    const baseOffset = state.endOffset;
    try {
      const stage = this.#stage;
      const log = this.#log;
      const lastOffset = baseOffset + batch.lastOffsetDelta(bytes, at);
      const timestamp = batch.maxTimestamp(bytes, at);
      if (state.list.active.mustRollFor(length, lastOffset, timestamp, state.config, this.#clock)) this.roll();
      stage.makeRoom(log, length);
      stage.refuseFailed(log);
      state.epochs.begin(leaderEpoch, baseOffset);
      batch.setBaseOffset(bytes, at, baseOffset);
      batch.setLeaderEpoch(bytes, at, leaderEpoch);
      const segment = state.list.active;
      if (!stage.holds(log)) {
        this.#stagedFrom = baseOffset;
        this.#stagedProducers = false;
      }
      stage.add(log, segment.file, segment.size, bytes, at, length);
      state.endOffset = lastOffset + 1; // from here on a failure has to take the batch back
      segment.noteAppended(lastOffset, timestamp, length, state.config.indexIntervalBytes);
      state.list.size += length;
      if (batch.producerId(bytes, at) >= 0) {
        this.#stagedProducers = true;
        segment.transactions.note(state.producers.replay(bytes, at), state.producers);
      }
      state.flusher.noteAppended(lastOffset - baseOffset + 1, state.config);
      return baseOffset;
    } catch (error) {
      this.#takeBack(baseOffset);
      if (!(error instanceof AppendFailedError)) this.#writeFailed(error);
      throw error;
    }
  }

  /** See Log.appendAsFollower. */
  appendAsFollower(bytes: Buffer, at: number, length: number, leaderEpoch: number): number {
    const state = this.#state;
    const { endOffset, epochs } = state;
    checkReplicated(bytes, at, length, { endOffset, latestEpoch: epochs.latest, leaderEpoch });
    this.settle();
    this.#stage.refuseFailed(this.#log);
    try {
      for (let from = at; from < at + length;) from = this.#writeRun(bytes, from, at + length);
    } catch (error) {
      this.#writeFailed(error);
      throw error;
    }
    return state.endOffset;
  }

  /** Writes the batches from `from` on that the active segment takes, or the next one; answers where they end. */
  #writeRun(bytes: Buffer, from: number, end: number): number {
    const state = this.#state;
    const { list } = state;
    if (!list.active.takesOffset(batch.lastOffset(bytes, from))) state.endOffset = batch.baseOffset(bytes, from); // a gap
    if (this.#mustRollFor(bytes, from)) this.roll();
    const { active } = list;
    const [position, endOffset] = [active.size, state.endOffset];
    let at = from;
    try {
      do {
        const size = batch.sizeInBytes(bytes, at);
        state.epochs.begin(batch.leaderEpoch(bytes, at), batch.baseOffset(bytes, at));
        this.#note(active, bytes, at, size);
        at += size;
      } while (at < end && !this.#mustRollFor(bytes, at));
      active.file.write(bytes, from, at - from, position);
    } catch (error) {
      state.forgetFrom(position, endOffset);
      state.reloadProducers();
      throw error;
    }
    return at;
  }

  #mustRollFor(bytes: Buffer, at: number): boolean {
    const { list, config } = this.#state;
    const [size, timestamp] = [batch.sizeInBytes(bytes, at), batch.maxTimestamp(bytes, at)];
    return list.active.mustRollFor(size, batch.lastOffset(bytes, at), timestamp, config, this.#clock);
  }

  /** Takes note of a leader's batch that is to lie at the end of the active segment. */
  #note(segment: Segment, bytes: Buffer, at: number, length: number): void {
    const state = this.#state;
    const lastOffset = batch.lastOffset(bytes, at);
    segment.noteAppended(lastOffset, batch.maxTimestamp(bytes, at), length, state.config.indexIntervalBytes);
    state.endOffset = lastOffset + 1;
    state.list.size += length;
    if (batch.producerId(bytes, at) >= 0) segment.transactions.note(state.producers.replay(bytes, at), state.producers);
    state.flusher.noteAppended(batch.lastOffsetDelta(bytes, at) + 1, state.config);
  }

  /** Begins a new segment. @throws {AppendFailedError} when bytes of the log were lost and nobody was told yet */
  roll(): void {
    this.settle();
    this.#stage.refuseFailed(this.#log);
    this.#state.roll();
  }

  /** Readers of the files must find what is staged; a failure is told by the next `stage.flush()`. */
  settle(): void {
    if (this.#stage.holds(this.#log)) this.#stage.write();
  }

  /** What was staged from `position` of the active segment on did not reach the disk. */
  rollBackTo(position: number, cause: unknown): void {
    const { directory } = this.#state;
    this.#state.forgetFrom(position, this.#stagedFrom);
    this.#writeFailed(cause);
    if (!isSystemError(cause)) {
      this.#logger.error('append-failed', { directory, error: (cause as Error).stack ?? String(cause) });
    }
    if (this.#stagedProducers) this.#state.reloadProducers();
  }

  /** Something failed when the batch that begins at `endOffset` was staged already. */
  #takeBack(endOffset: number): void {
    if (this.#state.endOffset === endOffset) return;
    this.settle();
    if (this.#state.endOffset > endOffset) this.#state.truncateTo(endOffset);
  }

  /** What reached the disk of a batch that was refused must not come to life at the next start. */
  #writeFailed(error: unknown): void {
    const { active } = this.#state.list;
    this.#health.writeFailed(active.path, error);
    if (this.#health.isOffline || this.#stage.holds(this.#log)) return;
    try {
      active.trim();
    } catch {
      // The next append writes over it, or recovery cuts it.
    }
  }
}
