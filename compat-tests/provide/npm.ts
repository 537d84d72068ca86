/** Packages from npm that the checkout itself does not depend on: into the cache, once per version. */
import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { cache } from './cache.ts';
import { mustRun } from './command.ts';

/** What `require` gives for 'name@version'. */
export async function npmPackage(wanted: string): Promise<unknown> {
  return createRequire(join(await npmDirectory(wanted), 'package.json'))(nameOf(wanted));
}

/** Where 'name@version' is installed with all it needs. */
export async function npmDirectory(wanted: string): Promise<string> {
  const directory = cache('npm', wanted.replaceAll('/', '+'));
  if (existsSync(join(directory, 'node_modules', nameOf(wanted), 'package.json'))) return directory;
  writeFileSync(join(directory, 'package.json'), '{"private":true}\n');
  await mustRun('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--save-exact', wanted], {
    cwd: directory,
  });
  return directory;
}

function nameOf(wanted: string): string {
  return wanted.slice(0, wanted.lastIndexOf('@'));
}
