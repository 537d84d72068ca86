/** What `ottla/vitest` writes of tests, in a run of its own. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test, vi } from 'vitest';
import { reportMode, reportPath } from '../../src/testing/report-place.ts';

const VITEST = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
const CONFIG = fileURLToPath(new URL('vitest-report/vitest.config.ts', import.meta.url));

afterEach(() => void vi.unstubAllEnvs());

test('a test that has failed leaves a report, and says where', { timeout: 180_000 }, () => {
  const cwd = mkdtempSync(join(tmpdir(), 'ottla-vitest-'));
  const env = { ...process.env, OTTLA_REPORT: 'always' };
  const ran = spawnSync(process.execPath, [VITEST, 'run', '--config', CONFIG], { cwd, env, encoding: 'utf8' });
  const said = ran.stdout + ran.stderr;
  const reports = join(cwd, 'ottla-reports');
  expect(readdirSync(reports).sort()).toEqual([
    'failing.case.ts-billing-bills-again-2.html',
    'failing.case.ts-billing-bills-again.html',
    'failing.case.ts-billing-bills-script-once.html',
    'failing.case.ts-billing-bills-well.html',
  ]);
  const path = join(reports, 'failing.case.ts-billing-bills-script-once.html');
  expect(said).toContain(`report: ${path}`);
  expect(said).toContain('what there was in the broker:');
  const has = (name: string, text: string): boolean => readFileSync(join(reports, name), 'utf8').includes(text);
  expect(has('failing.case.ts-billing-bills-script-once.html', 'a message that was there')).toBe(true);
  expect(has('failing.case.ts-billing-bills-script-once.html', 'to have a length of 7')).toBe(true);
  expect(has('failing.case.ts-billing-bills-script-once.html', 'failing.case.ts:8')).toBe(true);
  expect(has('failing.case.ts-billing-bills-again.html', "3 messages in 'orders'")).toBe(true);
  expect(has('failing.case.ts-billing-bills-well.html', '"failure":{"test":"billing > bills well","errors":[]}')).toBe(
    true,
  );
  rmSync(cwd, { recursive: true });
});

test('OTTLA_REPORT says of which tests; what it cannot mean is refused', () => {
  for (const [said, mode] of [
    ['', 'failed'],
    ['failed', 'failed'],
    ['off', 'off'],
    ['always', 'always'],
  ]) {
    vi.stubEnv('OTTLA_REPORT', said);
    expect(reportMode()).toBe(mode);
  }
  vi.stubEnv('OTTLA_REPORT', 'sometimes');
  expect(() => reportMode()).toThrow('OTTLA_REPORT=sometimes: write off, failed or always');
});

test('the names of reports are files, whatever tests are called', () => {
  expect(reportPath('a/b/x.test.ts', '../../etc > passwd\0"')).toBe(
    join('ottla-reports', 'x.test.ts-..-..-etc-passwd.html'),
  );
  const long = reportPath('x.test.ts', 'ä'.repeat(1000));
  expect(Buffer.byteLength(long)).toBeLessThan(300);
  expect(reportPath('x.test.ts', 'ä'.repeat(1000))).not.toBe(long);
});
