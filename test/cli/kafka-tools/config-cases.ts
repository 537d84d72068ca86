/** kafka-configs, kafka-cluster, kafka-metadata-quorum, kafka-log-dirs: what shows that each flag has its effect. */
import { expect } from 'vitest';
import { fresh, type Case, type Cases } from './flag-case.ts';
import { fileWith } from './tool.ts';

/** Each with a quota that it has set, described and taken away. */
const OF_CLIENTS: readonly (readonly [flag: string, value: string, key: string, described: string])[] = [
  ['client', ' app', 'consumer_byte_rate', "client-id 'app'"],
  ['client-defaults', '', 'consumer_byte_rate', 'the default client-id'],
  ['user', ' alice', 'producer_byte_rate', "user-principal 'alice'"],
  ['user-defaults', '', 'producer_byte_rate', 'the default user-principal'],
  ['ip', ' 10.0.0.1', 'connection_creation_rate', "ip '10.0.0.1'"],
  ['ip-defaults', '', 'connection_creation_rate', 'the default ip'],
];

const ofClients: Cases = Object.fromEntries(
  OF_CLIENTS.map(([flag, value, key, described]): [string, Case] => [
    flag,
    async (run, _kafka, tool) => {
      const who = `--${flag}${value}`;
      expect((await run(`${tool}--alter ${who} --add-config ${key}=10485760`)).code).toBe(0);
      const { out } = await run(`${tool}--describe ${who}`);
      expect(out).toBe(`Quota configs for ${described} are ${key}=1.048576E7\n`);
      expect((await run(`${tool}--alter ${who} --delete-config ${key}`)).code).toBe(0);
      expect(await run(`${tool}--alter ${who} --delete-config ${key}`)).toMatchObject({ code: 1 });
      expect((await run(`${tool}--describe ${who}`)).out).toBe('');
    },
  ]),
);

