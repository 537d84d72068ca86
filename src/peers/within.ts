/** Waits for a promise, or for a peer's answer, no longer than it may take. */
import type { Clock } from '../platform/clock.ts';

/** Null where it has not settled after `timeoutMs`; what comes later is of no interest. */
export async function within<T>(clock: Clock, promise: Promise<T>, timeoutMs: number): Promise<T | null> {
  let end!: () => void;
  const late = new Promise<null>((resolve) => (end = () => resolve(null)));
  const timer = clock.after(timeoutMs, end);
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.cancel();
    promise.catch(() => {}); // of one that comes too late
  }
}

/** Rejects where a peer has not answered after `timeoutMs`, or its connection has ended. */
export async function answerOf<T>(clock: Clock, response: Promise<T>, timeoutMs: number): Promise<T> {
  const answer = await within(clock, response, timeoutMs);
  if (answer === null) throw new Error(`it has not answered for ${timeoutMs} ms`);
  return answer;
}
