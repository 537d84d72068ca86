// Tests what users get: packs the package, installs it from the tarball into a project outside of the checkout, and runs the
// examples there with vitest, jest and node:test, on this Node and on those named by --node 22,24; checks the types, also those
// that the documents use. With --git also installs it from a clone of what is committed. The project is kept in the system's
// temporary directory, so that a second run installs next to nothing.
import { spawnSync } from 'node:child_process';
import { existsSync, cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkTypes } from './package-types.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const project = join(tmpdir(), 'ottla-package-test');
const { values } = parseArgs({ options: { node: { type: 'string', default: '' }, git: { type: 'boolean' } } });
const STARTS = "require('ottla/testing').startBroker().then((kafka) => kafka.stop())";
const nodes = ['', ...values.node.split(',').filter((version) => version !== '')];

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

function stop(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** Answers all that it printed. */
function run(title, command, args, options = {}) {
  const began = performance.now();
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: project, encoding: 'utf8', ...options });
  const took = `${((performance.now() - began) / 1000).toFixed(1)} s`;
  if (status !== 0) stop(`${title} failed after ${took}\n${stdout}\n${stderr}`);
  process.stdout.write(`${title}: ok, ${took}\n`);
  return stdout + stderr;
}

/** As a user does it, who is warned of nothing; of a repository npm always asks whether its `prepare` may run. */
function installAlone(spec) {
  const cwd = join(project, 'alone');
  rmSync(cwd, { recursive: true, force: true });
  mkdirSync(cwd, { recursive: true });
  writeFileSync(join(cwd, 'package.json'), '{ "private": true }');
  // Without what the npm that runs this script says to those it starts.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  const said = run(`npm i -D ${spec}`, npm, ['install', '-D', spec], { cwd, env });
  if (/warn/i.test(said) && !spec.startsWith('git')) stop(`npm i -D ${spec} warned:\n${said}`);
  run('the package alone', process.execPath, ['-e', STARTS], { cwd });
  run('its command', process.execPath, [join('node_modules', 'ottla', 'bin', 'ottla.cjs'), '--version'], { cwd });
}

function layOut(tarball) {
  for (const name of readdirSync(project))
    if (name !== 'node_modules' && name !== tarball) rmSync(join(project, name), { recursive: true });
  for (const folder of ['app', 'vitest', 'jest', 'node-test']) {
    cpSync(join(root, 'examples', folder), join(project, 'examples', folder), { recursive: true });
  }
  const manifest = {
    name: 'sample',
    private: true,
    dependencies: { ottla: `file:./${tarball}`, kafkajs: '^2.2.4', '@kafkats/client': '0.12.0' },
    devDependencies: {
      jest: '^30',
      vitest: '^5.1.1',
      typescript: '^7.0.2',
      ts5: 'npm:typescript@~5.9.0',
      '@types/node': '^26.6.6',
      '@types/jest': '^30',
    },
    jest: { testMatch: ['**/examples/jest/*.test.cjs'], setupFilesAfterEnv: ['ottla/jest'] },
  };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest, null, 2));
  mkdirSync(join(project, 'failing'));
  writeFileSync(join(project, 'failing', 'own.test.cjs'), FAILING.jest);
  writeFileSync(join(project, 'failing', 'own.test.mjs'), FAILING.node);
}

/** Each with a broker of its own, and one that the test has started itself. */
const FAILING = {
  jest: `
    const { kafkaTest, startBroker } = require('ottla/jest');
    let shared;
    beforeAll(async () => (shared = await startBroker({ topics: ['shared'] })));
    afterAll(() => shared.stop());
    kafkaTest({ topics: ['orders'] })('fails alone', ({ kafka }) => expect(kafka).toHaveMessage('orders'));
    test('fails beside', () => expect(shared).toHaveMessage('shared'));
    kafkaTest()('is well', () => {});
  `,
  node: `
    import { after, before, test as plain } from 'node:test';
    import { startBroker, test } from 'ottla/node-test';
    let shared;
    before(async () => (shared = await startBroker({ topics: ['shared'] })));
    after(() => shared.stop());
    test('fails alone', () => Promise.reject(new Error('alone')));
    plain('fails beside', () => Promise.reject(new Error('beside')));
    test('is well', () => {});
  `,
};

/** A run whose tests fail as they shall: of the first both brokers are told, of the second the one that runs then. */
function leavesReports(title, command, args, options) {
  const folder = join(project, 'ottla-reports');
  rmSync(folder, { recursive: true, force: true });
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: project, encoding: 'utf8', ...options });
  const reports = existsSync(folder) ? readdirSync(folder) : [];
  const said = reports.sort().join(', ');
  const isWhole = ['alone', 'alone-2', 'beside'].every((end) =>
    reports.some((name) => name.endsWith(`fails-${end}.html`)),
  );
  if (status === 0 || !isWhole || reports.length !== 3)
    stop(`${title} left ${said || 'no reports'}\n${stdout}\n${stderr}`);
  process.stdout.write(`${title}: ${said}\n`);
}

mkdirSync(project, { recursive: true });
for (const name of readdirSync(project)) if (name.endsWith('.tgz')) rmSync(join(project, name));
run('npm pack', npm, ['pack', '--pack-destination', project], { cwd: root });
const tarball = readdirSync(project).find((name) => name.endsWith('.tgz'));
layOut(tarball);
rmSync(join(project, 'node_modules', 'ottla'), { recursive: true, force: true });
run('npm install', npm, ['install', '--no-audit', '--no-fund', '--no-package-lock']);
for (const version of nodes.slice(1)) {
  const prefix = join(project, 'node_modules', `.node-${version}`);
  run(`npm install node@${version}`, npm, [
    'install',
    '--no-audit',
    '--no-fund',
    '--prefix',
    prefix,
    `node@${version}`,
  ]);
}

installAlone(join(project, tarball));
if (values.git) installAlone(`git+file://${root.replace(/\/$/, '')}`);
checkTypes({ project, root, run });
const bin = join(project, 'node_modules', '.bin');
for (const version of nodes) {
  const node =
    version === ''
      ? process.execPath
      : join(project, 'node_modules', `.node-${version}`, 'node_modules', '.bin', 'node');
  const path = `${join(node, '..')}${delimiter}${bin}${delimiter}${process.env.PATH}`;
  const options = { env: { ...process.env, PATH: path, NO_COLOR: '1' } };
  const on = ` on Node ${spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim()}`;
  run(
    `vitest${on}`,
    node,
    [join(project, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--dir', 'examples/vitest'],
    options,
  );
  const jest = join(project, 'node_modules', 'jest', 'bin', 'jest.js');
  // The application is an ES module, which jest loads with this flag alone.
  run(`jest${on}`, node, ['--experimental-vm-modules', jest, '--detectOpenHandles'], options);
  const failing = ['--experimental-vm-modules', jest, '--testMatch', '**/failing/*.test.cjs'];
  leavesReports(`reports of jest${on}`, node, failing, options);
  leavesReports(`reports of node:test${on}`, node, ['--test', 'failing/own.test.mjs'], options);
  run(`node:test${on}`, node, ['--test', 'examples/node-test/billing.test.mjs'], options);
  run(`require${on}`, node, ['-e', STARTS], options);
}
