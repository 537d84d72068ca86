import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory } from '../../scripts/kafka/install.ts';

/** A directory outside the repository for what suites fetch and build; made where it is missing. */
export function cache(...names: string[]): string {
  const directory = join(cacheDirectory(), 'compat', ...names);
  mkdirSync(directory, { recursive: true });
  return directory;
}
