/**
 * The metadata log in a file, `__cluster_metadata-0/…0.log`: Kafka's record batches one behind the other. Each is synced before it counts.
 */
import { join } from 'node:path';
import * as batch from '../../protocol/records/batch.ts';
import type { Files, OpenFile } from '../platform/files.ts';
import type { Logger } from '../platform/logger.ts';
import { isWholeBatch, logName, METADATA_DIRECTORY } from './metadata-directory.ts';

/** Where that of a broker alone lies in the first log directory. */
export const METADATA_LOG = join(METADATA_DIRECTORY, logName(0));

export class MetadataFile {
  readonly path: string;
  readonly #files: Files;
  readonly #logger: Logger;
  #file: OpenFile;
  #size = 0;

  /** `logDirectory` is the first of log.dirs; `baseOffset` is in the file's name. */
  constructor(files: Files, logDirectory: string, logger: Logger, baseOffset = 0) {
    this.#files = files;
    this.#logger = logger;
    const directory = join(logDirectory, METADATA_DIRECTORY);
    this.path = join(directory, logName(baseOffset));
    files.makeDirectory(directory);
    const isNew = !files.exists(this.path);
    this.#file = files.open(this.path, 'write');
    if (!isNew) return;
    files.syncDirectory(directory);
    files.syncDirectory(logDirectory);
  }

  /** Every batch that is whole, oldest first. Rejects where the log is damaged: starting without the rest would lose it. */
  load(): Buffer[] {
    const bytes = this.#files.readAll(this.path);
    const batches: Buffer[] = [];
    let [at, nextOffset] = [0, 0];
    while (isWholeBatch(bytes, at)) {
      // The base offset is the one field that the checksum leaves out.
      if (at > 0 && batch.baseOffset(bytes, at) !== nextOffset) break;
      const end = at + batch.sizeInBytes(bytes, at);
      batches.push(bytes.subarray(at, end));
      nextOffset = batch.nextOffset(bytes, at);
      at = end;
    }
    if (at < bytes.length) this.#cutTail(bytes, at);
    this.#size = at;
    return batches;
  }

  #cutTail(bytes: Buffer, at: number): void {
    for (let later = at; later < bytes.length; later++) {
      if (!isWholeBatch(bytes, later)) continue;
      throw new Error(
        `${this.path} is damaged at byte ${at} while later changes stand behind it, from byte ${later} on: ` +
          `restore the file from a copy, or truncate it to ${at} bytes and lose those changes`,
      );
    }
    // A change whose batch is not whole was never answered: its client asks again.
    this.#logger.warn('metadata-tail-cut', { file: this.path, keptBytes: at, cutBytes: bytes.length - at });
    this.#file.truncate(at);
    this.#file.sync();
  }

  /** @throws the disk's error; nothing is kept then */
  append(bytes: Buffer): void {
    try {
      this.#file.write(bytes, 0, bytes.length, this.#size);
      this.#file.sync();
    } catch (error) {
      this.#takeBack();
      throw error;
    }
    this.#size += bytes.length;
  }

  /** What could not be synced must not come true at the next start. */
  #takeBack(): void {
    try {
      this.#file.truncate(this.#size);
      this.#file.sync();
    } catch (error) {
      this.#logger.error('metadata-tail-left', {
        file: this.path,
        keptBytes: this.#size,
        error: (error as Error).message,
        next: 'the next change writes over it; should the broker end before, the failed change may be there at its start',
      });
    }
  }

  /** All of it becomes `bytes`. */
  replace(bytes: Buffer): void {
    this.#file.close();
    this.#files.replace(this.path, bytes);
    this.#file = this.#files.open(this.path, 'write');
    this.#size = bytes.length;
  }

  close(): void {
    this.#file.close();
  }
}
