/**
 * Three processes of `ottla start --etcd` on this machine, on real etcd. Clients reach a broker by its own port; brokers reach it as
 * replicas by a proxy, and its controller by another; it reaches etcd by a third: each can be cut. Broker 3 may have a small disk of
 * its own.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DescribeQuorum } from '../../protocol/apis/55-describe-quorum.ts';
import { Metadata } from '../../protocol/apis/03-metadata.ts';
import { CreateTopics } from '../../protocol/apis/19-create-topics.ts';
import { DeleteTopics } from '../../protocol/apis/20-delete-topics.ts';
import { ElectLeaders } from '../../protocol/apis/43-elect-leaders.ts';
import { AlterPartitionReassignments } from '../../protocol/apis/45-alter-partition-reassignments.ts';
import { connect, type Client } from '../../protocol/client.ts';
import { commandPath } from '../bundled-command.ts';
import { freePort } from '../crash/free-port.ts';
import { startEtcd, type RunningEtcd } from '../../scripts/etcd/cluster.ts';
import { Proxy, type Direction } from './proxy.ts';

export const NODES = [1, 2, 3] as const;
export type Node = (typeof NODES)[number];

export interface PartitionState {
  readonly leader: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

const ANSWER_MS = 1000;
const SMALL_DISK = 3;
const SMALL_DISK_MB = 512;

interface Place {
  readonly port: number;
  readonly controllerPort: number;
  readonly replicationPort: number;
  readonly replication: Proxy;
  readonly controller: Proxy;
  readonly etcd: readonly Proxy[];
}

/** What the state of groups and transactions is spread over is kept small. */
const SETTINGS = {
  'offsets.topic.num.partitions': '3',
  'transaction.state.log.num.partitions': '3',
  'group.initial.rebalance.delay.ms': '0',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '1000',
};

export class ChaosCluster {
  readonly etcd: RunningEtcd;
  readonly running = new Map<number, ChildProcess>();
  readonly #directory: string;
  readonly #places: ReadonlyMap<Node, Place>;
  readonly #logs: number[] = [];
  /** Who has answered last is asked first, as clients do. */
  #asked: Node = 1;
  #isSmall = false;

  private constructor(directory: string, etcd: RunningEtcd, places: ReadonlyMap<Node, Place>) {
    this.#directory = directory;
    this.etcd = etcd;
    this.#places = places;
  }

  static async start(directory: string, program: string, members: number): Promise<ChaosCluster> {
    const etcd = await startEtcd({ program, directory: join(directory, 'etcd'), members });
    const places = new Map<Node, Place>();
    for (const node of NODES) places.set(node, await placeOf(etcd));
    const cluster = new ChaosCluster(directory, etcd, places);
    cluster.#mount();
    await Promise.all(NODES.map((node) => cluster.start(node)));
    return cluster;
  }

  /** Only root may mount; else there is no small disk. */
  #mount(): void {
    const path = join(this.#directory, String(SMALL_DISK));
    mkdirSync(path, { recursive: true });
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SMALL_DISK_MB}m`, 'tmpfs', path], { stdio: 'ignore' });
      this.#isSmall = true;
    } catch {
      this.#isSmall = false;
    }
  }

  /** The broker whose disk can be filled; null where none can. */
  get smallDisk(): Node | null {
    return this.#isSmall ? SMALL_DISK : null;
  }

  /** To the last byte; answers how to free it. */
  fillDisk(): () => void {
    const ballast = join(this.#directory, String(SMALL_DISK), 'ballast');
    const file = openSync(ballast, 'w');
    const bytes = Buffer.alloc(1 << 20, 1);
    try {
      for (let size = bytes.length; size >= 1; size = size >> 4) {
        try {
          for (;;) if (writeSync(file, bytes, 0, size) < size) break;
        } catch {
          // less is tried
        }
      }
    } finally {
      closeSync(file);
    }
    return () => rmSync(ballast, { force: true });
  }

  directoryOf(node: Node): string {
    return join(this.#directory, String(node), 'data');
  }

  bootstrap(): string[] {
    return NODES.map((node) => `127.0.0.1:${this.#places.get(node)!.port}`);
  }

