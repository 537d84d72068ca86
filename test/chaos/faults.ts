/** What happens to a cluster of processes, one a round. Each ends with everything running and nothing cut. */
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { NODES, within, type ChaosCluster, type Node } from './cluster.ts';

export interface Fault {
  readonly name: string;
  /** False where it cannot be done here. */
  play(cluster: ChaosCluster, topic: string): Promise<boolean | void>;
}

const LATE_MS = 2500;

async function leaderOf(cluster: ChaosCluster, topic: string): Promise<Node> {
  let leader = -1;
  await within(30_000, async () => (leader = (await cluster.states(topic))?.[0]?.leader ?? -1) > 0);
  return leader as Node;
}

function followerOf(leader: Node): Node {
  return NODES.find((node) => node !== leader)!;
}

async function kill(cluster: ChaosCluster, node: Node, restartMs: number): Promise<void> {
  cluster.signal(node, 'SIGKILL');
  await wait(restartMs);
  await cluster.start(node);
}

async function pause(cluster: ChaosCluster, node: Node, forMs: number): Promise<void> {
  cluster.signal(node, 'SIGSTOP');
  await wait(forMs);
  cluster.signal(node, 'SIGCONT');
}

async function during(forMs: number, heal: () => void): Promise<void> {
  await wait(forMs);
  heal();
}

/** Replicas of partitions go and come, and topics, until the time is over; then all partitions have three replicas again. */
async function churn(cluster: ChaosCluster, topic: string, forMs: number): Promise<void> {
  const partitions = (await cluster.states(topic))?.length ?? 0;
  const endMs = performance.now() + forMs;
  for (let turn = 0; performance.now() < endMs; turn++) {
    const rotated = NODES.map((_, i) => NODES[(i + turn) % NODES.length]);
    await cluster.reassign(topic, turn % partitions, turn % 3 === 2 ? rotated.slice(1) : rotated);
    await cluster.createTopic(`churn-${turn}`, 3);
    if (turn > 1) await cluster.deleteTopic(`churn-${turn - 2}`);
  }
  const isWhole = async (): Promise<boolean> => {
    for (let partition = 0; partition < partitions; partition++)
      await cluster.reassign(topic, partition, [...NODES.slice(partition), ...NODES.slice(0, partition)]);
    return (await cluster.states(topic))?.every(({ replicas }) => replicas.length === NODES.length) === true;
  };
  await within(30_000, isWhole);
}

