/** The integration tests of kafka-python, as its source distribution on PyPI has them. */
import { copyFileSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cache } from '../../provide/cache.ts';
import { mustRun, runCommand } from '../../provide/command.ts';
import { environment } from '../../suites/python/suite.ts';
import type { Suite } from '../../suites/suite.ts';
import { allowList, verdictLines } from '../published.ts';

const VERSION = '3.0.12';
const NEEDS = ['pytest', 'pytest-mock', 'pytest-timeout', 'mock', 'crc32c', 'lz4', 'python-snappy', 'zstandard'];
/** See findings.md. */
const NOT = 'not reassign and not elect and not quorum and not replica_log and not transactional and not acls';
const PATIENCE_MS = 600_000;

export const kafkaPythonTests: Suite = {
  name: 'kafka-python-tests',
  prepare: async () => {
    const interpreter = await environment([`kafka-python==${VERSION}`, ...NEEDS]);
    const source = await sources(interpreter);
    const names = allowList(new URL('tests.txt', import.meta.url));
    return {
      title: `kafka-python ${VERSION}, test/integration`,
      run: async (bootstrap) => {
        const env = {
          ...process.env,
          KAFKA_URI: `kafka://${bootstrap}`,
          ZOOKEEPER_URI: `zk://${bootstrap}`,
          KAFKA_VERSION: '4.0.0',
          KAFKA_ROOT: source,
          PYTHONPATH: source,
        };
        const options = [
          '-q',
          '-rA',
          '-p',
          'no:cacheprovider',
          '--timeout=40',
          '--timeout-method=signal',
          '-k',
          NOT,
          '--show-capture=no',
          '--tb=no',
        ];
        const args = ['-m', 'pytest', ...options, ...names.map((name) => `test/integration/${name}`)];
        const { stdout } = await runCommand(interpreter, args, { cwd: source, env, timeoutMs: PATIENCE_MS });
        const passed = [...stdout.matchAll(/^(PASSED|FAILED|ERROR) test\/integration\/(\S+)/gm)].map(
          ([, verdict, name]): [string, boolean] => [name, verdict === 'PASSED'],
        );
        return verdictLines(new Map(passed));
      },
    };
  },
};

/** Where the source distribution is unpacked. */
async function sources(interpreter: string): Promise<string> {
  const directory = cache('python', `kafka-python-${VERSION}-source`);
  const unpacked = () => readdirSync(directory).find((name) => existsSync(join(directory, name, 'test/integration')));
  if (unpacked() === undefined) {
    const options = ['--no-deps', '--no-binary', ':all:', '--quiet'];
    await mustRun(interpreter, ['-m', 'pip', 'download', ...options, '-d', directory, `kafka-python==${VERSION}`]);
    const archive = readdirSync(directory).find((name) => name.endsWith('.tar.gz'))!;
    await mustRun('tar', ['-xzf', archive], { cwd: directory });
  }
  const source = join(directory, unpacked()!);
  // Left out of the distribution; without it Python's own package `test` is found.
  writeFileSync(join(source, 'test/__init__.py'), '');
  copyFileSync(new URL('service.py', import.meta.url), join(source, 'test/service.py'));
  return source;
}