  /** Resolves when it answers, or has ended. */
  async start(node: Node): Promise<void> {
    if (this.running.has(node)) return;
    const { port, controllerPort, replicationPort, replication, controller, etcd } = this.#places.get(node)!;
    for (const proxy of [replication, controller]) proxy.setDown(false);
    const settings = {
      ...SETTINGS,
      'node.id': String(node),
      'ottla.etcd.endpoints': etcd.map((each) => `127.0.0.1:${each.port}`).join(','),
      'log.dirs': this.directoryOf(node),
      listeners: `PLAINTEXT://127.0.0.1:${port},REPLICATION://127.0.0.1:${replicationPort},CONTROLLER://127.0.0.1:${controllerPort}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},REPLICATION://127.0.0.1:${replication.port},CONTROLLER://127.0.0.1:${controller.port}`,
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,REPLICATION:PLAINTEXT,CONTROLLER:PLAINTEXT',
      'inter.broker.listener.name': 'REPLICATION',
      'controller.listener.names': 'CONTROLLER',
      'process.roles': 'broker,controller',
    };
    const args = Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
    const log = openSync(join(this.#directory, `${node}.log`), 'a');
    this.#logs.push(log);
    const child = spawn(
      process.execPath,
      [commandPath(), 'start', ...args, '--log-level', 'info', '--no-exit-with-parent'],
      {
        stdio: ['ignore', 'pipe', log],
      },
    );
    this.running.set(node, child);
    const ready = new Promise<void>((resolve) => {
      let out = '';
      child.stdout!.on('data', (bytes: Buffer) => {
        out += bytes.toString();
        if (out.includes('ready ')) resolve();
      });
    });
    child.once('exit', () => {
      if (this.running.get(node) !== child) return;
      this.running.delete(node);
      this.#refuse(node);
    });
    await Promise.race([ready, once(child, 'exit')]);
  }

  signal(node: Node, signal: NodeJS.Signals): void {
    this.running.get(node)?.kill(signal);
    if (signal !== 'SIGKILL') return;
    this.running.delete(node);
    this.#refuse(node);
  }

  #refuse(node: Node): void {
    const { replication, controller } = this.#places.get(node)!;
    for (const proxy of [replication, controller]) proxy.setDown(true);
  }

  /** In order. */
  async stop(node: Node): Promise<void> {
    const child = this.running.get(node);
    if (child === undefined) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }

  /** What other brokers send to this one as a replica, and its answers, are held back. */
  cutReplication(node: Node, direction?: Direction): () => void {
    const { replication } = this.#places.get(node)!;
    replication.cut(direction);
    return () => replication.heal();
  }

  /** What others send to the controller beside this broker, and its answers, are held back. */
  cutController(node: Node, direction?: Direction): () => void {
    const { controller } = this.#places.get(node)!;
    controller.cut(direction);
    return () => controller.heal();
  }

  cutEtcd(node: Node): () => void {
    const { etcd } = this.#places.get(node)!;
    for (const each of etcd) each.cut();
    return () => etcd.forEach((each) => each.heal());
  }

  connect(node: Node): Promise<Client> {
    const { port } = this.#places.get(node)!;
    return connect({ host: '127.0.0.1', port, connectTimeoutMs: ANSWER_MS });
  }

  /** What any broker answers that runs; null where none does. */
  async ask<T>(use: (client: Client) => Promise<T | null>): Promise<T | null> {
    const others = NODES.filter((node) => node !== this.#asked);
    for (const node of [this.#asked, ...others]) {
      if (!this.running.has(node)) continue;
      let client: Client | null = null;
      try {
        client = await this.connect(node);
        const answer = await Promise.race([use(client), wait(ANSWER_MS).then(() => null)]);
        if (answer === null) continue;
        this.#asked = node;
        return answer;
      } catch {
        // the next one is asked
      } finally {
        void client?.close();
      }
    }
    return null;
  }

  async controller(): Promise<Node | null> {
    const topics = [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }];
    return this.ask(async (client) => {
      const { topics: told } = await client.send(DescribeQuorum, 2, { topics });
      const leader = told[0]?.partitions[0]?.leaderId ?? -1;
      return leader > 0 ? (leader as Node) : null;
    });
  }

  states(topic: string): Promise<readonly PartitionState[] | null> {
    return this.ask(async (client) => {
      const { topics } = await client.send(Metadata, 12, { topics: [{ name: topic }], allowAutoTopicCreation: false });
      const { partitions } = topics[0];
      if (partitions.length === 0) return null;
      return partitions
        .toSorted((a, b) => a.partitionIndex - b.partitionIndex)
        .map(({ leaderId, replicaNodes, isrNodes }) => ({ leader: leaderId, replicas: replicaNodes, isr: isrNodes }));
    });
  }

  async createTopic(name: string, numPartitions: number): Promise<void> {
    const configs = [{ name: 'min.insync.replicas', value: '2' }];
    const topic = { name, numPartitions, replicationFactor: 3, assignments: [], configs };
    const isMade = async (): Promise<boolean> => {
      const made = await this.ask(async (client) => {
        const { topics } = await client.send(CreateTopics, 7, { topics: [topic], timeoutMs: 900, validateOnly: false });
        return [0, 36].includes(topics[0].errorCode) ? true : null;
      });
      return made === true;
    };
    if (!(await within(30_000, isMade))) throw new Error(`${name} is not made`);
  }

  /** Where that is possible now. */
  async deleteTopic(name: string): Promise<void> {
    await this.ask((client) => client.send(DeleteTopics, 5, { topicNames: [name], timeoutMs: 900 }));
  }

  /** Begins to move a partition; null cancels that. Where that is possible now. */
  async reassign(name: string, partitionIndex: number, replicas: number[] | null): Promise<void> {
    const topics = [{ name, partitions: [{ partitionIndex, replicas }] }];
    await this.ask((client) => client.send(AlterPartitionReassignments, 0, { timeoutMs: 900, topics }));
  }

  /** Every partition that can is led by its first replica. */
  async electPreferred(): Promise<void> {
    await this.ask((client) =>
      client.send(ElectLeaders, 2, { electionType: 0, topicPartitions: null, timeoutMs: 900 }),
    );
  }

  async end(): Promise<void> {
    const ended = [...this.running.values()].map((child) => {
      const exit = once(child, 'exit');
      child.kill('SIGCONT');
      child.kill('SIGKILL');
      return exit;
    });
    await Promise.all(ended);
    await this.etcd.stop();
    for (const { replication, controller, etcd } of this.#places.values())
      for (const each of [replication, controller, ...etcd]) each.close();
    for (const log of this.#logs) closeSync(log);
    if (this.#isSmall) execFileSync('umount', [join(this.#directory, String(SMALL_DISK))], { stdio: 'ignore' });
  }
}

/** Whether it is so in time. */
export async function within(mostMs: number, isSo: () => Promise<boolean>): Promise<boolean> {
  for (const endMs = performance.now() + mostMs; performance.now() < endMs; await wait(50))
    if (await isSo()) return true;
  return false;
}

async function placeOf(etcd: RunningEtcd): Promise<Place> {
  const [replicationPort, controllerPort] = [await freePort(), await freePort()];
  const proxies = etcd.endpoints.map((endpoint) => {
    const [host, port] = endpoint.split(':');
    return Proxy.to({ host, port: () => Number(port) });
  });
  return {
    port: await freePort(),
    controllerPort,
    replicationPort,
    replication: await Proxy.to({ host: '127.0.0.1', port: () => replicationPort }),
    controller: await Proxy.to({ host: '127.0.0.1', port: () => controllerPort }),
    etcd: await Promise.all(proxies),
  };
}
