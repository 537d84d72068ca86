import { expect, test, vi } from 'vitest';
import { leaderEpoch } from '../../protocol/records/batch.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { NotControllerError } from '../../src/cluster/controller-errors.ts';
import { supportedRanges } from '../../src/cluster/features.ts';
import type { ActiveController } from '../../src/controllers/controller-node.ts';
import { CLUSTER_ID, ControllerNodes, topic, type NodeProcess } from './nodes.ts';

const COMMIT = { validateOnly: false };

function broker(id: number, incarnationId = `incarnationincarnati0${id}`) {
  return {
    id,
    clusterId: CLUSTER_ID,
    incarnationId,
    rack: null,
    listeners: [{ name: 'PLAINTEXT', host: `broker-${id}`, port: 9092, securityProtocol: 0 }],
    logDirectoryIds: [`directorydirectorydi0${id}`],
    features: supportedRanges,
    previousBrokerEpoch: -1,
  };
}

function heartbeat(brokerId: number, brokerEpoch: number) {
  const currentMetadataOffset = brokerEpoch;
  return { brokerId, brokerEpoch, currentMetadataOffset, wantFence: false, wantShutDown: false };
}

/** A broker that is registered, and unfenced by its first heartbeat. */
async function joined(nodes: ControllerNodes, { sessions }: ActiveController, id: number): Promise<number> {
  const { errorCode, brokerEpoch } = await nodes.until(sessions.register(broker(id)));
  expect(errorCode).toBe(ErrorCode.NONE);
  const reply = await nodes.until(sessions.heartbeat(heartbeat(id, brokerEpoch), id));
  expect(reply).toMatchObject({ isCaughtUp: true, isFenced: false });
  return brokerEpoch;
}

async function started(
  settings?: Readonly<Record<string, string>>,
): Promise<{ nodes: ControllerNodes; first: NodeProcess }> {
  const nodes = new ControllerNodes(settings);
  for (const id of [1, 2, 3]) nodes.start(id);
  return { nodes, first: await nodes.serving() };
}

test('the active controller has committed before it serves, and standbys know who it is', async () => {
  const { nodes, first } = await started();
  const { active, nodeId } = first.node;
  expect(active?.controller.image.features.get('metadata.version')).toBe(33);
  expect(active?.controller.image.controllers.get(nodeId)?.listeners[0].port).toBe(9093);
  expect(leaderEpoch(active!.store.copy.read(0, 1)[0], 0)).toBe(1);
  await nodes.clock.advance(500);
  for (const { node } of nodes.all.values())
    expect(node.leader).toMatchObject({ nodeId, epoch: 1, host: `node-${nodeId}`, port: 9093 });
});

test('what is decided while a commit is under way shares the next one', async () => {
  const { nodes, first } = await started();
  const { controller, store } = first.node.active!;
  await joined(nodes, first.node.active!, 1);
  const [before, revision] = [nodes.etcd.store.revision, controller.image.revision];
  const names = Array.from({ length: 32 }, (_, i) => `topic-${i}`);
  const results = await nodes.until(Promise.all(names.map((name) => controller.createTopics([topic(name)], COMMIT))));
  expect(results.flat().map(({ errorCode }) => errorCode)).toEqual(names.map(() => ErrorCode.NONE));
  expect([...controller.image.topicsByName.keys()]).toEqual(names);
  expect(controller.image.revision - revision).toBe(64);
  expect(nodes.etcd.store.revision - before).toBe(2); // the first alone, all others together
  expect(store.copy.endOffset).toBe(controller.image.revision + 1);
});

test('of two that want the same in one commit, the second is told of the first', async () => {
  const { nodes, first } = await started();
  const { controller } = first.node.active!;
  await joined(nodes, first.node.active!, 1);
  const results = await nodes.until(
    Promise.all(['a', 'b', 'b'].map((name) => controller.createTopics([topic(name)], COMMIT))),
  );
  expect(results.flat().map(({ errorCode }) => errorCode)).toEqual([
    ErrorCode.NONE,
    ErrorCode.NONE,
    ErrorCode.TOPIC_ALREADY_EXISTS,
  ]);
});

test('a controller that takes over has what its predecessor committed, under a higher epoch', async () => {
  const { nodes, first } = await started();
  const { controller } = first.node.active!;
  await joined(nodes, first.node.active!, 1);
  await nodes.until(controller.createTopics([topic('a', 3)], COMMIT));
  nodes.kill(first.node.nodeId);
  const next = (await nodes.serving()).node.active!;
  expect(next.epoch).toBe(2);
  expect(next.controller.image.topicsByName.get('a')).toEqual(controller.image.topicsByName.get('a'));
  expect(next.store.copy.lastEpoch).toBe(2);
  expect(next.store.copy.stateOf(controller.image.revision + 1, 1)).toBe('valid');
  expect(next.store.copy.stateOf(controller.image.revision + 2, 1)).toEqual({
    epoch: 1,
    endOffset: controller.image.revision + 1,
  });
});

