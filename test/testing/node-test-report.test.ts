/** What `ottla/node-test` writes of tests, in a process of its own. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const FAILING = fileURLToPath(new URL('node-test-report/failing.case.ts', import.meta.url));

function run(mode: string): { said: string; reports: string[]; has: (name: string, text: string) => boolean } {
  const cwd = mkdtempSync(join(tmpdir(), 'ottla-node-test-'));
  const env = { ...process.env, OTTLA_REPORT: mode };
  const ran = spawnSync(process.execPath, [FAILING], { cwd, env, encoding: 'utf8' });
  const folder = join(cwd, 'ottla-reports');
  const reports = mode === 'off' ? readdirSync(cwd) : readdirSync(folder).sort();
  const texts = new Map(reports.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
  rmSync(cwd, { recursive: true });
  return { said: ran.stdout + ran.stderr, reports, has: (name, text) => texts.get(name)!.includes(text) };
}

test('a test that has failed leaves a report of its broker, and of those that run', { timeout: 60_000 }, () => {
  const { said, reports, has } = run('failed');
  const [own, shared] = [
    'failing.case.ts-bills-script-once.html',
    'failing.case.ts-a-broker-of-the-file-is-told-of-when-a-test-fails.html',
  ];
  expect(reports).toEqual([shared, own]);
  expect(said).toContain(`report: `);
  expect(said).toContain('what there was in the broker:');
  expect(has(own, 'a message that was there')).toBe(true);
  expect(has(own, 'failing.case.ts:10')).toBe(true);
  expect(has(shared, 'what all tests see')).toBe(true);
  expect(has(shared, "3 messages in 'shared'")).toBe(true);
});

test('OTTLA_REPORT says of which tests', { timeout: 60_000 }, () => {
  expect(run('always').reports).toContain('failing.case.ts-bills-well.html');
  expect(run('off').reports).toEqual([]);
});
