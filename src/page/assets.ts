/** The page's own files, as `scripts/bundle.mjs` has made them beside this one. */
import { join } from 'node:path';
import { readWhole } from '../platform/whole-file.ts';

export interface PageFile {
  readonly bytes: Buffer;
  readonly type: string;
}

const TYPES: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
};

/** Null for any other name. */
export async function pageFile(name: string): Promise<PageFile | null> {
  if (!Object.hasOwn(TYPES, name)) return null;
  return { bytes: await readWhole(join(folder(), name)), type: TYPES[name] };
}

/** `dist/page`: beside the bundle that this is part of; seen from the source, as the last build has left it. */
function folder(): string {
  const here = import.meta.dirname;
  return here.endsWith(join('src', 'page')) ? join(here, '..', '..', 'dist', 'page') : join(here, 'page');
}
