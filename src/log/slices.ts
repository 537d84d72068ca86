/** Runs long work in the background in slices, with pauses in which others have their turn. */
import type { Clock } from '../platform/clock.ts';

/** A slice ends when so much time is over, unless the caller says otherwise. */
const SLICE_MS = 2;
const PAUSE_MS = 1;

/** `isStopped` is asked before every step; then the promise is never settled. */
export function runInSlices(
  clock: Clock,
  steps: Iterator<Promise<void> | undefined, void, void>,
  isStopped: () => boolean,
  sliceMs = SLICE_MS,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const slice = (): void => {
      const begun = clock.monotonic();
      try {
        while (!isStopped()) {
          const step = steps.next();
          if (step.done === true) return resolve();
          if (step.value !== undefined) return void step.value.then(slice, reject);
          if (clock.monotonic() - begun >= sliceMs) return void clock.after(PAUSE_MS, slice);
        }
      } catch (error) {
        reject(error);
      }
    };
    slice();
  });
}
