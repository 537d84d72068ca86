/**
 * Every flag of every tool has its effect here, or is refused with a sentence and exit code 1. kafka-flags.json lists what
 * the tools of Apache Kafka 4.4 take; `npm run test:tools` compares it with their help.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SHARED } from '../../../src/cli/kafka-tools/flags.ts';
import { flagTables } from '../../../src/cli/kafka-tools/index.ts';
import { startBroker, type TestBroker } from '../../../src/testing/index.ts';
import type { Ran } from '../session.ts';
import { consumerCases } from './console-consumer-cases.ts';
import { configCases, clusterCases } from './config-cases.ts';
import { groupCases } from './consumer-groups-cases.ts';
import { producerCases } from './console-producer-cases.ts';
import { shareConsumerCases } from './console-share-consumer-cases.ts';
import { shareGroupCases } from './share-groups-cases.ts';
import type { Case, Cases } from './flag-case.ts';
import { reassignCases } from './reassign-cases.ts';
import { offsetCases, topicCases } from './topic-cases.ts';
import { fileWith, tool } from './tool.ts';

const kafkas = JSON.parse(readFileSync(new URL('kafka-flags.json', import.meta.url), 'utf8')) as Record<
  string,
  readonly string[]
>;

const cases: Readonly<Record<string, Cases>> = {
  ...topicCases,
  ...consumerCases,
  ...producerCases,
  ...shareConsumerCases,
  ...groupCases,
  ...shareGroupCases,
  ...offsetCases,
  ...configCases,
  ...clusterCases,
  ...reassignCases,
  'kafka-broker-api-versions': {},
};

/** How each tool is called when nothing else is wanted. */
const PLAIN: Readonly<Record<string, string>> = {
  'kafka-topics': '--list',
  'kafka-console-consumer': '--topic orders --from-beginning --timeout-ms 300',
  'kafka-console-producer': '--topic orders',
  'kafka-console-share-consumer': '--topic orders --timeout-ms 300',
  'kafka-consumer-groups': '--list',
  'kafka-get-offsets': '',
  'kafka-share-groups': '--list',
  'kafka-configs': '--describe --topic orders',
  'kafka-broker-api-versions': '',
  'kafka-cluster': 'cluster-id',
  'kafka-metadata-quorum': 'describe --status',
  'kafka-log-dirs': '--describe',
  'kafka-leader-election': '--election-type preferred --all-topic-partitions',
  'kafka-reassign-partitions': '--list',
};

let kafka: TestBroker;
const run = (line: string, stdin?: string): Promise<Ran> => tool(kafka.bootstrapServers, line, stdin);

beforeAll(async () => {
  kafka = await startBroker({ topics: ['orders'], leftovers: 'ignore' });
});
afterAll(() => kafka.stop());

/** What all tools have in common. */
const shared: Readonly<Record<string, (line: string) => Promise<void>>> = {
  async 'bootstrap-server'(line) {
    expect((await run(line)).code).toBe(0);
    const nowhere = fileWith('default.api.timeout.ms=500');
    const { code, out, err } = await run(`${line} --command-config ${nowhere} --bootstrap-server 127.0.0.1:1`);
    expect([code, out + err]).toEqual([1, expect.stringContaining('127.0.0.1:1')]);
  },
  async 'broker-list'(line) {
    if (/^kafka-(log-dirs|reassign)/.test(line)) return; // it means other things there
    expect((await run(`${line} --broker-list ${kafka.bootstrapServers}`)).code).toBe(0);
  },
  async 'command-config'(line) {
    const config = fileWith('client.id=told-by-a-file');
    expect((await run(`${line} --command-config ${config}`)).code).toBe(0);
    expect(kafka.traffic.of('ApiVersions', { clientId: 'told-by-a-file' })).not.toEqual([]);
    kafka.traffic.clear();
    expect(await run(`${line} --command-config /nowhere`)).toMatchObject({
      code: 1,
      err: expect.stringContaining('/nowhere'),
    });
    const kerberos = fileWith('security.protocol=SASL_SSL\nsasl.mechanism=GSSAPI');
    expect((await run(`${line} --command-config ${kerberos}`)).err).toContain('GSSAPI');
  },
  async version(line) {
    expect((await run(`${line} --version`)).out).toMatch(/^4\.\d+\.\d+ /);
  },
  async help(line) {
    const { code, err } = await run(`${line} --help`);
    expect([code, err]).toEqual([1, expect.stringContaining('it takes --bootstrap-server')]);
  },
  async zookeeper(line) {
    expect(await run(`${line} --zookeeper zk:2181`)).toMatchObject({ code: 1, err: expect.stringContaining('4.0') });
  },
};

test.each(Object.keys(flagTables))('%s knows every flag of Kafka’s', (name) => {
  const known = [...Object.keys(flagTables[name]), ...Object.keys(SHARED)];
  expect(kafkas[name].filter((flag) => !known.includes(flag))).toEqual([]);
});

/** These have effects where clients prove who they are, or without a broker: tests of their own show them. */
const elsewhere = ['kafka-acls', 'kafka-delegation-tokens', 'kafka-storage'];

