/**
 * The metadata log of a controller that is the only one of its cluster: files of its own, under a lock that its process holds. There
 * is nobody to be elected against; each start is a new term.
 */
import { join } from 'node:path';
import * as batch from '../../protocol/records/batch.ts';
import { ChangeRefusedError } from '../cluster/controller-errors.ts';
import { baseOffsetIn, logName, METADATA_DIRECTORY } from '../cluster/metadata-directory.ts';
import { MetadataFile } from '../cluster/metadata-file.ts';
import { isDiskError } from '../platform/disk-error.ts';
import type { Files } from '../platform/files.ts';
import type { Logger } from '../platform/logger.ts';
import {
  LOG_START,
  MetadataGapError,
  type ControllerClaim,
  type ControllerElection,
  type Elected,
  type LogBatch,
  type MetadataFound,
  type MetadataLog,
  type SnapshotId,
  type StoredSnapshot,
  type Term,
} from './metadata-log.ts';
import { SnapshotFiles } from './snapshot-files.ts';

interface FileTerm extends Term {
  nextOffset: number;
}

export class FileMetadataLog implements MetadataLog {
  readonly #files: Files;
  readonly #logDirectory: string;
  readonly #logger: Logger;
  readonly #snapshots: SnapshotFiles;
  #file: MetadataFile;
  #baseOffset: number;

  /** `logDirectory` is the first of log.dirs. */
  constructor(files: Files, logDirectory: string, logger: Logger) {
    this.#files = files;
    this.#logDirectory = logDirectory;
    this.#logger = logger;
    this.#snapshots = new SnapshotFiles(files, logDirectory, logger);
    // A newer file is whole, and an older one was about to be removed.
    const names = files.list(join(logDirectory, METADATA_DIRECTORY));
    this.#baseOffset = names.map(baseOffsetIn).findLast((each) => each !== null) ?? 0;
    this.#file = this.#open(this.#baseOffset);
    this.#removeOthers();
  }

  /** Of the log. */
  get path(): string {
    return this.#file.path;
  }

  /** @throws {MetadataGapError} where the log begins behind all snapshots @throws where it is damaged */
  checkStart(): void {
    this.#read();
  }

  /** A new term behind all that is there. */
  claim(claim: ControllerClaim): FileTerm {
    const { snapshot, batches } = this.#read();
    const last = batches.at(-1);
    const { epoch, endOffset } =
      last === undefined
        ? (snapshot ?? LOG_START)
        : { epoch: batch.leaderEpoch(last.bytes, 0), endOffset: last.offset + last.count };
    return { claim, epoch: epoch + 1, nextOffset: endOffset, isOver: false };
  }

  async load(): Promise<MetadataFound> {
    return this.#read();
  }

  async read(from: number): Promise<MetadataFound> {
    const { snapshot, batches } = this.#read();
    return { snapshot, batches: batches.filter(({ offset }) => offset >= from) };
  }

  /** @throws {ChangeRefusedError} where the disk does not take it */
  async append(term: FileTerm, batches: readonly Omit<LogBatch, 'offset'>[]): Promise<'done'> {
    try {
      for (const { bytes, count } of batches) {
        this.#file.append(bytes);
        term.nextOffset += count;
      }
    } catch (error) {
      if (!isDiskError(error)) throw error;
      throw new ChangeRefusedError(
        `${this.#file.path} cannot be written (${(error as Error).message}): make room in log.dirs`,
      );
    }
    return 'done';
  }

  async piece(id: SnapshotId, piece: number): Promise<Buffer | null> {
    return this.#snapshots.piece(id, piece);
  }

  async snapshotBytes(snapshot: StoredSnapshot): Promise<Buffer> {
    return this.#snapshots.readAll(snapshot);
  }

  /** @throws the disk's error */
  async putPiece(term: Term, id: SnapshotId, piece: number, value: Buffer): Promise<boolean> {
    if (!term.isOver) this.#snapshots.putPiece(id, piece, value);
    return !term.isOver;
  }

  /** @throws the disk's error */
  async publishSnapshot(term: Term, { endOffset, epoch, logStart }: StoredSnapshot): Promise<boolean> {
    if (term.isOver) return false;
    this.#snapshots.publish({ endOffset, epoch });
    if (logStart.endOffset > this.#baseOffset) this.#beginLogAt(logStart.endOffset);
    return true;
  }

  close(): void {
    this.#file.close();
  }

  /** @throws {MetadataGapError} @throws where the file is damaged */
  #read(): MetadataFound {
    const batches = this.#file.load().map((bytes) => ({
      offset: batch.baseOffset(bytes, 0),
      count: batch.lastOffsetDelta(bytes, 0) + 1,
      bytes,
    }));
    const startOffset = batches.at(0)?.offset ?? this.#baseOffset;
    const logStart = this.#startAt(startOffset);
    if (logStart === undefined) throw new MetadataGapError(0, startOffset);
    const newest = this.#snapshots.all.at(-1);
    const snapshot = newest === undefined ? null : { ...newest, bytes: this.#snapshots.size(newest), logStart };
    return { snapshot, batches: batches.filter(({ offset }) => offset >= logStart.endOffset) };
  }

  /** The snapshot that the log begins behind, or a later one where that is damaged. */
  #startAt(startOffset: number): SnapshotId | undefined {
    if (startOffset === 0) return LOG_START;
    return this.#snapshots.all.find(({ endOffset }) => endOffset >= startOffset);
  }

  #open(baseOffset: number): MetadataFile {
    return new MetadataFile(this.#files, this.#logDirectory, this.#logger, baseOffset);
  }

  /** The batches from an offset on go into a file of their own, which is there as a whole or not at all. */
  #beginLogAt(baseOffset: number): void {
    const kept = this.#file.load().filter((bytes) => batch.baseOffset(bytes, 0) >= baseOffset);
    const path = join(this.#logDirectory, METADATA_DIRECTORY, logName(baseOffset));
    this.#files.replace(path, Buffer.concat(kept));
    this.#file.close();
    this.#file = this.#open(baseOffset);
    this.#file.load();
    this.#baseOffset = baseOffset;
    this.#removeOthers();
  }

  /** What lies before the log's beginning: the snapshot that it begins behind stays, for it says under which epoch. */
  #removeOthers(): void {
    const directory = join(this.#logDirectory, METADATA_DIRECTORY);
    for (const name of this.#files.list(directory)) {
      const baseOffset = baseOffsetIn(name);
      if (baseOffset !== null && baseOffset !== this.#baseOffset) this.#files.remove(join(directory, name));
    }
    this.#snapshots.removeBefore(this.#baseOffset);
  }
}

/** Of the only controller: elected at once, until it stops. */
export class OnlyController implements ControllerElection {
  readonly seen = null;
  readonly #term: FileTerm;
  readonly #told: Elected;
  #isStopped = false;

  constructor(log: FileMetadataLog, claim: ControllerClaim, told: Elected) {
    this.#term = log.claim(claim);
    this.#told = told;
    queueMicrotask(() => {
      if (!this.#isStopped) told.elected(this.#term);
    });
  }

  get state(): ControllerElection['state'] {
    return this.#isStopped ? 'stopped' : 'active';
  }

  /** The log cannot be read: nobody else could. */
  lost(): void {
    void this.stop();
  }

  resign(): boolean {
    return false;
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#term.isOver = true;
    this.#told.deposed(this.#term);
  }
}
