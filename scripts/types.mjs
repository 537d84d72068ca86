// The declarations of what users import, in one copy: dist/types. TypeScript reads them as CommonJS (their own package.json
// says so), which ES modules import by name as well; so `import`, `require` and the resolution before `exports` find the same
// types. An entry whose peer is an ES module alone, as vitest is, ends with .d.mts.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const TYPES = 'dist/types';
/** `from './x.ts'`, `import('./x.ts')`, `declare module './x.ts'` */
const RELATIVE = /((?:from|import|module)\s*\(?\s*)(['"])(\.{1,2}\/[^'"]+?)\.ts\2/g;

/** What a declaration needs beyond TypeScript's default library: it says so itself. */
const NEEDS = [
  { sign: /\bAsyncDisposable\b/, reference: '/// <reference lib="esnext.disposable" />\n' },
  { sign: /\b(AbortSignal|Buffer|NodeJS)\b|['"]node:/, reference: '/// <reference types="node" />\n' },
];

/** Throws where the sources do not pass the type check. Declarations that no entry leads to are left out. */
export function emitTypes(entries) {
  const tsc = fileURLToPath(new URL('bin/tsc', import.meta.resolve('typescript/package.json')));
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.types.json'], { stdio: 'inherit' });
  for (const entry of entries) if (entry.endsWith('.d.mts')) renameSync(entry.replace(/mts$/, 'ts'), entry);
  const reached = new Set();
  for (const entry of entries) reach(resolve(entry), reached);
  removeOthers(TYPES, reached);
  writeFileSync(join(TYPES, 'package.json'), '{ "type": "commonjs" }\n');
}

/** Follows relative imports, and writes them as every TypeScript from 4.7 on can read them: './x.js' for x.d.ts. */
function reach(file, reached) {
  if (reached.has(file)) return;
  reached.add(file);
  const text = readFileSync(file, 'utf8');
  const kindOf = (path) => (existsSync(resolve(dirname(file), `${path}.d.mts`)) ? 'm' : '');
  for (const [, , , path] of text.matchAll(RELATIVE)) {
    reach(resolve(dirname(file), `${path}.d.${kindOf(path)}ts`), reached);
  }
  const code = text.replace(/\/\*.*?\*\/|\/\/.*/gs, '');
  const references = NEEDS.filter(({ sign }) => sign.test(code)).map(({ reference }) => reference);
  writeFileSync(
    file,
    references.join('') +
      text.replaceAll(RELATIVE, (_, start, quote, path) => `${start}${quote}${path}.${kindOf(path)}js${quote}`),
  );
}

function removeOthers(directory, reached) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) removeOthers(path, reached);
    else if (!reached.has(resolve(path))) rmSync(path);
  }
  if (readdirSync(directory).length === 0) rmSync(directory, { recursive: true });
}
