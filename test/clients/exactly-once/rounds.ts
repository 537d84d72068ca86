/** Chains of real clients on a broker that is killed again and again, and what the checker of their history says. */
import { CreateTopics, Metadata, UpdateFeatures } from '../../../protocol/apis/index.ts';
import { seededRandom, type Random } from '../../../src/platform/random.ts';
import { Reader } from '../../transactions/clients.ts';
import { History } from '../../transactions/history.ts';
import { librdkafka } from '../librdkafka.ts';
import { BrokerCluster } from './broker-cluster.ts';
import { BrokerProcess } from './broker-process.ts';
import { copyAll, OUTPUT_PARTITIONS, type Places } from './chain.ts';
import { diagnose } from './diagnosis.ts';
import { missingJava, runJava } from './java.ts';
import { openFeed, openKafkajs } from './kafkajs.ts';
import { openLibrdkafka } from './librdkafka.ts';
import { openPlatformatic } from './platformatic.ts';
import type { TestedBrokers } from './tested-brokers.ts';

export const clientNames = ['kafkajs', 'platformatic', 'librdkafka', 'java', 'streams'] as const;
export type ClientName = (typeof clientNames)[number];

/** The clients that copy within this process; the others are programs of their own. */
const inProcess = { kafkajs: openKafkajs, platformatic: openPlatformatic, librdkafka: openLibrdkafka };

export interface Rounds {
  readonly rounds: number;
  readonly seed: number;
  readonly clients: readonly ClientName[];
  /** The level of transaction.version: 1 has Apache Kafka's clients do without KIP-890. */
  readonly transactionVersion?: number;
  /** Three brokers of a cluster, any of which is killed, instead of one alone. */
  readonly isCluster?: boolean;
  readonly keep?: boolean;
  readonly say?: (line: string) => void;
}

/** One client's input, copy and history. */
interface Chain {
  readonly name: ClientName;
  readonly places: Places;
  readonly history: History;
  readonly random: Random;
  /** Values that were acknowledged. */
  fed: number;
  /** Values that are known to be copied. */
  copied: number;
  /** See ChainOptions. */
  inputEnd: number;
  isCopied: boolean;
  /** Of its client, with the time. */
  lastError: string;
}

const PATIENCE_MS = 90_000;
const PAUSE_MS = 100;
const MOST_PER_BATCH = 4;
const MOST_AHEAD = 500;
const SLOW_MS = 100;
const SETTLED_MS = 1000;

/** Why a client cannot take part; null where it can. */
export function missing(name: ClientName, isCluster = false): string | null {
  if (isCluster && name === 'platformatic') return 'its chain names its coordinator by itself';
  if (name === 'librdkafka') return librdkafka === null ? 'it is not built: npm run librdkafka' : null;
  return name === 'java' || name === 'streams' ? missingJava() : null;
}

/** What was violated, each with the client's name; empty where everything came out once. */
export async function runRounds(options: Rounds): Promise<string[]> {
  const { rounds, seed, clients, transactionVersion = 2, isCluster = false, keep = false, say = () => {} } = options;
  const random = seededRandom(seed);
  const broker = await (isCluster ? BrokerCluster : BrokerProcess).start();
  const chains = clients.map((name, at) => newChain(name, broker.bootstrap, seededRandom(seed + at + 1)));
  await createTopics(broker, chains);
  await setTransactionVersion(broker, transactionVersion);
  const state = { isFeeding: true, isOver: false };
  const working = chains.flatMap((chain) => [
    feed(broker, chain, () => state.isFeeding),
    copy(broker, chain, () => state.isOver),
    watch(broker, chain, () => state.isOver),
  ]);
  for (const work of working) work.catch(() => {}); // told below
  for (let round = 1; round <= rounds; round++) {
    await wait(300 + random.float() * 1500);
    const done = await broker.killOne(random);
    say(
      `  round ${round}: ${done}; ${chains.map(({ name, fed, copied }) => `${name} ${fed} fed, ${copied} copied`).join(', ')}`,
    );
  }
  await wait(1000);
  state.isFeeding = false;
  const violations = await Promise.all(chains.map((chain) => finish(broker, chain, say)));
  state.isOver = true;
  await Promise.all(working);
  const told = chains.flatMap(({ name }, at) => violations[at].map((what) => `${name}: ${what}`));
  for (const { name, fed } of chains) say(`  ${name}: ${fed} values copied`);
  const directory = await broker.remove(keep || told.length > 0);
  if (keep || told.length > 0) say(`the files are in ${directory}`);
  return told;
}

function newChain(name: ClientName, bootstrap: string, random: Random): Chain {
  const places = {
    bootstrap,
    input: `${name}-input`,
    output: `${name}-output`,
    groupId: `${name}-group`,
    transactionalId: `${name}-id`,
  };
  return {
    name,
    places,
    history: new History(),
    random,
    fed: 0,
    copied: 0,
    inputEnd: Infinity,
    isCopied: false,
    lastError: 'none',
  };
}

async function createTopics(broker: TestedBrokers, chains: readonly Chain[]): Promise<void> {
  const topics = chains.flatMap(({ places: { input, output } }) => [
    { name: input, numPartitions: 1, replicationFactor: broker.replicas, assignments: [], configs: [] },
    {
      name: output,
      numPartitions: OUTPUT_PARTITIONS,
      replicationFactor: broker.replicas,
      assignments: [],
      configs: [],
    },
  ]);
  await broker.send(CreateTopics, 7, { topics, timeoutMs: 10_000, validateOnly: false });
}

