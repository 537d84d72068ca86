/** kafka-reassign-partitions and kafka-leader-election: what shows that each flag has its effect. On three brokers of their own. */
import { expect } from 'vitest';
import { startBroker, type TestBroker } from '../../../src/testing/index.ts';
import type { Ran } from '../session.ts';
import type { Case, Cases } from './flag-case.ts';
import { fileWith, tool } from './tool.ts';

interface Three {
  readonly kafka: TestBroker;
  /** The tool with these flags. */
  readonly run: (flags: string) => Promise<Ran>;
}

const MOVED = { topic: 'orders', partition: 0, replicas: [2, 1] };

/** orders[0] has replicas on 0 and 1, and records. */
function three(use: (three: Three) => Promise<void>): Case {
  return async (_run, _kafka, name) => {
    await using kafka = await startBroker({ brokers: 3, topics: [{ name: 'orders', replicationFactor: 2 }] });
    await kafka.produce('orders', ['a', 'b']);
    await use({ kafka, run: (flags) => tool(kafka.bootstrapServers, `${name}${flags}`) });
  };
}

const plan = (...partitions: readonly object[]): string => fileWith(JSON.stringify({ version: 1, partitions }));
const replicasOf = (kafka: TestBroker): number[] => kafka.partition('orders').replicas.map(({ nodeId }) => nodeId);

async function execute({ kafka, run }: Three, more = ''): Promise<string> {
  const { code, out, err } = await run(`--execute --reassignment-json-file ${plan(MOVED)} ${more}`);
  expect([code, err]).toEqual([0, '']);
  await kafka.waitUntil(() => replicasOf(kafka).join() === '2,1' && kafka.partition('orders').isr.length === 2);
  return out;
}

/** A move that cannot go on, because its new replica is cut off. */
async function stuck({ kafka, run }: Three, more = ''): Promise<void> {
  await kafka.isolate(2, [0, 1]);
  const { code } = await run(`--execute --reassignment-json-file ${plan(MOVED)} ${more}`);
  expect(code).toBe(0);
}

const reassign: Cases = {
  generate: three(async ({ run }) => {
    const topics = fileWith('{"version":1,"topics":[{"topic":"orders"}]}');
    const { out } = await run(`--generate --topics-to-move-json-file ${topics} --broker-list 1,2`);
    const [title, current, , proposal, proposed] = out.split('\n');
    expect([title, proposal]).toEqual([
      'Current partition replica assignment',
      'Proposed partition reassignment configuration',
    ]);
    expect(JSON.parse(current).partitions).toMatchObject([{ topic: 'orders', partition: 0, replicas: [0, 1] }]);
    expect(JSON.parse(proposed).partitions[0].replicas.toSorted()).toEqual([1, 2]);
  }),
  'topics-to-move-json-file': three(async ({ run }) => {
    const none = fileWith('{"version":1,"topics":[{"topic":"nothing"}]}');
    const { code, err } = await run(`--generate --topics-to-move-json-file ${none} --broker-list 1,2`);
    expect([code, err]).toEqual([1, expect.stringContaining("topic 'nothing'")]);
    expect((await run('--generate --broker-list 1')).err).toContain('--topics-to-move-json-file');
  }),
  'broker-list': three(async ({ run }) => {
    const topics = fileWith('{"version":1,"topics":[{"topic":"orders"}]}');
    const few = await run(`--generate --topics-to-move-json-file ${topics} --broker-list 1`);
    expect(few).toMatchObject({ code: 1, err: expect.stringContaining('there are 1 brokers for it') });
    const none = await run(`--generate --topics-to-move-json-file ${topics} --broker-list 9`);
    expect(none).toMatchObject({ code: 1, err: expect.stringContaining('there is no broker 9') });
  }),
  'disable-rack-aware': three(async ({ run }) => {
    const topics = fileWith('{"version":1,"topics":[{"topic":"orders"}]}');
    const flags = `--generate --topics-to-move-json-file ${topics} --broker-list 0,2 --disable-rack-aware`;
    expect((await run(flags)).code).toBe(0);
  }),
  execute: three(async (three) => {
    const out = await execute(three);
    expect(out).toContain('Save this to use as the --reassignment-json-file option during rollback');
    expect(out).toContain('Successfully started partition reassignment for orders-0');
    expect(three.kafka.messages('orders')).toHaveLength(2);
  }),
  'reassignment-json-file': three(async ({ run }) => {
    const bad: [string, string][] = [
      [plan(), 'list cannot be empty'],
      [plan({ ...MOVED, replicas: [1, 9] }), 'Unknown broker id 9'],
      [plan({ ...MOVED, replicas: [1, 1] }), 'duplicate entries'],
      [plan(MOVED, MOVED), 'duplicate topic partitions: orders-0'],
      [plan({ ...MOVED, partition: 5 }), 'there is no partition orders-5'],
      [plan({ ...MOVED, log_dirs: ['/a', 'any'] }), 'names log directories'],
      [fileWith('nonsense'), 'is no JSON'],
      ['/nowhere', 'there is no such file'],
    ];
    for (const [file, sentence] of bad) {
      const { code, err } = await run(`--execute --reassignment-json-file ${file}`);
      expect([code, err]).toEqual([1, expect.stringContaining(sentence)]);
    }
  }),
  verify: three(async (three) => {
    const { kafka, run } = three;
    const file = `--reassignment-json-file ${plan(MOVED)}`;
    expect((await run(`--verify ${file}`)).out).toContain('but replica set is 0,1 rather than 2,1.');
    await stuck(three);
    expect((await run(`--verify ${file}`)).out).toContain('Reassignment of partition orders-0 is still in progress.');
    await kafka.heal(2);
    await kafka.waitUntil(() => replicasOf(kafka).join() === '2,1');
    expect((await run(`--verify ${file}`)).out.split('\n')).toEqual([
      'Status of partition reassignment:',
      'Reassignment of partition orders-0 is completed.',
      '',
      'Clearing broker-level throttles on brokers 0,1,2',
      'Clearing topic-level throttles on topic orders',
      '',
    ]);
  }),
  cancel: three(async (three) => {
    const { kafka, run } = three;
    await stuck(three);
    const { out } = await run(`--cancel --reassignment-json-file ${plan(MOVED)}`);
    expect(out).toContain('Successfully cancelled partition reassignment for: orders-0');
    expect(replicasOf(kafka)).toEqual([1, 0]); // without the new one, in the order of the move
    const again = await run(`--cancel --reassignment-json-file ${plan(MOVED)}`);
    expect(again.out).toContain('None of the specified partition reassignments are active.');
  }),
  list: three(async (three) => {
    expect((await three.run('--list')).out).toBe('No partition reassignments found.\n');
    await stuck(three);
    expect((await three.run('--list')).out).toContain('orders-0: replicas: 2,1,0. adding: 2. removing: 0.\n');
  }),
  additional: three(async (three) => {
    await stuck(three);
    const flags = `--execute --reassignment-json-file ${plan(MOVED)}`;
    expect((await three.run(flags)).err).toContain('Use --additional to override this');
    expect((await three.run(`${flags} --additional`)).code).toBe(0);
  }),
  throttle: three(async (three) => {
    const { kafka, run } = three;
    const out = await execute(three, '--throttle 1000000');
    expect(out).toContain('The inter-broker throttle limit was set to 1000000 B/s');
    const changed = kafka.traffic
      .of('IncrementalAlterConfigs')
      .flatMap(({ request }) =>
        request.resources.flatMap(({ configs }) => configs.map(({ name, value }) => [name, value])),
      );
    expect(Object.fromEntries(changed)).toEqual({
      'leader.replication.throttled.replicas': '0:0,0:1',
      'follower.replication.throttled.replicas': '0:2',
      'leader.replication.throttled.rate': '1000000',
      'follower.replication.throttled.rate': '1000000',
    });
    const wrong = await run(`--execute --reassignment-json-file ${plan(MOVED)} --throttle 0`);
    expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('bytes a second') });
  }),
  'preserve-throttles': three(async (three) => {
    await execute(three);
    const { out } = await three.run(`--verify --preserve-throttles --reassignment-json-file ${plan(MOVED)}`);
    expect([out.includes('is completed'), out.includes('Clearing')]).toEqual([true, false]);
  }),
  'disallow-replication-factor-change': three(async ({ run }) => {
    const more = plan({ ...MOVED, replicas: [0, 1, 2] });
    const flags = `--execute --reassignment-json-file ${more}`;
    const { code, err } = await run(`${flags} --disallow-replication-factor-change`);
    expect([code, err]).toEqual([1, expect.stringContaining('orders-0')]);
    expect((await run(flags)).code).toBe(0);
  }),
  timeout: '--execute --timeout 5',
  'replica-alter-log-dirs-throttle': '--execute --replica-alter-log-dirs-throttle 5',
  'bootstrap-controller': '--list --bootstrap-controller 127.0.0.1:1',
};