export const faults: readonly Fault[] = [
  {
    name: 'leader killed, restarted late',
    play: async (cluster, topic) => kill(cluster, await leaderOf(cluster, topic), LATE_MS),
  },
  {
    name: 'leader killed, restarted at once',
    play: async (cluster, topic) => kill(cluster, await leaderOf(cluster, topic), 0),
  },
  {
    name: 'controller killed, restarted late',
    play: async (cluster) => kill(cluster, (await cluster.controller()) ?? 1, LATE_MS),
  },
  {
    name: 'controller killed, restarted at once',
    play: async (cluster) => kill(cluster, (await cluster.controller()) ?? 1, 0),
  },
  {
    name: 'follower killed, restarted at once',
    play: async (cluster, topic) => kill(cluster, followerOf(await leaderOf(cluster, topic)), 0),
  },
  {
    name: 'leader stopped for 3 s',
    play: async (cluster, topic) => pause(cluster, await leaderOf(cluster, topic), 3000),
  },
  {
    name: 'leader stopped for 12 s',
    play: async (cluster, topic) => pause(cluster, await leaderOf(cluster, topic), 12_000),
  },
  {
    name: 'controller stopped for 16 s',
    play: async (cluster) => pause(cluster, (await cluster.controller()) ?? 1, 16_000),
  },
  {
    name: 'follower stopped for 12 s',
    play: async (cluster, topic) => pause(cluster, followerOf(await leaderOf(cluster, topic)), 12_000),
  },
  {
    name: 'replication to the leader cut for 5 s',
    play: async (cluster, topic) => during(5000, cluster.cutReplication(await leaderOf(cluster, topic))),
  },
  {
    name: 'what followers ask of the leader cut for 5 s',
    play: async (cluster, topic) => during(5000, cluster.cutReplication(await leaderOf(cluster, topic), 'requests')),
  },
  {
    name: 'what the leader answers to followers cut for 15 s',
    play: async (cluster, topic) => during(15_000, cluster.cutReplication(await leaderOf(cluster, topic), 'answers')),
  },
  {
    name: 'what others ask of the controller cut for 5 s',
    play: async (cluster) => during(5000, cluster.cutController((await cluster.controller()) ?? 1)),
  },
  {
    name: 'what the controller answers cut for 5 s',
    play: async (cluster) => during(5000, cluster.cutController((await cluster.controller()) ?? 1, 'answers')),
  },
  {
    name: 'replication to the leader cut, and the leader killed',
    async play(cluster, topic) {
      const leader = await leaderOf(cluster, topic);
      const heal = cluster.cutReplication(leader);
      await wait(1500);
      cluster.signal(leader, 'SIGKILL');
      await wait(500);
      heal();
      await cluster.start(leader);
    },
  },
  {
    name: 'controller cut from etcd for 6 s',
    play: async (cluster) => during(6000, cluster.cutEtcd((await cluster.controller()) ?? 1)),
  },
  {
    name: 'all of etcd stopped for 30 s',
    async play({ etcd }) {
      for (const member of etcd.endpoints.keys()) etcd.signal(member, 'SIGSTOP');
      await wait(30_000);
      for (const member of etcd.endpoints.keys()) etcd.signal(member, 'SIGCONT');
    },
  },
  {
    name: 'a member of etcd killed for 3 s, and the leader killed',
    async play(cluster, topic) {
      cluster.etcd.signal(0, 'SIGKILL');
      const isBack = wait(3000).then(() => cluster.etcd.start(0)); // where there is no other, the leader that starts waits for it
      await kill(cluster, await leaderOf(cluster, topic), 0);
      await isBack;
    },
  },
  {
    name: 'leader killed while replicas and topics come and go',
    async play(cluster, topic) {
      const churned = churn(cluster, topic, 6000);
      await wait(2000);
      await kill(cluster, await leaderOf(cluster, topic), 500);
      await churned;
    },
  },
  {
    name: 'controller killed while replicas and topics come and go',
    async play(cluster, topic) {
      const churned = churn(cluster, topic, 6000);
      await wait(2000);
      await kill(cluster, (await cluster.controller()) ?? 1, 500);
      await churned;
    },
  },
  {
    name: 'preferred election',
    async play(cluster, topic) {
      for (const first of NODES) {
        const replicas = [first, ...NODES.filter((node) => node !== first)];
        await cluster.reassign(topic, 0, replicas);
        await within(5000, async () => (await cluster.states(topic))?.[0]?.replicas.join() === replicas.join());
        await cluster.electPreferred();
        await wait(500);
      }
    },
  },
  {
    name: 'leader killed, and etcd’s leader moved three times',
    async play(cluster, topic) {
      const moves = [0, 1500, 3000].map((atMs) => wait(atMs).then(() => cluster.etcd.moveLeader().catch(() => {})));
      await kill(cluster, await leaderOf(cluster, topic), 0);
      await Promise.all(moves);
    },
  },
  {
    name: 'rolling restart',
    async play(cluster) {
      for (const node of NODES) {
        await cluster.stop(node);
        await cluster.start(node);
        await within(
          15_000,
          async () => (await cluster.states('chaos'))?.every(({ isr }) => isr.length === 3) === true,
        );
      }
    },
  },
  {
    name: 'disk full',
    async play(cluster) {
      const node = cluster.smallDisk;
      const child = node === null ? undefined : cluster.running.get(node);
      if (node === null || child === undefined) return false;
      const ended = once(child, 'exit');
      const free = cluster.fillDisk();
      await Promise.race([ended, wait(20_000)]);
      await wait(500);
      free();
      await cluster.start(node);
      return true;
    },
  },
];
