/** A minute of trouble for a whole cluster, made from a seed; then all is healed, and everything that was acknowledged must be there. */
import { isDeepStrictEqual } from 'node:util';
import type { ClusterImage } from '../../../src/cluster/image.ts';
import { ClusterClient } from './cluster-client.ts';
import { healNetwork, restart, resumeAll, startAll } from './mending.ts';
import { withGaps } from './mutants.ts';
import { HOSTS, SimulatedCluster, type ClusterOptions, type Host } from './simulated-cluster.ts';

const TROUBLE_MS = 60_000;
const HEALED_MS = 30_000;
const PACE_MS = 500;
const HOUR_MS = 3_600_000;
/** Some clusters are near, some are far. */
const DELAYS_MS = [1, 1, 40];
/** Share of fetches of the metadata log that a controller answers wrongly. */
const GAPS = 0.1;
const FAULTS = { lostResponses: 0.03, lostRequests: 0.02, lateRequests: 0.02, lostEvents: 0.1 };

export interface Outcome {
  /** What must never be, or has not come although all was healed. */
  readonly wrong: readonly string[];
  readonly topics: number;
  readonly records: number;
  readonly commits: number;
  readonly terms: number;
  readonly refusals: ReadonlyMap<string, number>;
  readonly logged: readonly string[];
}

export interface StoryOptions extends ClusterOptions {
  readonly troubleMs?: number;
}

export async function tell(seed: number, { troubleMs = TROUBLE_MS, ...options }: StoryOptions = {}): Promise<Outcome> {
  const longestDelayMs = DELAYS_MS[seed % DELAYS_MS.length];
  const cluster = new SimulatedCluster(seed, { longestDelayMs, ...options });
  const client = new ClusterClient(cluster);
  const { observer } = cluster;
  const mend = withGaps(cluster.random, GAPS);
  try {
    await cluster.startAll();
    cluster.etcd.faults = FAULTS;
    void client.run(PACE_MS);
    await trouble(cluster, cluster.nowMs + troubleMs);
    client.end();
    await heal(cluster);
    await check(cluster, client);
  } catch (error) {
    observer.say((error as Error).message);
  } finally {
    mend();
  }
  const { wrong, commits, terms } = observer;
  const told = { topics: client.topics.length, records: client.records.length, refusals: client.refusals };
  return { wrong, commits, terms, ...told, logged: cluster.logged };
}

async function trouble(cluster: SimulatedCluster, untilMs: number): Promise<void> {
  const { random, etcd, network } = cluster;
  const below = (most: number): number => Math.floor(random.float() * most);
  const host = (): Host => HOSTS[below(HOSTS.length)];
  const kill = (which: Host): void => cluster.kill(which);
  const troubles: readonly (() => void)[] = [
    () => kill(host()),
    () => cluster.lose(host()),
    () => cluster.start(host()),
    () => cluster.start(host()),
    () => restart(cluster, host()),
    () => restart(cluster, cluster.active()?.host ?? host()),
    () => void cluster.stop(host()),
    () => cluster.setStopped(host(), true),
    () => resumeAll(cluster),
    () => cluster.get(host()).process?.jumpClock(random.float() < 0.5 ? HOUR_MS : -HOUR_MS),
    () => network.cut(host(), host()),
    () => network.cut('client', host()),
    () => healNetwork(cluster),
    () => etcd.cut(host()),
    () => etcd.cut(cluster.active()?.host ?? host()),
    () => healEtcd(cluster),
    () => etcd.moveLeader(),
    () => etcd.moveLeader(),
    () => etcd.kill(below(3)),
    () => etcd.hang(below(3)),
    () => startEtcd(cluster),
    () => startEtcd(cluster),
  ];
  while (cluster.nowMs < untilMs) {
    await cluster.advance(random.float() * 3000);
    troubles[below(troubles.length)]();
  }
}

function healEtcd({ etcd }: SimulatedCluster): void {
  for (const host of HOSTS) etcd.heal(host);
}

function startEtcd({ etcd }: SimulatedCluster): void {
  for (let member = 0; member < etcd.endpoints.length; member++) etcd.start(member);
}

/** Everything runs and reaches everything: one controller is active, and all brokers serve. @throws where it does not come to that */
async function heal(cluster: SimulatedCluster): Promise<void> {
  startEtcd(cluster);
  healEtcd(cluster);
  healNetwork(cluster);
  resumeAll(cluster);
  const isWhole = (): boolean => {
    startAll(cluster);
    const images = imagesOf(cluster);
    return (
      cluster.active() !== null &&
      cluster.all.every((machine) => cluster.isServing(machine) && !cluster.isStopping(machine)) &&
      images.every(({ revision }) => revision === images[0].revision) &&
      isLed(images[0])
    );
  };
  const what = 'one controller and three brokers serve, all have read all, and every partition is led';
  try {
    await cluster.until(what, isWhole, HEALED_MS);
  } catch (error) {
    throw new Error(`${(error as Error).message}: ${stateOf(cluster)}`, { cause: error });
  }
}

/** For who looks into why it has not come to that. */
function stateOf(cluster: SimulatedCluster): string {
  const brokers = cluster.all.map((machine) => {
    const { host, process, broker, controller } = machine;
    const { revision = -1 } = broker?.parts.metadata.image ?? {};
    const facts = [
      process?.isRunning === true ? 'runs' : 'does not run',
      `controller ${controller?.node.state ?? 'none'}`,
    ];
    return `${host} ${facts.join(', ')}, broker at ${revision}, ${cluster.isServing(machine) ? 'serves' : 'does not serve'}`;
  });
  const [image] = imagesOf(cluster);
  const leaderless = [...(image?.topicsById.values() ?? [])].flatMap(({ name, partitions }) =>
    partitions.flatMap((each, index) => (each.leader > 0 ? [] : [`${name}-${index} ${JSON.stringify(each)}`])),
  );
  return [...brokers, `the controller at ${image?.revision}`, ...leaderless].join('; ');
}

function imagesOf(cluster: SimulatedCluster): ClusterImage[] {
  const active = cluster.active()?.controller?.node.active?.controller.image;
  const images = cluster.all.flatMap(({ broker }) => (broker === null ? [] : [broker.parts.metadata.image]));
  return active === undefined ? images : [active, ...images];
}

function isLed({ topicsById }: ClusterImage): boolean {
  return [...topicsById.values()].every(({ partitions }) => partitions.every(({ leader }) => leader > 0));
}

async function check(cluster: SimulatedCluster, client: ClusterClient): Promise<void> {
  const { observer } = cluster;
  const [first, ...others] = imagesOf(cluster);
  for (const image of others)
    if (!isDeepStrictEqual(image, first)) observer.say('images of the same revision differ at the end');
  for (const { name, id, partitions } of client.topics) {
    const topic = first.topicsByName.get(name);
    if (topic?.id !== id || topic.partitions.length !== partitions) {
      observer.say(`${name} was acknowledged with id ${id}, and is ${topic?.id ?? 'not there'} in the end`);
    }
  }
  const read = new Map<string, Map<number, string>>();
  for (const { topic, partition, offset, value } of client.records) {
    const key = `${topic}-${partition}`;
    let values = read.get(key);
    if (values === undefined) {
      values = await cluster.settled(`${key} is read`, client.consume(topic, partition));
      read.set(key, values);
    }
    if (values.get(offset) === value) continue;
    observer.say(`'${value}' was acknowledged at ${key}:${offset}, where '${values.get(offset) ?? 'nothing'}' stands`);
  }
}
