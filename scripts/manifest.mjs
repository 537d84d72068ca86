// package.json as it is published: without what only the checkout needs. A package that names a `prepare` script has npm warn
// its user of an install script, though none would run. `npm pack` strips it, and restores it afterwards.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const MANIFEST = fileURLToPath(new URL('../package.json', import.meta.url));
const KEPT = fileURLToPath(new URL('../package.json.kept', import.meta.url));
const CHECKOUT_ONLY = ['scripts', 'devDependencies', 'allowScripts'];

export function strip() {
  restore(); // an earlier `npm pack` may have been interrupted
  const text = readFileSync(MANIFEST, 'utf8');
  const manifest = JSON.parse(text);
  for (const key of CHECKOUT_ONLY) delete manifest[key];
  writeFileSync(KEPT, text);
  writeFileSync(MANIFEST, `${JSON.stringify(manifest, null, 2)}\n`);
}

export function restore() {
  if (existsSync(KEPT)) renameSync(KEPT, MANIFEST);
}
