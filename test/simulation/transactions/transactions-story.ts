/**
 * Trouble for coordinators, made from a seed: three whole brokers with replicated state of groups and transactions, a chain that
 * copies from topic to topic exactly once, and a group whose members commit; machines are killed, stopped, started and cut off. Then
 * all is healed, and what clients were told is held against what readers of committed records find.
 */
import { CreateTopics } from '../../../protocol/apis/19-create-topics.ts';
import { partitionFor } from '../../../src/coordination/java-hash.ts';
import { Copier, Fatal, feed, INPUT, OUTPUT, OUTPUT_PARTITIONS, Reader } from '../../transactions/clients.ts';
import { History } from '../../transactions/history.ts';
import type { RoutedSender } from '../../transactions/routed-sender.ts';
import { ClientConnections } from '../cluster/client-connections.ts';
import { healNetwork, imageOf, leaderOf, restart, resumeAll, startAll } from '../cluster/mending.ts';
import { HOSTS, SimulatedCluster, type ClusterOptions, type Host } from '../cluster/simulated-cluster.ts';
import { checkReplicas } from '../replication/replicas-checker.ts';
import { Decisions } from './decisions.ts';
import { checkCommitted, GroupHistory, GroupMember } from './group-members.ts';
import { senderOf, TIMES } from './sender.ts';

const TROUBLE_MS = 20_000;
const HEALED_MS = 30_000;
const COPIED_MS = 60_000;
const VALUES = 60;
/** Of the requests of the chain, and of the one that feeds it: trouble comes all along. */
const PACE_MS = { chain: 20, feed: 600, member: 100 };
/** A member waits for all others. */
const MEMBER_TIMES = { connectMs: 500, requestMs: 4000 };
const LOST_DECISION_MS = { least: 50, spread: 800 };
const COPIER = 'copier';
const STATE_PARTITIONS = 2;
const NOBODY = { leader: -1, replicas: [] as readonly number[] };
const [NEAR_MS, FAR_MS] = [1, 20];
const TRANSACTION_MS = 5000;
const ABORT_INTERVAL_MS = 1000;
export const OFFSETS_TOPIC = '__consumer_offsets';
export const TRANSACTIONS_TOPIC = '__transaction_state';

/** Coordinators keep their state at all three brokers, and answer once two have it. */
export const SETTINGS = {
  'replica.lag.time.max.ms': '2000',
  'replica.fetch.backoff.ms': '200',
  'broker.session.timeout.ms': '3000',
  'replica.socket.timeout.ms': '2000',
  'request.timeout.ms': '3000',
  'min.insync.replicas': '2',
  'offsets.topic.replication.factor': '3',
  'offsets.topic.num.partitions': '2',
  'transaction.state.log.replication.factor': '3',
  'transaction.state.log.num.partitions': String(STATE_PARTITIONS),
  'transaction.state.log.min.isr': '2',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': String(ABORT_INTERVAL_MS),
};

export interface TransactionsOutcome {
  /** What must never be, or has not come although all was healed. */
  readonly wrong: readonly string[];
  readonly values: number;
  /** Instances of the copier. */
  readonly instances: number;
  readonly commits: number;
  readonly generations: number;
  /** Of partitions of internal topics. */
  readonly elections: number;
  /** Markers in logs, those of replicas included. */
  readonly markers: number;
  readonly logged: readonly string[];
}

export interface TransactionsOptions extends ClusterOptions {
  readonly troubleMs?: number;
  /** Of transactions (KIP-890). Requests of version 1 must not be late: nothing tells those of one transaction from the next. */
  readonly version?: 1 | 2;
}

/**
 * Every fourth seed tells of transactions of version 1, every third of machines that are far from one another, every fifth of state that
 * one machine does not have.
 */
export function optionsOf(seed: number): TransactionsOptions {
  const settings: Readonly<Record<string, string>> =
    seed % 5 === 0 ? { 'transaction.state.log.replication.factor': '2' } : {};
  return { version: seed % 4 === 0 ? 1 : 2, longestDelayMs: seed % 3 === 0 ? FAR_MS : NEAR_MS, settings };
}

