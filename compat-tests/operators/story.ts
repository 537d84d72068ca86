/** What operators do with Kafka's tools, step by step; each answers what the tool has printed, without what differs from run to run. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Metadata } from '../../protocol/apis/03-metadata.ts';
import { connect } from '../../protocol/client.ts';
import type { ResponseOf } from '../../protocol/schema.ts';
import { runTool, type ToolServer } from '../../scripts/kafka/index.ts';
import type { ThreeBrokers } from './clusters.ts';

export interface Told {
  readonly step: string;
  readonly code: number;
  readonly lines: readonly string[];
}

type PartitionMetadata = ResponseOf<typeof Metadata>['topics'][number]['partitions'][number];
type Partition = readonly [topic: string, partition: number, replicas: readonly number[]];

const PATIENCE_MS = 120_000;
const TOOL_MS = 180_000;
/** Bytes a second: slow enough, with fetches as small as clusters.ts has them, for a move to be under way when the next tools look. */
const SLOW = '1000';

export class Story {
  readonly told: Told[] = [];
  readonly #cluster: ThreeBrokers;
  readonly #directory: string;
  readonly #tools: ToolServer;
  #files = 0;

  constructor(cluster: ThreeBrokers, directory: string, tools: ToolServer) {
    this.#cluster = cluster;
    this.#directory = directory;
    this.#tools = tools;
  }

  async tell(): Promise<readonly Told[]> {
    await this.#topics();
    await this.#moves();
    await this.#elections();
    await this.#settings();
    await this.#quorum();
    await this.#lostBroker();
    return this.told;
  }

