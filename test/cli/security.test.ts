/** A locked broker by one command, its certificates, users and ACLs, and clients that use them. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel, type KafkaConfig } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { start } from '../../src/cli/start.ts';
import { connectBroker } from '../../src/testing/index.ts';
import { Command } from './command.ts';
import { linesOf, ottla } from './session.ts';
import { serialNumberAt } from './shown-certificate.ts';

const ends: (() => unknown)[] = [];
afterAll(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'ottla-security-'));
  ends.push(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function run(args: readonly string[], directory: string): Command {
  const command = new Command(args, {}, directory);
  ends.push(async () => {
    command.kill('SIGKILL');
    await command.ended;
  });
  return command;
}

async function topicsSeenBy(config: KafkaConfig): Promise<string[]> {
  const admin = new Kafka({ ...config, logLevel: logLevel.NOTHING, retry: { retries: 0 } }).admin();
  ends.push(() => admin.disconnect());
  await admin.connect();
  return (await admin.listTopics()).toSorted();
}

const START = ['start', '--port', '0', '--host', '127.0.0.1', '--no-page'];
const ADMIN = ['--user', 'admin', '--password', 'se:cret'];

describe('ottla start --tls --user --acl', () => {
  const directory = temporaryDirectory();
  const ca = join(directory, 'ottla-certs', 'ca.pem');
  let broker: Command;
  let address: string;
  let connection: string[];

  beforeAll(async () => {
    broker = run(
      [
        ...START,
        '--tls',
        '--super-user',
        'admin:se:cret',
        '--user',
        'alice:hers',
        '--acl',
        'alice read topic orders',
        '--acl',
        '* describe topic public',
      ],
      directory,
    );
    address = await broker.ready();
    connection = ['-b', address, '--ca', ca];
    await linesOf(['topics', 'create', 'orders', ...connection, ...ADMIN]);
    await linesOf(['topics', 'create', 'audit', ...connection, ...ADMIN]);
  });

  test('says where its certificates are, whose keys only their owner reads', () => {
    expect(broker.stdout.split('\n')[1]).toBe(`certificates ${join(directory, 'ottla-certs')}`);
    for (const name of ['ca-key.pem', 'broker.pem']) {
      expect(statSync(join(directory, 'ottla-certs', name)).mode & 0o777).toBe(0o600);
    }
    expect(broker.stdout + broker.stderr).not.toContain('cret');
  });

  test('its users sign in by PLAIN and SCRAM, and see what they may', async () => {
    const ssl = { ca: [readFileSync(ca, 'utf8')] };
    for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
      const login = { mechanism, username: 'alice', password: 'hers' } as {
        mechanism: 'plain';
        username: string;
        password: string;
      };
      expect(await topicsSeenBy({ brokers: [address], ssl, sasl: login })).toEqual(['orders']);
    }
    const wrong = { mechanism: 'plain', username: 'alice', password: 'his' } as const;
    await expect(topicsSeenBy({ brokers: [address], ssl, sasl: wrong })).rejects.toThrow(/nvalid/);
    await expect(topicsSeenBy({ brokers: [address], ssl })).rejects.toThrow(/closed|ended/i);
  });

  test('users are added, listed and removed', async () => {
    const bob = ['--sasl', 'scram-sha-512', '--user', 'bob', '--password', 'his'];
    await linesOf(['users', 'add', 'bob', '-', ...connection, ...ADMIN], { stdin: 'his\nmore' });
    const [, ...listed] = await linesOf(['users', ...connection, ...ADMIN]);
    const both = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].map((mechanism) => `${mechanism}        4096`);
    expect(listed).toEqual(['admin', 'alice', 'bob'].flatMap((name) => both.map((rest) => `${name.padEnd(7)}${rest}`)));
    expect(await linesOf(['topics', 'list', '-q', ...connection, ...bob])).toEqual([]);
    const byPlain = await ottla(['topics', ...connection, '--user', 'bob', '--password', 'his']);
    expect(byPlain.err).toContain('a user that `ottla users` lists signs in with --sasl scram-sha-512');
    await linesOf(['users', 'remove', 'bob', ...connection, ...ADMIN]);
    expect((await ottla(['topics', ...connection, ...bob])).err).toContain('nvalid');
    const gone = await ottla(['users', 'remove', 'bob', ...connection, ...ADMIN]);
    expect([gone.code, gone.err]).toEqual([1, 'ottla: there is no user bob; `ottla users` lists them\n']);
  });

  test('ACLs are added, listed, explained and removed', async () => {
    const acls = (...args: string[]) => linesOf(['acls', ...args, ...connection, ...ADMIN]);
    expect(await acls()).toEqual(['* describe topic public', 'alice read topic orders']);
    await acls('add', 'alice', 'deny', 'read', 'topic', 'audit');
    await acls('add', 'alice read group billing-* from 127.0.0.1');
    expect(await acls('list', 'alice')).toEqual([
      'alice deny read topic audit',
      'alice read group billing-* from 127.0.0.1',
      'alice read topic orders',
    ]);
    expect(await acls('explain', 'alice', 'describe', 'topic', 'orders')).toEqual([
      "allowed: 'read topic orders' of alice",
    ]);
    expect(await acls('explain', 'alice', 'read', 'topic', 'audit')).toEqual([
      "denied: 'deny read topic audit' of alice",
    ]);
    expect(await acls('explain', 'alice read group billing-a from 10.0.0.1')).toEqual([
      'denied: no ACL allows it, unless it is a super user',
    ]);
    await acls('remove', 'alice', 'deny', 'read', 'topic', 'audit');
    const gone = await ottla(['acls', 'remove', 'alice deny read topic audit', ...connection, ...ADMIN]);
    expect([gone.code, gone.err]).toEqual([
      1,
      "ottla: there is no ACL 'alice deny read topic audit'; `ottla acls` lists them\n",
    ]);
    const nowhere = await ottla(['acls', 'add', 'alice read topic orders from localhost', ...connection, ...ADMIN]);
    expect(nowhere.err).toContain(
      "'from localhost': write an address such as 127.0.0.1, or a block such as 10.0.0.0/8",
    );
    expect((await ottla(['acls', 'add', 'alice fly topic orders', ...connection, ...ADMIN])).err).toMatch(
      /'fly' is none of/,
    );
  });

  test('started again, it makes nothing anew, and takes another password', async () => {
    const before = readFileSync(join(directory, 'ottla-certs', 'broker.pem'), 'utf8');
    broker.kill('SIGTERM');
    expect(await broker.ended).toBe(0);
    broker = run(
      ['start', '--port', '0', '--host', '127.0.0.1', '--no-page', '--tls', '--super-user', 'admin:other'],
      directory,
    );
    const again = ['-b', await broker.ready(), '--ca', ca, '--user', 'admin', '--password', 'other'];
    for (const mechanism of ['plain', 'scram-sha-256']) {
      expect(await linesOf(['topics', 'list', '-q', ...again, '--sasl', mechanism])).toEqual(['audit', 'orders']);
    }
    expect(readFileSync(join(directory, 'ottla-certs', 'broker.pem'), 'utf8')).toBe(before);
  });
});

test('clients are known by their certificates where nobody signs in', async () => {
  const directory = temporaryDirectory();
  const certs = join(directory, 'mine');
  await linesOf(['certs', '--dir', certs, '--client', 'alice']);
  const command = ['start', '--memory', '--port', '0', '--host', '127.0.0.1', '--no-page', '--tls', '--certs', certs];
  const broker = run([...command, '--acl', 'alice create cluster', '--acl', 'alice all topic *'], directory);
  const own = ['--cert', join(certs, 'alice.pem')];
  const connection = ['-b', await broker.ready(), '--ca', join(certs, 'ca.pem')];
  await linesOf(['topics', 'create', 'orders', ...connection, ...own]);
  expect(await linesOf(['topics', 'list', '-q', ...connection, ...own])).toEqual(['orders']);
  expect(await linesOf(['topics', 'list', '-q', ...connection])).toEqual([]);

  const serialNumber = () => serialNumberAt(connection[1], join(certs, 'ca.pem'));
  const before = await serialNumber();
  await linesOf(['certs', '--dir', certs, '--renew']);
  expect(await serialNumber()).toBe(before);
  broker.kill('SIGHUP');
  await expect.poll(serialNumber).not.toBe(before);
});

test('a controller reads a new certificate at SIGHUP, too', async () => {
  const directory = temporaryDirectory();
  const certs = join(directory, 'mine');
  await linesOf(['certs', '--dir', certs]);
  const settings = {
    'process.roles': 'controller',
    listeners: 'CONTROLLER://127.0.0.1:0',
    'listener.security.protocol.map': 'CONTROLLER:SSL',
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': join(certs, 'broker.pem'),
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': join(certs, 'ca.pem'),
  };
  const set = Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  const controller = run(['start', '--dir', join(directory, 'data'), ...set], directory);
  const address = await controller.ready();
  const before = await serialNumberAt(address, join(certs, 'ca.pem'));
  await linesOf(['certs', '--dir', certs, '--renew']);
  controller.kill('SIGHUP');
  await expect.poll(() => serialNumberAt(address, join(certs, 'ca.pem'))).not.toBe(before);
});

test('ottla certs makes, shows and renews them', async () => {
  const directory = join(temporaryDirectory(), 'certs');
  const certs = (...args: string[]) => linesOf(['certs', '--dir', directory, ...args]);
  const [heading, authority, broker] = await certs('--host', 'kafka.example.org', '--host', '10.0.0.7');
  expect(heading).toMatch(/^FILE +SUBJECT +FOR +VALID UNTIL$/);
  expect(authority).toContain('CN=Ottla authority');
  expect(broker).toMatch(/localhost 127\.0\.0\.1 ::1 .*kafka\.example\.org 10\.0\.0\.7 .*364 days|365 days/);
  const before = readFileSync(join(directory, 'broker.pem'), 'utf8');
  const told = (await certs('--client', 'alice')).join('\n');
  expect(told).toContain(`ssl.keystore.location=${join(directory, 'alice.pem')}`);
  expect(readFileSync(join(directory, 'broker.pem'), 'utf8')).toBe(before);
  await certs('--renew');
  expect(readFileSync(join(directory, 'broker.pem'), 'utf8')).not.toBe(before);
  expect((await certs()).join('\n')).toContain('kafka.example.org');
  for (const [args, words] of [
    [['--client', 'ca'], /another file/],
    [['--client', '../x'], /no name for a client/],
    [['--days', '4000'], /no certificate lasts longer/],
  ] as const) {
    expect((await ottla(['certs', '--dir', directory, ...args])).err).toMatch(words);
  }
});

test('a control port drives the users and certificates of flags', async () => {
  const directory = temporaryDirectory();
  const flags = ['--tls', '--user', 'alice:hers', '--super-user', 'admin:secret', '--acl', 'alice read topic orders'];
  const command = ['start', '--memory', '--port', '0', '--host', '127.0.0.1', '--no-page', '--control-port', '0'];
  const broker = run([...command, ...flags], directory);
  await broker.ready();
  while (!broker.stdout.includes('\ncontrol '))
    await new Promise((resolve) => broker.process.stdout!.once('data', resolve));
  const [, url] = /\ncontrol (\S+)/.exec(broker.stdout)!;
  const kafka = await connectBroker(url);
  ends.push(() => kafka.stop());
  await kafka.createTopic('orders');
  await kafka.createTopic('audit');
  expect(kafka.users.names).toEqual(['alice', 'admin']);
  expect(await topicsSeenBy(kafka.clientOptions('alice'))).toEqual(['orders']);
  expect(kafka.certificates.authority.trim()).toBe(
    readFileSync(join(directory, 'ottla-certs', 'ca.pem'), 'utf8').trim(),
  );
  await kafka.acls.add('alice', 'describe topic audit');
  expect(kafka.acls.explain('alice', 'describe', { topic: 'audit' }).allowed).toBe(true);
  expect(await topicsSeenBy(kafka.clientOptions('alice', { mechanism: 'SCRAM-SHA-256' }))).toEqual(['audit', 'orders']);
  await kafka.users.add('bob', 'his');
  expect(await topicsSeenBy(kafka.clientOptions('bob'))).toEqual([]);
  await kafka.reset();
  expect(kafka.users.names).toEqual(['alice', 'admin']);
  expect(kafka.acls.list()).toEqual({ alice: ['read topic orders'] });
});

test('users come from the variables of Bitnami’s image', async () => {
  const variables = {
    KAFKA_CFG_LISTENERS: 'SASL_PLAINTEXT://127.0.0.1:0',
    KAFKA_CLIENT_USERS: 'alice',
    KAFKA_CLIENT_PASSWORDS: 'hers',
  };
  const broker = new Command(['start', '--memory', '--no-page'], variables, temporaryDirectory());
  ends.push(() => broker.kill('SIGKILL'));
  const connection = ['-b', await broker.ready(), '--user', 'alice', '--password', 'hers'];
  for (const mechanism of ['plain', 'scram-sha-512']) {
    expect(await linesOf(['topics', 'list', '-q', ...connection, '--sasl', mechanism])).toEqual([]);
  }
});

test('in a cluster they sign in by PLAIN, and a line says so', async () => {
  const directory = temporaryDirectory();
  const ofController = {
    KAFKA_PROCESS_ROLES: 'controller',
    KAFKA_NODE_ID: '100',
    KAFKA_LISTENERS: 'CONTROLLER://127.0.0.1:0',
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT',
  };
  const controller = new Command(['start'], ofController, directory);
  ends.push(() => controller.kill('SIGKILL'));
  const variables = {
    KAFKA_CFG_PROCESS_ROLES: 'broker',
    KAFKA_CFG_NODE_ID: '1',
    KAFKA_CFG_CONTROLLER_QUORUM_BOOTSTRAP_SERVERS: await controller.ready(),
    KAFKA_CFG_LISTENERS: 'SASL_PLAINTEXT://127.0.0.1:0',
    KAFKA_CFG_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT',
    KAFKA_CFG_SECURITY_INTER_BROKER_PROTOCOL: 'SASL_PLAINTEXT',
    KAFKA_CFG_SASL_MECHANISM_INTER_BROKER_PROTOCOL: 'PLAIN',
    KAFKA_CLIENT_USERS: 'alice',
    KAFKA_CLIENT_PASSWORDS: 'hers',
    KAFKA_INTER_BROKER_USER: 'node',
    KAFKA_INTER_BROKER_PASSWORD: 'a secret',
  };
  const broker = new Command(['start', '--memory', '--no-page'], variables, directory);
  ends.push(() => broker.kill('SIGKILL'));
  const connection = ['-b', await broker.ready(), '--user', 'alice', '--password', 'hers'];
  expect(broker.stderr).toContain('the users of KAFKA_CLIENT_USERS sign in by PLAIN alone');
  const ofScram = [...connection, '--sasl', 'scram-sha-512'];
  const refused = await ottla(['topics', 'list', ...ofScram]);
  expect([refused.code, refused.err]).toEqual([1, expect.stringMatching(/authentication failed/i)]);
  await linesOf(['users', 'add', 'alice', 'hers', ...connection, '--sasl', 'plain']);
  await expect.poll(() => linesOf(['topics', 'list', '-q', ...ofScram]).catch(() => null)).toEqual([]);
});

test.each([
  [['--user', 'alice'], 'write --user name:password'],
  [['--user', 'alice:secret', '--super-user', 'alice:other'], 'there is a user of that name already'],
  [['--certs', 'here'], 'add --tls'],
  [['--acl', 'alice flies'], "write it like 'read topic orders'"],
  [['--acl', 'alice read orders'], "'orders' is none of"],
  [
    ['--user', 'a:b', '--etcd', '127.0.0.1:1'],
    'other processes of the cluster do not have: set up the listeners of each',
  ],
  [['--user', 'a:b', '--etcd', '127.0.0.1:1', '--processes', '2'], 'set up the listeners of each'],
])('start refuses %j in one sentence', async (args, words) => {
  await expect(start(['--memory', '--port', '0', ...args])).rejects.toThrow(
    new RegExp(`^[^\\n]*${words.replace(/[.*]/g, '\\$&')}[^\\n]*$`),
  );
});
