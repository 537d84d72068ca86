/**
 * A broker's own copy of the metadata log: the newest snapshot it has, and the log from there on (cluster/metadata-directory.ts). A
 * broker starts from it, so that it asks the controller only for what is new.
 *
 * A batch that is not whole, or that does not go on where the one before ends, is never kept.
 */
import { join } from 'node:path';
import * as batch from '../../protocol/records/batch.ts';
import {
  baseOffsetIn,
  checkpointIn,
  checkpointName,
  isWholeBatch,
  logName,
  METADATA_DIRECTORY,
  PART,
  wholeBatches,
  type EpochEnd,
} from '../cluster/metadata-directory.ts';
import type { Files, OpenFile } from '../platform/files.ts';
import type { Logger } from '../platform/logger.ts';
import type { Pieces } from '../platform/pieces.ts';

/** What the copy holds when it is opened. */
export interface FoundMetadata {
  readonly snapshot: Buffer | null;
  /** Whole batches, one behind the other. */
  readonly batches: Buffer;
}

/** A snapshot on its way. */
interface Part {
  readonly id: EpochEnd;
  readonly file: OpenFile;
  size: number;
}

/** Batches that do not go on where the log ends, or are damaged. */
export class BadBatchesError extends Error {
  override readonly name = 'BadBatchesError';
}

export interface MetadataCopyOptions {
  readonly files: Files;
  /** metadata.log.dir, or the first of log.dirs. */
  readonly logDirectory: string;
  readonly logger: Logger;
  /** Told of what the disk refuses. */
  readonly onFailure?: (path: string, error: unknown) => void;
}

export class MetadataCopy {
  readonly #files: Files;
  readonly #onFailure: (path: string, error: unknown) => void;
  readonly #logger: Logger;
  readonly #directory: string;
  /** What comes before it lies in the snapshot alone. */
  #start: EpochEnd = { endOffset: 0, epoch: 0 };
  #file: OpenFile | null = null;
  #size = 0;
  /** Each epoch of the log, with the offset and the position of its first batch. */
  #epochs: { readonly epoch: number; readonly startOffset: number }[] = [];
  #endOffset = 0;
  /** Of a snapshot that is being fetched, or written. */
  #part: Part | null = null;
  #snapshotBytes = 0;

  constructor({ files, logDirectory, logger, onFailure = () => {} }: MetadataCopyOptions) {
    this.#files = files;
    this.#onFailure = onFailure;
    this.#logger = logger;
    this.#directory = join(logDirectory, METADATA_DIRECTORY);
  }

  get endOffset(): number {
    return this.#endOffset;
  }

  /** Of the last record; 0 before the first. */
  get lastEpoch(): number {
    return this.#epochs.at(-1)?.epoch ?? this.#start.epoch;
  }

  /** Bytes of the log behind the snapshot. */
  get logBytes(): number {
    return this.#size;
  }

  /** Of the newest snapshot. */
  get snapshotBytes(): number {
    return this.#snapshotBytes;
  }

