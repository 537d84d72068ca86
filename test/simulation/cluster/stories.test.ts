/** Whole clusters in trouble: seed after seed, and the few stories that must end in time. `npm run test:cluster-sim` tells more. */
import { describe, expect, test } from 'vitest';
import { CreateTopics } from '../../../protocol/apis/19-create-topics.ts';
import { randomUuid } from '../../../src/platform/random.ts';
import { ClientConnections } from './client-connections.ts';
import { ClusterClient } from './cluster-client.ts';
import { mutants, onlyTime } from './mutants.ts';
import { HOSTS, SimulatedCluster, type Machine } from './simulated-cluster.ts';
import { tell } from './story.ts';

/** As many seeds as this much of a processor allows, between these. */
const SEEDS = { least: 20, most: 150, cpuMs: 6_000, forMutants: Array.from({ length: 60 }, (_, i) => i + 1) };

describe('a cluster of three', () => {
  async function started(seed = 1): Promise<SimulatedCluster> {
    return new SimulatedCluster(seed).startAll();
  }

  /** The same once each controller has told that it is there: an active one resigns only for others that it knows. */
  async function acquainted(seed = 1): Promise<SimulatedCluster> {
    const cluster = await started(seed);
    const known = (): number => cluster.active()?.controller?.node.active?.controller.image.controllers.size ?? 0;
    await cluster.until('all controllers are registered', () => known() === cluster.all.length);
    return cluster;
  }

  /** One that is not the active controller. */
  function standby(cluster: SimulatedCluster): Machine {
    return cluster.all.find((machine) => machine !== cluster.active())!;
  }

  function isFenced(cluster: SimulatedCluster, { nodeId }: Machine): boolean {
    return cluster.active()?.controller?.node.active?.controller.image.brokers.get(nodeId)?.fenced === true;
  }

  test('makes a topic at any broker, and all brokers know it when it is answered there', async () => {
    const cluster = await started();
    const client = new ClusterClient(cluster);
    for (const host of HOSTS) await cluster.settled(`a topic is made at ${host}`, client.createTopic(host));
    expect([client.topics.length, cluster.observer.wrong, [...client.refusals]]).toEqual([3, [], []]);
    for (let i = 0; i < 20; i++) await cluster.settled('a record is produced', client.produce());
    expect(client.records).toHaveLength(20);
  });

  test('commits what clients want at the same time together, whichever broker they ask', async () => {
    const cluster = await started();
    const before = cluster.observer.commits;
    const made = Array.from({ length: 32 }, async (_, i) => {
      const topic = { name: `t-${i}`, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
      const connections = new ClientConnections(cluster, { connectMs: 1000, requestMs: 4000 });
      const asked = { timeoutMs: 3000, validateOnly: false, topics: [topic] };
      const { topics } = await connections.send(HOSTS[i % 3], CreateTopics, 7, asked);
      return topics[0].errorCode;
    });
    expect(await cluster.settled('topics are made', Promise.all(made))).toEqual(made.map(() => 0));
    expect(cluster.observer.commits - before).toBeLessThan(16);
  });

  test.each([1, 2, 3])(
    'fences a broker that is killed within a second, and unfences it when it is back (seed %d)',
    async (seed) => {
      const cluster = await started(seed);
      const machine = standby(cluster);
      cluster.kill(machine.host);
      expect(await cluster.until('it is fenced', () => isFenced(cluster, machine))).toBeLessThan(1000);
      cluster.start(machine.host);
      expect(await cluster.until('it serves', () => cluster.isServing(machine))).toBeLessThan(2000);
    },
  );

  test.each([1, 2, 3])(
    'takes a broker back that is started again at once, without waiting for its session (seed %d)',
    async (seed) => {
      const cluster = await started(seed);
      const { host } = standby(cluster);
      cluster.kill(host);
      cluster.start(host);
      expect(await cluster.until('it serves', () => cluster.isServing(cluster.get(host)))).toBeLessThan(2000);
    },
  );

  test('leaves a broker alone that is stopped for less than its session, and fences one that is silent for longer', async () => {
    const cluster = await started();
    const machine = standby(cluster);
    cluster.setStopped(machine.host, true);
    await cluster.advance(6000);
    expect(isFenced(cluster, machine)).toBe(false);
    expect(await cluster.until('it is fenced', () => isFenced(cluster, machine))).toBeLessThan(4500);
    cluster.setStopped(machine.host, false);
    expect(await cluster.until('it serves', () => cluster.isServing(machine))).toBeLessThan(2500);
  });

  test.each([1, 2, 3])(
    'fences a broker that hangs together with the active controller as soon (seed %d)',
    async (seed) => {
      const cluster = await started(seed);
      const machine = cluster.active()!;
      const stoppedMs = cluster.nowMs;
      cluster.setStopped(machine.host, true);
      await cluster.until('another one is active', () => cluster.active() !== null);
      await cluster.until('it is fenced', () => isFenced(cluster, machine));
      expect(cluster.nowMs - stoppedMs).toBeLessThan(10_000);
      await cluster.advance(5000);
      expect(cluster.logged.filter((line) => line.includes('broker-fenced'))).toHaveLength(1);
    },
  );

  test.each([1, 2, 3])(
    'replaces a controller that other brokers cannot reach, before it fences them (seed %d)',
    async (seed) => {
      const cluster = await acquainted(seed);
      const cutOff = cluster.active()!;
      const others = cluster.all.filter((machine) => machine !== cutOff);
      for (const { host } of others) cluster.network.cut(host, cutOff.host);
      const isReplaced = (): boolean => others.some(({ controller }) => controller?.node.state === 'active');
      expect(await cluster.until('another one is active', isReplaced)).toBeLessThan(6000);
      // Nothing comes back to it either: it is the one that is fenced.
      await cluster.until('it is fenced', () => isFenced(cluster, cutOff));
      for (const { host } of others) cluster.network.heal(host, cutOff.host);
      await cluster.until('it serves', () => cluster.isServing(cutOff));
      expect(cluster.logged.filter((line) => line.includes('broker-fenced'))).toHaveLength(1);
      expect(cluster.observer.wrong).toEqual([]);
    },
  );

  test('fences two brokers of three that are lost at once as soon as one of them: no other controller is there', async () => {
    const cluster = await acquainted();
    const left = cluster.active()!;
    const lost = cluster.all.filter((machine) => machine !== left);
    const lostMs = cluster.nowMs;
    for (const { host } of lost) cluster.lose(host);
    await cluster.until('they are fenced', () => lost.every((machine) => isFenced(cluster, machine)));
    expect(cluster.nowMs - lostMs).toBeLessThan(10_000);
    expect(cluster.logged.filter((line) => line.includes('controller-resigned'))).toHaveLength(1);
    expect(cluster.observer.wrong).toEqual([]);
  });

  test('fences nobody while all of etcd is away for half a minute, and goes on', async () => {
    const cluster = await started();
    for (let member = 0; member < 3; member++) cluster.etcd.hang(member);
    await cluster.advance(30_000);
    for (let member = 0; member < 3; member++) cluster.etcd.start(member);
    await cluster.until('a controller is active', () => cluster.active() !== null);
    await cluster.advance(5000);
    expect(cluster.logged.filter((line) => line.includes('broker-fenced'))).toEqual([]);
    const client = new ClusterClient(cluster);
    await cluster.settled('a topic is made', client.createTopic());
    expect(client.topics).toHaveLength(1);
  });

  test.each([1, 2, 3, 4, 5])(
    "replaces a controller that is killed while etcd's leader moves three times in 8 s, within 4 s (seed %d)",
    async (seed) => {
      const cluster = await started(seed);
      const killed = cluster.active()!;
      cluster.kill(killed.host);
      for (const afterMs of [500, 3000, 5500]) cluster.clock.after(afterMs, () => cluster.etcd.moveLeader());
      const takenOverMs = await cluster.until('another one is active', () => cluster.active() !== null);
      expect(takenOverMs).toBeLessThan(4000);
      expect(await cluster.until('the killed broker is fenced', () => isFenced(cluster, killed))).toBeLessThan(2000);
      await cluster.advance(8000);
      expect(cluster.observer.wrong).toEqual([]);
    },
  );

  test('knows where a controller is, though another process was started under its node.id', async () => {
    const cluster = await acquainted();
    const { controller } = cluster.active()!.controller!.node.active!;
    const { registration } = standby(cluster).controller!.node;
    const incarnationId = randomUuid(cluster.random);
    await cluster.settled('the other is registered', controller.registerController({ ...registration, incarnationId }));
    const known = (): string => controller.image.controllers.get(registration.id)!.incarnationId;
    expect(known()).toBe(incarnationId);
    await cluster.until('it is registered again', () => known() === registration.incarnationId, 3000);
  });

  test('moves no leadership without need: a broker that stops in order is told to, and comes back', async () => {
    const cluster = await started();
    const machine = standby(cluster);
    await cluster.settled('it has stopped', cluster.stop(machine.host));
    expect(isFenced(cluster, machine)).toBe(true);
    cluster.start(machine.host);
    await cluster.until('it serves', () => cluster.isServing(machine));
    expect(cluster.observer.wrong).toEqual([]);
  });
});

test('a controller that is killed while etcd moves is not replaced in time where only time ends claims', async () => {
  const cluster = await new SimulatedCluster(1, onlyTime).startAll();
  cluster.kill(cluster.active()!.host);
  for (const afterMs of [500, 3000, 5500]) cluster.clock.after(afterMs, () => cluster.etcd.moveLeader());
  expect(await cluster.until('another one is active', () => cluster.active() !== null)).toBeGreaterThan(9000);
});

describe('the stories show', () => {
  test.each(mutants)(
    'that $name',
    async ({ seed, options, break: breakIt }) => {
      const mend = breakIt?.();
      try {
        const shown = [seed, ...SEEDS.forMutants];
        for (const each of shown) if ((await tell(each, options)).wrong.length > 0) return;
        expect.fail(`no story of ${shown.length} shows it`);
      } finally {
        mend?.();
      }
    },
    240_000,
  );
});

describe('a minute of trouble', () => {
  test('loses nothing and ends well, seed after seed', async () => {
    const failed: string[] = [];
    const began = process.cpuUsage();
    let [seed, topics, records, terms] = [0, 0, 0, 0];
    while (seed < SEEDS.least || (seed < SEEDS.most && process.cpuUsage(began).user / 1000 < SEEDS.cpuMs)) {
      const outcome = await tell(++seed);
      topics += outcome.topics;
      records += outcome.records;
      terms += outcome.terms;
      if (outcome.wrong.length > 0) failed.push(`CLUSTER_SEED=${seed}: ${outcome.wrong[0]}`);
    }
    expect(failed).toEqual([]);
    // The stories tell of something.
    expect(Math.min(topics / 2, records / 10, terms / 3)).toBeGreaterThan(seed);
  }, 240_000);

  test('is the same for the same seed', async () => {
    const [one, other] = [await tell(3, { troubleMs: 20_000 }), await tell(3, { troubleMs: 20_000 })];
    expect(one.logged).toEqual(other.logged);
    expect(one.logged.length).toBeGreaterThan(10);
  });
});
