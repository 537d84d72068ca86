/** How work grows with the amount: 1 is in proportion, 2 is its square. */
import type { ScaleCase } from './scale-case.ts';

export interface Measured {
  readonly count: number;
  /** Calls of the disk; null where there is none below. */
  readonly calls: number | null;
  readonly ms: number;
}

/** The least of a few rounds, since what disturbs only adds. */
export async function measure(scaleCase: Pick<ScaleCase, 'prepare'>, count: number, rounds: number): Promise<Measured> {
  let best: Measured | null = null;
  for (let round = 0; round < rounds; round++) {
    const { disk, run } = await scaleCase.prepare(count);
    if (disk !== undefined) disk.calls = 0;
    const before = process.cpuUsage();
    await run();
    const { user, system } = process.cpuUsage(before);
    const ms = (user + system) / 1000;
    if (best === null || ms < best.ms) best = { count, calls: disk?.calls ?? null, ms };
  }
  return best!;
}

export function exponent(small: Measured, large: Measured, of: (measured: Measured) => number): number {
  return Math.log(of(large) / of(small)) / Math.log(large.count / small.count);
}