const configs: Cases = {
  describe: async (run, kafka, tool) => {
    const name = fresh();
    await kafka.createTopic({ name, configs: { 'cleanup.policy': 'compact' } });
    expect((await run(`${tool}--describe --topic ${name}`)).out).toBe(
      `Dynamic configs for topic ${name} are:\n  cleanup.policy=compact sensitive=false synonyms={` +
        'DYNAMIC_TOPIC_CONFIG:cleanup.policy=compact, DEFAULT_CONFIG:log.cleanup.policy=delete}\n',
    );
    const { code, out } = await run(`${tool}--describe --topic nope`);
    expect([code, out]).toEqual([0, "The topic 'nope' doesn't exist and doesn't have dynamic config.\n"]);
  },
  alter: async (run, _kafka, tool) => {
    const { code, err } = await run(`${tool}--alter --topic orders`);
    expect([code, err]).toEqual([1, expect.stringContaining('--add-config-file')]);
  },
  all: async (run, _kafka, tool) => {
    const { out } = await run(`${tool}--describe --topic orders --all`);
    expect(out).toMatch(/^All configs for topic orders are:\n {2}cleanup.policy=delete sensitive=false synonyms=\{/);
  },
  'entity-type': async (run, kafka, tool) => {
    const name = fresh();
    await kafka.createTopic(name);
    expect((await run(`${tool}--describe --entity-type topics`)).out).toContain(
      `Dynamic configs for topic ${name} are:`,
    );
    expect((await run(`${tool}--describe --entity-type brokers`)).out).toContain('Default configs for brokers in the');
    expect(await run(`${tool}--describe --entity-type frob`)).toMatchObject({ code: 1 });
    expect(await run(`${tool}--describe --entity-type users`)).toMatchObject({ code: 0, out: '' });
    expect(await run(`${tool}--describe --entity-type users --entity-type ips`)).toMatchObject({ code: 1 });
  },
  'entity-name': async (run, _kafka, tool) => {
    const { out } = await run(`${tool}--describe --entity-type brokers --entity-name 0`);
    expect(out).toMatch(/^Dynamic configs for broker 0 are:\n/);
  },
  'entity-default': async (run, _kafka, tool) => {
    const { out } = await run(`${tool}--describe --entity-type brokers --entity-default`);
    expect(out).toMatch(/^Default configs for brokers in the cluster are:\n/);
    expect(await run(`${tool}--describe --entity-type topics --entity-default`)).toMatchObject({ code: 1 });
  },
  topic: async (run, _kafka, tool) => {
    expect((await run(`${tool}--describe --topic orders`)).out).toMatch(/^Dynamic configs for topic orders are:\n/);
  },
  broker: async (run, _kafka, tool) => {
    expect((await run(`${tool}--describe --broker 0`)).out).toMatch(/^Dynamic configs for broker 0 are:\n/);
  },
  'broker-defaults': async (run, _kafka, tool) => {
    const { out } = await run(`${tool}--alter --broker-defaults --add-config log.retention.ms=100000`);
    expect(out).toBe('Completed updating default config for brokers in the cluster.\n');
    expect((await run(`${tool}--describe --broker-defaults`)).out).toContain('log.retention.ms=100000');
    await run(`${tool}--alter --broker-defaults --delete-config log.retention.ms`);
  },
  'broker-logger': async (run, _kafka, tool) => {
    const { code, out } = await run(`${tool}--describe --broker-logger 0`);
    expect([code, out]).toEqual([0, expect.stringContaining('configs for broker-logger 0 are:')]);
  },
  group: async (run, _kafka, tool) => {
    const group = fresh('group');
    await run(`${tool}--alter --group ${group} --add-config consumer.session.timeout.ms=50000`);
    expect((await run(`${tool}--describe --group ${group}`)).out).toContain('consumer.session.timeout.ms=50000');
    expect((await run(`${tool}--describe --entity-type groups`)).out).toContain(`for group ${group} are:`);
  },
  'client-metrics': async (run, _kafka, tool) => {
    const name = fresh('metrics');
    const line = `${tool}--alter --client-metrics ${name} --add-config interval.ms=1000,metrics=[a,a]`;
    expect((await run(line)).out).toBe(`Completed updating config for client-metric ${name}.\n`);
    expect((await run(`${tool}--describe --client-metrics ${name}`)).out).toContain('  metrics=a sensitive=false');
  },
  'add-config': async (run, kafka, tool) => {
    const name = fresh();
    await kafka.createTopic(name);
    const line = `${tool}--alter --topic ${name} --add-config`;
    expect((await run(`${line} retention.ms=5,cleanup.policy=[compact,delete]`)).code).toBe(0);
    const { out } = await run(`${tool}--describe --topic ${name}`);
    expect([out.includes('cleanup.policy=compact,delete '), out.includes('retention.ms=5 ')]).toEqual([true, true]);
    expect(await run(`${line} retention.ms`)).toMatchObject({ code: 1 });
    expect(await run(`${line} a=b,retention.ms`)).toMatchObject({ code: 1 });
  },
  'add-config-file': async (run, kafka, tool) => {
    const name = fresh();
    await kafka.createTopic(name);
    await run(`${tool}--alter --topic ${name} --add-config-file ${fileWith('retention.ms=6\n')}`);
    expect((await run(`${tool}--describe --topic ${name}`)).out).toContain('retention.ms=6 ');
    expect(await run(`${tool}--alter --topic ${name} --add-config-file /nowhere`)).toMatchObject({ code: 1 });
  },
  'delete-config': async (run, kafka, tool) => {
    const name = fresh();
    await kafka.createTopic({ name, configs: { 'retention.ms': 7 } });
    await run(`${tool}--alter --topic ${name} --delete-config retention.ms`);
    expect((await run(`${tool}--describe --topic ${name}`)).out).toBe(`Dynamic configs for topic ${name} are:\n`);
  },
  'bootstrap-controller': '--describe --topic orders --bootstrap-controller 127.0.0.1:1',
  ...ofClients,
};

const cluster: Cases = {
  config: async (run, _kafka, tool) => {
    expect((await run(`${tool}cluster-id --config ${fileWith('client.id=c')}`)).out).toMatch(/^Cluster ID: \S{22}\n$/);
    expect(await run(`${tool}cluster-id -c /nowhere`)).toMatchObject({ code: 1 });
  },
  id: async (run, _kafka, tool) => {
    const { code, err } = await run(`${tool}unregister --id 7`);
    expect([code, err]).toEqual([1, expect.stringContaining('Broker ID 7 is not currently registered')]);
    expect(await run(`${tool}unregister`)).toMatchObject({ code: 1, err: expect.stringContaining('--id') });
    const controller = await run(`${tool}unregister-controller --id 7`);
    expect(controller).toMatchObject({
      code: 1,
      err: expect.stringContaining('Controller ID 7 is not currently registered'),
    });
    expect((await run(`${tool}api-versions`)).out).toBe((await run('kafka-broker-api-versions')).out);
  },
  'include-fenced-brokers': async (run, kafka, tool) => {
    const { out } = await run(`${tool}list-endpoints --include-fenced-brokers`);
    const [, port] = kafka.bootstrapServers.split(':');
    expect(out.split('\n').map((line) => line.split(/\s+/).join(' '))).toEqual([
      'ID HOST PORT RACK STATE ENDPOINT_TYPE',
      `0 127.0.0.1 ${port} null unfenced broker`,
      '',
    ]);
    const asked = kafka.traffic.of('DescribeCluster').map(({ request }) => request.includeFencedBrokers);
    await run(`${tool}list-endpoints`);
    expect([asked.at(-1), kafka.traffic.of('DescribeCluster').at(-1)!.request.includeFencedBrokers]).toEqual([
      true,
      false,
    ]);
  },
  'bootstrap-controller': 'cluster-id --bootstrap-controller 127.0.0.1:1',
};

const quorum: Cases = {
  status: async (run, _kafka, tool) => {
    const { out } = await run(`${tool}describe --status`);
    expect(out.match(/^\w+(?=:)/gm)).toEqual([
      'ClusterId',
      'LeaderId',
      'LeaderEpoch',
      'HighWatermark',
      'MaxFollowerLag',
      'MaxFollowerLagTimeMs',
      'CurrentVoters',
      'CurrentObservers',
    ]);
    expect(out).toMatch(/^LeaderId: {15}0$/m);
    expect(await run(`${tool}describe`)).toMatchObject({ code: 1, err: expect.stringContaining('One of --status') });
  },
  replication: async (run, _kafka, tool) => {
    const { out } = await run(`${tool}describe --replication`);
    expect(out).toMatch(/^NodeId\tDirectoryId +\tLogEndOffset\tLag\tLastFetchTimestamp\tLastCaughtUpTimestamp\tStatus/);
    expect(out).toMatch(/\n0 +\t\S{22}\t\d+ *\t0 +\t.*\tLeader *\n/);
  },
  'human-readable': async (run, _kafka, tool) => {
    const { out } = await run(`${tool}describe --replication --human-readable`);
    expect(out).toMatch(/\t(\d+ ms ago|unknown) *\t(\d+ ms ago|unknown) *\tLeader/);
  },
  'bootstrap-controller': 'describe --status --bootstrap-controller 127.0.0.1:1',
  'controller-id': 'remove-controller --controller-id 1',
  'controller-directory-id': 'remove-controller --controller-directory-id x',
  'dry-run': 'add-controller --dry-run',
  unregister: 'remove-controller --unregister',
};

const logDirs: Cases = {
  describe: async (run, _kafka, tool) => {
    const { out } = await run(`${tool}--describe`);
    const [first, second, json] = out.split('\n');
    expect([first, second]).toEqual([
      'Querying brokers for log directories information',
      'Received log directory information from brokers 0',
    ]);
    expect(JSON.parse(json)).toMatchObject({ version: 1, brokers: [{ broker: 0, logDirs: [{ error: null }] }] });
    expect(await run(`${tool}--broker-list 0`)).toMatchObject({ code: 1, err: expect.stringContaining('--describe') });
  },
  'topic-list': async (run, _kafka, tool) => {
    const { out } = await run(`${tool}--describe --topic-list orders`);
    const { partitions } = JSON.parse(out.split('\n')[2]).brokers[0].logDirs[0];
    expect(partitions).toEqual([{ partition: 'orders-0', size: 0, offsetLag: 0, isFuture: false }]);
  },
  'broker-list': async (run, _kafka, tool) => {
    expect((await run(`${tool}--describe --broker-list 0`)).code).toBe(0);
    const { code, err } = await run(`${tool}--describe --broker-list 0,9`);
    expect([code, err]).toEqual([1, expect.stringContaining('do not exist from --broker-list: 9')]);
    expect(await run(`${tool}--describe --broker-list x`)).toMatchObject({ code: 1 });
  },
};

export const configCases = { 'kafka-configs': configs };
export const clusterCases = { 'kafka-cluster': cluster, 'kafka-metadata-quorum': quorum, 'kafka-log-dirs': logDirs };
