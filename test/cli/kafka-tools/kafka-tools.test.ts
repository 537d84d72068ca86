/** Kafka's own tools by their names, with the flags that compose files and scripts give them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBroker, type RunningBroker } from '../../../src/broker/broker.ts';
import { kafkaTools, runKafkaTool } from '../../../src/cli/kafka-tools/index.ts';
import { ottla, type Ran, type Surroundings } from '../session.ts';

let broker: RunningBroker;
let server: string[];

beforeAll(async () => {
  const settings = { listeners: 'PLAINTEXT://127.0.0.1:0', 'group.initial.rebalance.delay.ms': '0' };
  broker = await startBroker({ memory: true, settings });
  server = ['--bootstrap-server', broker.bootstrap];
});
afterAll(() => broker.stop());

function tool(name: string, args: readonly string[], surroundings?: Surroundings): Promise<Ran> {
  return ottla(args, surroundings, (all, terminal) => runKafkaTool(name, all, terminal));
}

const kafka = (name: string, line: string, stdin?: string): Promise<Ran> =>
  tool(`kafka-${name}`, [...server, ...line.split(' ')], stdin === undefined ? {} : { stdin });

describe('kafka-topics', () => {
  test('creates a topic once, says so as Kafka does, and lists it', async () => {
    const line = '--create --if-not-exists --topic orders --partitions 3 --replication-factor 1';
    expect(await kafka('topics', line)).toEqual({ code: 0, out: 'Created topic orders.\n', err: '' });
    expect(await kafka('topics', line)).toEqual({ code: 0, out: '', err: '' });
    const again = await kafka('topics', '--create --topic orders');
    expect(again).toMatchObject({ code: 1, out: expect.stringContaining("'orders' already exists") });
    expect(await kafka('topics', '--list')).toMatchObject({ code: 0, out: 'orders\n' });
  });

  test('describes it line by line with tabs between', async () => {
    await kafka('topics', '--create --topic described --partitions 2 --config retention.ms=1000');
    const { out } = await kafka('topics', '--describe --topic described');
    const [heading, first, second] = out.split('\n');
    expect(heading).toMatch(
      /^Topic: described\tTopicId: \S{22}\tPartitionCount: 2\tReplicationFactor: 1\tConfigs: retention.ms=1000$/,
    );
    expect(first).toBe('\tTopic: described\tPartition: 0\tLeader: 1\tReplicas: 1\tIsr: 1\tElr: \tLastKnownElr: ');
    expect(second).toContain('Partition: 1');
  });

  test('gives it more partitions, and deletes it', async () => {
    await kafka('topics', '--create --topic growing --partitions 1');
    expect(await kafka('topics', '--alter --topic growing --partitions 4')).toMatchObject({ code: 0 });
    expect((await kafka('topics', '--describe --topic growing')).out).toContain('PartitionCount: 4');
    expect(await kafka('topics', '--delete --topic growing')).toEqual({ code: 0, out: '', err: '' });
    expect(await kafka('topics', '--delete --topic growing')).toMatchObject({ code: 1 });
    expect(await kafka('topics', '--delete --if-exists --topic growing')).toMatchObject({ code: 0 });
  });

  test.each([
    [['--list', '--frobnicate'], 'there is no --frobnicate'],
    [['--lits'], 'did you mean --list?'],
    [['--help'], 'it takes --bootstrap-server'],
    [['--list', '--create'], 'write one of --list'],
    [['--create', '--topic'], 'write --topic and its value'],
    [['--create', '--topic', 'x', '--partitions', 'many'], '--partitions many: write a whole number'],
  ])('%j is refused with one sentence', async (args, sentence) => {
    const { code, err } = await tool('kafka-topics', [...server, ...args]);
    expect([code, err.split('\n').length, err]).toEqual([1, 2, expect.stringContaining(sentence)]);
  });

  test('--zookeeper leads to --bootstrap-server', async () => {
    const { code, err } = await tool('kafka-topics', ['--zookeeper', 'zk:2181', '--list']);
    expect([code, err]).toEqual([1, expect.stringContaining('--bootstrap-server')]);
  });
});

describe('console tools', () => {
  test('keys and values go in by lines and come out as Kafka prints them', async () => {
    await kafka('topics', '--create --topic keyed');
    const into = '--topic keyed --property parse.key=true --property key.separator=:';
    expect(await kafka('console-producer', into, 'a:1\nb:2\n')).toMatchObject({ code: 0, err: '' });
    const from = '--topic keyed --from-beginning --max-messages 2 --property print.key=true';
    expect(await kafka('console-consumer', from)).toEqual({
      code: 0,
      out: 'a\t1\nb\t2\n',
      err: 'Processed a total of 2 messages\n',
    });
    const one =
      '--topic keyed --partition 0 --offset 1 --max-messages 1 --formatter-property print.partition=true ' +
      '--formatter-property print.offset=true --formatter-property print.headers=true';
    expect((await kafka('console-consumer', one)).out).toBe('Partition:0\tOffset:1\tNO_HEADERS\t2\n');
  });

  test('a consumer ends when nothing comes for --timeout-ms', async () => {
    await kafka('console-producer', '--topic quiet --producer-property acks=1 --compression-codec gzip', 'x\n');
    const { code, out } = await kafka('console-consumer', '--topic quiet --from-beginning --timeout-ms 300');
    expect([code, out]).toEqual([0, 'x\n']);
  });
});

test('kafka-consumer-groups lists, describes, resets and deletes', async () => {
  await kafka('console-producer', '--topic read', 'one\ntwo\n');
  await kafka('console-consumer', '--topic read --from-beginning --max-messages 2 --group billing');
  expect((await kafka('consumer-groups', '--list')).out.split('\n')).toContain('billing');
  const { out, err } = await kafka('consumer-groups', '--describe --group billing');
  expect(err).toContain("Consumer group 'billing' has no active members.");
  expect(
    out
      .trim()
      .split('\n')
      .map((line) => line.split(/ +/)),
  ).toEqual([
    ['GROUP', 'TOPIC', 'PARTITION', 'CURRENT-OFFSET', 'LOG-END-OFFSET', 'LAG', 'CONSUMER-ID', 'HOST', 'CLIENT-ID'],
    ['billing', 'read', '0', '2', '2', '0', '-', '-', '-'],
  ]);
  expect((await kafka('consumer-groups', '--describe --group billing --state')).out).toMatch(/ Empty +0\n\n?$/);
  const reset = '--group billing --reset-offsets --to-earliest --topic read';
  expect((await kafka('consumer-groups', reset)).err).toContain('--execute');
  expect((await kafka('consumer-groups', `${reset} --execute`)).out).toMatch(/billing +read +0 +0\n$/);
  expect((await kafka('consumer-groups', '--describe --group billing')).out).toMatch(/ 0 +2 +2 +-/);
  expect((await kafka('consumer-groups', '--delete --group billing')).out).toContain("('billing') was successful");
  expect(await kafka('consumer-groups', '--describe --group billing')).toMatchObject({
    code: 0,
    out: expect.stringContaining('Error: Executing consumer group command failed due to Group billing not found.'),
  });
});

test('kafka-configs shows and changes settings', async () => {
  await kafka('topics', '--create --topic set');
  const entity = '--entity-type topics --entity-name set';
  const changed = await kafka(
    'configs',
    `${entity} --alter --add-config cleanup.policy=[compact,delete],retention.ms=5`,
  );
  expect(changed.out).toBe('Completed updating config for topic set.\n');
  await kafka('configs', '--topic set --alter --delete-config retention.ms');
  const { out } = await kafka('configs', `${entity} --describe`);
  expect(out).toMatch(
    /^Dynamic configs for topic set are:\n {2}cleanup.policy=compact,delete sensitive=false syn.*\n$/,
  );
});

test('kafka-get-offsets and kafka-broker-api-versions answer', async () => {
  await kafka('console-producer', '--topic counted', 'a\nb\n');
  expect((await kafka('get-offsets', '--topic counted')).out).toBe('counted:0:2\n');
  expect((await kafka('get-offsets', '--topic counted --time -2')).out).toBe('counted:0:0\n');
  const { code, out } = await tool('kafka-broker-api-versions', server);
  expect(code).toBe(0);
  expect(out).toMatch(/ \(id: 1 rack: null isFenced: false\) -> \(\n\tProduce\(0\): 0 to \d+ \[usable: \d+\],\n/);
});

describe('waiting for a broker', () => {
  const [host, port] = ['127.0.0.1', () => broker.bootstrap.split(':')[1]];

  test('cub kafka-ready ends when the brokers answer, and fails in time where they do not', async () => {
    expect(await tool('cub', ['kafka-ready', '-b', broker.bootstrap, '1', '20'])).toMatchObject({ code: 0 });
    const { code, err } = await tool('kafka-ready', ['-b', '127.0.0.1:1', '1', '1']);
    expect([code, err]).toEqual([1, expect.stringContaining('0 of 1 brokers')]);
    expect(await tool('cub', ['zk-ready', 'zookeeper:2181', '10'])).toMatchObject({ code: 0 });
    const plain = ['kafka-ready', '-b', broker.bootstrap, '-s', 'PLAINTEXT', '1', '20'];
    expect(await tool('cub', plain)).toMatchObject({ code: 0 });
    expect((await tool('cub', [...plain, '-s', 'SASL_SSL'])).err).toContain('GSSAPI');
    expect((await tool('cub', [...plain, '-c', '/nowhere'])).err).toContain('/nowhere');
    expect((await tool('cub', ['kafka-ready', '-z', 'zk:2181', '1', '20'])).err).toContain('ZooKeeper');
  });

  test('nc -z tells an open port from a closed one', async () => {
    expect(await tool('nc', ['-z', host, port()])).toEqual({ code: 0, out: '', err: '' });
    expect(await tool('nc', ['-vz', '-w', '2', host, '1'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('1'),
    });
    for (const form of [
      ['-z', '-w1'],
      ['-zvw5'],
      ['-vzw', '2'],
      ['-z', '-w', '1', '-4'],
      ['-nz'],
      ['-z', '-v', '-w2'],
    ]) {
      expect([form, (await tool('nc', [...form, host, port()])).code]).toEqual([form, 0]);
    }
    expect(await tool('nc', ['-z', 'localhost', '-4', port()])).toMatchObject({ code: 0 });
    expect((await tool('nc', ['-zvw1', host, '1-3'])).err.split('\n')).toHaveLength(4);
    for (const wrong of [
      ['-l', '9092'],
      ['-u', '-z', host, '1'],
      ['-z', '-w0', host, '1'],
      ['-z', '-n', 'localhost', '1'],
      ['-z', '-6', host, '1'],
      ['-z', host, '70000'],
      ['-z', host],
      [host, '1'],
    ]) {
      expect(await tool('nc', wrong)).toMatchObject({ code: 1, err: expect.stringMatching(/^nc: .{10,}\n$/) });
    }
  });
});

test('a tool that is not here says which are, and each tells a version', async () => {
  const { code, err } = await tool('kafka-mirror-maker', []);
  expect([code, err]).toEqual([1, expect.stringContaining('kafka-topics')]);
  for (const name of kafkaTools.filter((each) => each.startsWith('kafka-'))) {
    expect((await tool(name, ['--version'])).out).toMatch(/^4\.\d+\.\d+ \(Ottla/);
  }
});