test('what a controller has decided and not committed when it is deposed fails, and is not there', async () => {
  const { nodes, first } = await started();
  const { controller } = first.node.active!;
  await joined(nodes, first.node.active!, 1);
  const { nodeId } = first.node;
  nodes.etcd.cut(`node-${nodeId}`);
  const creation = controller.createTopics([topic('lost')], COMMIT).catch((error: unknown) => error);
  await nodes.pass(() => nodes.active() !== null && nodes.active() !== first);
  nodes.etcd.heal(`node-${nodeId}`);
  expect(await nodes.until(creation)).toBeInstanceOf(NotControllerError);
  expect(first.node.active).toBeNull();
  expect(nodes.active()!.node.active!.controller.image.topicsByName.has('lost')).toBe(false);
});

/** Settings of a topic that come to a megabyte and a half. */
const LARGE = new Map(Array.from({ length: 150 }, (_, i) => [`key-${i}`, 'x'.repeat(10_000)]));

function alterLargely({ controller }: ActiveController): Promise<null> {
  return controller.alterConfigs(() => ({ changes: [{ type: 2, name: 'a', values: LARGE }], result: null }));
}

test('a change of more than a megabyte is a transaction of several batches', async () => {
  const { nodes, first } = await started();
  const { controller, store } = first.node.active!;
  const before = store.copy.endOffset;
  await nodes.until(alterLargely(first.node.active!));
  expect(store.copy.read(before, Infinity).map(({ length }) => length > 1 << 20)).toEqual([false, false]);
  expect(controller.image.configs.get('2:a')).toEqual(LARGE);
  expect(controller.image.revision - before + 1).toBe(152);
  nodes.kill(first.node.nodeId);
  const { controller: next } = (await nodes.serving()).node.active!;
  expect(next.image.configs.get('2:a')).toEqual(LARGE);
});

test('a transaction that its controller did not end is aborted by the next one', async () => {
  const { nodes, first } = await started();
  const { revision } = nodes.etcd.store;
  void alterLargely(first.node.active!).catch(() => {});
  await nodes.pass(() => nodes.etcd.store.revision > revision);
  nodes.etcd.cut(`node-${first.node.nodeId}`); // the next batch is on its way
  nodes.kill(first.node.nodeId);
  const { node } = await nodes.serving();
  const { controller: next } = node.active!;
  expect(next.image.pending).toBeNull();
  expect(next.image.configs.size).toBe(0);
  await nodes.until(alterLargely(node.active!));
  expect(next.image.configs.get('2:a')).toEqual(LARGE);
});

test('the log is replaced by snapshots, and a controller that takes over begins with the newest', async () => {
  const { nodes, first } = await started({ 'metadata.log.max.record.bytes.between.snapshots': '10000' });
  const { controller, store } = first.node.active!;
  await joined(nodes, first.node.active!, 1);
  for (let i = 0; i < 40; i++) await nodes.until(controller.createTopics([topic(`topic-${i}`, 10)], COMMIT));
  await nodes.clock.advance(1000);
  expect(store.snapshot!.endOffset).toBeGreaterThan(200);
  expect(store.copy.start.endOffset).toBeGreaterThan(0);
  expect(nodes.etcd.store.range({ key: nodes.keys.batch(0) }, NO_HEADER).count).toBe(0);
  expect(store.copy.stateOf(0, 0)).toBe('behind');
  nodes.kill(first.node.nodeId);
  const next = (await nodes.serving()).node.active!;
  const { image } = next.controller;
  expect(image.topicsByName).toEqual(controller.image.topicsByName);
  expect(image.brokers.get(1)).toEqual(controller.image.brokers.get(1));
  expect(next.store.copy.start).toEqual(store.copy.start);
});

/** How many batches of the log are read from etcd while `act` is under way. */
async function batchesRead(nodes: ControllerNodes, act: () => Promise<unknown>): Promise<number> {
  const { store } = nodes.etcd;
  const range = vi.spyOn(store, 'range');
  try {
    await act();
    const found = range.mock.results.flatMap(({ value }) => (value as ReturnType<typeof store.range>).kvs);
    return found.filter(({ key }) => key.includes('/log/')).length;
  } finally {
    range.mockRestore();
  }
}

