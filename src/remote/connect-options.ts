/** What a test may say of a broker that runs elsewhere. */
import type { Leftovers } from '../testing/stop-report.ts';

export interface ConnectOptions {
  /** What becomes of forgotten waits, and of what a fork leaves behind, when it is stopped: 'warn' unless given. */
  readonly leftovers?: Leftovers;
}
