/**
 * `ottla/vitest`: a test with a broker of its own, and matchers for it; importing it is enough.
 *
 *     import { expect } from 'vitest';
 *     import { test } from 'ottla/vitest';
 *
 *     test('an order is paid', async ({ kafka }) => { … });
 */
import { expect, inject, test as base, type TestAPI } from 'vitest';
import { reportMode, type ReportMode } from './report-place.ts';
import { tellOfTest } from './told-test.ts';
import type { ProvidedKafka } from './vitest-global-setup.ts';
import {
  connectBroker,
  matchers,
  startBroker,
  type KafkaMatchers,
  type StartOptions,
  type TestBroker,
} from './index.ts';

declare module 'vitest' {
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> extends KafkaMatchers<R> {}
}

expect.extend(matchers);

export interface KafkaFixture {
  /** A broker that is as new when the test begins. */
  kafka: TestBroker;
}

export interface FixtureOptions extends StartOptions {
  /**
   * 'test': a broker for each test that asks for one. 'file': one for all tests of a file, reset before each; for clients that
   * live longer than a test. 'run': for each test a fork of the broker that `ottla/vitest/global-setup` has started, with all
   * that was made ready in it; no test sees another's topics, offsets or faults, in whatever file or worker.
   */
  readonly scope?: 'test' | 'file' | 'run';
}

/** `test` with a broker as you want it: `const test = kafkaTest({ topics: ['orders'], brokers: 3 })`. */
export function kafkaTest({ scope = 'test', ...options }: FixtureOptions = {}): TestAPI<KafkaFixture> {
  const mode = reportMode();
  if (scope !== 'file') {
    return base.extend<KafkaFixture>({
      kafka: async ({ task }, use) => {
        await using kafka = await (scope === 'test' ? startBroker(options) : forkOfRun(options));
        await use(kafka);
        await tell(kafka, task, mode);
      },
    }) as TestAPI<KafkaFixture>;
  }
  return base.extend<KafkaFixture & { $kafkaOfFile: TestBroker }>({
    $kafkaOfFile: [
      // oxlint-disable-next-line no-empty-pattern
      async ({}, use) => {
        await using kafka = await startBroker(options);
        await use(kafka);
      },
      { scope: 'file' },
    ],
    kafka: async ({ $kafkaOfFile: kafka, task }, use) => {
      await kafka.reset();
      await use(kafka);
      await tell(kafka, task, mode);
      await kafka.endTest();
    },
  });
}

/** A test that is over, as far as it is told about. */
interface EndedTest {
  readonly name: string;
  /** With the names of what it stands in; not every vitest tells. */
  readonly fullTestName?: string;
  readonly file: { readonly name: string };
  readonly result?: { readonly state: string; readonly errors?: readonly { message: string; stack?: string }[] };
}

async function tell(
  kafka: TestBroker,
  { name, fullTestName = name, file, result }: EndedTest,
  mode: ReportMode,
): Promise<void> {
  const { state, errors = [] } = result ?? {};
  await tellOfTest(kafka, { name: fullTestName, file: file.name, hasFailed: state === 'fail', errors }, mode);
}

async function forkOfRun(options: StartOptions): Promise<TestBroker> {
  const provided = inject('kafka') as ProvidedKafka | undefined;
  if (provided === undefined) {
    throw new Error(
      "kafkaTest({ scope: 'run' }) needs the broker of the run: write globalSetup: ['ottla/vitest/global-setup'] in vitest.config.ts",
    );
  }
  const { leftovers } = options;
  const run = await connectBroker(provided.controlUrl, leftovers === undefined ? {} : { leftovers });
  return run.fork(options);
}

/** vitest's own `test`, with a broker for each test that names `kafka`. */
export const test = kafkaTest();
export const it = test;
export { startBroker };
export type { KafkaMatchers, StartOptions, TestBroker };
// Also declares what inject('kafka') gives.
export type { ProvidedKafka };
