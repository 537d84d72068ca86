import { execFile, spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { Progress } from '../../src/cli/progress.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { commandPath } from '../bundled-command.ts';
import { Command } from './command.ts';
import { linesOf } from './session.ts';

vi.setConfig({ testTimeout: 30_000 }); // processes, which a busy machine starts slowly

let broker: RunningBroker;
let at: string[];

beforeAll(async () => {
  broker = await startBroker({ memory: true, settings: { listeners: 'PLAINTEXT://127.0.0.1:0' } });
  at = ['-b', broker.bootstrap];
  await linesOf(['produce', 'greetings', 'hello', 'world', ...at]);
});

afterAll(() => broker.stop());

describe('as a process', () => {
  test.concurrent('consume ends with 0 at Ctrl-C', async () => {
    const command = new Command(['consume', 'greetings', ...at]);
    await vi.waitUntil(() => command.stdout === 'hello\nworld\n', { timeout: 20_000 });
    command.kill('SIGINT');
    expect([await command.ended, command.stderr]).toEqual([0, '']);
  });

  test.concurrent('consume ends with 0 when nobody reads any more', async () => {
    await linesOf(['produce', 'endless', 'first', ...at]);
    const command = new Command(['consume', 'endless', ...at]);
    await vi.waitUntil(() => command.stdout !== '', { timeout: 20_000 });
    command.process.stdout!.destroy();
    await linesOf(['produce', 'endless', 'more', ...at]);
    expect([await command.ended, command.stderr]).toEqual([0, '']);
  });

  test.concurrent('a failure is 1, a command line that is not understood 2', async () => {
    const [missing, unknown] = [new Command(['consume', 'missing', ...at]), new Command(['consume', '--missing'])];
    expect([await missing.ended, await unknown.ended]).toEqual([1, 2]);
    expect(missing.stderr).toMatch(/^ottla: there is no topic 'missing'/);
  });
});

describe('completion', () => {
  const complete = (...words: string[]) =>
    new Promise<string[]>((resolve, reject) => {
      // The library answers by console.log, so it is asked from outside.
      const main = commandPath();
      const args = ['--disable-warning=ExperimentalWarning', main, 'complete', '--', ...words];
      const env = { ...process.env, OTTLA_BROKERS: broker.bootstrap };
      execFile(process.execPath, args, { env }, (error, stdout) => {
        if (error !== null) reject(error);
        else
          resolve(
            stdout
              .split('\n')
              .map((line) => line.split('\t')[0])
              .filter((line) => !/^(:\d+)?$/.test(line)),
          );
      });
    });

  test.concurrent.each([
    [['to'], ['topics']],
    [
      ['topics', 'de'],
      ['describe', 'delete'],
    ],
    [['topics', 'create', '--par'], ['--partitions']],
    [['produce', 'greetings', '-z', 'z'], ['zstd']],
    [['consume', 'gree'], ['greetings']],
    [['topics', 'describe', 'g'], ['greetings']],
    [
      ['configs', 'get', ''],
      ['topic', 'broker', 'logger', 'group'],
    ],
  ])('of %j offers %j', async (words, offered) => expect(await complete(...words)).toEqual(offered));

  test.each(['bash', 'zsh', 'fish'])('a script for %s', (shell) => {
    const main = commandPath();
    const { stdout, status } = spawnSync(process.execPath, [
      '--disable-warning=ExperimentalWarning',
      main,
      'completion',
      shell,
    ]);
    expect(status).toBe(0);
    expect(stdout.toString()).toContain('ottla complete --');
    const check = spawnSync(shell, ['-n'], { input: stdout });
    const isThere = check.error === undefined; // not every machine has every shell
    expect(isThere ? [check.status, check.stderr.toString()] : [0, '']).toEqual([0, '']);
  });
});

describe('progress', () => {
  async function drawn(isTTY: boolean, isShown: boolean): Promise<string[]> {
    const clock = new VirtualClock();
    const lines: string[] = [];
    const stderr = { isTTY, write: (text: string) => lines.push(text) };
    const progress = new Progress({ stderr, clock, environment: { NO_COLOR: '1' } } as unknown as Terminal, isShown);
    progress.total = 200;
    progress.records = 50;
    progress.bytes = 1_500_000;
    await clock.advance(800);
    progress.end();
    await clock.advance(1000);
    return lines;
  }

  test('is one line that is drawn again and taken away', async () => {
    const line = '\r\u001b[K25 %  50 records, 1.5 MB';
    expect(await drawn(true, true)).toEqual([line, line, '\r\u001b[K']);
  });

  test('is for terminals only, and not among records', async () => {
    expect([await drawn(false, true), await drawn(true, false)]).toEqual([[], []]);
  });
});
