/** A client's own tests, of which an allow-list says which run here; why others do not, findings.md beside it says. */
import { readFileSync } from 'node:fs';

/** The lines of an allow-list, without remarks. */
export function allowList(file: URL): string[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '');
}

/** The lines of suite.ts for tests that say no more than whether they passed. */
export function verdictLines(results: ReadonlyMap<string, boolean>): string {
  return [...results].map(([name, ok]) => `${ok ? 'ok' : 'not ok'}\tsuite\t${name}\t`).join('\n');
}
