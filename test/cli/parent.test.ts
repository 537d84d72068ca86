/** A broker whose parent ends ends too, where their lives are tied; and only there. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { commandPath } from '../bundled-command.ts';

const START = [
  '--disable-warning=ExperimentalWarning',
  commandPath(),
  'start',
  '--memory',
  '--port',
  '0',
  '--host',
  '127.0.0.1',
];

/** Lines of stdout, one at each call. */
function lines(child: ChildProcess): () => Promise<string> {
  const reader = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return async () => String((await reader.next()).value);
}

/** Whether nothing runs under this id, or what did is dead and waits to be looked at. */
async function untilGone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A shell that starts the broker as npx does, writes its process id, and waits. */
function underShell(variables: Readonly<Record<string, string>>, flags: readonly string[] = []) {
  const command = [process.execPath, ...START, ...flags].map((word) => `'${word}'`).join(' ');
  const shell = spawn('sh', ['-c', `${command} < /dev/null & echo $!; wait`], {
    env: { ...withoutNpm(), ...variables },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => void shell.kill('SIGKILL'));
  return shell;
}

function withoutNpm(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|KAFKA_|OTTLA_)/.test(name)));
}

test.each([
  ['started by npx', { npm_command: 'exec' }, []],
  ['told so', {}, ['--exit-with-parent']],
])('a broker %s ends when its parent is killed', async (_how, variables: Record<string, string>, flags) => {
  const shell = underShell(variables, flags);
  const next = lines(shell);
  const pid = Number(await next());
  expect(await next()).toMatch(/^ready /);
  shell.kill('SIGKILL');
  await untilGone(pid);
});

test.each([
  ['by itself', {}, []],
  ['told not to end', { npm_command: 'exec' }, ['--no-exit-with-parent']],
])('a broker started %s outlives its parent', async (_how, variables: Record<string, string>, flags) => {
  const shell = underShell(variables, flags);
  const next = lines(shell);
  const pid = Number(await next());
  expect(await next()).toMatch(/^ready /);
  shell.kill('SIGKILL');
  await once(shell, 'exit');
  await new Promise((resolve) => setTimeout(resolve, 600)); // twice as long as the broker looks
  expect(() => process.kill(pid, 0)).not.toThrow();
  process.kill(pid, 'SIGTERM');
  await untilGone(pid);
});

test('a broker ends when the pipe of its standard input does, and says so', async () => {
  const child = spawn(process.execPath, START, { env: withoutNpm(), stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += String(chunk)));
  expect(await lines(child)()).toMatch(/^ready /);
  await new Promise((resolve) => setTimeout(resolve, 1100)); // sooner, it would be a pipe that was never held
  child.stdin.end();
  const [code] = (await once(child, 'exit')) as [number];
  expect([code, said]).toEqual([
    0,
    'ottla: its standard input was closed, so the broker ends; --no-exit-with-parent lets it go on\n',
  ]);
});

test('a standard input that was empty from the beginning means nothing', async () => {
  const child = spawn(process.execPath, START, { env: withoutNpm(), stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end();
  expect(await lines(child)()).toMatch(/^ready /);
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(child.exitCode).toBeNull();
  child.kill('SIGTERM');
  await once(child, 'exit');
});
