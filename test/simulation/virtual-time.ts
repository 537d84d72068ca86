/** Lets virtual time pass, step by step, until what a test waits for has come. */
import { nextTurn, type VirtualClock } from '../../src/platform/clock.ts';

export interface Waiting {
  readonly stepMs: number;
  /** What has not come by then never comes. */
  readonly patienceMs: number;
  /** For the error. */
  readonly what?: string;
  /** Lets what happens at one moment happen; a turn of the event loop, unless all of it is in memory. */
  readonly settle?: () => Promise<void>;
}

/** Answers how long it took until something was so. @throws where it does not come */
export async function untilSo(
  clock: VirtualClock,
  isSo: () => boolean,
  { stepMs, patienceMs, what = 'what the test waits for', settle = nextTurn }: Waiting,
): Promise<number> {
  const beganMs = clock.monotonic();
  for (await settle(); !isSo(); await clock.advance(stepMs, settle)) {
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

/**
 * For what is all in memory: lets every promise settle that can without time passing, and one turn of the event loop pass where
 * something waits for that. Most timers have nothing wait, and a turn costs more than what they do.
 */
export function settledInMemory(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(() => {
      if (process.getActiveResourcesInfo().includes('Immediate')) setImmediate(resolve);
      else resolve();
    });
  });
}
