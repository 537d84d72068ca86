/** The tests of a Go module, as the module proxy has it: copied into the cache, where they can be told what they do not ask for. */
import { chmodSync, cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cache } from '../provide/cache.ts';
import { mustRun, versionOf } from '../provide/command.ts';
import { Missing } from '../suites/suite.ts';

const MODULE = fileURLToPath(new URL('../suites/go/', import.meta.url));

export interface GoModule {
  readonly version: string;
  /** Of the copy. */
  readonly directory: string;
}

/** @throws Missing where there is no Go */
export async function copiedModule(path: string, as: string): Promise<GoModule> {
  if ((await versionOf('go', 'version')) === null) throw new Missing('needs Go');
  await mustRun('go', ['mod', 'download', path], { cwd: MODULE });
  const said = await mustRun('go', ['list', '-m', '-f', '{{.Version}} {{.Dir}}', path], { cwd: MODULE });
  const [version, source] = said.trim().split(' ');
  const directory = cache('go', as);
  rmSync(directory, { recursive: true, force: true });
  cpSync(source, directory, { recursive: true });
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' }))
    chmodSync(join(directory, name), 0o755);
  return { version: version.slice(1), directory };
}

/** Of `go test -v`, whether each of these passed; a test that did not run has not. */
export function goVerdicts(stdout: string, names: readonly string[]): Map<string, boolean> {
  const said = [...stdout.matchAll(/^ *--- (PASS|FAIL): (\S+)/gm)].map(([, verdict, name]): [string, boolean] => [
    name,
    verdict === 'PASS',
  ]);
  const passed = new Map(said);
  return new Map(names.map((name) => [name, passed.get(name) ?? false]));
}
