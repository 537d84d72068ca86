/** Processes of `ottla start --etcd` on this machine: a cluster that can be killed, piece by piece. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Metadata } from '../../protocol/apis/03-metadata.ts';
import { CreateTopics } from '../../protocol/apis/19-create-topics.ts';
import { AlterPartitionReassignments } from '../../protocol/apis/45-alter-partition-reassignments.ts';
import { DescribeQuorum } from '../../protocol/apis/55-describe-quorum.ts';
import { DescribeCluster } from '../../protocol/apis/60-describe-cluster.ts';
import { connect, type Client } from '../../protocol/client.ts';
import { commandPath } from '../../test/bundled-command.ts';
import { freePort } from '../../test/crash/free-port.ts';

export interface OttlaProcess {
  readonly nodeId: number;
  readonly port: number;
  readonly child: ChildProcess;
  /** What it has said on stderr so far. */
  readonly log: () => string;
  /** Resolves when it answers requests, rejects when it ends before. */
  readonly ready: Promise<void>;
}

/** How clients reach the processes, and they one another, where that is not in plain text. */
export interface ProcessAccess {
  /** The settings of one whose clients come to this port; the one behind it is its controller's. */
  settings(port: number): Promise<Readonly<Record<string, string>>>;
  /** As a user who may do everything. */
  connect(port: number): Promise<Client>;
}

export interface Leadership {
  readonly controllerId: number;
  readonly epoch: number;
}

const READY_MS = 30_000;
const ANSWER_MS = 1000;
const POLL_MS = 20;

export class OttlaProcesses {
  readonly running = new Map<number, OttlaProcess>();
  readonly #directory: string;
  readonly #settings: readonly string[];
  readonly #access: ProcessAccess | null;
  readonly #ports = new Map<number, number>();

  /** `prefix` keeps one cluster's keys from another's. */
  constructor(
    endpoints: readonly string[],
    directory: string,
    prefix: string,
    settings: Readonly<Record<string, string>> = {},
    access: ProcessAccess | null = null,
  ) {
    this.#access = access;
    this.#directory = join(directory, prefix);
    const all = { 'ottla.etcd.prefix': `/${prefix}`, 'ottla.etcd.endpoints': endpoints.join(','), ...settings };
    this.#settings = flagsOf(all);
  }

  /** Of its client listener, once it has been started. */
  portOf(nodeId: number): number {
    return this.#ports.get(nodeId)!;
  }

