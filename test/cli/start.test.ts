import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { DescribeConfigs } from '../../protocol/apis/32-describe-configs.ts';
import type { Client } from '../../protocol/client.ts';
import { startBroker } from '../../src/broker/broker.ts';
import { healthcheck } from '../../src/cli/healthcheck.ts';
import { start } from '../../src/cli/start.ts';
import { UsageError } from '../../src/cli/usage.ts';
import { consume, createTopic, dial, produce, topicOf } from '../running-broker.ts';
import { Command } from './command.ts';

/** Tests run beside one another, so all is ended when all have. */
const ends: (() => unknown)[] = [];

afterAll(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

function run(args: readonly string[], variables: Readonly<Record<string, string>> = {}, directory?: string): Command {
  const command = new Command(args, variables, directory);
  ends.push(async () => {
    command.kill('SIGKILL');
    await command.ended;
  });
  return command;
}

async function clientOf(command: Command): Promise<Client> {
  const client = await dial(await command.ready());
  ends.push(() => client.close());
  return client;
}

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'ottla-cli-'));
  ends.push(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

async function settingsOf(client: Client, names: string[]): Promise<Record<string, string | null>> {
  const { results } = await client.send(DescribeConfigs, 4, {
    resources: [{ resourceType: 4, resourceName: '1', configurationKeys: names }],
    includeSynonyms: false,
    includeDocumentation: false,
  });
  return Object.fromEntries(results[0].configs.map(({ name, value }) => [name, value]));
}

describe('ottla', () => {
  test.concurrent('start --memory --port 0 says when it is ready, and ends with 0 on SIGTERM', async () => {
    const command = run(['start', '--memory', '--port', '0', '--host', '127.0.0.1']);
    expect(await command.ready()).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
    const client = await clientOf(command);
    expect(await createTopic(client, 'orders')).toBe(0);
    const [address] = /127\.0\.0\.1:\d+/.exec(command.stdout)!;
    const sent = await fetch(`http://${address}/`, { redirect: 'manual' });
    expect([sent.status, `page ${sent.headers.get('location')}`]).toEqual([302, command.stdout.split('\n')[1]]);
    command.kill('SIGTERM');
    expect(await command.ended).toBe(0);
    const [, page, ...rest] = command.stdout.split('\n');
    expect(page).toMatch(/^page http:\/\/localhost:\d+$/);
    expect([rest, command.stderr]).toEqual([[''], '']);
  });

  test.concurrent('takes flags before variables before the file, and files of both spellings', async () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'server.properties');
    writeFileSync(
      file,
      'num.partitions=2\nlog.retention.ms=1000\nmessage.max.bytes=5000\nlisteners=PLAINTEXT://127.0.0.1:1\n',
    );
    const command = run(
      ['--config', file, '--set', 'num.partitions=4', '--port', '0', '--dir', join(directory, 'data')],
      {
        KAFKA_LOG_RETENTION_MS: '2000',
        KAFKA_CFG_NUM_PARTITIONS: '3',
        KAFKA_CREATE_TOPICS: 'made:3:1,kept:1:1:compact',
      },
    );
    const client = await clientOf(command);
    expect(await settingsOf(client, ['num.partitions', 'log.retention.ms', 'message.max.bytes'])).toEqual({
      'num.partitions': '4',
      'log.retention.ms': '2000',
      'message.max.bytes': '5000',
    });
    expect((await topicOf(client, 'made')).partitions.length).toBe(3);
    expect(readdirSync(join(directory, 'data'))).toContain('kept-0');
    command.kill('SIGINT');
    expect(await command.ended).toBe(0);
    expect(readdirSync(join(directory, 'data'))).toContain('.kafka_cleanshutdown');
  });

  test.concurrent('without --dir keeps everything in ottla-data where it was started', async () => {
    const directory = temporaryDirectory();
    const command = run(['--port', '0'], {}, directory);
    await command.ready();
    expect(readdirSync(directory)).toEqual(['ottla-data']);
    const second = run(['--port', '0'], {}, directory);
    expect(await second.ended).toBe(1);
    expect(second.stderr).toMatch(/^ottla: Another broker is using [^\n]+\n$/);
  });

  test.each([
    ['an unknown flag', ['--prot', '9092']],
    ['a port that is none', ['--port', '70000']],
    ['a word too many', ['now']],
    ['a setting without a value', ['--set', 'num.partitions']],
    ['a setting nobody knows', ['--memory', '--port', '0', '--set', 'num.partitoins=3']],
    ['a value that its setting does not take', ['--memory', '--port', '0', '--set', 'num.partitions=many']],
    ['a level nobody knows', ['--memory', '--port', '0', '--log-level', 'loud']],
    ['a file that is not there', ['--config', '/nowhere/server.properties']],
    ['a control port of a broker in a cluster', ['--memory', '--control-port', '0', '--etcd', '127.0.0.1:1']],
    ['a page of several processes', ['--processes', '2', '--page-port', '0', '--dir', '/nowhere']],
    ['a page of a controller', ['--memory', '--set', 'process.roles=controller', '--page-host', 'localhost']],
    ['a page and none', ['--memory', '--no-page', '--page-port', '0']],
    ['a page on a port that is none', ['--memory', '--page-port', '70000']],
    ['a directory of a broker in memory', ['--memory', '--port', '0', '--dir', '/nowhere']],
    ['a listener it does not have', ['--memory', '--set', 'listeners=SSL://127.0.0.1:0']],
  ])('start refuses %s in one sentence', async (_what, args) => {
    await expect(start(args)).rejects.toThrow(/^[^\n]{20,}$/);
  });

  test.concurrent('ends with 2 and one sentence when it is not understood', async () => {
    const command = run(['strat']);
    expect(await command.ended).toBe(2);
    expect([command.stdout, command.stderr]).toEqual([
      '',
      "ottla: unknown command 'strat'; did you mean start? `ottla --help` shows what there is\n",
    ]);
  });

  test.concurrent('prints its usage, also when nothing is asked', async () => {
    const [nothing, help, ofStart] = [run([]), run(['--help']), run(['start', '--help'])];
    expect([await nothing.ended, await help.ended, await ofStart.ended]).toEqual([0, 0, 0]);
    expect(help.stdout).toContain('ottla start --memory');
    expect(nothing.stdout).toBe(help.stdout);
    expect(ofStart.stdout).toContain('--log-level <level>');
  });
});

