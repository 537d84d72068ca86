/** Bounds of what a move of partitions may copy (KIP-73): set when it begins, taken away when it is over. */
import type { Cluster } from '../client/cluster.ts';
import { alterConfigs, ResourceType } from '../client/configs.ts';
import type { PlannedPartition } from './reassignment-plan.ts';

const RATES = ['leader.replication.throttled.rate', 'follower.replication.throttled.rate'] as const;
const LEADERS = 'leader.replication.throttled.replicas';
const FOLLOWERS = 'follower.replication.throttled.replicas';

/** A partition that moves: the replicas that have it, and those it is to have. */
export interface MovingPartition extends PlannedPartition {
  readonly before: readonly number[];
}

/** Bytes a second, at every broker that gives or takes. */
export async function throttle(cluster: Cluster, moving: readonly MovingPartition[], rate: number): Promise<void> {
  for (const [topic, partitions] of byTopic(moving)) {
    const names = (replicasOf: (one: MovingPartition) => readonly number[]): string =>
      partitions.flatMap((one) => replicasOf(one).map((broker) => `${one.partition}:${broker}`)).join(',');
    const changes = new Map<string, string | null>([
      [LEADERS, names(({ before }) => before)],
      [FOLLOWERS, names(({ before, replicas }) => replicas.filter((broker) => !before.includes(broker)))],
    ]);
    await alterConfigs(cluster, ResourceType.topic, [topic], changes);
  }
  const brokers = new Set(moving.flatMap(({ before, replicas }) => [...before, ...replicas]));
  await eachBroker(cluster, brokers, String(rate));
}

/** Of these topics, and of all brokers. */
export async function clearThrottles(
  cluster: Cluster,
  topics: ReadonlySet<string>,
  brokers: Iterable<number>,
): Promise<void> {
  await eachBroker(cluster, brokers, null);
  const changes = new Map([LEADERS, FOLLOWERS].map((key) => [key, null] as const));
  for (const topic of topics) await alterConfigs(cluster, ResourceType.topic, [topic], changes);
}

async function eachBroker(cluster: Cluster, brokers: Iterable<number>, value: string | null): Promise<void> {
  const changes = new Map(RATES.map((key) => [key, value] as const));
  for (const broker of brokers) await alterConfigs(cluster, ResourceType.broker, [String(broker)], changes);
}

function byTopic(moving: readonly MovingPartition[]): Map<string, MovingPartition[]> {
  const topics = new Map<string, MovingPartition[]>();
  for (const one of moving) topics.set(one.topic, [...(topics.get(one.topic) ?? []), one]);
  return topics;
}
