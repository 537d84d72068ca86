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

export interface NeighbourAccess {
  readonly port: number;
  /** PEM, over TLS; null: in plain text. */
  readonly ca: string | null;
  /** By PLAIN; null: nobody asks. */
  readonly login: { readonly user: string; readonly password: string } | null;
}

export class Neighbour {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(access: NeighbourAccess): Promise<Neighbour> {
    const child = fork(fileURLToPath(new URL('neighbour-process.ts', import.meta.url)), [JSON.stringify(access)]);
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
