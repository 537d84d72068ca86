// Builds what is shipped. Without flags: the command, dist/main.cjs and the two files it chooses from, in a blink
// (npm ci runs this). With --library, as before packing: also the importable entries, as ES modules and CommonJS over
// one shared bundle, and their types. With --to, the command goes to another folder than dist.
import { build } from 'esbuild';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { emitTypes } from './types.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

/** The command: a door of a few lines, behind it the broker, and the tools that do without it. */
const COMMAND = {
  main: 'src/main.ts',
  start: 'src/cli/start.ts',
  tools: 'src/cli/program.ts',
  'kafka-tools': 'src/cli/kafka-tools/index.ts',
  metrics: 'src/metrics/server.ts',
  control: 'src/control/server.ts',
  page: 'src/page/server.ts',
  'page-answers': 'src/page/answers.ts',
  controller: 'src/broker/controller-process.ts',
  member: 'src/broker/cluster-member.ts',
  supervisor: 'src/processes/supervisor.ts',
  'supervised-broker': 'src/processes/supervised-broker.ts',
  'metadata-log': 'src/cli/metadata-log.ts',
  jose: 'src/security/sasl/jose.ts',
  jks: 'src/security/tls/jks.ts',
  x509: 'src/credentials/x509.ts',
};

/** What users import: the name in package.json's `exports`, and the file behind it. */
const LIBRARY = {
  index: 'src/index.ts',
  protocol: 'protocol/index.ts',
  testing: 'src/testing/index.ts',
  testcontainers: 'src/testcontainers/index.ts',
};

/** What the library loads into a thread of its own. */
const WITHIN = { thread: 'src/testing/broker-thread.ts' };

/** Entries for test runners, each a file of its own that needs its runner and finds the library through its door. */
const RUNNERS = [
  { name: 'vitest', file: 'src/testing/vitest.ts', format: 'esm', door: './testing.mjs' },
  { name: 'vitest-global-setup', file: 'src/testing/vitest-global-setup.ts', format: 'esm', door: './testing.mjs' },
  { name: 'jest', file: 'src/testing/jest.ts', format: 'cjs', door: './testing.cjs' },
  { name: 'node-test', file: 'src/testing/node-test.ts', format: 'cjs', door: './testing.cjs' },
];

const shared = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  logLevel: 'warning',
  // Its CommonJS looks for its own files when it runs, which a bundle does not have.
  alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
};

function stop(message) {
  process.stderr.write(`bundle: ${message}\n`);
  process.exit(1);
}

function need(file) {
  if (!existsSync(file))
    stop(`${file} is missing, so there is nothing to build. Restore it, or correct scripts/bundle.mjs.`);
}

