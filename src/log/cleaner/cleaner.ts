/**
 * Compacts the logs with cleanup.policy=compact in the background, the dirtiest first, in slices between which the event
 * loop is free. How late a slice's own timer comes tells how loaded the broker is: then slices come more seldom.
 */
import { basename } from 'node:path';
import type { Clock, Timer } from '../../platform/clock.ts';
import type { Files } from '../../platform/files.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Random } from '../../platform/random.ts';
import { CleanerCheckpoint } from './checkpoint.ts';
import { HASH_WORDS } from './key-hash.ts';
import { OffsetMap } from './offset-map.ts';
import { CleaningAbandoned, cleanLog, type PassResult, type Step } from './pass.ts';
import { planCleaning, type CleanPlan } from './plan.ts';
import type { Log } from '../log.ts';

/** A log that may be compacted, and where it lies. */
export interface CleanableLog {
  readonly log: Log;
  /** The log.dir it is in. */
  readonly logDirectory: string;
  /** Transactions are undecided from here on, or replicas lack the records. */
  readonly lastStableOffset: number;
}

/** As the keys log.cleaner.* say; read before each pass. */
export interface CleanerConfig {
  readonly enable: boolean;
  readonly backoffMs: number;
  /** Largest memory for the keys of one pass, and how full it gets (0 to 1). */
  readonly dedupeBufferSize: number;
  readonly loadFactor: number;
  /** Of reading and writing together. */
  readonly maxBytesPerSecond: number;
}

export interface CleanerOptions {
  readonly files: Files;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly config: () => CleanerConfig;
  readonly logs: () => Iterable<CleanableLog>;
}

/** What the cleaner has done so far. */
export interface CleanerStats {
  passes: number;
  bytesRead: number;
  bytesWritten: number;
  longestSliceMs: number;
}

/** A slice ends when so much time is over. */
const SLICE_MS = 2;
/** A timer that comes later than this comes after others' work. */
const LATE_MS = 4;
const SHORTEST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 20;
/** Even a tiny log gets room for so many keys. */
const FEWEST_KEYS = 16;
const FULL = new Set(['ENOSPC', 'EDQUOT']);
const NOTHING: PassResult = { cleanedTo: 0, bytesRead: 0, bytesWritten: 0 };

interface Candidate extends CleanableLog {
  readonly name: string;
  readonly plan: CleanPlan;
}

interface Running {
  readonly candidate: Candidate;
  readonly steps: Generator<Step, PassResult, void>;
  readonly startedMs: number;
}

export class Cleaner {
  readonly stats: CleanerStats = { passes: 0, bytesRead: 0, bytesWritten: 0, longestSliceMs: 0 };
  readonly #options: CleanerOptions;
  readonly #checkpoints = new Map<string, CleanerCheckpoint>();
  /** Logs with bad bytes: left alone until the next start. */
  readonly #uncleanable = new WeakSet<Log>();
  readonly #paused = new WeakSet<Log>();
  #timer: Timer | null = null;
  /** The pass that waits for the timer. */
  #waiting: Running | null = null;
  #pauseMs = SHORTEST_PAUSE_MS;
  #isStopped = true;

  constructor(options: CleanerOptions) {
    this.#options = options;
  }

  /** From now on looks for work every log.cleaner.backoff.ms, and at once after each log it compacted. */
  start(): void {
    this.#isStopped = false;
    this.#lookLater(this.#options.config().backoffMs);
  }

  /** Leaves a log half compacted as it is: that is sound, too. Must come before the logs are closed. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#timer = null;
    this.#waiting?.steps.return(NOTHING);
    this.#waiting = null;
  }

  /** A log whose files are needed as they are; until `resume`. A pass that is under way at it goes no further. */
  pause(log: Log): void {
    this.#paused.add(log);
  }

  resume(log: Log): void {
    this.#paused.delete(log);
  }

  /** What is to be compacted next, or null. */
  next(): { readonly log: Log; readonly plan: CleanPlan } | null {
    return this.#choose();
  }

