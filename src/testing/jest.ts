/**
 * `ottla/jest`: teaches jest's `expect` what a broker is, and has a report written of each broker that runs when a test fails; for
 * `setupFilesAfterEnv: ['ottla/jest']`. And a test with a broker of its own:
 *
 *     const { kafkaTest } = require('ottla/jest');
 *
 *     const test = kafkaTest({ topics: ['orders'] });
 *     test('an order is paid', async ({ kafka }) => { … });
 */
import { matchers, type KafkaMatchers, type StartOptions } from './index.ts';
import { reportMode } from './report-place.ts';
import { runningBrokers } from './running-brokers.ts';
import { runWithBroker, type KafkaContext } from './test-with-broker.ts';
import { tellOfTest, type ToldTest } from './told-test.ts';

declare global {
  namespace jest {
    interface Matchers<R, T = unknown> extends KafkaMatchers<R> {}
  }
}

interface Expect {
  extend(own: typeof matchers): void;
  getState(): { readonly currentTestName?: string; readonly testPath?: string };
}

type DefineTest = (name: string, run: () => Promise<void>, timeoutMs?: number) => void;

/** What jest-circus tells its handlers of; it awaits what they answer. */
interface CircusEvent {
  readonly name: string;
  readonly error?: unknown;
}

/** Under which jest-circus keeps its handlers, which every environment may add to. */
const HANDLERS = Symbol.for('EVENT_HANDLERS');

const globals = globalThis as {
  readonly expect?: Expect;
  readonly test?: DefineTest & { readonly only: DefineTest; readonly skip: DefineTest };
  readonly [HANDLERS]?: ((event: CircusEvent) => Promise<void>)[];
};

const { expect } = globals;
if (expect === undefined) {
  throw new Error(
    "ottla/jest belongs into setupFilesAfterEnv; elsewhere write expect.extend(matchers), from 'ottla/testing'",
  );
}
expect.extend(matchers);
reportMode(); // a mistake in OTTLA_REPORT is told before any test runs

/** jest's own handlers live as long as the file does. */
globals[HANDLERS]?.push(async ({ name, error }) => {
  const hasFailed = name === 'test_fn_failure' || name === 'hook_failure';
  if (!hasFailed && name !== 'test_fn_success') return;
  for (const kafka of runningBrokers()) {
    await tellOfTest(kafka, { ...named(), hasFailed, errors: hasFailed ? [error] : [] }, reportMode());
  }
});

function named(): Pick<ToldTest, 'name' | 'file'> {
  const { currentTestName = '', testPath = '' } = expect!.getState();
  return { name: currentTestName, file: testPath };
}

export interface JestKafkaTest {
  (name: string, run: (context: KafkaContext) => unknown, timeoutMs?: number): void;
  readonly only: (name: string, run: (context: KafkaContext) => unknown, timeoutMs?: number) => void;
  readonly skip: (name: string, run: (context: KafkaContext) => unknown, timeoutMs?: number) => void;
}

/** jest's `test` with a broker for each test, as you want it: `const test = kafkaTest({ topics: ['orders'], brokers: 3 })`. */
export function kafkaTest(options: StartOptions = {}): JestKafkaTest {
  const define =
    (own: DefineTest) =>
    (name: string, run: (context: KafkaContext) => unknown, timeoutMs?: number): void =>
      own(name, () => runWithBroker(options, named, (kafka) => run({ kafka })), timeoutMs);
  const { test } = globals;
  if (test === undefined) throw new Error('kafkaTest of ottla/jest needs the global test of jest');
  return Object.assign(define(test), { only: define(test.only), skip: define(test.skip) });
}

export { matchers, startBroker } from './index.ts';
