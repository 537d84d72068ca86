// What .dockerignore lets into `docker build` is all that the Dockerfile needs there. Docker itself is asked by `npm run test:container`.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));

test('the command and its page can be built from what the image is given', () => {
  const context = mkdtempSync(join(tmpdir(), 'ottla-context-'));
  onTestFinished(() => rmSync(context, { recursive: true, force: true }));
  const [all, ...admitted] = readFileSync(join(CHECKOUT, '.dockerignore'), 'utf8').trim().split('\n');
  expect(all).toBe('*');
  for (const line of admitted) {
    expect(line).toMatch(/^!/);
    cpSync(join(CHECKOUT, line.slice(1)), join(context, line.slice(1)), { recursive: true });
  }
  symlinkSync(join(CHECKOUT, 'node_modules'), join(context, 'node_modules'), 'dir');
  execFileSync(process.execPath, ['scripts/bundle.mjs'], { cwd: context, stdio: 'pipe' });
  const needed = ['dist/main.cjs', 'dist/page/index.html', 'LICENSE', 'bin/ottla.cjs', 'container/rootfs.sh'];
  expect(needed.filter((file) => !existsSync(join(context, file)))).toEqual([]);
});
