/** What requests of a simulated etcd take, and what was written through them. */
import type { Calls, Method, RequestOp } from '../../../src/etcd/channel.ts';
import type { Clock } from '../../../src/platform/clock.ts';
import type { Random } from '../../../src/platform/random.ts';

export interface EtcdCosts {
  /** Between a write and its answer, where nothing else is written. */
  readonly commitMs: number;
  /** Of what is written: one write after the other. */
  readonly writtenBytesPerMs: number;
  readonly readMs: number;
  readonly readBytesPerMs: number;
}

const COMMIT_MS = { least: 1, spread: 3 };

export class EtcdPace {
  /** Writes that came through, and what they have put. */
  readonly logged = { commits: 0, bytes: 0 };
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #costs: EtcdCosts | null;
  /** What was written before is on the disk then. */
  #writtenAtMs = 0;

  /** Without costs a few milliseconds, whatever is written. */
  constructor(clock: Clock, random: Random, costs: EtcdCosts | null) {
    this.#clock = clock;
    this.#random = random;
    this.#costs = costs;
  }

  commitMs(request: Calls[Method][0]): number {
    const costs = this.#costs;
    if (costs === null) return COMMIT_MS.least + this.#random.float() * COMMIT_MS.spread;
    const nowMs = this.#clock.monotonic();
    const bytes = 'success' in request ? putBytes(request.success) : 0;
    this.#writtenAtMs = Math.max(nowMs, this.#writtenAtMs) + bytes / costs.writtenBytesPerMs;
    return this.#writtenAtMs - nowMs + costs.commitMs;
  }

  readMs(response: Calls[Method][1]): number {
    const costs = this.#costs;
    if (costs === null) return this.#random.float();
    const bytes = 'kvs' in response ? response.kvs.reduce((sum, { value }) => sum + value.length, 0) : 0;
    return costs.readMs + bytes / costs.readBytesPerMs;
  }

  /** These have happened. */
  note(ops: readonly RequestOp[]): void {
    const bytes = putBytes(ops);
    if (bytes === 0) return;
    this.logged.commits++;
    this.logged.bytes += bytes;
  }
}

function putBytes(ops: readonly RequestOp[]): number {
  return ops.reduce((sum, op) => sum + ('put' in op ? op.put.value.length : 0), 0);
}
