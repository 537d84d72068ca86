/** `kafka-acls`, with the words that Kafka's own tool has printed against the same broker. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBroker, type RunningBroker } from '../../../src/broker/broker.ts';
import { runKafkaTool } from '../../../src/cli/kafka-tools/index.ts';
import { ottla, type Ran } from '../session.ts';

let broker: RunningBroker;

beforeAll(async () => {
  const settings = {
    listeners: 'PLAINTEXT://127.0.0.1:0',
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS',
  };
  broker = await startBroker({ memory: true, settings });
});
afterAll(() => broker.stop());

function acls(line: string, stdin?: string): Promise<Ran> {
  const args = ['--bootstrap-server', broker.bootstrap, ...line.split(' ')];
  return ottla(args, stdin === undefined ? {} : { stdin }, (all, terminal) =>
    runKafkaTool('kafka-acls', all, terminal),
  );
}

test('ACLs are added, listed and removed', async () => {
  const added = await acls(
    '--add --allow-principal User:alice --deny-principal User:bob --deny-host 10.0.0.1 --operation Read --topic orders --resource-pattern-type prefixed',
  );
  expect(added).toEqual({
    code: 0,
    out:
      'Adding ACLs for resource `ResourcePattern(resourceType=TOPIC, name=orders, patternType=PREFIXED)`: \n' +
      ' \t(principal=User:alice, host=*, operation=READ, permissionType=ALLOW)\n' +
      '\t(principal=User:bob, host=10.0.0.1, operation=READ, permissionType=DENY)\n\n',
    err: '',
  });
  const current =
    'Current ACLs for resource `ResourcePattern(resourceType=TOPIC, name=orders, patternType=PREFIXED)`:\n';
  const ofAlice = '\t(principal=User:alice, host=*, operation=READ, permissionType=ALLOW)\n';
  const ofBob = '\t(principal=User:bob, host=10.0.0.1, operation=READ, permissionType=DENY)\n';
  expect((await acls('--list')).out).toBe(`${current}${ofAlice}${ofBob}\n`);
  expect((await acls('--list --topic orders-1 --resource-pattern-type match')).out).toBe(
    `${current}${ofAlice}${ofBob}\n`,
  );
  expect((await acls('--list --topic orders')).out).toBe('');
  expect((await acls('--list --principal User:bob')).out).toBe(`ACLs for principal \`User:bob\`\n${current}${ofBob}\n`);
  const removal =
    '--remove --allow-principal User:alice --operation Read --topic orders --resource-pattern-type prefixed';
  expect((await acls(removal, 'n\n')).out).toMatch(
    /^Are you sure you want to remove ACLs: \n \t\(principal=User:alice/,
  );
  expect((await acls('--list')).out).toContain('User:alice');
  expect(await acls(`${removal} --force`)).toMatchObject({ code: 0, out: '' });
  expect((await acls('--list')).out).toBe(`${current}${ofBob}\n`);
  await acls('--remove --topic orders --resource-pattern-type prefixed', 'y\n');
  expect((await acls('--list')).out).toBe('');
});

test('a role is the ACLs that it needs', async () => {
  const { out } = await acls('--add --producer --idempotent --allow-principal User:p --topic t --transactional-id x');
  expect(out.match(/name=\S+(?=,)|operation=\w+/g)).toEqual([
    'name=t',
    'operation=WRITE',
    'operation=DESCRIBE',
    'operation=CREATE',
    'name=x',
    'operation=WRITE',
    'operation=DESCRIBE',
    'name=kafka-cluster',
    'operation=IDEMPOTENT_WRITE',
  ]);
  const consumer = await acls('--add --consumer --allow-principal User:c --topic t --group g');
  expect(consumer.out.match(/operation=\w+/g)).toEqual(['operation=READ', 'operation=DESCRIBE', 'operation=READ']);
});

test('each question takes a line of stdin, and none means no', async () => {
  const topics = '--topic one --topic two --topic three';
  await acls(`--add --allow-principal User:q --operation Read ${topics}`);
  const left = async () => (await acls('--list --principal User:q')).out.match(/name=\w+(?=,)/g)?.toSorted();
  const asked = await acls(`--remove ${topics}`, 'n\ny\n');
  expect(asked).toMatchObject({ code: 0, out: expect.stringContaining('name=three') });
  expect(await left()).toEqual(['name=one', 'name=three']);
  expect(await acls('--remove --topic one', '')).toMatchObject({ code: 0 });
  expect(await left()).toEqual(['name=one', 'name=three']);
  await acls(`--remove --force ${topics}`);
});

test('what a role has been given is taken away by the same flags', async () => {
  const role = '--producer --idempotent --allow-principal User:r --topic t';
  await acls(`--add ${role}`);
  await acls(`--remove --force ${role}`);
  expect((await acls('--list --principal User:r')).out).toBe('ACLs for principal `User:r`\n');
});

test.each([
  ['--list --allow-principal User:a', '--allow-principal cannot be used with --list'],
  ['--list --producer', '--producer cannot be used with --list'],
  ['--remove --topic t --principal User:a --force', '--principal cannot be used with --remove'],
  ['--add --allow-principal User:a --topic t --idempotent', '--idempotent goes with --producer'],
  ['--add --topic x', 'You must specify one of: --allow-principal, --deny-principal when trying to add ACLs.'],
  ['--add --allow-principal alice --topic x', 'write User:alice'],
  ['--add --allow-principal User:a', 'write at least one resource'],
  [
    '--add --allow-principal User:a --group g --operation Write',
    'ResourceType GROUP only supports operations [ALL, READ',
  ],
  ['--add --allow-principal User:a --topic t --operation Fly', '--operation Fly: write ALL, READ'],
  ['--add --allow-principal User:a --consumer --topic t', 'with --consumer write a --topic and a --group'],
  ['--add --list', 'write one of --add, --remove, --list'],
  ['--add --allow-principal User:a --topic t --resource-pattern-type match', 'write literal, prefixed'],
])('%s is refused', async (line, sentence) => {
  expect(await acls(line)).toMatchObject({ code: 1, err: expect.stringContaining(sentence) });
});
