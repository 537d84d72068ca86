/**
 * `ottla/node-test`: a test of node:test with a broker of its own. Importing it is enough for a report of each broker that runs
 * when a test fails.
 *
 *     import { test } from 'ottla/node-test';
 *
 *     test('an order is paid', async ({ kafka }) => { … });
 */
import { afterEach, test as base, type TestContext } from 'node:test';
import type { StartOptions } from './index.ts';
import { reportMode } from './report-place.ts';
import { runningBrokers } from './running-brokers.ts';
import { runWithBroker, type KafkaContext } from './test-with-broker.ts';
import { tellOfTest, type ToldTest } from './told-test.ts';

/** What a test of node:test is given: the broker beside its own context. */
export interface NodeTestContext extends KafkaContext {
  readonly t: TestContext;
}

export type NodeKafkaTest = (name: string, run: (context: NodeTestContext) => unknown) => void;

/** `test` with a broker as you want it: `const test = kafkaTest({ topics: ['orders'], brokers: 3 })`. */
export function kafkaTest(options: StartOptions = {}): NodeKafkaTest {
  reportMode(); // a mistake in OTTLA_REPORT is told before any test runs
  return (name, run) =>
    void base(name, (t) =>
      runWithBroker(
        options,
        () => named(t),
        (kafka) => run({ kafka, t }),
      ),
    );
}

/** Of some versions of Node.js: others tell less. */
type Told = Pick<TestContext, 'name'> & Partial<Pick<TestContext, 'fullName' | 'filePath' | 'passed' | 'error'>>;

function named({ name, fullName = name, filePath }: Told): Pick<ToldTest, 'name' | 'file'> {
  return { name: fullName, file: filePath ?? process.argv[1] ?? '' };
}

afterEach(async (context) => {
  const t = context as Told;
  const { passed } = t;
  if (passed === undefined) return; // this Node.js does not tell: before 20.12
  const errors = passed ? [] : [causeOf(t.error)];
  for (const kafka of runningBrokers()) {
    await tellOfTest(kafka, { ...named(t), hasFailed: !passed, errors }, reportMode());
  }
});

/** node:test wraps what was thrown. */
function causeOf(error: unknown): unknown {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  return code === 'ERR_TEST_FAILURE' && cause !== undefined ? cause : error;
}

/** node:test's own, with a broker for each test. */
export const test = kafkaTest();
export const it = test;
export { startBroker } from './index.ts';
export type { StartOptions, TestBroker } from './index.ts';
