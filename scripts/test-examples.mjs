// Runs the examples that have a package.json as a user would: with the packed package, installed from its tarball into a copy of
// the example outside of the checkout; and the steps of the workflow. `npm run test:examples -- nestjs pytest` runs those alone.
// The copies are kept in the system's temporary directory, so that a second run installs next to nothing.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const examples = join(root, 'examples');
const place = join(tmpdir(), 'ottla-examples');
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
const LIBRDKAFKA = '@confluentinc/kafka-javascript';
const BUILT = join(root, 'test', 'clients', 'librdkafka', 'node_modules');
const WORKFLOW = 'github-actions';

// Without what the npm that runs this script says to those it starts.
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));

/** Answers whether it succeeded, and prints what it said where not. */
function run(title, command, args, options) {
  const began = performance.now();
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', env, ...options });
  const took = `${((performance.now() - began) / 1000).toFixed(1)} s`;
  process.stdout.write(`${title}: ${status === 0 ? 'ok' : 'failed'}, ${took}\n`);
  if (status !== 0) process.stderr.write(`${stdout}\n${stderr}\n`);
  return status === 0;
}

function pack() {
  for (const name of readdirSync(place)) if (name.endsWith('.tgz')) rmSync(join(place, name));
  if (!run('npm pack', npm, ['pack', '--pack-destination', place], { cwd: root })) process.exit(1);
  return join(
    place,
    readdirSync(place).find((name) => name.endsWith('.tgz')),
  );
}

function runExample(name, tarball) {
  const cwd = join(place, name);
  cpSync(join(examples, name), cwd, { recursive: true });
  const path = join(cwd, 'package.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8'));
  manifest.devDependencies.ottla = `file:${tarball}`;
  // Its install script downloads or compiles; `npm run librdkafka` has it from a cache.
  const isBuilt = LIBRDKAFKA in (manifest.dependencies ?? {}) && existsSync(BUILT);
  if (isBuilt) delete manifest.dependencies[LIBRDKAFKA];
  writeFileSync(path, JSON.stringify(manifest));
  rmSync(join(cwd, 'node_modules', 'ottla'), { recursive: true, force: true });
  const install = ['install', '--no-audit', '--no-fund', '--no-package-lock'];
  if (!run(`${name}: npm install`, npm, install, { cwd })) return false;
  if (isBuilt) cpSync(BUILT, join(cwd, 'node_modules'), { recursive: true });
  return run(`${name}: npm test`, npm, ['test'], { cwd });
}

/** The scripts of the job that has a broker beside it, on ports of this test's own. */
async function runWorkflow(tarball) {
  const cwd = join(place, WORKFLOW);
  rmSync(cwd, { recursive: true, force: true });
  mkdirSync(cwd);
  writeFileSync(join(cwd, 'package.json'), '{ "private": true }');
  if (!run(`${WORKFLOW}: npm install`, npm, ['install', '-D', tarball], { cwd })) return false;
  const [port, controlPort] = [await freePort(), await freePort()];
  const workflow = readFileSync(join(examples, WORKFLOW, 'kafka-tests.yml'), 'utf8');
  const steps = scriptsOf(workflow.slice(workflow.indexOf('beside-the-tests:')))
    .filter((script) => script !== 'npm ci')
    .map((script) => script.replaceAll('24092', String(controlPort)).replace('--memory', `--memory --port ${port}`));
  const own = { cwd, env: { ...env, OTTLA_BROKERS: `localhost:${port}` } };
  const succeeded = steps.every((script) =>
    run(`${WORKFLOW}: ${script.split('\n')[0]}`, 'bash', ['-e', '-c', script], own),
  );
  // The runner of a workflow ends what its steps have left running.
  spawnSync('bash', ['-c', `kill $(cat kafka.pid)`], own);
  return succeeded && steps.length > 2;
}

/** What follows `run:`, on its line or in the block below it. */
function scriptsOf(yaml) {
  const found = yaml.matchAll(/^( *)- run: (?:\|\n((?:\1 {4}.*\n?)+)|(.*))$/gm);
  return Array.from(found, ([, indent, block, line]) => line ?? block.replaceAll(`${indent}    `, '').trim());
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

const all = [...readdirSync(examples).filter((name) => existsSync(join(examples, name, 'package.json'))), WORKFLOW];
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`there is no example ${unknown.join(', ')}: take some of ${all.join(', ')}\n`);
  process.exit(1);
}
mkdirSync(place, { recursive: true });
const tarball = pack();
const failed = [];
for (const name of asked.length > 0 ? asked : all) {
  const succeeded = name === WORKFLOW ? await runWorkflow(tarball) : runExample(name, tarball);
  if (!succeeded) failed.push(name);
}
if (failed.length > 0) {
  process.stderr.write(`failed: ${failed.join(', ')}\n`);
  process.exit(1);
}
