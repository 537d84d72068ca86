/** Ottla from this checkout, in a process of its own; or the one at OTTLA_BOOTSTRAP (host:port). */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import packageJson from '../../package.json' with { type: 'json' };
import { SETTINGS, type Peer } from './peer.ts';
import { freePort } from './ports.ts';

const TITLE = `Ottla ${packageJson.version}`;
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export async function ottla(directory: string): Promise<Peer> {
  const elsewhere = process.env.OTTLA_BOOTSTRAP;
  if (elsewhere !== undefined) return { bootstrap: elsewhere, title: TITLE, stop: async () => {} };
  const port = await freePort();
  const settings = { ...SETTINGS, 'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}` };
  return startOttla(directory, settings, ['--host', '127.0.0.1', '--port', `${port}`]);
}

export async function startOttla(
  directory: string,
  settings: Readonly<Record<string, string>>,
  flags: readonly string[] = [],
): Promise<Peer> {
  // Said as Apache Kafka is told it: tools show where a value comes from.
  const sets = Object.entries({ 'node.id': '1', ...settings }).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  // Ottla reads KAFKA_… variables as settings, and KAFKA_BOOTSTRAP is none.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KAFKA_')));
  const args = [MAIN, 'start', ...flags, '--dir', directory, ...sets];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], env });
  const killWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', killWithUs);
  child.once('exit', () => process.off('exit', killWithUs));
  return { bootstrap: await readyLine(child), title: TITLE, stop: () => ended(child) };
}

/** The line with which Ottla says where it answers. */
function readyLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`Ottla ended with ${code} before it was ready`)));
    createInterface(child.stdout!).on('line', (line) => {
      if (line.startsWith('ready ')) resolve(line.slice('ready '.length));
    });
  });
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill();
  });
}
