/** What can be known of the test runner around a broker, without depending on one. */

interface Expect {
  getState?(): { readonly currentTestName?: string };
}

/** jest's global `expect`; vitest keeps its own under this symbol when it is no global. */
const VITEST_EXPECT = Symbol.for('expect-global');

/** The full name of the test that runs now; undefined where the runner does not tell (node:test). */
export function currentTest(): string | undefined {
  const { expect, [VITEST_EXPECT]: ofVitest } = globalThis as { expect?: Expect; [VITEST_EXPECT]?: Expect };
  try {
    return (ofVitest ?? expect)?.getState?.().currentTestName;
  } catch {
    return undefined; // between tests
  }
}

/** Whether a test runner runs this process: it ends when the tests have, and nothing else shall keep it. */
export function isTestRun(): boolean {
  const { NODE_TEST_CONTEXT, VITEST, JEST_WORKER_ID } = process.env;
  if ([NODE_TEST_CONTEXT, VITEST, JEST_WORKER_ID].some((variable) => variable !== undefined)) return true;
  // A file of node:test that is run by itself.
  const { moduleLoadList = [] } = process as { moduleLoadList?: readonly string[] };
  return moduleLoadList.some((name) => name.endsWith('internal/test_runner/test'));
}
