// Makes librdkafka, the C client, loadable in test/clients/librdkafka: from the cache of an earlier run, else as a
// prebuilt binary, else compiled here (about a minute; needs make, a C++ compiler, Python 3 and OpenSSL's headers).
// Run as `npm run librdkafka`. Tests that need it are skipped until this has succeeded once.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { availableParallelism, homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const room = join(root, 'test/clients/librdkafka');
const client = join(room, 'node_modules/@confluentinc/kafka-javascript');
const binary = join(client, 'build/Release/confluent-kafka-javascript.node');

const { dependencies } = JSON.parse(readFileSync(join(room, 'package.json'), 'utf8'));
const version = dependencies['@confluentinc/kafka-javascript'];
const abi = `${process.platform}-${process.arch}-abi${process.versions.modules}`;
const cache = join(
  process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
  'ottla',
  `librdkafka-${version}-${abi}.node`,
);

const MINUTE_MS = 60_000;

function say(message) {
  process.stdout.write(`librdkafka: ${message}\n`);
}

function run(command, args, options = {}) {
  execFileSync(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 << 20,
    timeout: 10 * MINUTE_MS,
    ...options,
  });
}

/** In a process of its own: a binary for another system can take the process down with it. */
function loads() {
  if (!existsSync(binary)) return false;
  try {
    run(process.execPath, ['-e', 'require(process.argv[1])', client]);
    return true;
  } catch {
    return false;
  }
}

function installPackage() {
  if (existsSync(join(client, 'package.json'))) {
    const installed = JSON.parse(readFileSync(join(client, 'package.json'), 'utf8')).version;
    if (installed === version) return;
  }
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: room, shell: process.platform === 'win32' });
}

function fromCache() {
  mkdirSync(dirname(binary), { recursive: true });
  copyFileSync(cache, binary);
}

function prebuilt() {
  const installer = join(room, 'node_modules/@mapbox/node-pre-gyp/bin/node-pre-gyp');
  run(process.execPath, [installer, 'install'], { cwd: client, timeout: MINUTE_MS });
}

/** Against the system's own libraries; without curl, which only OpenID Connect needs. */
function compile() {
  const gyp = process.env.npm_config_node_gyp;
  if (gyp === undefined) throw new Error('run it as `npm run librdkafka`: npm brings node-gyp');
  const target = join(client, 'build/deps');
  const options = ['--enable-static', '--enable-strip', '--disable-gssapi', '--disable-lz4-ext', '--disable-curl'];
  run('./configure', [...options, `--prefix=${target}`, `--libdir=${target}`], {
    cwd: join(client, 'deps/librdkafka'),
  });
  // By the environment, not by a flag: node-gyp lets a `nodedir` from the user's npm settings win over its flags.
  const env = { ...process.env, npm_config_nodedir: headers() };
  run(process.execPath, [gyp, 'configure', 'build', '-j', String(availableParallelism())], { cwd: client, env });
}

/** The directory whose include/node belongs to this very Node; the npm package of its binary has one. */
function headers() {
  const { platform, arch, versions } = process;
  const name = `${platform === 'darwin' && arch === 'arm64' ? 'node-bin' : 'node'}-${platform}-${arch}`;
  const own = join(dirname(cache), `node-${versions.node}`);
  const places = [join(root, 'node_modules/node/node_modules', name), join(own, 'node_modules', name)];
  const found = () => places.find((place) => existsSync(join(place, 'include/node/node.h')));
  if (found() === undefined) {
    mkdirSync(own, { recursive: true });
    run('npm', ['install', '--no-save', '--ignore-scripts', '--prefix', own, `${name}@${versions.node}`]);
  }
  return found();
}

function keep() {
  mkdirSync(dirname(cache), { recursive: true });
  copyFileSync(binary, `${cache}.tmp`);
  renameSync(`${cache}.tmp`, cache);
}

function attempt(way, act) {
  try {
    act();
  } catch (error) {
    const said = String(error.stderr ?? '')
      .trim()
      .split('\n')
      .filter((line) => /error|fail/i.test(line))
      .at(-1);
    say(`${way} did not work: ${said ?? error.message.split('\n')[0]}`);
    return false;
  }
  if (loads()) return true;
  if (existsSync(binary)) say(`${way} gave a binary that this Node does not load`);
  return false;
}

function provide() {
  if (loads()) return 'is ready';
  if (attempt('installing the package', installPackage)) return 'is ready';
  if (!existsSync(client)) return null;
  if (existsSync(cache) && attempt('the cache', fromCache)) return 'is ready (from the cache)';
  if (attempt('a prebuilt binary', prebuilt)) return 'is ready (prebuilt)';
  say('compiling, which takes about a minute');
  return attempt('compiling', compile) ? 'is ready (compiled)' : null;
}

const outcome = provide();
if (outcome === null) {
  say('is not available; the tests that need it will be skipped.');
  process.exitCode = 1;
} else {
  if (!existsSync(cache)) attempt('keeping it in the cache', keep);
  say(outcome);
}
