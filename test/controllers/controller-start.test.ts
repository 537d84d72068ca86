/** How a controller's process starts, and what it refuses, over a simulated network and etcd. */
import { expect, test } from 'vitest';
import { DescribeQuorum } from '../../protocol/apis/55-describe-quorum.ts';
import { plainClient, signIn } from '../../protocol/sasl/client.ts';
import { clusterKey } from '../../src/controllers/etcd-keys.ts';
import { LocalMetadataStore } from '../../src/cluster/local-metadata-store.ts';
import { baseOffsetIn, checkpointIn, METADATA_DIRECTORY } from '../../src/cluster/metadata-directory.ts';
import { Controller } from '../../src/cluster/controller.ts';
import { supportedRanges } from '../../src/cluster/features.ts';
import type { RegistrationRequest } from '../../src/cluster/registration.ts';
import { effectiveConfig } from '../../src/config/layers.ts';
import { plainUsers } from '../../src/credentials/plain-users.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { diskError, MemoryFiles } from '../../src/platform/memory-files.ts';
import { ControllerMachines } from './controller-machines.ts';

const DIRECTORY = '/data';
const NO_HEADER = { memberId: '0', revision: 0, raftTerm: 0 };

/** A directory as a broker of this cluster has left it. */
function directoryOf(clusterId: string): MemoryFiles {
  const files = new MemoryFiles();
  files.makeDirectory(DIRECTORY);
  const text = `version=1\nnode.id=1\ncluster.id=${clusterId}\ndirectory.id=directorydirectorydirA\n`;
  files.replace(`${DIRECTORY}/meta.properties`, Buffer.from(text));
  return files;
}

/** The words of an error that a promise must reject with. */
async function refusal(machines: ControllerMachines, promise: Promise<unknown>): Promise<string> {
  const outcome = await machines.until(
    promise.then(
      () => null,
      (error: unknown) => error as Error,
    ),
  );
  expect(outcome).not.toBeNull();
  return outcome!.message;
}

test('the first of several processes makes the cluster, and all are in the same', async () => {
  const machines = new ControllerMachines();
  const all = await machines.until(Promise.all([1, 2, 3].map((node) => machines.begin(node))));
  const [{ clusterId }] = all;
  expect(all.map((each) => each.clusterId)).toEqual([clusterId, clusterId, clusterId]);
  const { kvs } = machines.etcd.store.range({ key: clusterKey('/ottla') }, NO_HEADER);
  expect(kvs.map(({ value }) => value.toString())).toEqual([clusterId]);
});

test('etcd that does not answer is named every five seconds, and given up after the time for registering', async () => {
  const machines = new ControllerMachines();
  for (const member of [0, 1, 2]) machines.etcd.kill(member);
  const begun = machines.begin(1, { 'initial.broker.registration.timeout.ms': '20000' });
  const words = await refusal(machines, begun);
  expect(words).toContain('127.0.0.1:2379, 127.0.0.1:2380, 127.0.0.1:2381');
  expect(words).toContain('ottla.etcd.endpoints');
  const lines = machines.lines.filter(({ event }) => event === 'etcd-unreachable');
  expect(lines).toHaveLength(4);
  expect(lines[0].facts).toMatchObject({ endpoints: '127.0.0.1:2379, 127.0.0.1:2380, 127.0.0.1:2381' });
});

test('etcd that comes while a process waits for it is found', async () => {
  const machines = new ControllerMachines();
  for (const member of [0, 1, 2]) machines.etcd.kill(member);
  const begun = machines.begin(1);
  await machines.clock.advance(12_000);
  for (const member of [0, 1, 2]) machines.etcd.start(member);
  expect((await machines.until(begun)).clusterId).toMatch(/^[\w-]{22}$/);
});

test("a directory of another cluster than etcd's is refused, with both ids", async () => {
  const machines = new ControllerMachines();
  const { clusterId } = await machines.start(1);
  const words = await refusal(machines, machines.begin(2, {}, directoryOf('anotheranotheranothera'), DIRECTORY));
  expect(words).toContain(clusterId);
  expect(words).toContain('anotheranotheranothera');
});