  #lookLater(delayMs: number): void {
    this.#timer = this.#options.clock.after(delayMs, () => this.#look());
  }

  #look(): void {
    const { config, clock } = this.#options;
    const { enable, backoffMs } = config();
    let candidate: Candidate | null = null;
    try {
      candidate = enable ? this.#choose() : null;
    } catch (error) {
      this.#options.logger.error('cleaner.failed', { error: (error as Error).message });
    }
    if (candidate === null) return this.#lookLater(backoffMs);
    this.#slice({ candidate, steps: this.#begin(candidate), startedMs: clock.monotonic() });
  }

  #choose(): Candidate | null {
    const { clock, logs } = this.#options;
    let best: Candidate | null = null;
    for (const cleanable of logs()) {
      const { log, logDirectory, lastStableOffset } = cleanable;
      if (!log.config.cleanupCompact || log.isClosed || log.health.isOffline) continue;
      if (this.#uncleanable.has(log) || this.#paused.has(log)) continue;
      const name = basename(log.directory);
      const plan = planCleaning(log.segments, log.config, {
        nowMs: clock.now(),
        checkpoint: this.#checkpointOf(logDirectory).get(name, log.topicId),
        logStartOffset: log.logStartOffset,
        endOffset: log.endOffset,
        lastStableOffset,
      });
      if (plan.isWorthwhile && (best === null || plan.dirtyRatio > best.plan.dirtyRatio)) {
        best = { log, logDirectory, lastStableOffset, name, plan };
      }
    }
    return best;
  }

  #begin({ log, plan }: Candidate): Generator<Step, PassResult, void> {
    const { clock, random, config } = this.#options;
    const { dedupeBufferSize, loadFactor } = config();
    const seed = Buffer.alloc(HASH_WORDS * 4);
    random.fill(seed);
    const keys = Math.max(FEWEST_KEYS, plan.upTo - plan.firstDirtyOffset);
    const map = new OffsetMap(
      keys,
      dedupeBufferSize,
      loadFactor,
      new Int32Array(seed.buffer, seed.byteOffset, HASH_WORDS),
    );
    return cleanLog({ log, plan, map, nowMs: clock.now() });
  }

  /** Goes on until the time of the slice is over or the disk is to be waited for. */
  #slice(running: Running): void {
    const { clock } = this.#options;
    if (this.#isStopped) return; // the directory may be another's by now
    this.#waiting = null;
    const begun = clock.monotonic();
    try {
      for (;;) {
        if (this.#paused.has(running.candidate.log)) throw new CleaningAbandoned('The files are needed as they are');
        const step = running.steps.next();
        this.stats.longestSliceMs = Math.max(this.stats.longestSliceMs, clock.monotonic() - begun);
        if (step.done === true) return this.#finish(running, step.value);
        if (step.value !== undefined) return this.#await(running, step.value);
        if (clock.monotonic() - begun >= SLICE_MS) return this.#pauseThen(running);
      }
    } catch (error) {
      this.#fail(running, error as Error);
    }
  }

  #await(running: Running, step: Promise<void>): void {
    step.then(
      () => this.#slice(running),
      (error: Error) => {
        try {
          running.steps.throw(error);
        } catch {
          // What it cleaned up is cleaned up.
        }
        this.#fail(running, error);
      },
    );
  }

  #pauseThen(running: Running): void {
    const { clock } = this.#options;
    const dueMs = clock.monotonic() + this.#pauseMs;
    this.#waiting = running;
    this.#timer = clock.after(this.#pauseMs, () => {
      const isLate = clock.monotonic() - dueMs > LATE_MS;
      this.#pauseMs = isLate
        ? Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2)
        : Math.max(SHORTEST_PAUSE_MS, this.#pauseMs / 2);
      this.#slice(running);
    });
  }

  #finish({ candidate, startedMs }: Running, result: PassResult): void {
    const { clock, logger, config, logs } = this.#options;
    const { name, log, logDirectory, plan } = candidate;
    this.stats.passes++;
    this.stats.bytesRead += result.bytesRead;
    this.stats.bytesWritten += result.bytesWritten;
    if (result.cleanedTo <= plan.firstDirtyOffset) {
      this.#uncleanable.add(log);
      logger.warn('log.not-compacted', {
        directory: log.directory,
        next: 'raise log.cleaner.dedupe.buffer.size: one batch has more keys',
      });
    } else {
      const names = new Set(
        [...logs()].flatMap((one) => (one.logDirectory === logDirectory ? [basename(one.log.directory)] : [])),
      );
      this.#checkpointOf(logDirectory).set(name, result.cleanedTo, names);
    }
    const tookMs = clock.monotonic() - startedMs;
    logger.info('log.compacted', {
      directory: log.directory,
      to: result.cleanedTo,
      read: result.bytesRead,
      written: result.bytesWritten,
      ms: Math.round(tookMs),
    });
    const leastMs = ((result.bytesRead + result.bytesWritten) / config().maxBytesPerSecond) * 1000;
    this.#lookLater(Math.max(0, leastMs - tookMs));
  }

  #fail({ candidate }: Running, error: Error): void {
    const { logger, config } = this.#options;
    const { log } = candidate;
    const { directory } = log;
    if (error.name === 'CorruptRecords' || error.name === 'BadCompression') {
      this.#uncleanable.add(log);
      logger.error('log.not-compacted', {
        directory,
        error: error.message,
        next: 'the log is left as it is until the next start',
      });
    } else if (!(error instanceof CleaningAbandoned) && !log.isClosed) {
      // A full disk is no reason to stop appends: they need less room than a cleaned segment.
      if (!FULL.has((error as NodeJS.ErrnoException).code ?? '')) log.health.writeFailed(directory, error);
      logger.error('log.not-compacted', {
        directory,
        error: error.message,
        next: 'tried again after log.cleaner.backoff.ms',
      });
    }
    if (!this.#isStopped) this.#lookLater(config().backoffMs);
  }

  #checkpointOf(logDirectory: string): CleanerCheckpoint {
    let checkpoint = this.#checkpoints.get(logDirectory);
    if (checkpoint === undefined) {
      checkpoint = new CleanerCheckpoint(this.#options.files, logDirectory);
      this.#checkpoints.set(logDirectory, checkpoint);
    }
    return checkpoint;
  }
}
