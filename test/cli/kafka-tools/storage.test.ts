/** `kafka-storage format --add-scram`: the first users of a new cluster, written by Ottla's own tool and by Apache Kafka's. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { signIn } from '../../../protocol/sasl/client.ts';
import { ScramClient } from '../../../protocol/sasl/scram-client.ts';
import { saltedPassword, type ScramMechanism } from '../../../protocol/sasl/scram.ts';
import { runKafkaTool } from '../../../src/cli/kafka-tools/index.ts';
import { startBroker } from '../../../src/broker/broker.ts';
import { dial } from '../../running-broker.ts';
import { ottla } from '../session.ts';

/** What kafka-storage of Apache Kafka 4.4.0 has written: alice's password is secret by SCRAM-SHA-256, and other by SCRAM-SHA-512. */
const OF_KAFKA = readFileSync(new URL('kafka-formatted.txt', import.meta.url), 'utf8');
const CLUSTER_ID = '4L6g3nShT-eMCtK--X86sw';

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'ottla-storage-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function settingsFile(data: string): string {
  const path = join(directory(), 'server.properties');
  writeFileSync(path, `log.dirs=${data}\nnode.id=1\n`);
  return path;
}

function storage(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  return ottla(args, { environment }, (all, terminal) => runKafkaTool('kafka-storage', all, terminal));
}

const format = (data: string, ...more: readonly string[]) =>
  storage(['format', '-t', CLUSTER_ID, '-c', settingsFile(data), ...more]);

function start(data: string) {
  return startBroker({
    settings: {
      'log.dirs': data,
      'node.id': '1',
      listeners: 'SASL_PLAINTEXT://127.0.0.1:0',
      'sasl.enabled.mechanisms': 'SCRAM-SHA-256,SCRAM-SHA-512',
      'connection.failed.authentication.delay.ms': '0',
    },
  });
}

/** Whether each of these can sign in at a broker that starts in the directory. */
async function canSignIn(data: string, ...logins: readonly (readonly [ScramMechanism, string])[]): Promise<boolean[]> {
  const broker = await start(data);
  expect(broker.parts.metadata.image.clusterId).toBe(CLUSTER_ID);
  const outcomes: boolean[] = [];
  for (const [mechanism, password] of logins) {
    const client = await dial(broker.bootstrap);
    const scram = new ScramClient(mechanism, { user: 'alice', password }, 'nonce');
    outcomes.push(
      await signIn(client, scram, 2).then(
        () => true,
        () => false,
      ),
    );
    await client.close();
  }
  await broker.stop();
  return outcomes;
}

const LOGINS = [
  ['SCRAM-SHA-256', 'secret'],
  ['SCRAM-SHA-512', 'other'],
  ['SCRAM-SHA-512', 'secret'],
] as const;

test('users that are formatted in can sign in, also after a restart', async () => {
  const data = join(directory(), 'data');
  const more = ['--add-scram', 'SCRAM-SHA-256=[name=alice,password=secret]'];
  const salt = Buffer.from('salt');
  const salted = saltedPassword('SCRAM-SHA-512', 'other', salt, 8192).toString('base64');
  const second = `SCRAM-SHA-512=[name="alice",salt="${salt.toString('base64')}",saltedpassword="${salted}",iterations=8192]`;
  expect(await format(data, ...more, '-S', second)).toEqual({
    code: 0,
    out: `Formatting metadata directory ${data} with metadata.version 4.4-IV2.\n`,
    err: '',
  });
  expect(await canSignIn(data, ...LOGINS)).toEqual([true, true, false]);
  expect(await canSignIn(data, ...LOGINS)).toEqual([true, true, false]);
});

test('users that Apache Kafka has formatted in can sign in', async () => {
  const data = directory();
  const metadata = join(data, '__cluster_metadata-0');
  mkdirSync(metadata);
  const checkpoint = join(metadata, '00000000000000000000-0000000000.checkpoint');
  writeFileSync(checkpoint, Buffer.from(OF_KAFKA, 'base64'));
  const ids = 'node.id=1\ndirectory.id=0ckfESaoTJS7xfSahP97Xw\nversion=1\n';
  writeFileSync(join(data, 'meta.properties'), `${ids}cluster.id=${CLUSTER_ID}\n`);
  expect(await canSignIn(data, ...LOGINS)).toEqual([true, true, false]);
});

test('a broker does not start over users that cannot be read', async () => {
  const data = join(directory(), 'data');
  await format(data, '--add-scram', 'SCRAM-SHA-256=[name=alice,password=secret]');
  const path = join(data, 'bootstrap.checkpoint');
  writeFileSync(path, readFileSync(path).subarray(0, -3));
  await expect(start(data)).rejects.toThrow(
    /bootstrap\.checkpoint is damaged, it ends at byte \d+: format the directory/,
  );
});

test('a directory is formatted once', async () => {
  const data = join(directory(), 'data');
  await format(data);
  expect(await format(data)).toMatchObject({ code: 1, err: expect.stringContaining(`${data} is already formatted.`) });
  expect(await format(data, '-g')).toMatchObject({
    code: 0,
    out: 'All of the log directories are already formatted.\n',
  });
});

test('in a container its variables say where', async () => {
  const data = join(directory(), 'data');
  const args = ['format', '-t', CLUSTER_ID, '-c', '/nowhere.properties', '--standalone'];
  const { out } = await storage(args, { KAFKA_LOG_DIRS: data, KAFKA_NODE_ID: '1' });
  expect(out).toBe(`Formatting dynamic metadata voter directory ${data} with metadata.version 4.4-IV2.\n`);
  expect(await storage(args)).toMatchObject({ code: 1, err: expect.stringContaining('there is no such file') });
});

