/**
 * Collects the small batches of one read callback, so that they reach the disk in one write. There is one stage for
 * the whole broker; it holds consecutive bytes of one log at a time. Whoever appends calls `flush` before answering.
 */
import type { OpenFile } from '../platform/files.ts';

/** Batches of at least this many bytes are written straight from the caller's buffer: a copy would cost more. */
export const DIRECT_WRITE_BYTES = 8 * 1024;
const STAGE_BYTES = 64 * 1024;

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
  readonly #buffer = Buffer.allocUnsafeSlow(STAGE_BYTES);
  #owner: StagedLog | null = null;
  #file: OpenFile | null = null;
  #position = 0;
  #length = 0;
  #failed: StagedLog[] = [];
  #cause: unknown = null;

  holds(log: StagedLog): boolean {
    return this.#owner === log;
  }

  /** Empties the stage where `length` bytes of `log` cannot join what it holds. */
  makeRoom(log: StagedLog, length: number): void {
    if (this.#owner !== null && (this.#owner !== log || this.#length + length > STAGE_BYTES)) this.write();
  }

  /** Copies a batch that is to lie at `position` of `file`, right behind what is here; see makeRoom. */
  add(log: StagedLog, file: OpenFile, position: number, bytes: Buffer, at: number, length: number): void {
    if (this.#owner === null) {
      this.#owner = log;
      this.#file = file;
      this.#position = position;
    }
    bytes.copy(this.#buffer, this.#length, at, at + length);
    this.#length += length;
  }

  /** Writes what is here and forgets it; a failure is kept for the next `flush`, so that no other log suffers it. */
  write(): void {
    const owner = this.#owner;
    const file = this.#file;
    if (owner === null || file === null) return;
    const length = this.#length;
    this.#owner = null;
    this.#file = null;
    this.#length = 0;
    try {
      file.write(this.#buffer, 0, length, this.#position);
    } catch (cause) {
      this.#failed.push(owner);
      this.#cause = cause;
      owner.rollBackTo(this.#position, cause);
    }
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
