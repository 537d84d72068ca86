/** Has each mutant found by its test, one after the other; ends with 1 where one is not. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { mutants } from './mutants.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const vitest = fileURLToPath(new URL('../../../node_modules/vitest/vitest.mjs', import.meta.url));
const config = ['--config', 'test/security/mutants/vitest.config.ts', '--maxWorkers=1'];
/** Of vitest, where a test has failed or passed: not where it could not run, as on a machine that is very busy. */
const FAILED = /Tests .*\d+ failed/;
const RAN = /Tests .*\d+ (failed|passed)/;
const TRIES = 3;
let alive = 0;

function saidOf(at: number, foundBy: string): string {
  const env = { ...process.env, SECURITY_MUTANT: String(at), NO_COLOR: '1' };
  let said = '';
  for (let tries = 0; tries < TRIES && !RAN.test(said); tries++) {
    said = spawnSync(process.execPath, [vitest, 'run', ...config, foundBy], { cwd: root, env }).stdout.toString();
  }
  return said;
}

for (const [at, { name, foundBy }] of mutants.entries()) {
  const isFound = FAILED.test(saidOf(at, foundBy));
  if (!isFound) alive++;
  process.stdout.write(`${isFound ? 'found' : 'NOT FOUND'}: ${name} (${foundBy})\n`);
}
process.exitCode = alive === 0 ? 0 : 1;
