/**
 * Three machines, on each a whole broker and a controller candidate as one `ottla start` has them, over a simulated network, disks
 * that survive kills, and a simulated etcd. All of it in one process, in virtual time, from one seed.
 */
import type { RunningBroker } from '../../../src/broker/broker.ts';
import { startPrepared } from '../../../src/broker/broker.ts';
import { prepareBroker } from '../../../src/broker/broker-options.ts';
import type { RunningController } from '../../../src/broker/controller-process.ts';
import type { MetadataFeed } from '../../../src/cluster/metadata-feed.ts';
import type { Channel } from '../../../src/etcd/channel.ts';
import { VirtualClock } from '../../../src/platform/clock.ts';
import { silentLogger, type Facts, type Logger } from '../../../src/platform/logger.ts';
import type { Network } from '../../../src/platform/network.ts';
import { randomUuid, seededRandom, type Random } from '../../../src/platform/random.ts';
import { CrashDisk, type Survival } from '../../crash/crash-disk.ts';
import { channelOf } from '../etcd/process-channel.ts';
import { SimulatedEtcd } from '../etcd/simulated-etcd.ts';
import { networkOf } from '../process-network.ts';
import { SimulatedNetwork } from '../simulated-network.ts';
import { SimulatedProcess } from '../simulated-process.ts';
import { settledInMemory as settle, untilSettled, untilSo } from '../virtual-time.ts';
import { Observer, type Running } from './observer.ts';

// What a process loads when it is one of a cluster must be there already: loading takes real time.
await Promise.all([
  import('../../../src/broker/cluster-member.ts'),
  import('../../../src/broker/controller-process.ts'),
]);

export const HOSTS = ['a', 'b', 'c'] as const;
export type Host = (typeof HOSTS)[number];

export const BROKER_PORT = 9092;
const CONTROLLER_PORT = 9093;
const LOG_DIRECTORY = '/data';
/** As the controllers' settings name them: etcd on loopback needs no TLS. */
const ETCD_ENDPOINTS = ['127.0.0.1:2379', '127.0.0.1:2380', '127.0.0.1:2381'];
const STEP_MS = 20;
const PATIENCE_MS = 60_000;

export interface Machine {
  readonly host: Host;
  readonly nodeId: number;
  disk: CrashDisk;
  /** Null while nothing runs on it. */
  process: SimulatedProcess | null;
  /** What its broker has read of the cluster. */
  metadata: MetadataFeed | null;
  /** Once it serves. */
  broker: RunningBroker | null;
  controller: RunningController | null;
}

export interface ClusterOptions {
  readonly settings?: Readonly<Record<string, string>>;
  /** More, of one machine. */
  readonly settingsOf?: (host: Host) => Readonly<Record<string, string>>;
  /** Of a message between machines; 1 ms unless given. */
  readonly longestDelayMs?: number;
  /** See NetworkOptions. */
  readonly isSentKept?: boolean;
  /** Changes how a process reaches etcd: for mutants. */
  readonly etcdChannel?: (channel: Channel, process: SimulatedProcess) => Channel;
  /** The same for its network. */
  readonly processNetwork?: (network: Network) => Network;
}

export class SimulatedCluster {
  readonly clock = new VirtualClock();
  readonly random: Random;
  readonly network: SimulatedNetwork;
  readonly etcd: SimulatedEtcd;
  readonly observer: Observer;
  /** Told of every write to a disk, with all that the file holds then, and from where on it was written. */
  onWrite: ((host: Host, path: string, content: Buffer, position: number) => void) | null = null;
  readonly machines: ReadonlyMap<Host, Machine>;
  /** What the processes have said, with the time; for who looks into a failure. */
  readonly logged: string[] = [];
  readonly #stopping = new WeakSet<SimulatedProcess>();
  readonly #options: ClusterOptions;
  readonly #clusterId: string;

  constructor(seed: number, options: ClusterOptions = {}) {
    this.#options = options;
    this.random = seededRandom(seed);
    const delayMs = { least: 0.05, most: options.longestDelayMs ?? 1 };
    const { isSentKept = false } = options;
    this.network = new SimulatedNetwork({ clock: this.clock, random: this.random, delayMs, isSentKept });
    this.etcd = new SimulatedEtcd({ clock: this.clock, random: this.random });
    this.#clusterId = randomUuid(this.random);
    this.machines = new Map(HOSTS.map((host, i) => [host, emptyMachine(host, i + 1)]));
    const runs = (nodeId: number): Running | null => {
      const { process, metadata } = this.all[nodeId - 1];
      return process === null ? null : { process, metadata };
    };
    this.observer = new Observer(this.etcd, () => this.nowMs, runs);
  }

  get nowMs(): number {
    return this.clock.monotonic();
  }

  get(host: Host): Machine {
    return this.machines.get(host)!;
  }

  get all(): readonly Machine[] {
    return [...this.machines.values()];
  }

