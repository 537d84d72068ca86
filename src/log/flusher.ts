/** Brings a log to the disk (fdatasync) and knows up to where it is there for sure: the recovery point. */
import type { LogConfig } from '../config/log-config.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import { isSystemError } from '../platform/disk-error.ts';
import type { Files } from '../platform/files.ts';
import type { DirectoryHealth } from './directory-health.ts';
import { GroupCommit } from './group-commit.ts';
import { NewNames } from './new-names.ts';
import type { DeletedError } from './owned-files.ts';
import { allDone } from './segment-file.ts';
import type { Segment } from './segment.ts';

const NEVER = Number.MAX_SAFE_INTEGER;

export interface FlusherOptions {
  readonly files: Files;
  readonly clock: Clock;
  readonly health: DirectoryHealth;
  readonly epochs: { makeSafe(): boolean };
}

/** Up to where a log is known to be on the disk when it is opened, and where it ends. */
export interface FoundEnds {
  readonly recoveryPoint: number;
  readonly endOffset: number;
}

export class Flusher {
  /** The first offset that a crash of the machine could take. */
  recoveryPoint: number;
  /**
   * Up to here every append that asked for a flush (flush.messages, flush.ms) has been brought to the disk: readers may see
   * it. At the start all that was found counts; from then on it moves with each sync, and back with each cut.
   */
  durableOffset: number;
  /** Called when `durableOffset` has moved on, before those who joined `commits` are told. */
  onDurable: ((durableOffset: number) => void) | null = null;
  readonly commits: GroupCommit;
  /** flush.messages asks for a flush before what was appended is acknowledged. */
  awaitsCommit = false;
  #unflushedMessages = 0;
  #timer: Timer | null = null;
  /** Cuts so far: a sync that began before one says nothing of what is there now. */
  #cuts = 0;
  #deleted: DeletedError | null = null;
  readonly #newNames = new NewNames();
  readonly #segments: readonly Segment[];
  readonly #options: FlusherOptions;

  /** `segments` is the log's own, changing list; `flushLater` brings everything appended to the disk. */
  constructor(
    segments: readonly Segment[],
    { recoveryPoint, endOffset }: FoundEnds,
    options: FlusherOptions,
    flushLater: () => Promise<void>,
  ) {
    this.#segments = segments;
    this.recoveryPoint = recoveryPoint;
    this.durableOffset = endOffset;
    this.#options = options;
    this.commits = new GroupCommit(flushLater);
  }

  /** Counts messages appended, and asks for the flush that flush.messages or flush.ms want. */
  noteAppended(messages: number, { flushMessages, flushMs }: LogConfig): void {
    if (flushMessages === NEVER && flushMs === NEVER) return;
    this.#unflushedMessages += messages;
    if (this.#unflushedMessages >= flushMessages) this.awaitsCommit = true;
    else if (flushMs !== NEVER && this.#timer === null) {
      this.#timer = this.#options.clock.after(flushMs, () => this.startCommit());
    }
  }

  /** Whether something acknowledged before, or about to be, may still be on its way to the disk. */
  get isCommitPending(): boolean {
    return this.awaitsCommit || this.commits.isPending;
  }

  /** Begins the flush that was asked for; what was staged must have been written. Who waits for it has joined `commits`. */
  startCommit(): void {
    this.awaitsCommit = false;
    void this.commits.join();
    this.commits.start();
  }

  /** The next flush must make the names in `directory` safe too, of files with records from `fromOffset` on. */
  noteNewNames(directory: string, fromOffset: number): void {
    this.#newNames.add(directory, fromOffset);
  }

  /** @throws {DeletedError} or the disk's error: the log's directory is offline then */
  flush(endOffset: number): void {
    const { files } = this.#options;
    this.#check();
    this.stop();
    const names = this.#newNames.begin();
    let path = '';
    try {
      for (const segment of this.#segments) {
        ({ path } = segment);
        segment.sync();
      }
      for (path of names.directories) files.syncDirectory(path);
    } catch (error) {
      this.#failed(path, error);
      throw error;
    }
    names.done();
    this.#advance(endOffset, this.#cuts);
  }

  /** The same without stopping the event loop. */
  async flushLater(endOffset: number): Promise<void> {
    this.#check();
    this.stop();
    const cuts = this.#cuts;
    await this.#synced(this.#segments.filter(({ dirty }) => dirty));
    this.#check(); // the log may have been deleted meanwhile, or another one of the directory may have lost its sync
    this.#advance(endOffset, cuts);
  }

  /** Syncs a segment that has just been closed by the one that begins at `endOffset`, in the background. */
  syncRolled(segment: Segment, endOffset: number): void {
    if (this.#options.health.isOffline) return;
    const cuts = this.#cuts;
    this.#synced([segment]).then(
      () => this.#advance(endOffset, cuts),
      () => {},
    );
  }

  cutTo(endOffset: number): void {
    this.#cuts++;
    if (this.recoveryPoint > endOffset) this.recoveryPoint = endOffset;
    if (this.durableOffset > endOffset) this.durableOffset = endOffset;
  }

  /** No flush by time any more, until something is appended. */
  stop(): void {
    this.awaitsCommit = false;
    this.#unflushedMessages = 0;
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** The log is deleted: those who wait for the disk are told so, whatever a sync under way says. */
  delete(error: DeletedError): void {
    this.stop();
    this.#deleted = error;
    this.commits.end(error);
  }

  #check(): void {
    if (this.#deleted !== null) throw this.#deleted;
    this.#options.health.check();
  }

  /** Syncs `segments` and all new names. */
  async #synced(segments: readonly Segment[]): Promise<void> {
    const { files } = this.#options;
    const names = this.#newNames.begin();
    const sync = async (path: string, begin: () => Promise<void>): Promise<void> => {
      try {
        await begin();
      } catch (error) {
        this.#failed(path, error);
        throw error;
      }
    };
    await allDone([
      ...segments.map((segment) => sync(segment.path, () => segment.syncLater())),
      ...names.directories.map((path) => sync(path, () => files.syncDirectoryLater(path))),
    ]);
    names.done();
  }

  /** Only what the system tells is a failure of the disk: not that a file was deleted, nor a bug. */
  #failed(path: string, error: unknown): void {
    if (isSystemError(error)) this.#options.health.syncFailed(path, error);
  }

  /** Never beyond a file whose own sync, or that of its name, is still under way or failed. */
  #advance(endOffset: number, cuts: number): void {
    if (cuts !== this.#cuts || this.#deleted !== null) return;
    const last = this.#segments.length - 1;
    for (let i = 0; i < last && this.#segments[i].baseOffset < endOffset; i++) {
      if (this.#segments[i].dirty) return;
    }
    if (!this.#newNames.areSafeBelow(endOffset)) return;
    if (endOffset > this.durableOffset) {
      this.durableOffset = endOffset;
      this.onDurable?.(endOffset);
    }
    if (endOffset > this.recoveryPoint && this.#options.epochs.makeSafe()) this.recoveryPoint = endOffset;
  }
}
