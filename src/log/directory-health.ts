/**
 * Whether a log directory can be trusted with more. A disk that is full or read-only refuses appends for as long as it is; one that
 * lost what it had taken (a failed fdatasync, an I/O error) is left alone until the broker starts anew: the system has dropped the
 * pages it could not write, and a second fdatasync would say all is well. In a cluster other brokers have the replicas: there both
 * kinds are left alone, as in Kafka, so that the others lead.
 */
import type { Clock } from '../platform/clock.ts';
import { isDiskLost, isMissing, isSystemError } from '../platform/disk-error.ts';
import type { Logger } from '../platform/logger.ts';

const SAY_EVERY_MS = 10_000;

/** Thrown by logs of a directory that is offline. */
export class DirectoryOfflineError extends Error {
  override name = 'DirectoryOfflineError';
  /** To whoever asks, it is the disk's error still. */
  readonly code = 'EIO';
}

export class DirectoryHealth {
  readonly #path: string;
  readonly #logger: Logger;
  #isOffline = false;
  #isRefusing = false;
  #isLeftWhenRefusing = false;
  /** On a disk that is nearly full small appends succeed and large ones do not, in turns: that is said now and then. */
  #saidMs = -Infinity;
  #isSaid = false;
  readonly #clock: Clock;
  readonly #listeners: (() => void)[] = [];

  readonly #isThere: () => boolean;

  /** `isThere`: whether the directory is what it was when it was opened, and not deleted under the broker. */
  constructor(path: string, logger: Logger, clock: Clock, isThere: () => boolean = () => true) {
    this.#isThere = isThere;
    this.#path = path;
    this.#logger = logger;
    this.#clock = clock;
  }

  /** For good: nothing is written to, synced in or read from its logs any more. */
  get isOffline(): boolean {
    return this.#isOffline;
  }

  /** The last append was refused by the disk. */
  get isRefusing(): boolean {
    return this.#isRefusing;
  }

  /** Other brokers have replicas of what lies here: where the disk refuses an append they lead, as in Kafka. */
  leaveWhenRefusing(): void {
    this.#isLeftWhenRefusing = true;
  }

  onOffline(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** @throws {DirectoryOfflineError} */
  check(): void {
    if (this.#isOffline) throw new DirectoryOfflineError(`${this.#path} is offline since an error of its disk`);
  }

  /** fdatasync or fsync failed, whatever the reason. */
  syncFailed(file: string, error: unknown): void {
    this.#takeOffline('a sync failed', file, error);
  }

  /** The directory could not be opened, or is not among log.dirs any more. */
  openFailed(error: unknown): void {
    this.#takeOffline('it could not be opened', this.#path, error);
  }

  /** A write, a truncation, the opening or renaming of a file failed. What our own code threw says nothing of the disk. */
  writeFailed(file: string, error: unknown): void {
    if (!isSystemError(error)) return;
    if (this.#isLost(file, error)) return;
    if (this.#isRefusing || this.#isOffline) return;
    if (this.#isLeftWhenRefusing) return this.#takeOffline('a write was refused', file, error);
    this.#isRefusing = true;
    const nowMs = this.#clock.monotonic();
    if (nowMs - this.#saidMs < SAY_EVERY_MS) return;
    this.#saidMs = nowMs;
    this.#isSaid = true;
    this.#logger.error('log-dir.refuses-appends', {
      path: this.#path,
      file,
      error: (error as Error).message,
      next: 'free space, or make it writable: producers are told KAFKA_STORAGE_ERROR until an append succeeds',
    });
  }

  /** Something was refused that nobody waits for: a folder for a partition, a checkpoint. */
  refused(path: string, error: unknown): void {
    if (this.#isLeftWhenRefusing) this.writeFailed(path, error);
  }

  /** A checkpoint of the directory could not be written: no client waits for it, but it may tell that the disk is lost. */
  checkpointFailed(file: string, error: unknown): void {
    if (!this.#isLost(file, error)) this.refused(file, error);
  }

  /** Whether the error says that what the directory held may be gone: then it is offline. */
  #isLost(file: string, error: unknown): boolean {
    if (isDiskLost(error)) this.#takeOffline('a write failed', file, error);
    else if (isMissing(error) && !this.#isThere()) this.#takeOffline('it has been deleted', file, error);
    return this.#isOffline;
  }

  writeSucceeded(): void {
    if (!this.#isRefusing) return;
    this.#isRefusing = false;
    if (!this.#isSaid) return;
    this.#isSaid = false;
    this.#logger.warn('log-dir.takes-appends-again', { path: this.#path });
  }

  #takeOffline(what: string, file: string, error: unknown): void {
    if (this.#isOffline) return;
    this.#isOffline = true;
    this.#logger.error('log-dir.offline', {
      path: this.#path,
      reason: what,
      file,
      error: (error as Error).message,
      next: 'its partitions answer KAFKA_STORAGE_ERROR; check the disk, then restart the broker, which recovers its logs',
    });
    for (const listener of this.#listeners) listener();
  }
}
