/** Compiles programs in Java against jars, into the cache. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Missing } from '../suites/suite.ts';
import { cache } from './cache.ts';
import { mustRun, versionOf } from './command.ts';

/** @returns the class path with the compiled classes in front */
export async function compiled(sources: readonly string[], jars: readonly string[]): Promise<string> {
  if ((await versionOf('javac', '--version')) === null) throw new Missing('needs a Java development kit, 17 or later');
  const hash = createHash('sha256');
  for (const source of sources) hash.update(readFileSync(source));
  const directory = cache('java', hash.update(jars.join()).digest('hex').slice(0, 16));
  const classpath = [directory, ...jars].join(delimiter);
  if (existsSync(join(directory, 'complete'))) return classpath;
  await mustRun('javac', [
    '-Xlint:none',
    '-nowarn',
    '-proc:none',
    '-d',
    directory,
    '-cp',
    jars.join(delimiter),
    ...sources,
  ]);
  await mustRun('touch', [join(directory, 'complete')]);
  return classpath;
}
