/** `ottla start --processes N --tls --user … --acl …`: clients sign in at each broker, and the brokers at one another. */
import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { secureProcesses } from '../../src/cli/secured-processes.ts';
import { start } from '../../src/cli/start.ts';
import { Command } from '../cli/command.ts';
import { linesOf, ottla } from '../cli/session.ts';
import { serialNumberAt } from '../cli/shown-certificate.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const POLLED = { timeout: 30_000, interval: 100 };
const START = ['start', '--processes', '3', '--port', '0', '--host', '127.0.0.1'];
const ADMIN = ['--user', 'admin', '--password', 'se:cret'];

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'ottla-secured-processes-'));
  ends.push(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));
  return directory;
}

function run(args: readonly string[], directory: string): Command {
  const command = new Command([...START, ...args], {}, directory);
  ends.push(async () => {
    command.kill('SIGTERM');
    await command.ended;
  });
  return command;
}

test('processes without passwords are super users by the name that the listener gives their certificate', async () => {
  const flags = { certificates: join(temporaryDirectory(), 'certs'), users: new Map(), acls: [] };
  const superUsers = async (rules: Record<string, string>) => {
    const { settings } = await secureProcesses(flags, new Map(Object.entries({ 'ottla.processes': '3', ...rules })));
    return settings.get('super.users')!.split(';');
  };
  const RULES = 'ssl.principal.mapping.rules';
  expect(await superUsers({})).toEqual(['User:ottla-process', `User:${hostname()}`]);
  expect(await superUsers({ [RULES]: 'DEFAULT' })).toContain(`User:CN=${hostname()}`);
  expect(await superUsers({ [`listener.name.ssl.${RULES}`]: 'RULE:^CN=(.*)$/node-$1/L' })).toContain(
    `User:node-${hostname().toLowerCase()}`,
  );
  await expect(superUsers({ [RULES]: 'RULE:^CN=alice$/alice/' })).rejects.toThrow(
    `no rule applies to the certificate of the brokers, CN=${hostname()}: add DEFAULT`,
  );
  await expect(superUsers({ 'ssl.client.auth': 'none' })).rejects.toThrow('add --user, or take ssl.client.auth away');
});

describe.skipIf(process.platform !== 'linux')('secured processes', { timeout: 120_000 }, () => {
  test('replicate, take users and ACLs before they are ready, and read a new certificate together', async () => {
    const directory = temporaryDirectory();
    const ca = join(directory, 'ottla-certs', 'ca.pem');
    const flags = [
      '--tls',
      '--super-user',
      'admin:se:cret',
      '--user',
      'alice:hers',
      '--acl',
      'alice read topic orders',
    ];
    const first = run([...flags, '--acl', 'alice read group *'], directory);
    const brokers = (await first.ready()).split(',');
    expect(brokers).toHaveLength(3);
    const admin = ['-b', brokers.join(), '--ca', ca, ...ADMIN];
    await linesOf(['topics', 'create', 'orders', ...admin]);
    await linesOf(['topics', 'create', 'audit', ...admin]);
    expect((await linesOf(['topics', 'describe', 'orders', ...admin])).join('\n')).toMatch(/[123],[123],[123]/);
    await linesOf(['produce', 'orders', 'one', ...admin]);
    for (const address of brokers) {
      const alice = ['-b', address, '--ca', ca, '--user', 'alice', '--password', 'hers'];
      expect(await linesOf(['topics', 'list', '-q', ...alice, '--sasl', 'scram-sha-512'])).toEqual(['orders']);
      expect(await linesOf(['topics', 'list', '-q', ...alice, '--sasl', 'plain'])).toEqual(['orders']);
      const guess = await ottla([
        'topics',
        'list',
        '-b',
        address,
        '--ca',
        ca,
        '--user',
        'ottla-process',
        '--password',
        '',
      ]);
      expect(guess.code).not.toBe(0);
    }
    const before = await Promise.all(brokers.map((address) => serialNumberAt(address, ca)));
    await linesOf(['certs', '--dir', join(directory, 'ottla-certs'), '--renew']);
    first.kill('SIGHUP');
    for (const [at, address] of brokers.entries())
      await expect.poll(() => serialNumberAt(address, ca), POLLED).not.toBe(before[at]);
    await linesOf(['produce', 'orders', 'two', ...admin]);
    first.kill('SIGTERM');
    await first.ended;

    const again = run(['--tls', '--super-user', 'admin:se:cret', '--user', 'bob:his'], directory);
    const bob = [
      '-b',
      await again.ready(),
      '--ca',
      ca,
      '--user',
      'bob',
      '--password',
      'his',
      '--sasl',
      'scram-sha-256',
    ];
    expect(await linesOf(['topics', 'list', '-q', ...bob])).toEqual([]);
  });

  test('are told apart from clients by certificates alone', async () => {
    const directory = temporaryDirectory();
    const certs = join(directory, 'ottla-certs');
    await linesOf(['certs', '--dir', certs, '--client', 'alice']);
    const command = run(['--tls', '--acl', 'alice create cluster', '--acl', 'alice all topic *'], directory);
    const connection = ['-b', await command.ready(), '--ca', join(certs, 'ca.pem')];
    const own = ['--cert', join(certs, 'alice.pem')];
    await linesOf(['topics', 'create', 'orders', ...connection, ...own]);
    await linesOf(['produce', 'orders', 'one', ...connection, ...own]);
    expect(await linesOf(['topics', 'list', '-q', ...connection])).toEqual([]);
  });
});

test('ACLs alone do not tell brokers from clients', async () => {
  const refused = start(['--processes', '2', '--dir', join(tmpdir(), 'nowhere'), '--acl', 'alice read topic orders']);
  await expect(refused).rejects.toThrow('nothing tells them from others: add --user or --tls');
});
