import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const [major, minor] = process.versions.node.split('.').map(Number);
const canBuild = major > 25 || (major === 25 && minor >= 5);

// Under Node before 25.5, which cannot build one, this is skipped.
test.skipIf(!canBuild)('the single file runs a broker, produces and consumes', { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ottla-sea-'));
  const file = join(folder, 'ottla');
  const run = (...args: string[]) => execFileSync(file, args, { cwd: folder, env: {}, encoding: 'utf8' });
  try {
    execFileSync(process.execPath, [
      fileURLToPath(new URL('../../scripts/sea.mjs', import.meta.url)),
      '--output',
      file,
    ]);
    expect(run('--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
    const broker = spawn(file, ['start', '--memory', '--port', '0', '--host', '127.0.0.1'], {
      cwd: folder,
      env: {},
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [ready] = (await once(broker.stdout, 'data')) as [Buffer];
    const at = ['-b', /^ready (\S+)\n/.exec(ready.toString())![1]];
    run('produce', 'greetings', 'hello', ...at);
    expect(run('consume', 'greetings', '-e', ...at)).toBe('hello\n');
    broker.kill('SIGTERM');
    expect(await once(broker, 'close')).toEqual([0, null]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
