import { expect, test } from 'vitest';
import { exponent, measure } from './exponent.ts';
import { LOG_CASES } from './log-cases.ts';
import { STATE_CASES } from './state-cases.ts';

/** What the disk is asked for can be counted; processor time on a machine with others is only about so good. */
const MOST_OF_CALLS = 1.15;
const MOST_OF_TIME = 1.5;
/** Below this a measurement says nothing of how it grows. */
const SHORT_MS = 40;
const ATTEMPTS = 3;

test.for([...LOG_CASES, ...STATE_CASES])(
  'in proportion: $what',
  { timeout: 60_000 },
  async ({ sizes: [few, many], ...each }) => {
    let [grows, callsGrow] = [Infinity, 0];
    for (let attempt = 0; attempt < ATTEMPTS && grows > MOST_OF_TIME; attempt++) {
      const small = await measure(each, few, 2);
      const large = await measure(each, many, 2);
      callsGrow = exponent(small, large, ({ calls }) => calls ?? 1);
      grows = large.ms < SHORT_MS ? 1 : exponent(small, large, ({ ms }) => Math.max(ms, 1));
    }
    // Where there is no disk below it is 0, where it is a fixed price it is less than 1.
    expect(callsGrow).toBeLessThan(MOST_OF_CALLS);
    expect(grows).toBeLessThan(MOST_OF_TIME);
  },
);
