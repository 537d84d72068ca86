/**
 * What happens to a large cluster, one after the other: topics are made in bulk, brokers and a rack are lost, all brokers are restarted,
 * partitions are moved, controllers die, etcd is away.
 */
import type { Reassignment } from '../../../src/cluster/reassignments.ts';
import type { LargeCluster } from './large-cluster.ts';
import type { ModelBroker } from './model-broker.ts';

export interface Size {
  readonly topics: number;
  /** Of each topic. */
  readonly partitions: number;
  readonly replicationFactor: number;
  /** How many brokers a rolling restart restarts: all, unless given. */
  readonly restarts?: number;
}

/** What one request may create. */
const PARTITIONS_PER_REQUEST = 10_000;
const PARTITIONS_PER_MOVE = 1000;
const MOVED_SHARE = 0.1;
const AWAY_MS = 60_000;
const DOWN_MS = 1000;
const LOST_BROKERS = 5;

/** Answers a note; see Figures. */
export type Step = (cluster: LargeCluster, size: Size) => Promise<string | void>;

const create: Step = async (cluster, { topics, partitions, replicationFactor }) => {
  const each = Math.max(1, Math.floor(PARTITIONS_PER_REQUEST / partitions));
  for (let from = 0; from < topics; from += each) {
    const asked = Array.from({ length: Math.min(each, topics - from) }, (_, i) => ({
      name: `topic-${from + i}`,
      numPartitions: partitions,
      replicationFactor,
      assignments: [],
      configs: [],
    }));
    const made = cluster.asked(({ controller }) => controller.createTopics(asked, { validateOnly: false }))!;
    for (const { name, errorMessage } of await cluster.settled('topics are made', made))
      if (errorMessage !== null) throw new Error(`${name} is not made: ${errorMessage}`);
  }
  await followed(cluster);
};

/** Brokers that follow by themselves stay. */
function models({ brokers, following }: LargeCluster): readonly ModelBroker[] {
  return brokers.slice(0, brokers.length - following.length);
}

/** All that has been decided has come to those who follow. */
async function followed(cluster: LargeCluster): Promise<void> {
  await cluster.until('it is followed', () => cluster.followedRevision >= cluster.image.revision);
}

function isFenced(cluster: LargeCluster, { id }: ModelBroker): boolean {
  return cluster.image.brokers.get(id)?.fenced === true;
}

/** Without its return, see `back`. */
const lose: Step = async (cluster) => {
  const [broker] = models(cluster).filter(({ isRunning }) => isRunning);
  broker.kill();
  await cluster.until('it is fenced', () => isFenced(cluster, broker));
  await followed(cluster);
};

/** Whoever is away comes back, and joins the in-sync replicas. */
const back: Step = async (cluster) => {
  const away = models(cluster).filter(({ isRunning }) => !isRunning);
  await comeBack(cluster, away);
  return `${away.length} brokers`;
};

async function comeBack(cluster: LargeCluster, away: readonly ModelBroker[]): Promise<void> {
  await cluster.settled('they are back', Promise.all(away.map((broker) => broker.start())));
  await cluster.until('they are not fenced', () => away.every(({ isFenced: is }) => !is));
  await cluster.settled('they are in sync', Promise.all(away.map((broker) => cluster.join(broker))));
  await followed(cluster);
}

/** One broker after the other stops in order, and is in sync again before the next one stops. */
const rollingRestart: Step = async (cluster, { restarts = Infinity }) => {
  let restarted = 0;
  for (const broker of models(cluster).slice(0, restarts)) {
    await cluster.settled('it stops', broker.stop());
    await cluster.advance(DOWN_MS);
    await comeBack(cluster, [broker]);
    restarted++;
  }
  return `${restarted} brokers`;
};

const loseRack: Step = async (cluster) => {
  const lost = models(cluster).filter(({ rack }) => rack === 'rack-0');
  for (const broker of lost) broker.kill();
  await cluster.until('they are fenced', () => lost.every((broker) => isFenced(cluster, broker)));
  await followed(cluster);
  return `${lost.length} brokers`;
};

/** A tenth of all partitions get another broker instead of their last replica; the move is over when that one is in sync. */
const reassign: Step = async (cluster) => {
  const moves = movesOf(cluster);
  const moved = moves.reduce((sum, { partitions }) => sum + partitions.length, 0);
  for (const asked of inRequests(moves)) {
    const altered = cluster.asked(({ controller }) => controller.alterReassignments(asked, false))!;
    await cluster.settled('moves begin', altered);
  }
  const all = Promise.all(cluster.brokers.map((broker) => cluster.join(broker)));
  await cluster.settled('moves are over', all);
  await followed(cluster);
  return `${moved} partitions`;
};

function movesOf({ image, brokers, random }: LargeCluster): Reassignment[] {
  return Array.from(image.topicsByName.values(), ({ name, partitions }) => ({
    name,
    partitions: partitions.flatMap(({ replicas }, partitionIndex) => {
      if (random.float() >= MOVED_SHARE) return [];
      const free = brokers.filter(({ id }) => !replicas.includes(id));
      const { id } = free[Math.floor(random.float() * free.length)];
      return [{ partitionIndex, replicas: [...replicas.slice(0, -1), id] }];
    }),
  }));
}

function* inRequests(moves: readonly Reassignment[]): Generator<Reassignment[], void, void> {
  let some: Reassignment[] = [];
  let count = 0;
  for (const move of moves) {
    some.push(move);
    count += move.partitions.length;
    if (count < PARTITIONS_PER_MOVE) continue;
    yield some;
    [some, count] = [[], 0];
  }
  if (count > 0) yield some;
}

/** The active controller is killed, another one takes over; the first one comes back. */
const changeController: Step = async (cluster) => {
  const { activeId } = cluster;
  cluster.killController(activeId);
  const awayMs = await cluster.until('another controller serves', () => cluster.active !== null);
  await cluster.startController(activeId);
  await followed(cluster);
  return `none served for ${(awayMs / 1000).toFixed(1)} s`;
};

/** etcd is away: all goes on as it is, and a change waits until it is back. */
const loseEtcd: Step = async (cluster) => {
  const members = cluster.etcd.endpoints.keys();
  const fenced = cluster.told.get('broker-fenced') ?? 0;
  for (const member of members) cluster.etcd.kill(member);
  await cluster.advance(AWAY_MS);
  for (const member of cluster.etcd.endpoints.keys()) cluster.etcd.start(member);
  const change = async (): Promise<void> => {
    for (;;) {
      const made = await cluster.asked(({ controller }) => controller.allocateProducerIds(0))?.catch(() => null);
      if (made !== null && made !== undefined) return;
      await cluster.after(100);
    }
  };
  const beganMs = cluster.nowMs;
  await cluster.settled('a change is made', change());
  const tookMs = cluster.nowMs - beganMs;
  const lost = (cluster.told.get('broker-fenced') ?? 0) - fenced;
  await followed(cluster);
  return `${lost} brokers fenced; a change ${(tookMs / 1000).toFixed(1)} s after its return`;
};

export const STEPS: readonly (readonly [name: string, step: Step])[] = [
  ['topics made', create],
  ...Array.from({ length: LOST_BROKERS }, (_, i) => [`broker lost (${i + 1})`, lose] as const),
  ['they come back', back],
  ['rolling restart', rollingRestart],
  ['rack lost', loseRack],
  ['the rack comes back', back],
  ['10 % reassigned', reassign],
  ['controller lost (1)', changeController],
  ['controller lost (2)', changeController],
  ['controller lost (3)', changeController],
  ['etcd away for 60 s', loseEtcd],
];