  async #topics(): Promise<void> {
    await this.#create('orders', '1:2:3,2:3:1,3:1:2', 'min.insync.replicas=2');
    await this.#create('pair', '1:2,2:3');
    await this.#create('alone', '3');
    await this.#run('describe', 'topics', '--describe', '--topic', 'orders');
    await this.#unwell('all is well');
    await this.#run('log-dirs', 'log-dirs', '--describe', '--broker-list', '1,2', '--topic-list', 'pair');
  }

  async #create(topic: string, assignment: string, ...configs: string[]): Promise<void> {
    const more = configs.flatMap((config) => ['--config', config]);
    await this.#run(
      `create ${topic}`,
      'topics',
      '--create',
      '--topic',
      topic,
      '--replica-assignment',
      assignment,
      ...more,
    );
  }

  /** The four ways of kafka-topics to ask for what is unwell. */
  async #unwell(when: string): Promise<void> {
    for (const which of ['under-replicated', 'under-min-isr', 'at-min-isr', 'unavailable']) {
      await this.#run(`${which} when ${when}`, 'topics', '--describe', `--${which}-partitions`);
    }
  }

  async #moves(): Promise<void> {
    const topics = this.#file({ version: 1, topics: [{ topic: 'pair' }] });
    const generate = ['--generate', '--topics-to-move-json-file', topics, '--broker-list', '1,2'];
    await this.#run('generate', 'reassign-partitions', ...generate);
    const moved = this.#assignment(['pair', 0, [3, 1]], ['pair', 1, [1, 2]]);
    await this.#run('execute', 'reassign-partitions', '--execute', '--reassignment-json-file', moved);
    await this.#verified('a move', 'pair', moved);
    await this.#run('describe moved', 'topics', '--describe', '--topic', 'pair');
    const more = this.#assignment(['alone', 0, [3, 2, 1]]);
    await this.#run('raise the factor', 'reassign-partitions', '--execute', '--reassignment-json-file', more);
    await this.#verified('a higher factor', 'alone', more);
    await this.#throttledAndCancelled();
    const wrong = this.#assignment(['pair', 0, [1, 9]]);
    await this.#run('move to nowhere', 'reassign-partitions', '--execute', '--reassignment-json-file', wrong);
    const unknown = this.#assignment(['nothing', 0, [1, 2]]);
    await this.#run('move what is not there', 'reassign-partitions', '--execute', '--reassignment-json-file', unknown);
  }

  /** A move that takes long because of its throttle: seen, cancelled, and without traces afterwards. */
  async #throttledAndCancelled(): Promise<void> {
    await this.#create('large', '1:2');
    const records = `${'x'.repeat(1000)}\n`.repeat(6000);
    await this.#run(
      'fill',
      'console-producer',
      { input: records },
      '--topic',
      'large',
      '--command-property',
      'acks=all',
    );
    const to = this.#assignment(['large', 0, [3, 1]]);
    const slow = ['--execute', '--throttle', SLOW, '--reassignment-json-file', to];
    await this.#run('execute throttled', 'reassign-partitions', ...slow);
    await this.#run('list', 'reassign-partitions', '--list');
    await this.#run(
      'throttles of the topic',
      'configs',
      '--describe',
      '--entity-type',
      'topics',
      '--entity-name',
      'large',
    );
    await this.#run('execute again', 'reassign-partitions', '--execute', '--reassignment-json-file', to);
    await this.#run('cancel', 'reassign-partitions', '--cancel', '--reassignment-json-file', to);
    await this.#run('list after it', 'reassign-partitions', '--list');
    await this.#run('describe cancelled', 'topics', '--describe', '--topic', 'large');
    await this.#run('no throttles', 'configs', '--describe', '--entity-type', 'topics', '--entity-name', 'large');
    await this.#run('cancel nothing', 'reassign-partitions', '--cancel', '--reassignment-json-file', to);
  }

  async #elections(): Promise<void> {
    await this.#cluster.stopBroker(2);
    await this.#until('orders', ({ leaderId, isrNodes }) => leaderId !== 2 && !isrNodes.includes(2));
    await this.#run('led by others', 'topics', '--describe', '--topic', 'orders');
    const preferred = ['--election-type', 'preferred'];
    const one = [...preferred, '--topic', 'orders', '--partition'];
    await this.#run('preferred that is away', 'leader-election', ...one, '1');
    await this.#cluster.startBroker(2);
    await this.#until('orders', ({ isrNodes }) => isrNodes.length === 3);
    await this.#run('preferred', 'leader-election', ...one, '1');
    await this.#run('preferred again', 'leader-election', ...one, '1');
    await this.#run('preferred of all', 'leader-election', ...preferred, '--all-topic-partitions');
    await this.#run('preferred of none', 'leader-election', ...preferred, '--topic', 'nothing', '--partition', '0');
    await this.#run(
      'unclean where one leads',
      'leader-election',
      '--election-type',
      'unclean',
      '--topic',
      'orders',
      '--partition',
      '0',
    );
    await this.#run('led by the preferred', 'topics', '--describe', '--topic', 'orders');
  }

  async #settings(): Promise<void> {
    const broker = ['--entity-type', 'brokers', '--entity-name', '2'];
    const all = ['--entity-type', 'brokers', '--entity-default'];
    await this.#run('set one', 'configs', ...broker, '--alter', '--add-config', 'log.cleaner.threads=2');
    await this.#run('set all', 'configs', ...all, '--alter', '--add-config', 'num.io.threads=9');
    await this.#run('of one', 'configs', ...broker, '--describe');
    await this.#run('of all', 'configs', ...all, '--describe');
    await this.#run('take back', 'configs', ...broker, '--alter', '--delete-config', 'log.cleaner.threads');
    await this.#run('take back of all', 'configs', ...all, '--alter', '--delete-config', 'num.io.threads');
    await this.#run('read-only', 'configs', ...broker, '--alter', '--add-config', 'node.id=7');
  }

  async #quorum(): Promise<void> {
    await this.#run('features', 'features', 'describe');
    await this.#run('status', 'metadata-quorum', 'describe', '--status');
    await this.#run('replication', 'metadata-quorum', 'describe', '--replication');
    await this.#run('endpoints', 'cluster', 'list-endpoints');
    await this.#run('unregister nobody', 'cluster', 'unregister', '--id', '77');
  }

  async #lostBroker(): Promise<void> {
    await this.#cluster.stopBroker(3);
    await this.#until('orders', ({ isrNodes }) => isrNodes.join() !== '' && !isrNodes.includes(3));
    await this.#unwell('a broker is away');
    await this.#cluster.stopBroker(2);
    await this.#until('orders', ({ isrNodes }) => isrNodes.join() === '1');
    await this.#unwell('two brokers are away');
    await this.#run('endpoints with fenced', 'cluster', 'list-endpoints', '--include-fenced-brokers');
    await this.#run('unregister', 'cluster', 'unregister', '--id', '3');
    await this.#run('endpoints without it', 'cluster', 'list-endpoints', '--include-fenced-brokers');
  }

  #assignment(...partitions: readonly Partition[]): string {
    return this.#file({
      version: 1,
      partitions: partitions.map(([topic, partition, replicas]) => ({ topic, partition, replicas })),
    });
  }

  #file(content: object): string {
    const path = join(this.#directory, `input-${this.#files++}.json`);
    writeFileSync(path, JSON.stringify(content));
    return path;
  }

  /** What it says once the move is over. */
  async #verified(step: string, topic: string, assignment: string): Promise<void> {
    const wanted = JSON.parse(readFileSync(assignment, 'utf8')) as {
      partitions: { partition: number; replicas: number[] }[];
    };
    await this.#until(topic, ({ partitionIndex, replicaNodes, isrNodes }) => {
      const to = wanted.partitions.find(({ partition }) => partition === partitionIndex);
      return to === undefined || (replicaNodes.join() === to.replicas.join() && isrNodes.length === to.replicas.length);
    });
    await this.#run(`verify ${step}`, 'reassign-partitions', '--verify', '--reassignment-json-file', assignment);
  }

  /** Asked without a tool, for that takes a JVM each time. */
  async #until(topic: string, isSo: (partition: PartitionMetadata) => boolean): Promise<void> {
    const [host, port] = this.#cluster.bootstrap.split(':');
    const client = await connect({ host, port: Number(port) });
    const endMs = performance.now() + PATIENCE_MS;
    for (;;) {
      const asked = { topics: [{ name: topic }], allowAutoTopicCreation: false };
      const { topics } = await client.send(Metadata, 12, asked);
      if (topics[0].partitions.every(isSo)) break;
      if (performance.now() > endMs)
        throw new Error(`${topic} did not become what it was to be: ${JSON.stringify(topics)}`);
      await wait(100);
    }
    await client.close();
  }

  async #run(step: string, tool: string, ...given: readonly (string | { readonly input: string })[]): Promise<void> {
    const input = given.find((each) => typeof each === 'object') ?? null;
    const args = this.#argsOf(
      tool,
      given.filter((each) => typeof each === 'string'),
    );
    const told = input === null ? this.#tools.run(tool, args) : runTool(tool, args, { ...input, timeoutMs: TOOL_MS });
    this.#note(step, await told);
  }

  #argsOf(tool: string, args: readonly string[]): readonly string[] {
    const server = ['--bootstrap-server', this.#cluster.bootstrap];
    const [first, ...rest] = args;
    return tool === 'cluster' ? [first, ...server, ...rest] : [...server, ...args];
  }

  #note(step: string, { code, output }: { readonly code: number; readonly output: string }): void {
    this.told.push({ step, code, lines: comparable(output) });
  }
}