test('an id that another process holds is refused, with its address', async () => {
  const machines = new ControllerMachines();
  await machines.start(1);
  await machines.active();
  const begun = machines.begin(2, { 'node.id': '1' });
  expect(await refusal(machines, begun)).toContain('node-1:9093');
});

test('a process that starts anew under its id takes its own place', async () => {
  const machines = new ControllerMachines();
  await machines.start(1);
  const before = await machines.active();
  machines.kill(1);
  await machines.start(1);
  const after = await machines.active();
  expect(after.node.active!.epoch).toBe(before.node.active!.epoch + 1);
});

test.each([
  ['etcd elsewhere without TLS', { 'ottla.etcd.endpoints': '10.0.0.1:2379' }, 'ottla.etcd.ssl.ca'],
  [
    'an address that only this machine can reach, while etcd is elsewhere',
    { 'ottla.etcd.endpoints': '10.0.0.1:2379', 'ottla.etcd.ssl.ca': 'ca.pem', listeners: 'CONTROLLER://:9093' },
    'advertised.listeners',
  ],
  ['a user without a password', { 'ottla.etcd.user': 'ottla' }, 'ottla.etcd.password.file'],
  [
    'a password that is not there',
    { 'ottla.etcd.user': 'ottla', 'ottla.etcd.password.file': '/no' },
    '/no cannot be read',
  ],
])('%s is refused', async (_what, settings: Readonly<Record<string, string>>, words) => {
  const machines = new ControllerMachines();
  expect(await refusal(machines, machines.begin(1, settings))).toContain(words);
});

test('the state of a broker that was alone is the first of the cluster, with its id, and offsets go on', async () => {
  const machines = new ControllerMachines();
  const files = directoryOf('aloneclusterclusterclA');
  const store = new LocalMetadataStore(files, DIRECTORY, machines.clock, silentLogger);
  const config = effectiveConfig({ static: new Map(), cluster: new Map(), broker: new Map() });
  const alone = new Controller({
    store,
    clusterId: 'aloneclusterclusterclA',
    random: machines.random,
    config: () => config,
  });
  await alone.load();
  const listeners = [{ name: 'PLAINTEXT', host: 'node-1', port: 9092, securityProtocol: 0 }];
  const logDirectoryIds = ['directorydirectorydirA'];
  await alone.register({ id: 1, incarnationId: 'incarnationincarnatioA', rack: null, listeners, logDirectoryIds });
  const topic = {
    name: 't',
    numPartitions: 3,
    replicationFactor: 1,
    assignments: [],
    configs: [{ name: 'retention.ms', value: '1234' }],
  };
  await alone.createTopics([topic], { validateOnly: false });
  await alone.close();
  await store.close();

  const { clusterId } = await machines.start(1, {}, files, DIRECTORY);
  expect(clusterId).toBe('aloneclusterclusterclA');
  const { controller, epoch, store: moved } = (await machines.active()).node.active!;
  expect(epoch).toBe(2); // behind the only one of a broker alone
  expect(controller.image.topicsByName).toEqual(alone.image.topicsByName);
  expect(controller.image.configs).toEqual(alone.image.configs);
  expect(controller.image.features).toEqual(alone.image.features);
  expect(moved.copy.start).toEqual({ endOffset: alone.image.revision + 1, epoch: 1 });
  expect(moved.copy.stateOf(alone.image.revision + 1, 1)).toBe('valid'); // its broker's copy goes on there
  expect((await machines.start(2)).clusterId).toBe(clusterId);
});

test('a copy of the state of a cluster makes no other cluster', async () => {
  const machines = new ControllerMachines();
  const files = directoryOf('copiedclusterclusterAA');
  const store = new LocalMetadataStore(files, DIRECTORY, machines.clock, silentLogger);
  const endPoints = [{ name: 'CONTROLLER', host: 'node-1', port: 9093, securityProtocol: 0 }];
  const common = { zkMigrationReady: false, endPoints, features: [] };
  const record = {
    type: 'RegisterControllerRecord',
    controllerId: 1,
    incarnationId: 'incarnationincarnatioA',
    ...common,
  } as const;
  await store.append([record], -1);
  await store.close();
  expect(await refusal(machines, machines.begin(1, {}, files, DIRECTORY))).toContain('restore etcd');
});

