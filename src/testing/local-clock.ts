/** The time of a broker in this process. */
import { VirtualClock, type Clock } from '../platform/clock.ts';
import { milliseconds, type Duration } from './duration.ts';
import type { TestClock } from './test-clock.ts';

export class LocalClock implements TestClock {
  readonly #clock: Clock;
  readonly #moved: () => void;

  constructor(clock: Clock, moved: () => void) {
    this.#clock = clock;
    this.#moved = moved;
  }

  get isVirtual(): boolean {
    return this.#clock instanceof VirtualClock;
  }

  now(): number {
    return this.#clock.now();
  }

  async advance(duration: Duration): Promise<void> {
    if (!(this.#clock instanceof VirtualClock)) {
      throw new Error("this broker runs by the wall clock: start it with startBroker({ clock: 'virtual' })");
    }
    await this.#clock.advance(milliseconds(duration));
    this.#moved();
  }
}
