/** The time of a broker in this process. */
import { VirtualClock, type Clock } from '../platform/clock.ts';
import { milliseconds, type Duration } from './duration.ts';
import type { TestClock } from './test-clock.ts';

export class LocalClock implements TestClock {
  readonly #clock: Clock;
  readonly #advance: (clock: VirtualClock, byMs: number) => Promise<void>;
  readonly #moved: () => void;

  constructor(clock: Clock, advance: (clock: VirtualClock, byMs: number) => Promise<void>, moved: () => void) {
    this.#clock = clock;
    this.#advance = advance;
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
    await this.#advance(this.#clock, milliseconds(duration));
    this.#moved();
  }
}
