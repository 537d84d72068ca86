/**
 * Validates batches that are too much for one turn of the event loop, one after the other in slices between requests: of their
 * records, decompressed, no more than one batch's are held.
 */
import { ErrorCode } from '../../protocol/errors.ts';
import { runInSlices, WAITED_FOR_SLICE_MS } from '../log/slices.ts';
import { validateInPieces } from '../log/validate-in-pieces.ts';
import type { Validation, ValidationRules } from '../log/validate.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';

/** Of a request whose batches wait: they are dropped when its client is gone. */
export interface ParkedRequest {
  isCancelled: boolean;
}

interface Job {
  readonly bytes: Buffer;
  readonly rules: ValidationRules;
  readonly request: ParkedRequest;
  readonly resolve: (valid: Outcome) => void;
}

export type Outcome = Omit<Validation, 'isLong' | 'recordBytes'>;

export class LongValidations {
  readonly #options: { readonly clock: Clock; readonly logger: Logger };
  #jobs: Job[] = [];
  #isRunning = false;
  #isStopped = false;

  constructor(options: { readonly clock: Clock; readonly logger: Logger }) {
    this.#options = options;
  }

  /** Whether `bytes`, which are the caller's to give away, are a batch that may be appended; in the order of the calls. */
  validate(bytes: Buffer, rules: ValidationRules, request: ParkedRequest): Promise<Outcome> {
    return new Promise((resolve) => {
      this.#jobs.push({ bytes, rules, request, resolve });
      this.#run();
    });
  }

  /** What waits is not validated any more; its connections are closed. */
  stop(): void {
    this.#isStopped = true;
    this.#jobs = [];
  }

  #run(): void {
    if (this.#isRunning || this.#isStopped) return;
    this.#isRunning = true;
    const ended = runInSlices(this.#options.clock, this.#pieces(), () => this.#isStopped, WAITED_FOR_SLICE_MS);
    void ended.then(() => this.#rest());
  }

  #rest(): void {
    this.#isRunning = false;
    if (this.#jobs.length > 0) this.#run();
  }

  *#pieces(): Generator<Promise<void> | undefined, void> {
    yield new Promise((resolve) => void this.#options.clock.after(0, () => resolve())); // not in the request's own turn
    while (this.#jobs.length > 0) {
      // All at once: one request may bring many, and to take the first of a long list moves all others.
      const jobs = this.#jobs;
      this.#jobs = [];
      for (const job of jobs) {
        job.resolve(yield* this.#validate(job));
        yield;
      }
    }
  }

  *#validate({ bytes, rules, request }: Job): Generator<Promise<void> | undefined, Outcome> {
    try {
      const pieces = validateInPieces(bytes, 0, bytes.length, rules);
      for (;;) {
        if (request.isCancelled) return failed('The client has closed its connection');
        const piece = pieces.next();
        if (piece.done === true) return { ...piece.value };
        yield piece.value === undefined ? undefined : new Promise(piece.value);
      }
    } catch (error) {
      this.#options.logger.error('validation-failed', { error: (error as Error).stack ?? String(error) });
      return failed('The batch could not be validated');
    }
  }
}

function failed(errorMessage: string): Outcome {
  return {
    errorCode: ErrorCode.UNKNOWN_SERVER_ERROR,
    errorMessage,
    recordErrors: [],
    reachedLog: false,
    bytes: Buffer.alloc(0),
    at: 0,
    length: 0,
    logAppendTimeMs: -1,
  };
}
