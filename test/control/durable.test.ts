/** The control port of a broker that keeps its logs on a disk, started as a user starts it. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Command } from '../cli/command.ts';
import { Described } from './described.ts';

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), 'ottla-control-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

async function started(args: readonly string[], variables: Record<string, string> = {}): Promise<Command> {
  const command = new Command(['start', '--port', '0', '--host', '127.0.0.1', ...args], variables);
  onTestFinished(async () => {
    command.kill('SIGTERM');
    await command.ended;
  });
  await command.ready();
  return command;
}

async function portOf(command: Command): Promise<Described> {
  await vi.waitFor(() => expect(command.stdout).toMatch(/^control http/m));
  return Described.at(/^control (\S+)/m.exec(command.stdout)![1]);
}

test('a reset takes topics and groups off the disk; snapshots and damage to the disk are refused', async () => {
  const dir = directory();
  const variables = { KAFKA_CREATE_TOPICS: 'kept:2:1:compact' };
  const port = await portOf(await started(['--dir', dir, '--control-port', '0'], variables));
  await port.call('POST', '/seed', { orders: [{ value: 'one' }], kept: [{ key: 'k', value: 'two' }] });
  expect(readdirSync(dir)).toContain('orders-0');
  await port.call('POST', '/reset', {});
  const { body } = await port.call<{ name: string; partitions: unknown[] }[]>('GET', '/topics');
  expect(body.map(({ name, partitions }) => [name, partitions.length])).toEqual([['kept', 2]]);
  expect((await port.call('GET', '/topics/kept/messages')).body).toEqual([]);
  expect(readdirSync(dir).filter((name) => /^orders-0$/.test(name))).toEqual([]);
  for (const [method, path, said] of [
    ['GET', '/snapshot'],
    ['POST', '/faults/disk', { full: true }],
  ] as const) {
    const { status, body: problem } = await port.call(method, path, said);
    expect([status, problem]).toMatchObject([409, { detail: expect.stringContaining('--memory') }]);
  }
});

test('OTTLA_CONTROL_PORT switches it on, and a port that is taken is named', async () => {
  const first = await started(['--memory'], { OTTLA_CONTROL_PORT: '0' });
  const url = (await portOf(first), /^control (\S+)/m.exec(first.stdout)![1]);
  const second = new Command(['start', '--memory', '--port', '0'], { OTTLA_CONTROL_PORT: new URL(url).port });
  expect(await second.ended).toBe(1);
  expect(second.stderr).toMatch(/control port .* \(it is taken\): choose another with --control-port/);
});

test.each([
  [['--control-port', 'x'], '--control-port x: a port is a number'],
  [['--control-host', '0.0.0.0'], 'add --control-port'],
])('%j is refused with a sentence', async (args, sentence) => {
  const command = new Command(['start', '--memory', '--port', '0', ...args]);
  expect(await command.ended).toBe(2);
  expect(command.stderr).toContain(sentence);
});