  /** Once, before all else. A tail that is not whole is cut: it was not applied either. @throws the disk's error */
  load(): FoundMetadata {
    const files = this.#files;
    const isNew = !files.exists(this.#directory);
    files.makeDirectory(this.#directory);
    if (isNew) files.syncDirectory(join(this.#directory, '..'));
    const names = files.list(this.#directory);
    for (const name of names) if (name.endsWith(PART)) files.remove(join(this.#directory, name));
    const snapshot = this.#newestSnapshot(names);
    const found = names.map(baseOffsetIn).findLast((each) => each !== null && each <= this.#start.endOffset) ?? null;
    const base = found ?? this.#start.endOffset;
    this.#file = files.open(this.#logPath(base), 'write');
    if (found === null) files.syncDirectory(this.#directory);
    const batches = this.#readLog(base);
    this.#removeOthers(names, base);
    return { snapshot, batches };
  }

  /**
   * Keeps batches that a controller has sent. `bytes` may end within a batch, which is not kept; answers the bytes that are. They are
   * not synced: nobody counts on a broker's copy, and what a power failure takes from its end is fetched again.
   * @throws {BadBatchesError} then nothing is kept
   */
  append(bytes: Buffer): Buffer {
    const end = this.#checked(bytes);
    const whole = bytes.subarray(0, end);
    if (end === 0) return whole;
    this.#writing(() => this.#file!.write(whole, 0, whole.length, this.#size));
    for (let at = 0; at < end; at += batch.sizeInBytes(bytes, at)) this.#note(bytes, at);
    this.#size += end;
    return whole;
  }

  /** Where to cut, when the controller's log has gone another way behind `diverging`. */
  commonEnd(diverging: EpochEnd): number {
    const next = this.#epochs.find(({ epoch }) => epoch > diverging.epoch);
    return Math.max(this.#start.endOffset, Math.min(next?.startOffset ?? this.#endOffset, diverging.endOffset));
  }

  /** Cuts the log, so that it ends at `offset` or before. */
  truncate(offset: number): void {
    const bytes = this.#readAll();
    let at = 0;
    while (at < bytes.length && batch.lastOffset(bytes, at) < offset) at += batch.sizeInBytes(bytes, at);
    this.#logger.warn('metadata-truncated', { keptBytes: at, cutBytes: bytes.length - at, offset });
    this.#file!.truncate(at);
    this.#file!.sync();
    this.#recount(bytes.subarray(0, at));
  }

  /** A snapshot comes in pieces, the first one at 0. */
  writeSnapshot(id: EpochEnd, position: number, piece: Buffer): void {
    const part = position === 0 || this.#part === null ? this.#beginPart(id) : this.#part;
    if (position !== part.size)
      throw new BadBatchesError(`a piece of a snapshot came for byte ${position}, not ${part.size}`);
    this.#write(part, piece);
  }

  #write(part: Part, piece: Buffer): void {
    this.#writing(() => part.file.write(piece, 0, piece.length, part.size));
    part.size += piece.length;
  }

  /** A copy that the disk refuses stays behind for ever: who has the disk is told. */
  #writing(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#onFailure(this.#directory, error);
      throw error;
    }
  }

  /** All pieces have come. The log begins anew behind it. @throws {BadBatchesError} when it is damaged: it is dropped */
  finishSnapshot(): Buffer {
    const part = this.#part!;
    this.#part = null;
    const { id, file } = part;
    file.sync();
    file.close();
    const bytes = this.#files.readAll(this.#partPath(id));
    const end = wholeBatches(bytes);
    if (end < bytes.length) {
      this.#files.remove(this.#partPath(id));
      throw new BadBatchesError(`snapshot ${checkpointName(id)} is damaged at byte ${end}`);
    }
    this.#keepSnapshot(id, bytes.length);
    return bytes;
  }

  /**
   * Keeps a snapshot that this broker has made of what it has read, all of it up to now, so that its log does not grow for ever. What
   * is appended before all of it is written stays. It is not synced: one that a power failure has left damaged is fetched again.
   */
  *replaceBySnapshot(batches: Iterable<Buffer>): Pieces<void> {
    const id = { endOffset: this.#endOffset, epoch: this.lastEpoch };
    const behind = this.#size;
    const part = this.#beginPart(id);
    for (const bytes of batches) {
      this.#write(part, bytes);
      yield;
      if (this.#part !== part) return; // closed, or a controller's snapshot comes
    }
    this.#part = null;
    this.#writing(() => {
      part.file.close();
      const tail = this.#readFrom(behind);
      this.#keepSnapshot(id, part.size);
      this.#file!.write(tail, 0, tail.length, 0);
      this.#recount(tail);
    });
  }

  close(): void {
    this.#part?.file.close();
    this.#file?.close();
    this.#part = this.#file = null;
  }

  #newestSnapshot(names: readonly string[]): Buffer | null {
    for (const name of names.toReversed()) {
      const id = checkpointIn(name);
      if (id === null) continue;
      const bytes = this.#files.readAll(join(this.#directory, name));
      if (wholeBatches(bytes) < bytes.length) {
        this.#logger.warn('metadata-snapshot-damaged', { file: name, next: 'it is fetched again' });
        continue;
      }
      this.#start = id;
      this.#snapshotBytes = bytes.length;
      return bytes;
    }
    return null;
  }

  /** The batches behind the snapshot. */
  #readLog(base: number): Buffer {
    const bytes = this.#readAll();
    let at = 0;
    let offset = base;
    let kept = 0;
    while (isWholeBatch(bytes, at) && batch.baseOffset(bytes, at) === offset) {
      offset = batch.nextOffset(bytes, at);
      at += batch.sizeInBytes(bytes, at);
      if (offset <= this.#start.endOffset) kept = at;
    }
    if (at < bytes.length) {
      this.#logger.warn('metadata-tail-cut', {
        keptBytes: at,
        cutBytes: bytes.length - at,
        next: 'it is fetched again',
      });
      this.#file!.truncate(at);
      this.#file!.sync();
    }
    this.#recount(bytes.subarray(0, at));
    // What the snapshot does not reach is of no use: the controller is asked for what lies between.
    if (offset < this.#start.endOffset) this.#beginLogBehind(this.#start);
    return bytes.subarray(kept, at);
  }

  #recount(bytes: Buffer): void {
    this.#size = bytes.length;
    this.#epochs = [];
    this.#endOffset = this.#start.endOffset;
    for (let at = 0; at < bytes.length; at += batch.sizeInBytes(bytes, at)) this.#note(bytes, at);
  }

  #note(bytes: Buffer, at: number): void {
    const epoch = batch.leaderEpoch(bytes, at);
    if (this.#epochs.at(-1)?.epoch !== epoch) this.#epochs.push({ epoch, startOffset: batch.baseOffset(bytes, at) });
    this.#endOffset = batch.nextOffset(bytes, at);
  }

  /** Where the last whole batch ends. @throws {BadBatchesError} for one that may not stand here */
  #checked(bytes: Buffer): number {
    let at = 0;
    let offset = this.#endOffset;
    let epoch = this.lastEpoch;
    for (let end = batch.batchEnd(bytes, at, bytes.length); end >= 0; end = batch.batchEnd(bytes, at, bytes.length)) {
      if (!isWholeBatch(bytes, at)) throw new BadBatchesError(`the batch behind offset ${offset} is damaged`);
      const [first, leaderEpoch] = [batch.baseOffset(bytes, at), batch.leaderEpoch(bytes, at)];
      if (first !== offset) throw new BadBatchesError(`the log goes on at offset ${first}, expected ${offset}`);
      if (leaderEpoch < epoch) throw new BadBatchesError(`a batch of epoch ${leaderEpoch} came behind epoch ${epoch}`);
      epoch = leaderEpoch;
      offset = batch.nextOffset(bytes, at);
      at = end;
    }
    return at;
  }

  #beginPart(id: EpochEnd): Part {
    this.#writing(() => {
      this.#part?.file.close();
      const file = this.#files.open(this.#partPath(id), 'write');
      file.truncate(0);
      this.#part = { id, file, size: 0 };
    });
    return this.#part!;
  }

