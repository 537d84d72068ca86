/**
 * Collects the batches of one read callback, so that they reach the disk in one write: small ones are copied together, large
 * ones stay where they lie until then. The page cache takes five batches of 15 KB at once for half of what it asks for them
 * one by one (docs/decisions/0014). There is one stage for the whole broker; it holds consecutive bytes of one log at a time.
 * Whoever appends calls `flush` before answering, and before the bytes it appended are changed.
 */
import type { OpenFile } from '../platform/files.ts';

/** Batches of at least this many bytes stay where they are: a copy would cost more than one more piece to write. */
const IN_PLACE_BYTES = 8 * 1024;
const COPIES_BYTES = 64 * 1024;
const MOST_PIECES = 64;

/** What the stage needs of a log. */
export interface StagedLog {
  readonly directory: string;
  /** Takes back everything that was appended from `position` on, which did not reach the disk. */
  rollBackTo(position: number, cause: unknown): void;
}

/** Thrown by `flush`: what was appended to `logs` since the last flush, from their `endOffset` on, is not in them. */
export class AppendFailedError extends Error {
  readonly logs: readonly StagedLog[];

  constructor(logs: readonly StagedLog[], cause: unknown) {
    super(`Could not write to ${logs.map((log) => log.directory).join(', ')}: ${(cause as Error).message}`, { cause });
    this.name = 'AppendFailedError';
    this.logs = logs;
  }
}

export class AppendStage {
  #owner: StagedLog | null = null;
  #file: OpenFile | null = null;
  #position = 0;
  /** What is to be written, in this order; then the copies from `#runStart` on. */
  #pieces: Uint8Array[] = [];
  readonly #copies = Buffer.allocUnsafeSlow(COPIES_BYTES);
  #copied = 0;
  #runStart = 0;
  #failed: StagedLog[] = [];
  #cause: unknown = null;

  holds(log: StagedLog): boolean {
    return this.#owner === log;
  }

  /** Empties the stage where `length` bytes of `log` cannot join what it holds. */
  makeRoom(log: StagedLog, length: number): void {
    if (this.#owner === null) return;
    const copied = length < IN_PLACE_BYTES ? this.#copied + length : this.#copied;
    if (this.#owner !== log || copied > COPIES_BYTES || this.#pieces.length >= MOST_PIECES) this.write();
  }

  /** Takes a batch that is to lie at `position` of `file`, right behind what is here; see makeRoom. */
  add(log: StagedLog, file: OpenFile, position: number, bytes: Buffer, at: number, length: number): void {
    if (this.#owner === null) {
      this.#owner = log;
      this.#file = file;
      this.#position = position;
    }
    if (length < IN_PLACE_BYTES) {
      bytes.copy(this.#copies, this.#copied, at, at + length);
      this.#copied += length;
    } else {
      this.#endRun();
      this.#pieces.push(bytes.subarray(at, at + length));
    }
  }

  #endRun(): void {
    if (this.#copied > this.#runStart) this.#pieces.push(this.#copies.subarray(this.#runStart, this.#copied));
    this.#runStart = this.#copied;
  }

  /** Writes what is here and forgets it; a failure is kept for the next `flush`, so that no other log suffers it. */
  write(): void {
    const owner = this.#owner;
    if (owner === null) return;
    try {
      this.#writePieces(this.#file!);
    } catch (cause) {
      this.#failed.push(owner);
      this.#cause = cause;
      owner.rollBackTo(this.#position, cause);
    }
  }

  #writePieces(file: OpenFile): void {
    this.#endRun();
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#owner = null;
    this.#file = null;
    this.#copied = 0;
    this.#runStart = 0;
    if (pieces.length === 1) file.write(pieces[0], 0, pieces[0].length, this.#position);
    else file.writev(pieces, this.#position);
  }

  /** @throws {AppendFailedError} when bytes of `log` were lost and `flush` has not told so yet */
  refuseFailed(log: StagedLog): void {
    if (this.#failed.length > 0 && this.#failed.includes(log)) throw new AppendFailedError([log], this.#cause);
  }

  /**
   * Writes what is here.
   * @throws {AppendFailedError} when this or a write since the last flush failed; the logs have been rolled back
   */
  flush(): void {
    if (this.#owner !== null) this.write();
    if (this.#failed.length === 0) return;
    const failed = this.#failed;
    this.#failed = [];
    throw new AppendFailedError(failed, this.#cause);
  }
}
