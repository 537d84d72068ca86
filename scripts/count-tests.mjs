// Prints `N passed, N failed, N skipped` from vitest's JSON report; fails when anything did.
// usage: count-tests.mjs <report> <exit status of the test run>
import { readFileSync } from 'node:fs';

const [, , report, status] = process.argv;

function read() {
  try {
    return JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    return null; // the type check or the linter stopped the run before its first test
  }
}

const result = read();
const passed = result?.numPassedTests ?? 0;
const skipped = (result?.numPendingTests ?? 0) + (result?.numTodoTests ?? 0);
// A file that does not load has no tests to fail, so it counts as one.
const unloaded = (result?.testResults ?? []).filter(
  (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
).length;
const counted = (result?.numFailedTests ?? 0) + unloaded;
const failed = counted === 0 && status !== '0' ? 1 : counted;

process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
