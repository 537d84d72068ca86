// The testcontainers modules of four languages, unmodified, started with our image in the place of Kafka's.
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { cache } from '../provide/cache.ts';
import { mustRun, versionOf } from '../provide/command.ts';
import { npmDirectory } from '../provide/npm.ts';
import { IMAGE, whyNoImage } from './image.ts';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));

const missing = await whyNoImage();
const [java, go, python] = await Promise.all([
  versionOf('mvn', '--version'),
  versionOf('go', 'version'),
  versionOf('python3', '--version'),
]);

/** A copy of one of the programs beside this file, where its tools may write. */
function program(language: string): string {
  const directory = cache('container', language);
  cpSync(fileURLToPath(new URL(language, import.meta.url)), directory, { recursive: true });
  return directory;
}

/** The lines that one of the programs in ottla/ says, with Ottla's package as npm installs it. */
async function withPackage(main: string): Promise<string[]> {
  const modules = await npmDirectory('@testcontainers/kafka@12.2.0');
  const kafkajs = await npmDirectory('kafkajs@2.2.4');
  const directory = program('ottla');
  const installed = join(directory, 'node_modules');
  if (!packed) {
    rmSync(installed, { recursive: true, force: true });
    mkdirSync(join(installed, 'ottla'), { recursive: true });
    cpSync(join(modules, 'node_modules'), installed, { recursive: true });
    const [{ filename }] = JSON.parse(
      await mustRun('npm', ['pack', '--json', '--pack-destination', directory], { cwd: CHECKOUT }),
    ) as { filename: string }[];
    await mustRun('tar', ['-xzf', filename, '-C', join(installed, 'ottla'), '--strip-components=1'], {
      cwd: directory,
    });
    packed = true;
  }
  const said = await mustRun(process.execPath, [join(directory, main)], {
    cwd: directory,
    env: { ...env, KAFKAJS_AT: join(kafkajs, 'package.json') },
  });
  return said.trim().split('\n');
}

let packed = false;

// Where this runs in a container of its own, modules would look for the new one behind its gateway.
const env = { ...process.env, OTTLA_IMAGE: IMAGE, TESTCONTAINERS_HOST_OVERRIDE: '127.0.0.1' };

describe.skipIf(missing !== null)(`testcontainers${missing === null ? '' : `: ${missing}`}`, () => {
  test('of Node: @testcontainers/kafka', async () => {
    const modules = await npmDirectory('@testcontainers/kafka@12.2.0');
    const kafkajs = await npmDirectory('kafkajs@2.2.4');
    const directory = program('node');
    const said = await mustRun(process.execPath, [join(directory, 'main.mjs')], {
      env: { ...env, TESTCONTAINERS_AT: modules, KAFKAJS_AT: kafkajs },
    });
    expect(said).toContain('read back: hello');
  });

  test('of our own: OttlaContainer, from the package as it is published', async () => {
    expect(await withPackage('main.mjs')).toEqual([
      'topics: customers orders',
      'read back: hello, fault fired 2 times',
      'after reset: 0 topics',
      'after restore: 1 message',
      'read from a container beside it',
    ]);
  });

  test('of our own, locked: who signs in, who is denied, its page and a report', async () => {
    expect(await withPackage('secured.mjs')).toEqual([
      expect.stringMatching(/^denied: .*uthoriz/),
      'known to the test: alice may not describe secret',
      'read by alice: hello',
      expect.stringMatching(/^another password: .*Authentication failed/),
      expect.stringMatching(/^without its authority: .*certificate/),
      'the admin sees: __consumer_offsets orders secret',
      expect.stringMatching(/^its page: 200 ./),
      'its report: true',
      'left over: {"leaks":[],"unusedFaults":[],"forgottenWaits":[]}',
    ]);
  });

  test.skipIf(java === null)(
    'of Java: KafkaContainer, ConfluentKafkaContainer and the older KafkaContainer',
    async () => {
      const said = await mustRun('mvn', ['-q', '-B', 'test'], { cwd: program('java'), env });
      expect(said.match(/read back: hello/g)).toHaveLength(4);
    },
  );

  test.skipIf(go === null)('of Go: modules/kafka', async () => {
    const directory = program('go');
    const said = await mustRun('go', ['test', '-mod=mod', '-count=1', '-v', './...'], { cwd: directory, env });
    expect(said).toContain('read back: hello');
  });

  test.skipIf(python === null)('of Python: KafkaContainer with ZooKeeper and with KRaft', async () => {
    const directory = program('python');
    const python = join(directory, 'venv', 'bin', 'python');
    await mustRun('python3', ['-m', 'venv', join(directory, 'venv')]);
    await mustRun(python, ['-m', 'pip', 'install', '-q', '-r', join(directory, 'requirements.txt')]);
    const said = await mustRun(python, [join(directory, 'main.py')], { env });
    expect(said.match(/read back: hello/g)).toHaveLength(2);
  });
});