test('a controller without etcd replaces its log by snapshots, and starts from them', async () => {
  const machines = new ControllerMachines();
  const files = new MemoryFiles();
  const settings = { 'ottla.etcd.endpoints': '', 'metadata.log.max.record.bytes.between.snapshots': '3000' };
  const first = await machines.start(1, settings, files, DIRECTORY);
  const { controller } = (await machines.active()).node.active!;
  for (let i = 0; i < 100; i++) {
    const values = new Map([['num.partitions', String(i + 1)]]);
    await machines.until(controller.alterConfigs(() => ({ changes: [{ type: 4, name: '', values }], result: null })));
    await machines.clock.advance(1);
  }
  await machines.until(first.stop());
  machines.kill(1);
  const folder = `${DIRECTORY}/${METADATA_DIRECTORY}`;
  const snapshots = () => files.list(folder).filter((name) => checkpointIn(name) !== null);
  expect(snapshots()).toHaveLength(2); // the newest, and the one that the log begins behind
  const logs = files.list(folder).map(baseOffsetIn);
  expect(logs.filter((each) => each !== null)).toEqual([checkpointIn(snapshots()[0])!.endOffset]);

  const imageOf = async () => {
    const again = await machines.start(1, settings, files, DIRECTORY);
    const { image } = (await machines.active()).node.active!.controller;
    await machines.until(again.stop());
    machines.kill(1);
    return image;
  };
  expect((await imageOf()).configs).toEqual(controller.image.configs);
  // The log has all that the newest snapshot has, and the older one.
  files.replace(`${folder}/${snapshots().at(-1)}`, Buffer.from('damaged'));
  expect((await imageOf()).configs).toEqual(controller.image.configs);
  for (const name of snapshots()) files.remove(`${folder}/${name}`);
  expect(await refusal(machines, machines.begin(1, settings, files, DIRECTORY))).toContain('no snapshot');
});

test('a controller without etcd that is to keep nothing is refused', async () => {
  const machines = new ControllerMachines();
  expect(await refusal(machines, machines.begin(1, { 'ottla.etcd.endpoints': '' }))).toContain('without --memory');
});

test('a controller without etcd is the only one: it serves out of its directory, and each start is a new term', async () => {
  const machines = new ControllerMachines();
  const files = new MemoryFiles();
  const first = await machines.start(1, { 'ottla.etcd.endpoints': '' }, files, DIRECTORY);
  const { controller, epoch } = (await machines.active()).node.active!;
  expect(epoch).toBe(1);
  await controller.alterConfigs(() => ({
    changes: [{ type: 4, name: '', values: new Map([['num.partitions', '7']]) }],
    result: null,
  }));
  await machines.until(first.stop());
  machines.kill(1);
  const again = await machines.start(1, { 'ottla.etcd.endpoints': '' }, files, DIRECTORY);
  expect(again.clusterId).toBe(first.clusterId);
  const active = (await machines.active()).node.active!;
  expect(active.epoch).toBe(2);
  expect(active.controller.image.configs.get('4:')).toEqual(new Map([['num.partitions', '7']]));
  expect(active.store.copy.stateOf(controller.image.revision + 1, 1)).toBe('valid');
  expect(await refusal(machines, machines.begin(2, { 'ottla.etcd.endpoints': '' }, files, DIRECTORY))).toContain(
    DIRECTORY,
  );
});

test('a controller without etcd whose disk is full refuses changes in words, and takes them once there is room', async () => {
  const machines = new ControllerMachines();
  const files = new MemoryFiles();
  await machines.start(1, { 'ottla.etcd.endpoints': '' }, files, DIRECTORY);
  const { controller } = (await machines.active()).node.active!;
  const change = (value: string): Promise<unknown> =>
    controller.alterConfigs(() => ({
      changes: [{ type: 4, name: '', values: new Map([['num.partitions', value]]) }],
      result: 'done',
    }));
  files.before = (operation, path) => {
    if (operation === 'write' && path.endsWith('.log')) throw diskError('ENOSPC', operation, path);
  };
  expect(await refusal(machines, change('7'))).toContain('make room in log.dirs');
  expect(controller.image.configs.get('4:')).toBeUndefined();
  files.before = null;
  expect(await machines.until(change('8'))).toBe('done');
});

