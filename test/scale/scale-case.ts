/**
 * What a broker does by itself, at its start, after a crash or in the background, in amounts that clients decide on: each of it
 * must take time in proportion to the amount. `npm run scale:recovery` prints the table; recovery.test.ts holds the exponents.
 */
import type { DiskWork } from './counted-files.ts';

/** Made ready, it runs once. With a disk below it, that counts; else the time does. */
export interface Prepared {
  readonly disk?: DiskWork;
  readonly run: () => void | Promise<void>;
}

export interface ScaleCase {
  readonly what: string;
  /** For the test; the table goes to ten times as many. */
  readonly sizes: readonly [small: number, large: number];
  prepare(count: number): Prepared | Promise<Prepared>;
}