  /** Its log directory. */
  directoryOf(nodeId: number): string {
    return join(this.#directory, String(nodeId));
  }

  /** A process of this node, on the port that it had before. Without `--etcd` where `alone`. */
  async start(nodeId: number, { alone = false } = {}): Promise<OttlaProcess> {
    const port = this.#ports.get(nodeId) ?? (await freePort(2));
    this.#ports.set(nodeId, port);
    const reached = flagsOf((await this.#access?.settings(port)) ?? { listeners: `PLAINTEXT://127.0.0.1:${port}` });
    const own = ['--node-id', String(nodeId), ...reached];
    const place = ['--dir', this.directoryOf(nodeId), '--log-level', 'info', '--no-exit-with-parent'];
    const args = [commandPath(), 'start', ...own, ...place, ...(alone ? [] : this.#settings)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()));
    const made: OttlaProcess = { nodeId, port, child, log: () => said, ready: readyLine(child, () => said) };
    this.running.set(nodeId, made);
    return made;
  }

  /** All of these, once they answer. */
  async startAll(...nodeIds: readonly number[]): Promise<void> {
    const all = await Promise.all(nodeIds.map((nodeId) => this.start(nodeId)));
    await Promise.all(all.map(({ ready }) => ready));
  }

  signal(nodeId: number, signal: NodeJS.Signals): void {
    this.running.get(nodeId)!.child.kill(signal);
    if (signal === 'SIGKILL') this.running.delete(nodeId);
  }

  /** In order; resolves when it has ended. */
  async stop(nodeId: number): Promise<number | null> {
    const { child } = this.running.get(nodeId)!;
    this.running.delete(nodeId);
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
    return child.exitCode;
  }

  async stopAll(): Promise<void> {
    for (const { child } of this.running.values()) {
      if ((child.exitCode ?? child.signalCode) !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    this.running.clear();
  }

  connect(nodeId: number): Promise<Client> {
    const { port } = this.running.get(nodeId)!;
    return this.#access?.connect(port) ?? connect({ host: '127.0.0.1', port, connectTimeoutMs: ANSWER_MS });
  }

  async createTopic(nodeId: number, name: string, numPartitions: number): Promise<void> {
    await this.#at(nodeId, (client) => createTopic(client, name, numPartitions));
  }

  /** Begins to move a partition to other replicas. */
  async reassign(nodeId: number, name: string, partitionIndex: number, replicas: number[]): Promise<void> {
    const topics = [{ name, partitions: [{ partitionIndex, replicas }] }];
    const { errorCode, responses } = await this.#at(nodeId, (client) =>
      client.send(AlterPartitionReassignments, 0, { timeoutMs: ANSWER_MS, topics }),
    );
    const [answer] = responses.flatMap(({ partitions }) => partitions);
    if (errorCode !== 0 || answer.errorCode !== 0) throw new Error(answer?.errorMessage ?? `error ${errorCode}`);
  }

  /** As a process says it. */
  async leaderOf(nodeId: number, name: string, partition: number): Promise<number> {
    const asked = { topics: [{ name }], allowAutoTopicCreation: false };
    const { topics } = await this.#at(nodeId, (client) => client.send(Metadata, 12, asked));
    return topics[0].partitions.find(({ partitionIndex }) => partitionIndex === partition)?.leaderId ?? -1;
  }

  async #at<T>(nodeId: number, ask: (client: Client) => Promise<T>): Promise<T> {
    const client = await this.connect(nodeId);
    try {
      return await ask(client);
    } finally {
      void client.close();
    }
  }

  /** As the processes say that run; null while none knows one. */
  async leadership(): Promise<Leadership | null> {
    const all = await Promise.all([...this.running.keys()].map((nodeId) => this.#ask(nodeId, askLeadership)));
    return (
      all
        .filter((each) => each !== null)
        .toSorted((a, b) => b.epoch - a.epoch)
        .at(0) ?? null
    );
  }

  /** Which brokers are not fenced, as a process says. */
  async unfenced(): Promise<readonly number[]> {
    for (const nodeId of this.running.keys()) {
      const found = await this.#ask(nodeId, askUnfenced);
      if (found !== null) return found;
    }
    return [];
  }

  /** Once a controller of a higher epoch is known, and a topic has been made: how long both took. */
  async untilChanged(epoch: number, topic: string): Promise<{ electedMs: number; changedMs: number }> {
    const beganMs = performance.now();
    const electedMs = await until(async () => ((await this.leadership())?.epoch ?? 0) > epoch, beganMs);
    const changedMs = await until(async () => {
      for (const nodeId of this.running.keys())
        if (await this.#ask(nodeId, (client) => createTopic(client, topic))) return true;
      return false;
    }, beganMs);
    return { electedMs, changedMs };
  }

  async #ask<T>(nodeId: number, ask: (client: Client) => Promise<T>): Promise<T | null> {
    let client: Client | null = null;
    try {
      client = await this.connect(nodeId);
      return await Promise.race([ask(client), wait(ANSWER_MS).then(() => null)]);
    } catch {
      return null; // it is not there, or goes away
    } finally {
      void client?.close();
    }
  }
}

function flagsOf(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
}

async function askLeadership(client: Client): Promise<Leadership | null> {
  const topics = [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }];
  const { errorCode, topics: told } = await client.send(DescribeQuorum, 2, { topics });
  const [quorum] = told.flatMap(({ partitions }) => partitions);
  return errorCode === 0 && quorum.leaderId >= 0 ? { controllerId: quorum.leaderId, epoch: quorum.leaderEpoch } : null;
}

async function askUnfenced(client: Client): Promise<number[]> {
  const { brokers } = await client.send(DescribeCluster, 2, {
    includeClusterAuthorizedOperations: false,
    includeFencedBrokers: true,
  });
  return brokers.filter(({ isFenced }) => !isFenced).map(({ brokerId }) => brokerId);
}

async function createTopic(client: Client, name: string, numPartitions = 1): Promise<boolean> {
  const topic = { name, numPartitions, replicationFactor: 1, assignments: [], configs: [] };
  const { topics } = await client.send(CreateTopics, 7, { topics: [topic], timeoutMs: ANSWER_MS, validateOnly: false });
  const ALREADY_EXISTS = 36;
  return [0, ALREADY_EXISTS].includes(topics[0].errorCode);
}

async function until(isOver: () => Promise<boolean>, beganMs: number): Promise<number> {
  while (!(await isOver())) {
    if (performance.now() - beganMs > READY_MS) return Infinity;
    await wait(POLL_MS);
  }
  return performance.now() - beganMs;
}

function readyLine(child: ChildProcess, said: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    let out = '';
    child.stdout!.on('data', (bytes: Buffer) => {
      out += bytes.toString();
      if (out.includes('ready ')) resolve();
    });
    child.on('exit', (code) => reject(new Error(`it has ended with ${code}: ${said()}`)));
  });
}
