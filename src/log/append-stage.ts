/**
 * Collects the small batches of one read callback, so that they reach the disk in one write. There is one stage for the
 * whole broker; it holds consecutive bytes of one log at a time. Whoever appends calls `flush` before any answer leaves.
 */
import type { OpenFile } from '../platform/files.ts';

/** Batches of at least this many bytes are written straight from the caller's buffer: a copy would cost more. */
export const DIRECT_WRITE_BYTES = 8 * 1024;
const STAGE_BYTES = 64 * 1024;

/** What the stage needs of a log. */
export interface StagedLog {
  readonly directory: string;
  /** Takes back everything that was appended from `position` on, which did not reach the disk. */
  rollBackTo(position: number): void;
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

  /** True from the moment a write of `log` failed until `flush` has told so: until then it takes no more. */
  hasFailed(log: StagedLog): boolean {
    return this.#failed.length > 0 && this.#failed.includes(log);
  }

  /** Copies a batch that is to lie at `position` of `file`; what another log has here is written first. */
  add(log: StagedLog, file: OpenFile, position: number, bytes: Buffer, at: number, length: number): void {
    if (this.#owner !== log || this.#file !== file || this.#length + length > STAGE_BYTES) {
      this.write();
      this.#owner = log;
      this.#file = file;
      this.#position = position;
    }
    bytes.copy(this.#buffer, this.#length, at, at + length);
    this.#length += length;
  }

  /** Writes what is here and forgets it; a failure is kept for the next `flush`, so that no other log suffers it. */
  write(): void {
    const { length, owner, file, position } = { length: this.#length, owner: this.#owner, file: this.#file, position: this.#position };
    if (owner === null || file === null) return;
    this.#owner = null;
    this.#file = null;
    this.#length = 0;
    try {
      file.write(this.#buffer, 0, length, position);
    } catch (cause) {
      this.fail(owner, position, cause);
    }
  }

  /** Takes the bytes of `log` from `position` on back and remembers to tell so. */
  fail(log: StagedLog, position: number, cause: unknown): void {
    if (!this.#failed.includes(log)) this.#failed.push(log);
    this.#cause = cause;
    log.rollBackTo(position);
  }

  /**
   * Writes what is here.
   * @throws {AppendFailedError} when this or an earlier write since the last flush failed; the logs have been rolled back
   */
  flush(): void {
    if (this.#length > 0) this.write();
    if (this.#failed.length === 0) return;
    const failed = this.#failed;
    this.#failed = [];
    throw new AppendFailedError(failed, this.#cause);
  }
}