/** Without ids, addresses, places, offsets and times. What has no order has one. */
export function comparable(output: string): string[] {
  return output
    .replace(/\b[A-Za-z0-9_-]{22}\b/g, '<id>')
    .replace(/(?:127\.0\.0\.1|localhost)(?::\d+| +\d+ *)/g, '<address> ')
    .replace(/input-\d+\.json/g, '<file>')
    .replace(/"\/[^"]*"/g, '"<directory>"')
    .replace(/Isr: ([\d,]+)/g, (_, ids: string) => `Isr: ${ids.split(',').toSorted().join(',')}`)
    .replace(/(?<=for partitions )[\w-]+(?:, [\w-]+)+/g, (all) => all.split(', ').toSorted().join(', '))
    .replace(/^(HighWatermark|MaxFollowerLag|MaxFollowerLagTimeMs|LeaderId|LeaderEpoch):.*$/gm, '$1: <number>')
    .replace(/Epoch: \d+/g, 'Epoch: <number>')
    .replace(/(errors\.\w+|ID \d+ failed): .*$/gm, '$1: <text>')
    .replace(/^\d{4}-\d\d-\d\dT\S+/gm, '<time>')
    .replace(/^\d+\s+<id>.*\t(\w+)\s*$/gm, '<node> $1')
    .split('\n')
    .map((line) => (line.startsWith('{"brokers"') ? inOrder(line) : line).trim())
    .filter((line) => line !== '' && !/^(\[|SLF4J|at |>+$)/.test(line));
}

function inOrder(json: string): string {
  const told = JSON.parse(json) as {
    brokers: { broker: number; logDirs: { partitions: { partition: string }[] }[] }[];
  };
  for (const { logDirs } of told.brokers)
    for (const { partitions } of logDirs) partitions.sort((a, b) => (a.partition < b.partition ? -1 : 1));
  told.brokers.sort((a, b) => a.broker - b.broker);
  return JSON.stringify(told);
}
