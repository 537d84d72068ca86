/**
 * The answer of a request that waits, or those of appends that came together and wait for the disk together, in the order of
 * their requests. What is known at once of one behind them has its place among them too.
 */
import type { Writer } from '../../protocol/writer.ts';
import type { Answer } from './dispatch.ts';

export class WaitingAnswers {
  readonly #answers: Promise<Answer>[] = [];
  readonly #settle: () => void;

  /** `settle` makes real what was appended so far, or throws; see ConnectionShared. */
  constructor(settle: () => void) {
    this.#settle = settle;
  }

  add(answer: Promise<Answer>): void {
    this.#answers.push(answer);
  }

  /** Takes what stands in `output` from `from` on; nobody finds it to be untrue after this. */
  takeFrom(output: Writer, from: number): void {
    this.#settle();
    const answer = Buffer.from(output.buffer.subarray(from, output.position));
    output.position = from;
    this.add(Promise.resolve((later: Writer) => later.bytes(answer)));
  }

  /** Drops what stands in `output` from `from` on; `failure` is thrown when those before it are answered. */
  refuse(failure: unknown, output: Writer, from: number): void {
    output.position = from;
    this.add(Promise.resolve(() => raise(failure)));
  }

  all(): Promise<Answer[]> {
    return Promise.all(this.#answers);
  }
}

function raise(failure: unknown): never {
  throw failure;
}
