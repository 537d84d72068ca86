/** Lets virtual time pass, step by step, until what a test waits for has come. */
import { nextTurn, type VirtualClock } from '../../src/platform/clock.ts';

export interface Waiting {
  readonly stepMs: number;
  /** What has not come by then never comes. */
  readonly patienceMs: number;
  /** For the error. */
  readonly what?: string;
}

/** Answers how long it took until something was so. @throws where it does not come */
export async function untilSo(
  clock: VirtualClock,
  isSo: () => boolean,
  { stepMs, patienceMs, what = 'what the test waits for' }: Waiting,
): Promise<number> {
  const beganMs = clock.monotonic();
  for (await nextTurn(); !isSo(); await clock.advance(stepMs)) {
    if (clock.monotonic() - beganMs <= patienceMs) continue;
    throw new Error(`${patienceMs} ms of virtual time have passed, and not: ${what}`);
  }
  return clock.monotonic() - beganMs;
}

/** The same for a promise that settles. */
export async function untilSettled<T>(clock: VirtualClock, promise: Promise<T>, waiting: Waiting): Promise<T> {
  let isOver = false;
  const over = (): void => void (isOver = true);
  promise.then(over, over);
  await untilSo(clock, () => isOver, waiting);
  return promise;
}