test('random-uuid prints an id', async () => {
  expect((await storage(['random-uuid'])).out).toMatch(/^[\w-]{22}\n$/);
});

/** What kafka-storage of Apache Kafka 4.4.0 said: `# title`, `$ arguments`, its lines, `! error`, `= exit code`. */
const SAYS = readFileSync(new URL('kafka-storage-says.txt', import.meta.url), 'utf8');
const asked = SAYS.split(/^(?=# )/m).flatMap((part) => {
  const [, title = ''] = /^# (.*)$/m.exec(part) ?? [];
  return Array.from(part.matchAll(/^\$ (.*)\n([^]*?)(?:! (.*)\n)?= (\d)$/gm), ([, args, out, err = '', code]) => ({
    what: `${args} ${title}`,
    title,
    args: args.split(' '),
    out,
    err,
    code: Number(code),
  }));
});

const ID = 'cluster.id=4L6g3nShT-eMCtK--X86sw\n';
const FIRST = `#\nversion=1\n${ID}node.id=1\ndirectory.id=0ckfESaoTJS7xfSahP97Xw\nother=1\n`;
/** By the title: log.dirs, and meta.properties of `b`; `a` has that of FIRST. */
const SECOND: Readonly<Record<string, readonly [dirs: string, properties: string]>> = {
  one: ['a', ''],
  two: ['b a a', `version=1\n${ID}node.id=1\n`],
  'another node': ['a b', `version=1\n${ID}node.id=2\n`],
  'another cluster': ['a b', 'version=1\ncluster.id=x\nnode.id=2\n'],
  'another version': ['a b', 'version=7\n'],
  'no version': ['a b', 'version=one\n'],
  'no cluster': ['a b', 'version=1\nnode.id=1\n'],
  'no node': ['a b', `version=1\n${ID}`],
  'a node that is no number': ['b', `version=1\n${ID}node.id=x\n`],
  'a short id of a directory': ['b', `version=1\n${ID}node.id=01\ndirectory.id=AAAA\n`],
  'a node with a zero': ['a b', `version=1\n${ID}node.id=01\n`],
  empty: ['b', ''],
  legacy: ['b a', `broker.id=1\n${ID}`],
};

function lay(title: string): string {
  const path = directory();
  let dirs = 'b a';
  if (title in SECOND) {
    const [names, properties] = SECOND[title];
    dirs = names;
    for (const [name, text] of [
      ['a', FIRST],
      ['b', properties],
    ]) {
      mkdirSync(join(path, name));
      writeFileSync(join(path, name, 'meta.properties'), text);
    }
  } else if (title === 'not formatted, no directory') {
    dirs = 'b a c';
    mkdirSync(join(path, 'a'));
    writeFileSync(join(path, 'b'), '');
  }
  const all = dirs.split(' ').map((name) => join(path, name));
  writeFileSync(join(path, 'server.properties'), `log.dirs=${all.join()}\nnode.id=1\n`);
  return path;
}

test.each(asked)('kafka-storage $what says what Apache Kafka’s does', async ({ title, args, out, err, code }) => {
  const path = lay(title);
  const said = await storage(args.map((arg) => arg.replace('DIR', path)));
  expect({ ...said, out: said.out.replaceAll(path, 'DIR') }).toEqual({
    code,
    out,
    err: err === '' ? '' : `kafka-storage: ${err}\n`,
  });
});

test.each([
  [['info', '-c', 'x', '-r', '4.0'], '--release-version cannot be used with info'],
  [['random-uuid', '-t', 'x'], '--cluster-id cannot be used with random-uuid'],
  [['format', '-t', 'x', '-c', 'x', '-f', 'share.version=1'], 'a new cluster has the levels of Kafka 4.4-IV2'],
  [['feature-dependencies'], 'write --feature and its value'],
  [
    ['forget'],
    "invalid choice: 'forget' (choose from info, format, version-mapping, feature-dependencies, random-uuid)",
  ],
])('%j is refused', async (args, sentence) => {
  expect(await storage(args)).toMatchObject({ code: 1, out: '', err: expect.stringContaining(sentence) });
});

/** Kafka's sentences, but for the last: Kafka takes the password then. */
test.each([
  ['SCRAM-SHA-256', "Failed to find equals sign in SCRAM argument 'SCRAM-SHA-256'"],
  ['SCRAM-SHA-999=[name=a,password=b]', 'The add-scram mechanism SCRAM-SHA-999 is not supported.'],
  ['SCRAM-SHA-256=name=a', 'Expected configuration string to start with ['],
  ['SCRAM-SHA-256=[password=b]', "You must supply 'name' to add-scram"],
  [
    'SCRAM-SHA-256=[name=a,iterations=10,password=b]',
    "The 'iterations' value must be >= 4096 for add-scram using SCRAM_SHA_256",
  ],
  [
    'SCRAM-SHA-256=[name=a,iterations=99999,password=b]',
    "The 'iterations' value must be <= 16384 for add-scram using SCRAM_SHA_256",
  ],
  ['SCRAM-SHA-256=[name=a]', "You must supply one of 'password' or 'saltedpassword' to add-scram"],
  ['SCRAM-SHA-256=[name=a,saltedpassword=Yg==]', "You must supply 'salt' with 'saltedpassword' to add-scram"],
  ['SCRAM-SHA-256=[name=a,password=b,color=red]', 'Unknown SCRAM configurations: color'],
  ['SCRAM-SHA-256=[name=a,password=b,saltedpassword=Yg==]', "You must only supply one of 'password' or"],
])('%s is refused', async (argument, sentence) => {
  const { code, err } = await format(join(directory(), 'data'), '--add-scram', argument);
  expect([code, err]).toEqual([1, expect.stringContaining(sentence)]);
});