export async function tellTransactions(seed: number, options: TransactionsOptions = {}): Promise<TransactionsOutcome> {
  const { troubleMs = TROUBLE_MS, version = 2, ...more } = options;
  const cluster = new SimulatedCluster(seed, { ...more, settings: { ...SETTINGS, ...more.settings } });
  const chain = new Chain(cluster, version);
  const { observer } = cluster;
  const decisions = Decisions.of(cluster);
  try {
    await cluster.startAll();
    await cluster.settled('the topics are made', makeTopics(cluster));
    chain.start();
    await trouble(cluster, cluster.nowMs + troubleMs, version, chain);
    await heal(cluster);
    await cluster.until('all is copied', () => chain.isCopied || chain.isStuck, COPIED_MS);
    for (const wrong of await chain.judge()) observer.say(wrong);
    for (const [topic, partitions] of [[INPUT, 1] as const, [OUTPUT, OUTPUT_PARTITIONS] as const])
      for (const wrong of checkReplicas(cluster, topic, partitions, [])) observer.say(wrong);
  } catch (error) {
    observer.say((error as Error).message);
  } finally {
    chain.isOver = true;
  }
  return {
    wrong: observer.wrong,
    ...chain.told,
    elections: electionsOf(cluster),
    markers: decisions.markers,
    logged: cluster.logged,
  };
}

/** Tells when a client is about to commit. */
class WatchedHistory extends History {
  readonly #committing: () => void;

  constructor(committing: () => void) {
    super();
    this.#committing = committing;
  }

  override asked(tag: string, committed: boolean): void {
    super.asked(tag, committed);
    if (committed) this.#committing();
  }
}

