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
    name: 'follower stopped for 12 s',
    play: async (cluster, topic) => pause(cluster, followerOf(await leaderOf(cluster, topic)), 12_000),
  },
  {
    name: 'replication to the leader cut for 5 s',
    play: async (cluster, topic) => during(5000, cluster.cutReplication(await leaderOf(cluster, topic))),
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
