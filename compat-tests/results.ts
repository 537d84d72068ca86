/** Keeps what each suite found last, so that docs/compatibility.md can be written after a run of some of them. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DifferentialResult } from './differential-run.ts';
import { cache } from './provide/cache.ts';
import type { Verdict } from './table.ts';

/** A finding with the day it was made: '2026-11-21'. */
export type Dated<T> = T & { readonly day: string };

export function keep(name: string, found: Verdict | DifferentialResult): void {
  const day = new Date().toISOString().slice(0, 10);
  writeFileSync(fileOf(name), JSON.stringify({ ...found, day }));
}

/** What the suite found last, or a verdict that it never ran. */
export function lastVerdict(name: string): Dated<Verdict> {
  return read<Verdict>(name) ?? { title: name, skipped: 'has not run', cases: [], day: '' };
}

export function lastDifferential(): Dated<DifferentialResult> | null {
  return read<DifferentialResult>('differential');
}

function read<T>(name: string): Dated<T> | null {
  return existsSync(fileOf(name)) ? (JSON.parse(readFileSync(fileOf(name), 'utf8')) as Dated<T>) : null;
}

function fileOf(name: string): string {
  return join(cache('results'), `${name}.json`);
}