describe('ottla healthcheck', () => {
  test.concurrent('ends with 0 where a broker answers', async () => {
    const broker = await startBroker({ memory: true, settings: { listeners: 'PLAINTEXT://127.0.0.1:0' } });
    const well = run(['healthcheck', broker.bootstrap]);
    expect([await well.ended, well.stderr]).toEqual([0, '']);
    await broker.stop();
  });

  test.concurrent('ends with 1 where something listens that never answers, as where nobody does', async () => {
    const silent = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const command = run(['healthcheck', address, '--timeout-ms', '50']);
    expect(await command.ended).toBe(1);
    expect(command.stderr).toBe(`ottla: no broker answers at ${address}: no answer within 50 ms\n`);
    silent.close();
    await once(silent, 'close');
    const { ended } = run(['healthcheck', address]);
    expect(await ended).toBe(1);
  });

  test.each([['nowhere'], ['127.0.0.1:99999'], [':'], ['--timeout', '1'], ['--timeout-ms', '0']])(
    'refuses %s',
    async (...args) => {
      await expect(healthcheck(args)).rejects.toThrow(UsageError);
    },
  );
});

test('a broker that is killed in the midst of appends has every acknowledged record when it starts again', async () => {
  const directory = temporaryDirectory();
  const command = run(['--port', '0', '--dir', directory]);
  const clients = await Promise.all([clientOf(command), clientOf(command)]);
  await createTopic(clients[0], 'orders', 2);
  const acknowledged: string[][] = [[], []];
  let isKilled = false;
  const load = clients.flatMap((client, index) =>
    [0, 1, 2].map(async (lane) => {
      for (let i = 0; ; i++) {
        const value = `${lane}-${i}-${'x'.repeat(i % 50 === 0 ? 20_000 : i % 100)}`;
        try {
          await produce(client, 'orders', index, [value]);
        } catch {
          return;
        }
        acknowledged[index].push(value);
        if (acknowledged[0].length + acknowledged[1].length > 1500 && !isKilled) {
          isKilled = true;
          command.kill('SIGKILL');
        }
      }
    }),
  );
  await Promise.all(load);
  expect(await command.ended).toBe('SIGKILL');
  const broker = await startBroker({ settings: { listeners: 'PLAINTEXT://127.0.0.1:0', 'log.dirs': directory } });
  ends.push(() => broker.stop());
  const client = await dial(broker.bootstrap);
  ends.push(() => client.close());
  for (const index of [0, 1]) {
    const there = new Set(await consume(client, 'orders', index));
    expect(acknowledged[index].filter((value) => !there.has(value))).toEqual([]);
    expect(acknowledged[index].length).toBeGreaterThan(100);
  }
});
