/** Brings a log to the disk (fdatasync) and knows up to where it is there for sure: the recovery point. */
import type { LogConfig } from '../config/log-config.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Segment } from './segment.ts';

const NEVER = Number.MAX_SAFE_INTEGER;

export class Flusher {
  /** The first offset that a crash of the machine could take. */
  recoveryPoint: number;
  #unflushedMessages = 0;
  #timer: Timer | null = null;
  /** Cuts so far: a sync that began before one says nothing of what is there now. */
  #cuts = 0;
  readonly #segments: readonly Segment[];
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #flushLater: () => Promise<void>;

  /** `segments` is the log's own, changing list; `flushLater` is run when flush.ms have passed. */
  constructor(
    segments: readonly Segment[], recoveryPoint: number, doors: { clock: Clock; logger: Logger },
    flushLater: () => Promise<void>,
  ) {
    this.#segments = segments;
    this.recoveryPoint = recoveryPoint;
    this.#clock = doors.clock;
    this.#logger = doors.logger;
    this.#flushLater = flushLater;
  }

  /** Counts messages appended; true when flush.messages asks for a flush at once. */
  isDue(messages: number, { flushMessages, flushMs }: LogConfig): boolean {
    if (flushMessages === NEVER && flushMs === NEVER) return false;
    this.#unflushedMessages += messages;
    if (this.#unflushedMessages >= flushMessages) return true;
    if (flushMs !== NEVER && this.#timer === null) {
      this.#timer = this.#clock.after(flushMs, () => this.#watch(this.#flushLater()));
    }
    return false;
  }

  flush(endOffset: number): void {
    this.stop();
    for (const segment of this.#segments) segment.sync();
    this.#advance(endOffset, this.#cuts);
  }

  async flushLater(endOffset: number): Promise<void> {
    this.stop();
    const cuts = this.#cuts;
    await Promise.all(this.#segments.filter((segment) => segment.dirty).map((segment) => segment.syncLater()));
    this.#advance(endOffset, cuts);
  }

  /** Syncs a segment that has just been closed by the one that begins at `endOffset`, in the background. */
  syncRolled(segment: Segment, endOffset: number): void {
    const cuts = this.#cuts;
    this.#watch(segment.syncLater().then(() => this.#advance(endOffset, cuts)));
  }

  cutTo(endOffset: number): void {
    this.#cuts++;
    if (this.recoveryPoint > endOffset) this.recoveryPoint = endOffset;
  }

  /** No flush by time any more, until something is appended. */
  stop(): void {
    this.#unflushedMessages = 0;
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** Never beyond a segment whose own sync is still under way or failed. */
  #advance(endOffset: number, cuts: number): void {
    if (cuts !== this.#cuts) return;
    const last = this.#segments.length - 1;
    for (let i = 0; i < last && this.#segments[i].baseOffset < endOffset; i++) {
      if (this.#segments[i].dirty) return;
    }
    if (endOffset > this.recoveryPoint) this.recoveryPoint = endOffset;
  }

  #watch(flushed: Promise<void>): void {
    flushed.catch((error: Error) => {
      this.#logger.error('log.sync-failed', { file: this.#segments.at(-1)?.path, error: error.message });
    });
  }
}
