/** Lets virtual time pass, step by step, until what a test waits for has come. */
import type { VirtualClock } from '../../src/platform/clock.ts';

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
  for (await settled(); !isSo(); await pass(clock, stepMs)) {
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

/** Lets time pass where all that happens is in this process. */
export function pass(clock: VirtualClock, byMs: number): Promise<void> {
  return clock.advance(byMs, settled);
}

/**
 * Lets every promise settle that can without time passing, and one turn of the event loop pass where something waits for that: most
 * timers have nothing wait, and a turn costs more than what they do.
 */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(() => {
      if (process.getActiveResourcesInfo().includes('Immediate')) setImmediate(resolve);
      else resolve();
    });
  });
}