  /** Begins to start what a machine runs; where it ends with an error, or is killed meanwhile, the machine runs nothing. */
  start(host: Host): void {
    const machine = this.get(host);
    if (machine.process !== null) return;
    const process = new SimulatedProcess(this.clock);
    machine.process = process;
    this.network.silence(host, false);
    this.#run(machine, process).catch((error: unknown) => {
      if (!process.isAlive) return;
      this.#log(host, 'ended', { error: String(error) });
      this.kill(host);
    });
  }

  /** kill -9, or the power. */
  kill(host: Host, survival: Survival = 'kill'): void {
    const machine = this.get(host);
    if (machine.process === null) return;
    this.#log(host, 'killed');
    this.#end(machine, survival);
    this.network.crash(host);
    this.network.silence(host, false);
  }

  /** The machine is gone, and no connection to it is told; its disk, for once, has lost nothing. It is there again with `start`. */
  lose(host: Host): void {
    const machine = this.get(host);
    if (machine.process === null) return;
    this.#log(host, 'lost');
    this.#end(machine);
    this.network.lose(host);
    this.network.silence(host, true);
  }

  #end(machine: Machine, survival: Survival = 'kill'): void {
    machine.process!.kill();
    machine.disk = machine.disk.survivors(survival, this.random);
    Object.assign(machine, { process: null, metadata: null, broker: null, controller: null });
  }

  /** SIGTERM: resolves when the process has ended. */
  async stop(host: Host): Promise<void> {
    const machine = this.get(host);
    const { process, broker } = machine;
    if (process === null) return;
    this.#stopping.add(process);
    await broker?.stop();
    if (machine.process === process) this.kill(host);
  }

  /** Whether a machine's process has been told to stop, and has not ended. */
  isStopping({ process }: Machine): boolean {
    return process !== null && this.#stopping.has(process);
  }

  /** SIGSTOP and SIGCONT. */
  setStopped(host: Host, isStopped: boolean): void {
    const { process } = this.get(host);
    if (process === null || process.isRunning !== isStopped) return;
    this.#log(host, isStopped ? 'stopped' : 'resumed');
    this.network.silence(host, isStopped);
    if (isStopped) process.stop();
    else process.resume();
  }

  /** The machine whose controller serves; null: none. */
  active(): Machine | null {
    return this.all.find(({ process, controller }) => process?.isRunning === true && isActive(controller)) ?? null;
  }

  isServing({ broker, process, nodeId }: Machine): boolean {
    if (broker === null || process?.isRunning !== true) return false;
    return broker.parts.metadata.image.brokers.get(nodeId)?.fenced === false;
  }

  /** Lets time pass. */
  advance(byMs: number): Promise<void> {
    return this.clock.advance(byMs, settle);
  }

  /** Lets time pass until something is so. Answers how long that took. @throws where it does not come */
  until(what: string, isSo: () => boolean, patienceMs = PATIENCE_MS): Promise<number> {
    return untilSo(this.clock, isSo, { stepMs: STEP_MS, patienceMs, what, settle });
  }

  /** Lets time pass until a promise settles. */
  settled<T>(what: string, promise: Promise<T>, patienceMs = PATIENCE_MS): Promise<T> {
    return untilSettled(this.clock, promise, { stepMs: STEP_MS, patienceMs, what, settle });
  }

  /** All three run, one of them as the active controller. */
  async startAll(): Promise<this> {
    for (const host of HOSTS) this.start(host);
    await this.until('all brokers serve', () => this.all.every((machine) => this.isServing(machine)));
    return this;
  }

  async #run(machine: Machine, process: SimulatedProcess): Promise<void> {
    const { host, nodeId, disk } = machine;
    disk.written = (...change) => this.onWrite?.(host, ...change);
    const { etcdChannel = (channel) => channel, processNetwork = (each) => each } = this.#options;
    const prepared = await prepareBroker({
      files: disk,
      network: processNetwork(networkOf(process, this.network.of(host))),
      clock: process.clock,
      random: this.random,
      logger: this.#loggerOf(host, process),
      settings: this.#settingsOf(host, nodeId),
      clusterId: this.#clusterId,
      openEtcd: (endpoint) => {
        const channel = this.etcd.channel(this.etcd.endpoints[ETCD_ENDPOINTS.indexOf(endpoint)], host);
        return channelOf(process, etcdChannel(this.observer.channel(channel, host, process), process));
      },
    });
    if (!process.isAlive) return;
    machine.controller = prepared.controller;
    const broker = await startPrepared({
      ...prepared,
      join: (needs) => {
        const membership = prepared.join(needs);
        machine.metadata = membership.metadata;
        this.observer.follow(membership.metadata, host, process);
        return membership;
      },
    });
    if (!process.isAlive) return;
    machine.broker = broker;
    // As a process of `ottla start` does.
    await broker.failed;
    if (machine.process === process) this.kill(host);
  }

  #settingsOf(host: Host, nodeId: number): Record<string, string> {
    return {
      'process.roles': 'broker,controller',
      'node.id': String(nodeId),
      'log.dirs': LOG_DIRECTORY,
      listeners: `PLAINTEXT://${host}:${BROKER_PORT},CONTROLLER://${host}:${CONTROLLER_PORT}`,
      'controller.listener.names': 'CONTROLLER',
      'ottla.etcd.endpoints': ETCD_ENDPOINTS.join(','),
      'offsets.topic.replication.factor': '1',
      ...this.#options.settings,
      ...this.#options.settingsOf?.(host),
    };
  }

  #loggerOf(host: Host, process: SimulatedProcess): Logger {
    const say = (event: string, facts?: Facts): void => {
      if (process.isAlive) this.#log(host, event, facts);
    };
    return { ...silentLogger, info: say, warn: say, error: say };
  }

  #log(host: Host, event: string, facts?: Facts): void {
    const said = facts === undefined ? '' : ` ${JSON.stringify(facts)}`;
    this.logged.push(`${this.nowMs.toFixed(0).padStart(6)} ${host} ${event}${said}`);
  }
}

function isActive(controller: RunningController | null): boolean {
  return controller?.node.state === 'active';
}

function emptyMachine(host: Host, nodeId: number): Machine {
  const disk = new CrashDisk();
  disk.makeDirectory(LOG_DIRECTORY);
  disk.settle();
  return { host, nodeId, disk, process: null, metadata: null, broker: null, controller: null };
}