describe.each(Object.keys(flagTables).filter((name) => !elsewhere.includes(name)))('%s', (name) => {
  const line = `${name} ${PLAIN[name]}`;
  const own = Object.keys(flagTables[name]);

  test('has a test for each flag', () => {
    expect(Object.keys(cases[name]).toSorted()).toEqual(own.toSorted());
    expect(Object.keys(shared).toSorted()).toEqual(Object.keys(SHARED).toSorted());
  });

  test.each(Object.keys(SHARED))('--%s, as in every tool', async (flag) => {
    await expect(shared[flag](line)).resolves.toBeUndefined();
  });

  const refused = Object.entries(cases[name]).filter(([flag]) => typeof flagTables[name][flag] === 'object');
  const effective = Object.entries(cases[name]).filter(([flag]) => typeof flagTables[name][flag] !== 'object');

  test.each(refused)('--%s is refused with a sentence', async (flag, rest) => {
    const { code, out, err } = await run(`${name} ${rest as string}`);
    expect([code, out, err]).toEqual([1, '', expect.stringMatching(new RegExp(`^${name}: --${flag}: .{10,}\n$`))]);
  });

  test.each(effective)('--%s has its effect', async (_flag, shows) => {
    await expect((shows as Exclude<Case, string>)(run, kafka, `${name} `)).resolves.toBeUndefined();
  });

  test('a flag that is not there is refused', async () => {
    expect((await run(`${line} --frobnicate 1`)).code).toBe(1);
  });
});

test.each([
  ['kafka-topics --list --topics-with-overrides', '--topics-with-overrides cannot be used with --list'],
  ['kafka-topics --list --partitions 3', '--partitions cannot be used with --list'],
  ['kafka-topics --create --topic x --if-exists', '--if-exists cannot be used with --create'],
  ['kafka-topics --delete --topic x --config a=b', '--config cannot be used with --delete'],
  ['kafka-topics --create --topic x --topic y', '--topic was given twice'],
  ['kafka-consumer-groups --list --group g', '--group cannot be used with --list'],
  ['kafka-consumer-groups --list --verbose', '--verbose cannot be used with --list'],
  ['kafka-consumer-groups --describe --group g --topic t', '--topic cannot be used with --describe'],
  ['kafka-consumer-groups --describe --group g --execute', '--execute cannot be used with --describe'],
  ['kafka-consumer-groups --delete --group g --topic t', '--topic cannot be used with --delete'],
  ['kafka-consumer-groups --describe --group g --all-groups', '--group cannot be used with --all-groups'],
  ['kafka-consumer-groups --describe --group g --state --members', 'write one of --members, --state'],
  ['kafka-consumer-groups --reset-offsets --group g --topic t --to-latest --to-earliest', 'write one of --to-earliest'],
  ['kafka-consumer-groups --reset-offsets --group g --topic t --to-latest --execute --dry-run', '--execute cannot be'],
  ['kafka-consumer-groups --reset-offsets --group g --to-latest', 'One of the reset scopes'],
  [
    'kafka-consumer-groups --reset-offsets --group g --topic t --from-file f',
    '--topic cannot be used with --from-file',
  ],
  ['kafka-share-groups --reset-offsets --group g --topic t --to-latest', 'requires one of the options'],
  ['kafka-console-share-consumer --topic t --reject --release', 'At most one of --reject and --release'],
  ['kafka-console-share-consumer --group g', '--topic is a required argument'],
  ['kafka-share-groups --delete-offsets --topic t', 'write one --group NAME'],
  ['kafka-share-groups --describe --group g --state --members', 'write one of --members, --state'],
  ['kafka-get-offsets --topic t --topic-partitions t:1', '--topic-partitions cannot be used'],
  ['kafka-configs --describe --topic t --add-config a=b', '--add-config cannot be used with --describe'],
  ['kafka-configs --describe --topic t --entity-name u', '--entity-name cannot be used with --topic'],
  ['kafka-configs --alter --topic t --all --add-config a=b', '--all cannot be used with --alter'],
  ['kafka-console-consumer --topic t --include t', 'Exactly one of the following'],
  ['kafka-console-consumer --topic t --partition 0 --group g', 'Options group and partition cannot'],
  ['kafka-console-consumer --topic t --property a=b --formatter-property c=d', 'cannot be specified together'],
  ['kafka-cluster cluster-id --id 3', '--id cannot be used with --cluster-id'],
  ['kafka-metadata-quorum describe --status --human-readable', 'only supported along with --replication'],
  ['kafka-topics --list --un 1', '--un may be --under-replicated-partitions or --unavailable-partitions'],
])('%s is refused', async (line, sentence) => {
  const { code, err } = await run(line);
  expect([code, err]).toEqual([1, expect.stringContaining(sentence)]);
});

test('a flag may be shortened while no other begins so, as joptsimple takes them', async () => {
  expect(await run('kafka-topics --cre --topic shortened --partition 2 --repl 1')).toMatchObject({ code: 1 });
  expect(await run('kafka-topics --cre --topic shortened --partition 2')).toMatchObject({ code: 0 });
  expect((await run('kafka-topics --describe --topic shortened')).out).toContain('PartitionCount: 2');
  expect((await run('kafka-get-offsets --topic shortened --partition 1')).out).toBe('shortened:1:0\n');
});