test('a standby has read what is committed, so that taking over reads only what is new', async () => {
  const { nodes, first } = await started();
  const { controller, store } = first.node.active!;
  await joined(nodes, first.node.active!, 1);
  for (let i = 0; i < 30; i++) await nodes.until(controller.createTopics([topic(`topic-${i}`)], COMMIT));
  await nodes.clock.advance(1500);
  const standbys = [...nodes.all.values()].filter((each) => each !== first);
  const position = { endOffset: store.copy.endOffset, epoch: 1 };
  expect(standbys.map(({ node }) => node.position)).toEqual([position, position]);
  nodes.kill(first.node.nodeId);
  const read = await batchesRead(nodes, () => nodes.serving());
  expect(read).toBeLessThan(5);
  expect(nodes.active()!.node.active!.controller.image.topicsByName).toEqual(controller.image.topicsByName);
});

test('a standby that snapshots have overtaken begins with the newest', async () => {
  const { nodes, first } = await started({ 'metadata.log.max.record.bytes.between.snapshots': '10000' });
  const { controller, store } = first.node.active!;
  await joined(nodes, first.node.active!, 1);
  const standby = [...nodes.all.values()].find((each) => each !== first)!;
  standby.process.stop();
  for (let i = 0; i < 40; i++) await nodes.until(controller.createTopics([topic(`topic-${i}`, 10)], COMMIT));
  await nodes.clock.advance(1000);
  expect(store.copy.start.endOffset).toBeGreaterThan(standby.node.position!.endOffset);
  standby.process.resume();
  await nodes.pass(() => standby.node.position!.endOffset === store.copy.endOffset);
  for (const nodeId of nodes.all.keys()) if (nodeId !== standby.node.nodeId) nodes.kill(nodeId);
  const { controller: next, store: its } = (await nodes.serving()).node.active!;
  expect(next.image.topicsByName).toEqual(controller.image.topicsByName);
  expect(its.copy.start).toEqual(store.copy.start);
});

const NO_HEADER = { memberId: '0', revision: 0, raftTerm: 0 };

test('a broker whose connection closes is fenced at once where nobody listens, and not where somebody does', async () => {
  const { nodes, first } = await started();
  const { controller, sessions } = first.node.active!;
  for (const id of [1, 2]) await joined(nodes, first.node.active!, id);
  nodes.brokerProbe = (id) => (id === 1 ? 'refused' : 'accepted');
  const beganMs = nodes.clock.monotonic();
  for (const id of [1, 2]) sessions.connectionClosed(id);
  await nodes.pass(() => controller.image.brokers.get(1)!.fenced);
  expect(nodes.clock.monotonic() - beganMs).toBeLessThan(50);
  await nodes.clock.advance(5000);
  expect(controller.image.brokers.get(2)!.fenced).toBe(false);
  await nodes.pass(() => controller.image.brokers.get(2)!.fenced);
  expect(nodes.clock.monotonic() - beganMs).toBeGreaterThan(8900);
});

test('a heartbeat that waits for a commit when its connection closes keeps no connection of its broker', async () => {
  const { nodes, first } = await started();
  const { controller, sessions } = first.node.active!;
  const brokerEpoch = await joined(nodes, first.node.active!, 1);
  for (const member of [0, 1, 2]) nodes.etcd.kill(member);
  const creation = controller.createTopics([topic('t')], COMMIT);
  const waiting = sessions.heartbeat(heartbeat(1, brokerEpoch), 9, ['directorydirectorydi77']);
  sessions.connectionClosed(9);
  for (const member of [0, 1, 2]) nodes.etcd.start(member);
  await nodes.until(Promise.all([creation, waiting]));
  nodes.brokerProbe = () => 'refused';
  const beganMs = nodes.clock.monotonic();
  sessions.connectionClosed(1);
  await nodes.pass(() => controller.image.brokers.get(1)!.fenced);
  expect(nodes.clock.monotonic() - beganMs).toBeLessThan(50);
});

test('a new controller looks for brokers that it does not hear of, and fences those that are gone', async () => {
  const { nodes, first } = await started();
  for (const id of [1, 2]) await joined(nodes, first.node.active!, id);
  nodes.kill(first.node.nodeId);
  nodes.brokerProbe = (id) => (id === 1 ? 'refused' : 'silent');
  const { controller } = (await nodes.serving()).node.active!;
  const beganMs = nodes.clock.monotonic();
  await nodes.pass(() => controller.image.brokers.get(1)!.fenced);
  expect(nodes.clock.monotonic() - beganMs).toBeLessThan(600);
  expect(controller.image.brokers.get(2)!.fenced).toBe(false);
});

