/** Clients in Python, each in a virtual environment of its own. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cache } from '../../provide/cache.ts';
import { mustRun, runCommand, versionOf } from '../../provide/command.ts';
import { Missing, type Suite } from '../suite.ts';

const PATIENCE_MS = 400_000;

/** Behind each what its codecs need, which it calls extras. */
export const python: readonly Suite[] = [
  suite('confluent-kafka', '2.16.1', 'confluent_kafka_cases.py'),
  suite('kafka-python', '3.0.12', 'kafka_python_cases.py', ['crc32c', 'lz4', 'python-snappy', 'zstandard']),
  suite('aiokafka', '0.14.0', 'aiokafka_cases.py', ['cramjam']),
];

function suite(name: string, version: string, program: string, more: readonly string[] = []): Suite {
  return {
    name,
    prepare: async () => {
      const interpreter = await environment([`${name}==${version}`, ...more]);
      return {
        title: `${name} ${version} (Python)`,
        run: async (bootstrap, run) => {
          const file = fileURLToPath(new URL(program, import.meta.url));
          const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
          return (await runCommand(interpreter, [file, bootstrap, run], { env, timeoutMs: PATIENCE_MS })).stdout;
        },
      };
    },
  };
}

/** The interpreter of a virtual environment with these packages in it. */
export async function environment(packages: readonly string[]): Promise<string> {
  if ((await versionOf('python3', '-c', 'import venv, sys; print(sys.version)')) === null) {
    throw new Missing('needs Python 3 with venv');
  }
  const directory = cache('python', packages.join('+').replaceAll(/[^\w.+-]/g, '-'));
  const interpreter = join(directory, 'bin/python');
  if (existsSync(join(directory, 'complete'))) return interpreter;
  await mustRun('python3', ['-m', 'venv', directory]);
  await mustRun(interpreter, ['-m', 'pip', 'install', '--quiet', ...packages]);
  await mustRun('touch', [join(directory, 'complete')]);
  return interpreter;
}
