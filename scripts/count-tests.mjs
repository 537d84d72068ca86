// Prints `N passed, N failed, N skipped` from vitest's JSON reports; fails when anything did.
// usage: count-tests.mjs <exit status of the test runs> <report>…
import { readFileSync } from 'node:fs';

const [, , status, ...reports] = process.argv;

function read(report) {
  try {
    return JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    return null; // the type check or the linter stopped the run before its first test
  }
}

const results = reports.map(read);
const sum = (count) => results.reduce((total, result) => total + (result === null ? 0 : count(result)), 0);
const passed = sum((result) => result.numPassedTests);
const skipped = sum((result) => result.numPendingTests + (result.numTodoTests ?? 0));
// A file that does not load has no tests to fail, so it counts as one.
const isUnloaded = (file) =>
  file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed');
const unloaded = sum((result) => result.testResults.filter(isUnloaded).length);
const counted = sum((result) => result.numFailedTests) + unloaded + results.filter((result) => result === null).length;
const failed = counted === 0 && status !== '0' ? 1 : counted;

process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
