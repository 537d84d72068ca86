/** What only the broker of a test lets people change: faults, its clock, all of it. */
import * as z from 'zod';
import type { FaultSpec } from '../../testing/fault-spec.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import { milliseconds, type Duration } from '../../testing/duration.ts';
import type { PageTest } from '../page-broker.ts';
import { ChangeRefused, type Hands } from '../hands.ts';
import { change } from './change.ts';

export const addFault = change(
  'test',
  z.looseObject({ on: z.union([z.string(), z.array(z.string()).min(1)]) }),
  (hands, spec) =>
    done(() => {
      checkWords(spec);
      return `In force: ${testOf(hands).addFault(spec as unknown as FaultSpec)}.`;
    }),
);

export const removeFault = change('test', z.strictObject({ id: z.int() }), (hands, { id }) =>
  done(() => {
    if (testOf(hands).removeFault(id)) return 'The fault was removed.';
    throw new ChangeRefused(404, 'There is no such fault any more.');
  }),
);

export const advanceClock = change(
  'test',
  z.strictObject({ duration: z.union([z.string(), z.number()]) }),
  (hands, { duration }) =>
    done(async () => {
      await testOf(hands).advance(duration as Duration);
      return 'The clock was advanced.';
    }),
);

export const reset = change('test', z.strictObject({}), (hands) =>
  done(async () => {
    await testOf(hands).reset();
    return 'The broker is as it was at its beginning.';
  }),
);

/** What a test's code would be told by its types. @throws {TypeError} */
function checkWords({ reply, delay, throttle, rewrite }: Readonly<Record<string, unknown>>): void {
  if (rewrite !== undefined) throw new TypeError('rewrite is code: only the test itself can give it');
  if (reply !== undefined && !(typeof reply === 'string' && Object.hasOwn(ErrorCode, reply))) {
    throw new TypeError(`Kafka has no error ${JSON.stringify(reply)}: take a name such as NOT_LEADER_OR_FOLLOWER`);
  }
  for (const duration of [delay, throttle]) if (duration !== undefined) milliseconds(duration as Duration);
}

function testOf({ test }: Hands): PageTest {
  if (test !== null) return test;
  throw new ChangeRefused(409, 'No test has started this broker.');
}

/** What a test refuses is told in its own sentence. */
async function done(run: () => string | Promise<string>): Promise<{ done: string }> {
  try {
    return { done: await run() };
  } catch (error) {
    if (error instanceof ChangeRefused || !(error instanceof Error)) throw error;
    throw new ChangeRefused(error instanceof TypeError || error instanceof RangeError ? 400 : 409, error.message);
  }
}