function registrationOf(clusterId: string): RegistrationRequest {
  const listeners = [{ name: 'PLAINTEXT', host: 'node-7', port: 9092, securityProtocol: 0 }];
  const ids = { id: 7, incarnationId: 'incarnationincarnatioA', logDirectoryIds: ['directorydirectorydirA'] };
  return { ...ids, clusterId, rack: null, listeners, features: supportedRanges, previousBrokerEpoch: -1 };
}

test('a controller without a broker tells /metrics of the cluster, of elections in its terms and of requests', async () => {
  const machines = new ControllerMachines();
  const settings = { 'ottla.metrics.port': '0', listeners: 'CONTROLLER://127.0.0.1:9093' };
  const { metricsPort, node } = await machines.start(1, settings);
  await machines.active();
  const client = await machines.connect(1);
  await machines.until(client.send(DescribeQuorum, 2, { topics: [] }));
  const { controller } = node.active!;
  const topic = { name: 't', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  const registered = await machines.until(node.active!.sessions.register(registrationOf(controller.image.clusterId)));
  expect(registered.errorCode).toBe(0);
  await machines.until(controller.changeBroker(7, registered.brokerEpoch, 'unfence'));
  await machines.until(controller.createTopics([topic], { validateOnly: false }));
  await machines.until(controller.changeBroker(7, registered.brokerEpoch, 'fence'));
  await machines.until(controller.changeBroker(7, registered.brokerEpoch, 'unfence'));
  const told = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const valueOf = (name: string): number => Number(new RegExp(`^${name} (.*)$`, 'm').exec(told)?.[1] ?? NaN);
  expect(valueOf('kafka_controller_kafkacontroller_activecontrollercount')).toBe(1);
  expect(valueOf('kafka_controller_kafkacontroller_activebrokercount')).toBe(1);
  expect(valueOf('kafka_controller_kafkacontroller_globalpartitioncount')).toBe(1);
  expect(valueOf('kafka_controller_controllerstats_leaderelectionrateandtimems_count')).toBe(1);
  expect(valueOf('kafka_controller_kafkacontroller_lastappliedrecordoffset')).toBe(controller.image.revision);
  expect(told).toContain('kafka_network_requestmetrics_requests_total{request="DescribeQuorum",version="2"} 1');
  expect(told).toContain('kafka_server_socket_server_metrics_connection_count{listener="CONTROLLER"} 1');
  await machines.until(machines.running.get(1)!.stop());
});

test('it tells of those who sign in, too', async () => {
  const machines = new ControllerMachines();
  const running = await machines.start(1, {
    'ottla.metrics.port': '0',
    listeners: 'CONTROLLER://127.0.0.1:9093',
    'listener.security.protocol.map': 'CONTROLLER:SASL_PLAINTEXT',
    'sasl.enabled.mechanisms': 'PLAIN',
    'sasl.mechanism.controller.protocol': 'PLAIN',
    'listener.name.controller.plain.sasl.jaas.config': plainUsers(new Map([['node', 'a secret']]), {
      name: 'node',
      password: 'a secret',
    }),
  });
  await machines.until(signIn(await machines.connect(1), plainClient('node', 'a secret'), 2));
  const wrong = await machines.connect(1);
  await expect(machines.until(signIn(wrong, plainClient('node', 'a guess'), 2))).rejects.toThrow(/closed|Invalid/);
  const told = await (await fetch(`http://127.0.0.1:${running.metricsPort}/metrics`)).text();
  expect(told).toContain('kafka_server_socket_server_metrics_successful_authentication_total{listener="CONTROLLER"} 1');
  expect(told).toContain('kafka_server_socket_server_metrics_failed_authentication_total{listener="CONTROLLER"} 1');
  await machines.until(running.stop());
});
