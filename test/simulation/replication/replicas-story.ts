/**
 * Trouble for replicated partitions, made from a seed: three whole brokers, clients that produce with acks=all, machines that are
 * killed, stopped, started and cut off. Then all is healed, and the raw logs of all replicas are compared.
 */
import { CreateTopics } from '../../../protocol/apis/19-create-topics.ts';
import type { PartitionImage } from '../../../src/cluster/image.ts';
import { diskError } from '../../../src/platform/memory-files.ts';
import type { Survival } from '../../crash/crash-disk.ts';
import { healNetwork, imageOf, leaderOf, restart, resumeAll, startAll } from '../cluster/mending.ts';
import { HOSTS, SimulatedCluster, type ClusterOptions, type Host } from '../cluster/simulated-cluster.ts';
import { Operators } from './operators.ts';
import { checkReplicas, CommittedRecords } from './replicas-checker.ts';
import { ReplicasClient } from './replicas-client.ts';

const TROUBLE_MS = 30_000;
const HEALED_MS = 30_000;
const LOOK_EVERY_MS = 50;
/** What is renamed for its deletion is gone then: file.delete.delay.ms. */
const REMOVED_MS = 62_000;
const TOPIC = 'replicated';
const PARTITIONS = 2;
const PRODUCERS = 3;
const SETTINGS = {
  'replica.lag.time.max.ms': '2000',
  'replica.fetch.backoff.ms': '200',
  'broker.session.timeout.ms': '3000',
  'replica.socket.timeout.ms': '2000',
};

const SETTINGS_OF: Readonly<Record<Machines, Readonly<Record<string, string>>>> = {
  killed: {},
  lost: {},
  synced: { 'log.flush.interval.messages': '1' },
  unclean: { 'unclean.leader.election.enable': 'true' },
};

type Machines = NonNullable<ReplicasOptions['machines']>;

export interface ReplicasOutcome {
  /** What must never be, or has not come although all was healed. */
  readonly wrong: readonly string[];
  readonly records: number;
  readonly elections: number;
  readonly logged: readonly string[];
}

export interface ReplicasOptions extends ClusterOptions {
  readonly troubleMs?: number;
  /**
   * What is left of a disk when a machine goes. `killed`: all. `synced`: machines lose their power, and flush.messages is 1. `lost`:
   * now and then one loses its power and all that was not synced, while another one in sync has it all (KIP-966). `unclean`: any does,
   * at any time, and any replica may lead: records are lost, and all replicas agree in the end on those that are not.
   */
  readonly machines?: 'killed' | 'synced' | 'lost' | 'unclean';
  /** Whether operators move partitions meanwhile, delete records, and more. */
  readonly hasOperators?: boolean;
}

export async function tellReplicas(
  seed: number,
  { troubleMs = TROUBLE_MS, machines = 'killed', hasOperators = false, ...options }: ReplicasOptions = {},
): Promise<ReplicasOutcome> {
  const settings = { ...SETTINGS, ...SETTINGS_OF[machines], ...options.settings };
  const cluster = new SimulatedCluster(seed, { ...options, settings });
  const client = new ReplicasClient(cluster, TOPIC, PARTITIONS);
  const operators = hasOperators ? new Operators(cluster, client, TOPIC, PARTITIONS) : null;
  const { observer } = cluster;
  let elections = 0;
  try {
    await cluster.startAll();
    await cluster.settled('the topic is made', makeTopic(cluster, client));
    for (let i = 0; i < PRODUCERS; i++) void client.produceOn();
    await trouble(cluster, cluster.nowMs + troubleMs, machines, operators?.deeds ?? []);
    await heal(cluster, operators);
    client.end();
    await cluster.advance(LOOK_EVERY_MS);
    await cluster.until('every replica has all that there is', () => isEqual(cluster), HEALED_MS);
    const partitions = imageOf(cluster)!.topicsByName.get(TOPIC)!.partitions;
    elections = partitions.reduce((sum, { leaderEpoch }) => sum + leaderEpoch, 0);
    const acknowledged = machines === 'unclean' ? [] : client.acknowledged;
    for (const wrong of checkReplicas(cluster, TOPIC, PARTITIONS, acknowledged, operators?.deletedBefore))
      if (machines !== 'unclean' || !wrong.includes('cut-below-high-watermark')) observer.say(wrong);
    if (operators !== null) await cluster.advance(REMOVED_MS);
    for (const left of operators?.left() ?? []) observer.say(left);
  } catch (error) {
    observer.say((error as Error).message);
  }
  return { wrong: observer.wrong, records: client.acknowledged.length, elections, logged: cluster.logged };
}

async function makeTopic(cluster: SimulatedCluster, client: ReplicasClient): Promise<void> {
  const configs = [{ name: 'min.insync.replicas', value: '2' }];
  const topic = { name: TOPIC, numPartitions: PARTITIONS, replicationFactor: 3, assignments: [], configs };
  const request = { timeoutMs: 3000, validateOnly: false, topics: [topic] };
  const { topics } = await client.brokers.send(HOSTS[0], CreateTopics, 7, request);
  if (topics[0].errorCode !== 0) throw new Error(`the topic is not made: ${topics[0].errorCode}`);
  await cluster.advance(100);
}

const SURVIVAL_OF: Readonly<Record<Machines, Survival>> = {
  killed: 'kill',
  lost: 'kill',
  synced: 'power, some kept',
  unclean: 'power, some kept',
};