test('nobody is fenced while etcd is away, and what was asked for comes true when it is back', async () => {
  const { nodes, first } = await started();
  const { controller, sessions, epoch } = first.node.active!;
  const brokerEpoch = await joined(nodes, first.node.active!, 1);
  for (const member of [0, 1, 2]) nodes.etcd.kill(member);
  const creation = controller.createTopics([topic('late')], COMMIT);
  for (let i = 0; i < 15; i++) {
    await nodes.clock.advance(2000);
    await sessions.heartbeat(heartbeat(1, brokerEpoch), 1);
  }
  expect(first.node.state).toBe('paused');
  for (const member of [0, 1, 2]) nodes.etcd.start(member);
  expect((await nodes.until(creation))[0].errorCode).toBe(ErrorCode.NONE);
  expect(first.node.active?.epoch).toBe(epoch);
  expect(controller.image.brokers.get(1)!.fenced).toBe(false);
  expect(nodes.logged.filter((line) => line === `${first.node.nodeId}: etcd-is-away`)).toHaveLength(1);
});

test.each([
  ['true', 1],
  ['false', 2],
])('a partition whose preferred leader is in sync again is given back to it: %s', async (isEnabled, leader) => {
  const { nodes, first } = await started({
    'leader.imbalance.check.interval.seconds': '5',
    'auto.leader.rebalance.enable': isEnabled,
  });
  const { controller } = first.node.active!;
  const [one, two] = [await joined(nodes, first.node.active!, 1), await joined(nodes, first.node.active!, 2)];
  const assignments = [{ partitionIndex: 0, brokerIds: [1, 2] }];
  await nodes.until(controller.createTopics([{ ...topic('t'), assignments }], COMMIT));
  for (const change of ['fence', 'unfence'] as const) await nodes.until(controller.changeBroker(1, one, change));
  const partition = () => controller.image.topicsByName.get('t')!.partitions[0];
  expect(partition()).toMatchObject({ leader: 2, isr: [2] });
  await nodes.clock.advance(5000);
  expect(partition().leader).toBe(2); // the other one is not in sync yet
  const { leaderEpoch, partitionEpoch } = partition();
  const newIsrWithEpochs = [
    { brokerId: 2, brokerEpoch: two },
    { brokerId: 1, brokerEpoch: one },
  ];
  const proposal = {
    partitionIndex: 0,
    leaderEpoch,
    partitionEpoch,
    leaderRecoveryState: 0,
    newIsr: [],
    newIsrWithEpochs,
  };
  const topics = [{ topicId: controller.image.topicsByName.get('t')!.id, partitions: [proposal] }];
  await nodes.until(controller.alterPartitions({ brokerId: 2, brokerEpoch: two, topics }));
  for (const [id, epoch] of [
    [1, one],
    [2, two],
  ])
    await first.node.active!.sessions.heartbeat(heartbeat(id, epoch), id);
  await nodes.clock.advance(6000);
  expect(partition()).toMatchObject({ leader, isr: [2, 1] });
});

const ELR = 'eligible.leader.replicas.version';
const MIN_ISR = 'min.insync.replicas';

/** Settings of the topic 't', or with another type and an empty name of all brokers. */
function setMinIsr({ controller }: ActiveController, value: string, type = 2, name = 't'): Promise<null> {
  const values = new Map([[MIN_ISR, value]]);
  return controller.alterConfigs(() => ({ changes: [{ type, name, values }], result: null }));
}

test.each<[string, (active: ActiveController) => Promise<unknown>]>([
  ['the minimum of its topic is lowered', (active) => setMinIsr(active, '1')],
  ['the minimum of all topics is lowered', (active) => setMinIsr(active, '1', 4, '')],
  [
    'eligible replicas are switched off and on',
    async ({ controller }) => {
      await controller.updateFeatures([{ feature: ELR, maxVersionLevel: 0, upgradeType: 2 }], COMMIT);
      await controller.updateFeatures([{ feature: ELR, maxVersionLevel: 1, upgradeType: 1 }], COMMIT);
    },
  ],
])(
  'a replica that was eligible does not lead after %s: it may lack what was acknowledged since',
  async (_what, change) => {
    const { nodes, first } = await started();
    const { controller } = first.node.active!;
    const [one, two] = [await joined(nodes, first.node.active!, 1), await joined(nodes, first.node.active!, 2)];
    const assignments = [{ partitionIndex: 0, brokerIds: [1, 2] }];
    await nodes.until(setMinIsr(first.node.active!, '2', 4, ''));
    await nodes.until(controller.createTopics([{ ...topic('t'), assignments }], COMMIT));
    const partition = () => controller.image.topicsByName.get('t')!.partitions[0];
    await nodes.until(controller.changeBroker(2, two, 'fence'));
    expect(partition()).toMatchObject({ leader: 1, isr: [1], elr: [2] });
    await nodes.until(change(first.node.active!));
    await nodes.until(controller.changeBroker(1, one, 'fence'));
    await nodes.until(controller.changeBroker(2, two, 'unfence'));
    expect(partition()).toMatchObject({ leader: -1, isr: [], elr: [1] });
    await nodes.until(controller.changeBroker(1, one, 'unfence'));
    expect(partition()).toMatchObject({ leader: 1, isr: [1] });
  },
);
