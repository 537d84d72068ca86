// Builds one file that holds Node and Ottla, for machines without Node: dist/ottla-<platform>-<arch>[.exe]. It is for the
// platform it is built on, unless --node names another platform's Node of the same version.
//
//   node scripts/sea.mjs [--node FILE] [--output FILE]
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const { values } = parseArgs({ options: { node: { type: 'string' }, output: { type: 'string' } } });
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 25 || (major === 25 && minor < 5)) {
  process.stderr.write(
    `sea: Node ${process.versions.node} cannot build one; \`npm run sea\` takes the Node it needs.\n`,
  );
  process.exit(1);
}

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const suffix = process.platform === 'win32' ? '.exe' : '';
const output = values.output ?? `dist/ottla-${process.platform}-${process.arch}${suffix}`;
const folder = mkdtempSync(join(tmpdir(), 'ottla-sea-'));

try {
  await build({
    entryPoints: ['src/main.ts'],
    outfile: join(folder, 'ottla.cjs'),
    bundle: true,
    platform: 'node',
    target: `node${major}`,
    format: 'cjs',
    minify: true,
    legalComments: 'none',
    logLevel: 'warning',
    supported: { 'dynamic-import': false },
    define: { 'process.env.OTTLA_VERSION': JSON.stringify(version) },
  });
  const config = {
    main: join(folder, 'ottla.cjs'),
    output,
    ...(values.node === undefined ? {} : { executable: values.node }),
    disableExperimentalSEAWarning: true,
    // Code cache is bound to the very Node that made it, so it is left out for another platform's.
    useCodeCache: values.node === undefined,
    execArgvExtension: 'none',
  };
  writeFileSync(join(folder, 'sea.json'), JSON.stringify(config));
  mkdirSync('dist', { recursive: true });
  execFileSync(process.execPath, ['--build-sea', join(folder, 'sea.json')], { stdio: ['ignore', 'ignore', 'inherit'] });
  chmodSync(output, 0o755);
  // macOS starts signed programs only; an ad-hoc signature will do on the machine that makes it.
  if (process.platform === 'darwin') execFileSync('codesign', ['--sign', '-', '--force', output], { stdio: 'inherit' });
  process.stdout.write(`${output}: ${(statSync(output).size / 1e6).toFixed(0)} MB\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
