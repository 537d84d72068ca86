/** The broker's time, in a test's hands when it is virtual. */
import type { Duration } from './duration.ts';

export interface TestClock {
  /** Whether it stands still until it is advanced. */
  readonly isVirtual: boolean;
  /** Milliseconds since 1970. */
  now(): number;
  /**
   * Lets so much time pass: everything that falls due on the way happens, in order: retention, compaction, sessions,
   * transaction time-outs, expiry of offsets and producer ids. Resolves when it has. Sockets, and clients, keep real time.
   * @throws {Error} on a broker that runs by the wall clock
   */
  advance(duration: Duration): Promise<void>;
}