async function trouble(
  cluster: SimulatedCluster,
  untilMs: number,
  machines: Machines,
  deeds: readonly (() => void)[],
): Promise<void> {
  const { random, network } = cluster;
  const survival = SURVIVAL_OF[machines];
  const committed = new CommittedRecords(cluster, TOPIC);
  const losses = new PowerLosses(cluster);
  const below = (most: number): number => Math.floor(random.float() * most);
  const host = (): Host => HOSTS[below(HOSTS.length)];
  const leader = (): Host => leaderOf(cluster, TOPIC, below(PARTITIONS)) ?? host();
  const troubles: readonly (() => void)[] = [
    () => cluster.kill(host(), survival),
    () => cluster.kill(leader(), survival),
    () => restart(cluster, host(), survival),
    () => restart(cluster, leader(), survival),
    () => startAll(cluster),
    () => startAll(cluster),
    () => startAll(cluster),
    () => cluster.setStopped(leader(), true),
    () => resumeAll(cluster),
    () => resumeAll(cluster),
    () => network.cut(host(), host()),
    () => network.cut(leader(), host()),
    () => network.cut(host(), leader()),
    () => healNetwork(cluster),
    () => healNetwork(cluster),
    () => void cluster.stop(host()),
    () => fillDisk(cluster, host()),
    ...(machines === 'lost' ? [() => losses.lose(host()), () => losses.lose(leader())] : []),
    ...deeds,
  ];
  let nextMs = cluster.nowMs;
  while (cluster.nowMs < untilMs) {
    await cluster.advance(LOOK_EVERY_MS);
    if (machines !== 'unclean') committed.look();
    losses.look();
    if (cluster.nowMs < nextMs) continue;
    if (losses.isNoticed) troubles[below(troubles.length)]();
    else mend(cluster);
    nextMs = cluster.nowMs + random.float() * 1500;
  }
}

/** So that a machine that has lost its power is heard of. */
function mend(cluster: SimulatedCluster): void {
  healNetwork(cluster);
  resumeAll(cluster);
  startAll(cluster);
}

/** Until the machine goes: its broker ends by itself when it has no other log directory. */
function fillDisk(cluster: SimulatedCluster, host: Host): void {
  cluster.get(host).disk.before = () => {
    throw diskError('ENOSPC', 'write', '/data');
  };
}

/** Lets machines lose their power as far as what was acknowledged survives that: one after the other. */
class PowerLosses {
  readonly #cluster: SimulatedCluster;
  /** It has lost records, and is in sync as far as is known. */
  #lost: number | null = null;

  constructor(cluster: SimulatedCluster) {
    this.#cluster = cluster;
  }

  lose(host: Host): void {
    const { nodeId } = this.#cluster.get(host);
    if (imageOf(this.#cluster) === null) return;
    const isSafe = partitionsOf(this.#cluster).every(({ isr }) => isr.some((id) => id !== nodeId && this.#isWell(id)));
    if (!isSafe) return;
    this.#cluster.kill(host, 'power, nothing kept');
    this.#lost = nodeId;
  }

  /** It runs since it was registered: two that are gone at once are more than min.insync.replicas=2 is made for. */
  #isWell(nodeId: number): boolean {
    const machine = this.#cluster.all[nodeId - 1];
    const epoch = machine.metadata?.image.brokers.get(nodeId)?.epoch;
    return this.#cluster.isServing(machine) && imageOf(this.#cluster)!.brokers.get(nodeId)?.epoch === epoch;
  }

  look(): void {
    if (this.#lost === null || imageOf(this.#cluster) === null) return;
    const isOut = partitionsOf(this.#cluster).every(({ isr }) => !isr.includes(this.#lost!));
    const isBack = imageOf(this.#cluster)!.brokers.get(this.#lost)?.fenced === false;
    if (isOut && isBack) this.#lost = null;
  }

  get isNoticed(): boolean {
    return this.#lost === null;
  }
}

/** Everything runs, and every partition is led and has all replicas in sync. @throws where it does not come to that */
async function heal(cluster: SimulatedCluster, operators: Operators | null): Promise<void> {
  healNetwork(cluster);
  resumeAll(cluster);
  for (const machine of cluster.all) machine.disk.before = null;
  const isWhole = (): boolean => {
    startAll(cluster);
    if (!cluster.all.every((machine) => cluster.isServing(machine))) return false;
    if (operators?.restore() === false) return false;
    return partitionsOf(cluster).every(({ leader, isr, replicas }) => leader > 0 && isr.length === replicas.length);
  };
  try {
    await cluster.until('every partition is led and has all replicas in sync', isWhole, HEALED_MS);
  } catch (error) {
    const state = JSON.stringify(partitionsOf(cluster).map(({ leader, isr, elr }) => ({ leader, isr, elr })));
    throw new Error(`${(error as Error).message}: ${state}`, { cause: error });
  }
}

/** One that is in sync may lag still, and be taken out for that: what is acknowledged then it has later. */
function isEqual(cluster: SimulatedCluster): boolean {
  return partitionsOf(cluster).every(({ isr, replicas }, index) => {
    const ends = cluster.all.map(({ broker }) => broker?.parts.partitions.get(TOPIC, index)?.endOffset);
    return isr.length === replicas.length && ends.every((end) => end === ends[0]);
  });
}

function partitionsOf(cluster: SimulatedCluster): readonly PartitionImage[] {
  const partitions = imageOf(cluster)?.topicsByName.get(TOPIC)?.partitions;
  return partitions ?? [{ leader: -1, isr: [], elr: [], replicas: [] } as unknown as PartitionImage];
}