/** All clients of one story. */
class Chain {
  isCopied = false;
  isStuck = false;
  isOver = false;
  onceCommitting: (() => void) | null = null;
  readonly #cluster: SimulatedCluster;
  readonly #version: 1 | 2;
  readonly #history = new WatchedHistory(() => {
    const tell = this.onceCommitting;
    this.onceCommitting = null;
    tell?.();
  });
  readonly #members = new GroupHistory();
  readonly #zombies: () => boolean;
  #isFed = false;
  #instances = 0;

  constructor(cluster: SimulatedCluster, version: 1 | 2) {
    this.#cluster = cluster;
    this.#version = version;
    this.#zombies = () => cluster.random.float() < 0.1;
  }

  get told() {
    const { commits, generations } = this.#members;
    return { values: this.#isFed ? VALUES : 0, instances: this.#instances, commits, generations };
  }

  start(): void {
    const random = (): number => this.#cluster.random.float();
    const fed = feed(this.#sender(PACE_MS.feed), this.#history, VALUES, random).then(() => void (this.#isFed = true));
    fed.catch((error: unknown) => {
      this.#history.complain(`the idempotent producer cannot go on: ${String(error)}`);
      this.isStuck = true;
    });
    this.#guard(this.#copyAll());
    this.#guard(this.#comeAsZombie());
    for (let index = 0; index < OUTPUT_PARTITIONS; index++) this.#guard(this.#watch(index));
    for (let i = 0; i < 2; i++) {
      const sender = this.#sender(PACE_MS.member, MEMBER_TIMES);
      this.#guard(new GroupMember(sender, this.#members, () => this.isOver || this.isCopied).run());
    }
  }

  /** What was wrong, once all is copied: open transactions run out of time, and readers find nothing unfinished. */
  async judge(): Promise<string[]> {
    const sender = this.#sender(PACE_MS.chain);
    const readers = [new Reader(sender, this.#history, INPUT, 0), ...this.#outputReaders(sender)];
    const end = this.#cluster.nowMs + TRANSACTION_MS + 2 * ABORT_INTERVAL_MS + 2000;
    for (const reader of readers) {
      const read = async (): Promise<void> => {
        do while (await reader.poll());
        while (reader.lastStableOffset !== reader.highWatermark && this.#cluster.nowMs < end);
      };
      await this.#cluster.settled('all is read', read());
      if (reader.lastStableOffset !== reader.highWatermark)
        this.#history.complain(`a transaction is open at ${reader.lastStableOffset} of ${reader.highWatermark}`);
    }
    await this.#cluster.settled('what is committed is read', checkCommitted(sender, this.#members));
    const [input, ...output] = readers.map(({ values }) => values);
    return [...this.#history.violations(input, output), ...this.#members.wrong];
  }

  #outputReaders(sender: RoutedSender): Reader[] {
    return Array.from({ length: OUTPUT_PARTITIONS }, (_, index) => new Reader(sender, this.#history, OUTPUT, index));
  }

  async #copyAll(): Promise<void> {
    while (!this.isCopied && !this.isOver) {
      try {
        this.isCopied = await this.#copier(Infinity);
      } catch (error) {
        if (!(error instanceof Fatal)) throw error;
      }
    }
  }

  /** Another instance of the same id turns up: the one that is at work becomes a zombie. */
  replaceCopier(): void {
    if (!this.isCopied && !this.isOver) this.#guard(this.#copier(2));
  }

  async #comeAsZombie(): Promise<void> {
    while (!this.isCopied && !this.isOver) {
      await new Promise<void>((resolve) => void this.#cluster.clock.after(1000, resolve));
      if (this.#zombies()) this.replaceCopier();
    }
  }

  async #watch(index: number): Promise<void> {
    const reader = new Reader(this.#sender(PACE_MS.member), this.#history, OUTPUT, index);
    while (!this.isCopied && !this.isOver) await reader.poll();
  }

  #copier(transactions: number): Promise<boolean> {
    const name = `i${this.#instances++}`;
    const random = (): number => this.#cluster.random.float();
    const options = {
      version: this.#version,
      transactionalId: COPIER,
      transactions,
      timeoutMs: TRANSACTION_MS,
      isFed: () => this.#isFed,
      inputEnd: VALUES,
    };
    return new Copier(this.#sender(PACE_MS.chain), this.#history, random, name, options).run();
  }

  #guard(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      if (error instanceof Fatal) return;
      this.#history.complain(`a client fails: ${(error as Error).stack}`);
      this.isStuck = true;
    });
  }

  #sender(paceMs: number, times = TIMES): RoutedSender {
    return senderOf(this.#cluster, { paceMs, times, isOver: () => this.isOver });
  }
}

export async function makeTopics(cluster: SimulatedCluster): Promise<void> {
  const brokers = new ClientConnections(cluster, MEMBER_TIMES);
  const topics = [
    [INPUT, 1],
    [OUTPUT, OUTPUT_PARTITIONS],
  ].map(([name, numPartitions]) => ({
    name: String(name),
    numPartitions: Number(numPartitions),
    replicationFactor: 3,
    assignments: [],
    configs: [],
  }));
  const made = await brokers.send(HOSTS[0], CreateTopics, 7, { timeoutMs: 3000, validateOnly: false, topics });
  for (const { name, errorCode } of made.topics)
    if (errorCode !== 0) throw new Error(`${name} is not made: ${errorCode}`);
  await cluster.advance(100);
}

/** A client of transactions that can be met at a bad moment. */
interface Ending {
  /** Called once, when it is about to commit next. */
  onceCommitting: (() => void) | null;
  /** Another instance takes over. */
  replaceCopier(): void;
}

/** `ending`: the client whose decisions are lost. */
export async function trouble(
  cluster: SimulatedCluster,
  untilMs: number,
  version: 1 | 2,
  ending: Ending | null = null,
): Promise<void> {
  const { random, network } = cluster;
  const below = (most: number): number => Math.floor(random.float() * most);
  const host = (): Host => HOSTS[below(HOSTS.length)];
  const coordinator = (): Host => leaderOf(cluster, [OFFSETS_TOPIC, TRANSACTIONS_TOPIC][below(2)], below(2)) ?? host();
  const leader = (): Host => leaderOf(cluster, OUTPUT, below(OUTPUT_PARTITIONS)) ?? host();
  const prompt: readonly (() => void)[] = [
    () => cluster.kill(host()),
    () => cluster.kill(coordinator()),
    () => restart(cluster, coordinator()),
    () => restart(cluster, coordinator()),
    () => restart(cluster, leader()),
    () => startAll(cluster),
    () => startAll(cluster),
    () => startAll(cluster),
    () => void cluster.stop(coordinator()),
  ];
  const late: readonly (() => void)[] = [
    () => cluster.setStopped(coordinator(), true),
    () => cluster.setStopped(leader(), true),
    () => resumeAll(cluster),
    () => resumeAll(cluster),
    () => network.cut(coordinator(), leader()),
    () => network.cut(leader(), coordinator()),
    () => network.cut(host(), host()),
    () => network.cut('client', host()),
    () => loseDecision(cluster, ending),
    () => loseDecision(cluster, ending),
    () => healNetwork(cluster),
    () => healNetwork(cluster),
  ];
  const troubles = version === 1 ? prompt : [...prompt, ...late];
  while (cluster.nowMs < untilMs) {
    await cluster.advance(random.float() * 1500);
    troubles[below(troubles.length)]();
  }
  if (ending !== null) ending.onceCommitting = null;
  await cluster.advance(LOST_DECISION_MS.least + LOST_DECISION_MS.spread); // none dies once all is healed
}

/**
 * What the coordinator decides next comes to no other replica of its state, while it still writes to who has none; then it dies, and its
 * client with it.
 */
function loseDecision(cluster: SimulatedCluster, ending: Ending | null): void {
  if (ending === null) return;
  const { network, clock, random } = cluster;
  ending.onceCommitting = () => {
    const state = imageOf(cluster)?.topicsByName.get(TRANSACTIONS_TOPIC);
    const { leader, replicas } = state?.partitions[partitionFor(COPIER, STATE_PARTITIONS)] ?? NOBODY;
    if (leader < 1) return;
    const host = HOSTS[leader - 1];
    const others = replicas.filter((id) => id !== leader).map((id) => HOSTS[id - 1]);
    for (const other of others) cutBoth(network, host, other);
    clock.after(LOST_DECISION_MS.least + LOST_DECISION_MS.spread * random.float(), () => {
      cluster.kill(host);
      healNetwork(cluster);
      ending.replaceCopier();
    });
  };
}

function cutBoth(network: SimulatedCluster['network'], one: Host, other: Host): void {
  network.cut(one, other);
  network.cut(other, one);
}

/** Everything runs, and every partition is led and has all replicas in sync. @throws where it does not come to that */
export async function heal(cluster: SimulatedCluster): Promise<void> {
  healNetwork(cluster);
  resumeAll(cluster);
  await cluster.until(
    'every partition is led and has all replicas in sync',
    () => {
      startAll(cluster);
      const topics = [...(imageOf(cluster)?.topicsById.values() ?? [])];
      return (
        topics.length > 0 &&
        cluster.all.every((machine) => cluster.isServing(machine) && !cluster.isStopping(machine)) &&
        topics.every(({ partitions }) =>
          partitions.every(({ leader, isr, replicas }) => leader > 0 && isr.length === replicas.length),
        )
      );
    },
    HEALED_MS,
  );
}

function electionsOf(cluster: SimulatedCluster): number {
  const topics = [OFFSETS_TOPIC, TRANSACTIONS_TOPIC].map((name) => imageOf(cluster)?.topicsByName.get(name));
  return topics.reduce(
    (sum, topic) => sum + (topic?.partitions.reduce((epochs, { leaderEpoch }) => epochs + leaderEpoch, 0) ?? 0),
    0,
  );
}
