/** The broker's time, in a test's hands when it is virtual. */
import { VirtualClock, type Clock } from '../platform/clock.ts';
import { milliseconds, type Duration } from './duration.ts';

export class TestClock {
  readonly #clock: Clock;
  readonly #moved: () => void;

  constructor(clock: Clock, moved: () => void) {
    this.#clock = clock;
    this.#moved = moved;
  }

  /** Whether it stands still until it is advanced. */
  get isVirtual(): boolean {
    return this.#clock instanceof VirtualClock;
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#clock.now();
  }

  /**
   * Lets so much time pass: everything that falls due on the way happens, in order: retention, compaction, sessions,
   * transaction time-outs, expiry of offsets and producer ids. Resolves when it has. Sockets, and clients, keep real time.
   * @throws {Error} on a broker that runs by the wall clock
   */
  async advance(duration: Duration): Promise<void> {
    if (!(this.#clock instanceof VirtualClock)) {
      throw new Error("this broker runs by the wall clock: start it with startBroker({ clock: 'virtual' })");
    }
    await this.#clock.advance(milliseconds(duration));
    this.#moved();
  }
}
