/** A well-behaved client beside a hostile one, in a process of its own: how long its produces and fetches take. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Milliseconds; `failed` counts requests that had no answer or an error. */
export interface Latencies {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly failed: number;
}

export class Neighbour {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(port: number): Promise<Neighbour> {
    const child = fork(fileURLToPath(new URL('neighbour-process.ts', import.meta.url)), [String(port)]);
    await once(child, 'message');
    return new Neighbour(child);
  }

  /** Since this was asked last; a request under way counts as long as it has taken. */
  async lap(): Promise<Latencies> {
    const answer = once(this.#child, 'message');
    this.#child.send('lap');
    return (await answer)[0] as Latencies;
  }

  async end(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.disconnect();
    await gone;
  }
}
