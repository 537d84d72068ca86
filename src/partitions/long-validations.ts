/**
 * Validates batches that are too much for one turn of the event loop, one after the other in slices between requests: of their
 * records, decompressed, no more than one batch's are held. Requests take turns, a batch at a time: a client whose batches take long
 * has no other wait for more than one of each of its connections.
 */
import { ErrorCode } from '../../protocol/errors.ts';
import type { ThreadedPiece } from '../../protocol/records/compression.ts';
import { validateInPieces, type ValidationPieces } from '../log/validate-in-pieces.ts';
import type { Validation, ValidationRules } from '../log/validate.ts';
import type { Clock } from '../platform/clock.ts';
import type { Lane } from '../platform/lane.ts';
import type { Logger } from '../platform/logger.ts';
import type { Pieces } from '../platform/pieces.ts';

/** Of a request whose batches wait: they are dropped when its client is gone. A connection has one at a time. */
export interface ParkedRequest {
  isCancelled: boolean;
}

interface Job {
  readonly bytes: Buffer;
  readonly rules: ValidationRules;
  readonly resolve: (valid: Outcome) => void;
}

/** The batches of one request, in their order. */
interface Queue {
  readonly jobs: Job[];
  next: number;
}

/** The one that is being validated. */
interface Validating {
  readonly job: Job;
  readonly request: ParkedRequest;
  readonly pieces: ValidationPieces;
}

export interface LongValidationsOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly lane: Lane;
}

export type Outcome = Omit<Validation, 'isLong' | 'recordBytes'>;

export class LongValidations {
  readonly #options: LongValidationsOptions;
  /** The one whose turn it is first. */
  readonly #queues = new Map<ParkedRequest, Queue>();
  #current: Validating | null = null;
  #isRunning = false;
  #isStopped = false;

  constructor(options: LongValidationsOptions) {
    this.#options = options;
  }

  /** Whether `bytes`, which are the caller's to give away, are a batch that may be appended; of one request in the order of the calls. */
  validate(bytes: Buffer, rules: ValidationRules, request: ParkedRequest): Promise<Outcome> {
    return new Promise((resolve) => {
      const job = { bytes, rules, resolve };
      const queue = this.#queues.get(request);
      if (queue === undefined) this.#queues.set(request, { jobs: [job], next: 0 });
      else queue.jobs.push(job);
      if (this.#isRunning || this.#isStopped) return;
      this.#isRunning = true;
      this.#options.clock.after(0, () => void this.#run()); // not in the request's own turn
    });
  }

  /** What waits is not validated any more; its connections are closed. */
  stop(): void {
    this.#isStopped = true;
    this.#queues.clear();
  }

  async #run(): Promise<void> {
    for (;;) {
      const threaded = await this.#options.lane.run(this.#upToThread());
      if (threaded === null) break;
      await new Promise<void>(threaded);
    }
    this.#isRunning = false;
  }

  /** Validates what waits, up to what another thread is to do first; null where nothing waits any more. */
  *#upToThread(): Pieces<ThreadedPiece | null> {
    for (;;) {
      this.#current ??= this.#next();
      if (this.#current === null || this.#isStopped) return null;
      const step = this.#step(this.#current);
      if (typeof step === 'function') return step;
      yield;
    }
  }

  /** The next batch of the request whose turn it is. */
  #next(): Validating | null {
    for (const [request, queue] of this.#queues) {
      const job = queue.jobs[queue.next++];
      this.#queues.delete(request);
      if (queue.next < queue.jobs.length) this.#queues.set(request, queue); // behind the others
      return { job, request, pieces: validateInPieces(job.bytes, 0, job.bytes.length, job.rules) };
    }
    return null;
  }

  /** One piece; answers what another thread is to do before the next. */
  #step({ job, request, pieces }: Validating): ThreadedPiece | undefined {
    const outcome = request.isCancelled ? failed('The client has closed its connection') : this.#outcomeOf(pieces);
    if (outcome === undefined || typeof outcome === 'function') return outcome;
    this.#current = null;
    job.resolve(outcome);
  }

  #outcomeOf(pieces: ValidationPieces): Outcome | ThreadedPiece | undefined {
    try {
      const piece = pieces.next();
      return piece.value;
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
