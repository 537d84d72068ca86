/** Brings a log to the disk (fdatasync) and knows up to where it is there for sure: the recovery point. */
import type { LogConfig } from '../config/log-config.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { Files } from '../platform/files.ts';
import type { DirectoryHealth } from './directory-health.ts';
import { GroupCommit } from './group-commit.ts';
import type { Segment } from './segment.ts';

const NEVER = Number.MAX_SAFE_INTEGER;

export interface FlusherDoors {
  readonly files: Files;
  readonly clock: Clock;
  readonly health: DirectoryHealth;
  readonly epochs: { makeSafe(): boolean };
}

export class Flusher {
  /** The first offset that a crash of the machine could take. */
  recoveryPoint: number;
  readonly commits: GroupCommit;
  /** flush.messages asks for a flush before what was appended is acknowledged. */
  awaitsCommit = false;
  #unflushedMessages = 0;
  #timer: Timer | null = null;
  /** Cuts so far: a sync that began before one says nothing of what is there now. */
  #cuts = 0;
  /** Directories in which files were made that might not be found after a crash. */
  #newNamesIn: string[] = [];
  readonly #segments: readonly Segment[];
  readonly #doors: FlusherDoors;

  /** `segments` is the log's own, changing list; `flushLater` brings everything appended to the disk. */
  constructor(
    segments: readonly Segment[],
    recoveryPoint: number,
    doors: FlusherDoors,
    flushLater: () => Promise<void>,
  ) {
    this.#segments = segments;
    this.recoveryPoint = recoveryPoint;
    this.#doors = doors;
    this.commits = new GroupCommit(flushLater);
  }

  /** Counts messages appended, and asks for the flush that flush.messages or flush.ms want. */
  noteAppended(messages: number, { flushMessages, flushMs }: LogConfig): void {
    if (flushMessages === NEVER && flushMs === NEVER) return;
    this.#unflushedMessages += messages;
    if (this.#unflushedMessages >= flushMessages) this.awaitsCommit = true;
    else if (flushMs !== NEVER && this.#timer === null) {
      this.#timer = this.#doors.clock.after(flushMs, () => this.startCommit());
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

  /** The next flush must make the names in `directories` safe too. */
  noteNewNames(...directories: string[]): void {
    for (const each of directories) if (!this.#newNamesIn.includes(each)) this.#newNamesIn.push(each);
  }

  flush(endOffset: number): void {
    const { files, health } = this.#doors;
    health.check();
    this.stop();
    let path = '';
    try {
      for (const segment of this.#segments) {
        ({ path } = segment);
        segment.sync();
      }
      for (path of this.#takeNewNames()) files.syncDirectory(path);
    } catch (error) {
      health.syncFailed(path, error);
      throw error;
    }
    this.#advance(endOffset, this.#cuts);
  }

  async flushLater(endOffset: number): Promise<void> {
    const { files, health } = this.#doors;
    health.check();
    this.stop();
    const cuts = this.#cuts;
    await Promise.all([
      ...this.#segments.filter(({ dirty }) => dirty).map((segment) => this.#synced(segment.path, segment.syncLater())),
      ...this.#takeNewNames().map((path) => this.#synced(path, files.syncDirectoryLater(path))),
    ]);
    health.check(); // another log of the directory may have lost its sync meanwhile
    this.#advance(endOffset, cuts);
  }

  /** Syncs a segment that has just been closed by the one that begins at `endOffset`, in the background. */
  syncRolled(segment: Segment, endOffset: number): void {
    if (this.#doors.health.isOffline) return;
    const cuts = this.#cuts;
    this.#synced(segment.path, segment.syncLater()).then(
      () => this.#advance(endOffset, cuts),
      () => {},
    );
  }

  cutTo(endOffset: number): void {
    this.#cuts++;
    if (this.recoveryPoint > endOffset) this.recoveryPoint = endOffset;
  }

  /** No flush by time any more, until something is appended. */
  stop(): void {
    this.awaitsCommit = false;
    this.#unflushedMessages = 0;
    this.#timer?.cancel();
    this.#timer = null;
  }

  async #synced(path: string, sync: Promise<void>): Promise<void> {
    try {
      await sync;
    } catch (error) {
      this.#doors.health.syncFailed(path, error);
      throw error;
    }
  }

  #takeNewNames(): string[] {
    const taken = this.#newNamesIn;
    this.#newNamesIn = [];
    return taken;
  }

  /** Never beyond a segment whose own sync is still under way or failed. */
  #advance(endOffset: number, cuts: number): void {
    if (cuts !== this.#cuts) return;
    const last = this.#segments.length - 1;
    for (let i = 0; i < last && this.#segments[i].baseOffset < endOffset; i++) {
      if (this.#segments[i].dirty) return;
    }
    if (endOffset > this.recoveryPoint && this.#doors.epochs.makeSafe()) this.recoveryPoint = endOffset;
  }
}