/** What main.ts imports when it is needed stays a file of its own. */
const chunks = {
  name: 'chunks',
  setup(bundler) {
    bundler.onResolve({ filter: /\.ts$/ }, ({ kind, path }) => {
      const chunk = Object.entries(COMMAND).find(([, file]) => file.endsWith(path.replace(/^\.+\//, '/')));
      return kind === 'dynamic-import' && chunk !== undefined
        ? { path: `./${chunk[0]}.cjs`, external: true }
        : undefined;
    });
  },
};

/** What a browser is given: its code in one file, beside the document and the styles. */
async function bundlePage(folder) {
  for (const file of ['page/main.tsx', 'page/index.html', 'page/page.css']) need(file);
  mkdirSync(folder, { recursive: true });
  await build({
    bundle: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    legalComments: 'none',
    logLevel: 'warning',
    mainFields: ['module', 'main'],
    entryPoints: { page: 'page/main.tsx' },
    outdir: folder,
  });
  await build({ minify: true, logLevel: 'warning', entryPoints: { page: 'page/page.css' }, outdir: folder });
  copyFileSync('page/index.html', `${folder}/index.html`);
}

async function bundleCommand(folder) {
  for (const file of Object.values(COMMAND)) need(file);
  await build({
    ...shared,
    entryPoints: COMMAND,
    outdir: folder,
    outExtension: { '.js': '.cjs' },
    plugins: [chunks],
    supported: { 'dynamic-import': false }, // a require of the other file costs less than the loader of ES modules
    minify: true,
    keepNames: false,
    legalComments: 'none',
    define: {
      'process.env.OTTLA_VERSION': JSON.stringify(packageJson().version),
      'import.meta.dirname': '__dirname',
    },
  });
  await bundlePage(`${folder}/page`);
}

function packageJson() {
  return JSON.parse(readFileSync('package.json', 'utf8'));
}

/** The names a module exports, as the bundler sees them. */
async function exportedNames(entry) {
  const { metafile } = await build({
    ...shared,
    entryPoints: [entry],
    format: 'esm',
    write: false,
    metafile: true,
    outfile: 'names.mjs',
  });
  return Object.values(metafile.outputs)[0].exports;
}

/** One bundle with a thin door for each entry and module system: `import` and `require` meet the same classes. */
async function bundleLibrary() {
  const entries = Object.entries(LIBRARY);
  for (const [, file] of entries) need(file);
  const inside = [...entries, ...Object.entries(WITHIN)]
    .map(([name, file]) => `export * as ${name} from './${file}';`)
    .join('\n');
  await build({
    ...shared,
    stdin: { contents: inside, resolveDir: process.cwd(), loader: 'ts' },
    outfile: 'dist/library.cjs',
    plugins: [chunks],
    supported: { 'dynamic-import': false },
    legalComments: 'none',
    banner: { js: "const LIBRARY_URL = require('node:url').pathToFileURL(__filename).href;" },
    define: {
      'process.env.OTTLA_VERSION': JSON.stringify(packageJson().version),
      'import.meta.url': 'LIBRARY_URL',
    },
  });
  for (const [name, file] of entries) {
    const names = (await exportedNames(file)).filter((exported) => exported !== 'default');
    const exports = names.map((exported) => `export const ${exported} = library.${name}.${exported};\n`).join('');
    writeFileSync(`dist/${name}.mjs`, `import library from './library.cjs';\n${exports}`);
    writeFileSync(`dist/${name}.cjs`, `'use strict';\nmodule.exports = require('./library.cjs').${name};\n`);
  }
}

async function bundleRunners() {
  for (const { name, file, format, door } of RUNNERS) {
    need(file);
    const toDoor = {
      name: 'door',
      setup({ onResolve }) {
        onResolve({ filter: /^\.\/index\.ts$/ }, () => ({ path: door, external: true }));
      },
    };
    const outfile = `dist/${name}.${format === 'esm' ? 'mjs' : 'cjs'}`;
    await build({
      ...shared,
      format,
      entryPoints: [file],
      outfile,
      external: ['vitest', 'vitest/*'],
      plugins: [toDoor],
    });
  }
  const asModule = (name, names) =>
    writeFileSync(`dist/${name}.mjs`, `import own from './${name}.cjs';\nexport const { ${names} } = own;\n`);
  asModule('jest', 'kafkaTest, matchers, startBroker');
  asModule('node-test', 'it, kafkaTest, startBroker, test');
}

function buildTypes() {
  const entries = Object.values(packageJson().exports).flatMap(({ types }) => types ?? []);
  try {
    emitTypes(entries);
  } catch (error) {
    stop(`no declarations, so nothing was packed (${error.message}). \`npm run typecheck\` shows what is wrong.`);
  }
}

function targets(exports) {
  return typeof exports === 'string' ? [exports] : Object.values(exports).flatMap(targets);
}

const { library, to } = parseArgs({ options: { library: { type: 'boolean' }, to: { type: 'string' } } }).values;
mkdirSync('dist', { recursive: true });
if (library) {
  rmSync('dist', { recursive: true, force: true });
  await bundleLibrary();
  await bundleRunners();
  buildTypes();
  for (const file of targets(packageJson().exports))
    if (!existsSync(file)) stop(`package.json exports ${file}, which was not built.`);
}
await bundleCommand(to ?? 'dist');