async function led(kafka: TestBroker, leader: number): Promise<void> {
  await kafka.moveLeader('orders', 0, leader);
}

const election: Cases = {
  'election-type': three(async ({ kafka, run }) => {
    await led(kafka, 1);
    const { out } = await run('--election-type PREFERRED --all-topic-partitions');
    expect(out).toBe('Successfully completed leader election (PREFERRED) for partitions orders-0\n');
    expect(kafka.leaderOf('orders', 0)).toBe(0);
    expect((await run('--election-type any --all-topic-partitions')).err).toContain('preferred or unclean');
    expect((await run('--election-type unclean --topic orders --partition 0')).out).toContain('already elected');
  }),
  'all-topic-partitions': three(async ({ run }) => {
    expect(await run('--election-type preferred --all-topic-partitions')).toMatchObject({ code: 0, out: '' });
    expect((await run('--election-type preferred')).err).toContain('write one of --all-topic-partitions');
  }),
  topic: three(async ({ kafka, run }) => {
    await kafka.brokers[0].stop();
    const { code, out, err } = await run('--election-type preferred --topic orders --partition 0');
    expect([code, out]).toEqual([1, expect.stringContaining('partition: orders-0: PREFERRED_LEADER_NOT_AVAILABLE')]);
    expect(err).toContain('1 replica(s) could not be elected');
  }),
  partition: three(async ({ run }) => {
    expect((await run('--election-type preferred --topic orders')).err).toContain('write --partition beside --topic');
    const stray = await run('--election-type preferred --all-topic-partitions --partition 0');
    expect(stray.err).toContain('--partition goes with --topic');
  }),
  'path-to-json-file': three(async ({ kafka, run }) => {
    await led(kafka, 1);
    const file = fileWith('{"partitions":[{"topic":"orders","partition":0}]}');
    const { out } = await run(`--election-type preferred --path-to-json-file ${file}`);
    expect(out).toContain('Successfully completed leader election (PREFERRED) for partitions orders-0');
    const bad = await run(`--election-type preferred --path-to-json-file ${fileWith('{}')}`);
    expect(bad).toMatchObject({ code: 1, err: expect.stringContaining('cannot be read') });
  }),
  'admin.config': '--election-type preferred --all-topic-partitions --admin.config x',
};

export const reassignCases = { 'kafka-reassign-partitions': reassign, 'kafka-leader-election': election };