  /** All of it is written. The log begins anew behind it. */
  #keepSnapshot(id: EpochEnd, bytes: number): void {
    this.#files.rename(this.#partPath(id), join(this.#directory, checkpointName(id)));
    this.#snapshotBytes = bytes;
    this.#beginLogBehind(id);
  }

  #beginLogBehind(id: EpochEnd): void {
    this.#file?.close();
    const path = this.#logPath(id.endOffset);
    this.#file = this.#files.open(path, 'write');
    this.#file.truncate(0);
    this.#start = id;
    this.#recount(Buffer.alloc(0));
    this.#files.syncDirectory(this.#directory);
    this.#removeOthers(this.#files.list(this.#directory), id.endOffset);
  }

  #removeOthers(names: readonly string[], base: number): void {
    for (const name of names) {
      const log = baseOffsetIn(name);
      const isOld = log !== null ? log !== base : checkpointIn(name) !== null && name !== checkpointName(this.#start);
      if (isOld) this.#files.remove(join(this.#directory, name));
    }
  }

  #readAll(): Buffer {
    return this.#readFrom(0);
  }

  #readFrom(position: number): Buffer {
    const bytes = Buffer.alloc(this.#file!.size() - position);
    this.#file!.read(bytes, 0, bytes.length, position);
    return bytes;
  }

  #logPath(base: number): string {
    return join(this.#directory, logName(base));
  }

  #partPath(id: EpochEnd): string {
    return join(this.#directory, checkpointName(id) + PART);
  }
}
