/** Something did not come about in time; the message says what did, the stack begins in the test. */
import type { CallPlace } from './call-place.ts';

export class WaitTimeout extends Error {
  override name = 'WaitTimeout';

  constructor(message: string, place?: CallPlace) {
    super(message);
    if (place !== undefined) this.stack = `${this.name}: ${message}\n${place.frames}`;
  }
}
