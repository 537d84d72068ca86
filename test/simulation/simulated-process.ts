/** A process in virtual time: its timers stop for good when it is killed, and until it goes on when it is stopped (SIGSTOP). */
import type { Clock, Timer } from '../../src/platform/clock.ts';

interface Held {
  run: (() => void) | null;
}

export class SimulatedProcess {
  readonly clock: Clock;
  /** Of its wall clock, against that of the simulation. */
  #offsetMs = 0;
  #state: 'running' | 'stopped' | 'dead' = 'running';
  /** Came due while it was stopped. */
  readonly #held: Held[] = [];
  readonly #onceEnded: (() => void)[] = [];

  constructor(clock: Clock) {
    this.clock = {
      now: () => clock.now() + this.#offsetMs,
      monotonic: () => clock.monotonic(),
      after: (delayMs, run) => this.#after(clock, delayMs, run),
    };
  }

  get isAlive(): boolean {
    return this.#state !== 'dead';
  }

  get isRunning(): boolean {
    return this.#state === 'running';
  }

  onceEnded(run: () => void): void {
    this.#onceEnded.push(run);
  }

  kill(): void {
    this.#state = 'dead';
    this.#held.length = 0;
    for (const run of this.#onceEnded.splice(0)) run();
  }

  /** Its wall clock jumps; what it measures time by does not. */
  jumpClock(byMs: number): void {
    this.#offsetMs += byMs;
  }

  stop(): void {
    if (this.#state === 'running') this.#state = 'stopped';
  }

  resume(): void {
    if (this.#state !== 'stopped') return;
    this.#state = 'running';
    for (const held of this.#held.splice(0)) held.run?.();
  }

  /** Brings to it what comes from outside: at once, when it goes on, or never. */
  deliver(run: () => void): void {
    if (this.#state === 'running') run();
    else if (this.#state === 'stopped') this.#held.push({ run });
  }

  #after(clock: Clock, delayMs: number, run: () => void): Timer {
    const held: Held = { run };
    const timer = clock.after(delayMs, () => {
      if (held.run === null) return;
      if (this.#state === 'stopped') this.#held.push(held);
      else if (this.#state === 'running') held.run();
    });
    return {
      cancel: () => {
        held.run = null;
        timer.cancel();
      },
    };
  }
}