async function setTransactionVersion(broker: TestedBrokers, maxVersionLevel: number): Promise<void> {
  const featureUpdates = [
    { feature: 'transaction.version', maxVersionLevel, upgradeType: maxVersionLevel < 2 ? 2 : 1 },
  ];
  const { errorCode, errorMessage } = await broker.send(UpdateFeatures, 2, { featureUpdates });
  if (errorCode !== 0) throw new Error(`transaction.version ${maxVersionLevel}: ${errorMessage}`);
}

/** Writes 0, 1, 2 … to the input; what fails is not sent again by ourselves. */
async function feed(broker: TestedBrokers, chain: Chain, isFeeding: () => boolean): Promise<void> {
  let next = 0;
  while (isFeeding()) {
    const producer = await openFeed(chain.places).catch(() => null);
    if (producer === null) continue;
    try {
      while (isFeeding()) {
        const count = 1 + Math.floor(chain.random.float() * MOST_PER_BATCH);
        const values = Array.from({ length: count }, () => String(next++));
        await producer.send(values);
        for (const value of values) chain.history.acknowledged(value);
        chain.fed += values.length;
        await wait(5);
        // What is left in the end has to be copied in time. How far a program of its own has come is not known here.
        if (!(chain.name in inProcess)) await wait(SLOW_MS);
        else while (isFeeding() && chain.fed - chain.copied > MOST_AHEAD) await wait(PAUSE_MS);
      }
    } catch {
      await wait(PAUSE_MS);
    } finally {
      await producer.close().catch(() => {});
    }
  }
  chain.inputEnd = await settledEnd(broker, chain.places.input);
}

/**
 * The end of a topic that nobody writes to any more. What a client gave up on may be appended and not be committed yet: it is, or is gone,
 * once all replicas are in sync, and then the end stays where it is.
 */
async function settledEnd(broker: TestedBrokers, topic: string): Promise<number> {
  const reader = new Reader(broker, new History(), topic, 0);
  for (let [end, sinceMs] = [-1, 0]; ; await wait(PAUSE_MS)) {
    const { topics } = await broker.send(Metadata, 12, { topics: [{ name: topic }], allowAutoTopicCreation: false });
    const [found] = topics[0].partitions;
    const isWhole = found !== undefined && found.isrNodes.length === broker.replicas;
    while (await reader.poll());
    if (!isWhole || reader.highWatermark !== end) [end, sinceMs] = [reader.highWatermark, performance.now()];
    else if (performance.now() - sinceMs > SETTLED_MS) return end;
  }
}

async function copy(broker: TestedBrokers, chain: Chain, isOver: () => boolean): Promise<void> {
  const { name, places, history, random } = chain;
  if (name === 'java' || name === 'streams')
    return void (await runJava(name === 'java' ? 'plain' : name, places, broker.replicas, isOver));
  const copied = (count: number): void => void (chain.copied += count);
  await copyAll({
    broker,
    history,
    random,
    places,
    open: inProcess[name],
    inputEnd: () => chain.inputEnd,
    isOver,
    copied,
    failed: (error) => {
      chain.lastError = `${new Date().toISOString()} ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`;
    },
  });
  chain.isCopied = true;
}

/** Reads along: nobody may see what has not been committed. What Java has asked for is not known here. */
async function watch(broker: TestedBrokers, { name, places, history }: Chain, isOver: () => boolean): Promise<void> {
  if (name === 'java' || name === 'streams') return;
  const readers = Array.from({ length: OUTPUT_PARTITIONS }, (_, at) => new Reader(broker, history, places.output, at));
  while (!isOver()) {
    for (const reader of readers) await reader.poll();
    await wait(20);
  }
}

/** Waits until all is copied and nothing is open, and has the history judged. */
async function finish(broker: TestedBrokers, chain: Chain, say: (line: string) => void): Promise<string[]> {
  const { places, history, name } = chain;
  // A busy machine may take minutes for what is left; one that copies nothing more hangs.
  let until = performance.now() + PATIENCE_MS;
  let { copied } = chain;
  const isDone = async (): Promise<boolean> => {
    if (chain.inputEnd === Infinity) return false;
    if (name in inProcess) return chain.isCopied;
    const [input] = await readAll(broker, new History(), places.input, 1);
    const output = await readAll(broker, new History(), places.output, OUTPUT_PARTITIONS);
    return output.flat().filter((value) => !value.endsWith(':')).length >= input.length;
  };
  while (!(await isDone()) && performance.now() < until) {
    await wait(PAUSE_MS);
    if (chain.copied > copied) [copied, until] = [chain.copied, performance.now() + PATIENCE_MS];
  }
  if (!(await isDone())) {
    history.complain('hangs: the input is not copied');
    const why = [`its last error: ${chain.lastError}`, ...(await diagnose(broker, places))];
    for (const line of why) say(`  ${name} hangs; ${line}`);
  }
  until = performance.now() + PATIENCE_MS;
  for (let partition = 0; partition < OUTPUT_PARTITIONS; partition++) {
    const reader = new Reader(broker, new History(), places.output, partition);
    do {
      while (await reader.poll());
      if (reader.lastStableOffset === reader.highWatermark) break;
      await wait(PAUSE_MS);
    } while (performance.now() < until);
    if (reader.lastStableOffset !== reader.highWatermark)
      history.complain(`hangs: ${places.output}-${partition} is open`);
  }
  const [input] = await readAll(broker, history, places.input, 1);
  if (input.length > chain.inputEnd) history.complain(`the input has grown from ${chain.inputEnd} to ${input.length}`);
  return history.violations(input, await readAll(broker, history, places.output, OUTPUT_PARTITIONS));
}

function readAll(broker: TestedBrokers, history: History, topic: string, partitions: number): Promise<string[][]> {
  return Promise.all(
    Array.from({ length: partitions }, async (_, partition) => {
      const reader = new Reader(broker, history, topic, partition);
      while (await reader.poll());
      return reader.values;
    }),
  );
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
