/** A real broker as a process of its own, which is killed without a word. */
import { spawn, type ChildProcess } from 'node:child_process';

const main = new URL('../../src/main.ts', import.meta.url).pathname;

/** Resolves when it is ready. @throws {Error} with what it said last, where it ends before */
export async function startProcess(port: number, dir: string, settings: readonly string[]): Promise<ChildProcess> {
  const set = settings.flatMap((each) => ['--set', each]);
  const args = [main, 'start', '--port', String(port), '--host', '127.0.0.1', '--dir', dir, ...set];
  const broker = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  broker.stderr.on('data', (text: Buffer) => (said = (said + String(text)).slice(-4000)));
  await new Promise<void>((resolve, reject) => {
    broker.once('exit', (code) => reject(new Error(`the broker ended with ${code}: ${said}`)));
    broker.stdout.on('data', (text: Buffer) => String(text).includes('ready') && resolve());
  });
  return broker;
}

export async function killProcess(broker: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => broker.once('exit', resolve));
  broker.kill('SIGKILL');
  await gone;
}
