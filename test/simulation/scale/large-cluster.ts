/**
 * A large cluster in one process and in virtual time: three whole controller processes on a simulated etcd that takes what a real one
 * does, a few brokers that follow the metadata log by themselves, over a simulated network, and many that are models, whose image would
 * be the same.
 */
import { startController, type RunningController } from '../../../src/broker/controller-process.ts';
import type { AlterPartitionRequest } from '../../../src/cluster/alter-partition.ts';
import type { ClusterImage } from '../../../src/cluster/image.ts';
import type { ActiveController } from '../../../src/controllers/controller-node.ts';
import { VirtualClock } from '../../../src/platform/clock.ts';
import { silentLogger, type Facts, type Logger } from '../../../src/platform/logger.ts';
import { MemoryFiles } from '../../../src/platform/memory-files.ts';
import { seededRandom, type Random } from '../../../src/platform/random.ts';
import { channelOf } from '../etcd/process-channel.ts';
import { SimulatedEtcd } from '../etcd/simulated-etcd.ts';
import { SimulatedNetwork } from '../simulated-network.ts';
import { AccountedProcess, accountedNetwork, CpuAccounts } from './cpu-accounts.ts';
import { ETCD_COSTS } from './etcd-costs.ts';
import { FollowingBroker } from './following-broker.ts';
import { ModelBroker } from './model-broker.ts';
import { proposalsFor } from './proposals.ts';

export interface LargeClusterOptions {
  readonly seed: number;
  readonly brokers: number;
  /** Brokers that follow by themselves: the last ones. */
  readonly following?: number;
  readonly racks?: number;
  readonly snapshotAfterBytes?: number;
}

const CONTROLLERS = [3001, 3002, 3003];
const CONTROLLER_PORT = 9093;
const ETCD_PORT = 2379;
const STEP_MS = 10;
const SNAPSHOT_AFTER_BYTES = 20 << 20;
/** A replica whose broker is back has all that it missed after so long. */
const CAUGHT_UP_MS = { least: 200, spread: 1000 };
const AGAIN_MS = 500;

interface ControllerMachine {
  readonly nodeId: number;
  readonly name: string;
  readonly process: AccountedProcess;
  running: RunningController | null;
}

export class LargeCluster {
  readonly clock = new VirtualClock();
  readonly random: Random;
  readonly accounts = new CpuAccounts();
  readonly etcd: SimulatedEtcd;
  readonly network: SimulatedNetwork;
  readonly brokers: readonly ModelBroker[] = [];
  readonly following: readonly FollowingBroker[] = [];
  /** What controllers have said, with the time. */
  readonly logged: string[] = [];
  /** By events that controllers have told. */
  readonly told = new Map<string, number>();
  readonly #options: Required<LargeClusterOptions>;
  readonly #controllers = new Map<number, ControllerMachine>();

  private constructor(options: LargeClusterOptions) {
    this.#options = { following: 2, racks: 3, snapshotAfterBytes: SNAPSHOT_AFTER_BYTES, ...options };
    const { clock } = this;
    this.random = seededRandom(options.seed);
    this.etcd = new SimulatedEtcd({ clock, random: this.random, costs: ETCD_COSTS, forgets: true });
    this.network = new SimulatedNetwork({ clock, random: this.random });
  }

  /** Controllers and brokers run; there is no topic. */
  static async start(options: LargeClusterOptions): Promise<LargeCluster> {
    const cluster = new LargeCluster(options);
    for (const nodeId of CONTROLLERS) await cluster.startController(nodeId);
    await cluster.until('a controller serves', () => cluster.active !== null);
    cluster.#makeBrokers();
    for (const broker of cluster.brokers) void broker.start();
    await cluster.until('all brokers run', () => cluster.brokers.every(({ isFenced }) => !isFenced));
    return cluster;
  }

  get nowMs(): number {
    return this.clock.monotonic();
  }

  /** One that waits for etcd, too: it answers what it knows. Null while none serves. */
  get active(): ActiveController | null {
    return this.#activeMachine?.running?.node.active ?? null;
  }

  get #activeMachine(): ControllerMachine | null {
    for (const machine of this.#controllers.values()) if (machine.running?.node.active) return machine;
    return null;
  }

  /** Of the processor time of the controller that serves. */
  get activeName(): string {
    return this.#activeMachine?.name ?? '';
  }

  get activeId(): number {
    return this.#activeMachine!.nodeId;
  }

  get image(): ClusterImage {
    return this.active!.controller.image;
  }

  /** The oldest image of those who follow. */
  get followedRevision(): number {
    return Math.min(...this.following.map(({ image }) => image.revision));
  }

  async startController(nodeId: number): Promise<void> {
    const { random, etcd, accounts } = this;
    const name = `controller ${nodeId}`;
    const process = new AccountedProcess(this.clock, accounts, name);
    const host = hostOf(nodeId);
    const machine: ControllerMachine = { nodeId, name, process, running: null };
    this.#controllers.set(nodeId, machine);
    let next = 0;
    const running = startController({
      settings: new Map(Object.entries(this.#settingsOf(nodeId))),
      platform: { files: new MemoryFiles(), clock: process.clock, random, logger: this.#loggerOf(name) },
      network: accountedNetwork(this.network.of(host), this.clock, accounts, name),
      directory: null,
      openEtcd: () => channelOf(process, etcd.channel(etcd.endpoints[next++], host)),
    });
    machine.running = await this.settled(`controller ${nodeId} starts`, running);
  }

  killController(nodeId: number): void {
    this.#controllers.get(nodeId)!.process.kill();
    this.network.crash(hostOf(nodeId));
    this.#controllers.delete(nodeId);
  }

  /** What a controller is asked, as its time; nothing where none serves. */
  asked<T>(ask: (active: ActiveController) => T): T | null {
    const { active } = this;
    if (active === null) return null;
    this.accounts.begin(this.activeName);
    return ask(active);
  }

  /** A broker's replicas join the in-sync replicas, where they are not, one leader after the other. */
  async join(broker: ModelBroker): Promise<void> {
    for (;;) {
      const { active } = this;
      const asked = active === null || broker.isFenced ? [] : proposalsFor(active.controller.image, broker.id);
      if (active !== null && !broker.isFenced && asked.length === 0) return;
      await Promise.all(asked.map((request) => this.#propose(request)));
      await this.after(AGAIN_MS);
    }
  }

  async #propose(request: AlterPartitionRequest): Promise<void> {
    await this.after(CAUGHT_UP_MS.least + this.random.float() * CAUGHT_UP_MS.spread);
    await this.asked(({ controller }) => controller.alterPartitions(request))?.catch(() => null);
  }

  after(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.clock.after(delayMs, resolve));
  }

  advance(byMs: number): Promise<void> {
    return this.clock.advance(byMs, this.accounts.settled);
  }

  /** Lets time pass until something is so. Answers how long that took. @throws where it does not come */
  async until(what: string, isSo: () => boolean, patienceMs = 600_000): Promise<number> {
    const beganMs = this.nowMs;
    for (await this.accounts.settled(); !isSo(); await this.advance(STEP_MS)) {
      if (this.nowMs - beganMs > patienceMs) throw new Error(`${patienceMs} ms have passed, and not: ${what}`);
    }
    return this.nowMs - beganMs;
  }

  async settled<T>(what: string, promise: Promise<T>, patienceMs = 3_600_000): Promise<T> {
    let isOver = false;
    const over = (): void => void (isOver = true);
    promise.then(over, over);
    await this.until(what, () => isOver, patienceMs);
    return promise;
  }

  #makeBrokers(): void {
    const { brokers: count, racks, following, snapshotAfterBytes } = this.#options;
    const { clock, random, network, accounts } = this;
    const clusterId = this.image.clusterId;
    const sessions = () => this.asked(({ sessions: all }) => all);
    const revision = () => this.followedRevision;
    const all = this.brokers as ModelBroker[];
    for (let id = 0; id < count; id++) {
      const [rack, host] = [`rack-${id % racks}`, `broker-${id}`];
      all.push(new ModelBroker({ id, rack, clusterId, clock, random, network: network.of(host), sessions, revision }));
    }
    const controllers = CONTROLLERS.map((nodeId) => ({ host: hostOf(nodeId), port: CONTROLLER_PORT }));
    for (let nodeId = count - following; nodeId < count; nodeId++) {
      const common = { nodeId, clusterId, clock, random, accounts, controllers, snapshotAfterBytes };
      (this.following as FollowingBroker[]).push(
        new FollowingBroker({ ...common, network: network.of(`follower-${nodeId}`) }),
      );
    }
  }

  #settingsOf(nodeId: number): Record<string, string> {
    return {
      'process.roles': 'controller',
      'node.id': String(nodeId),
      listeners: `CONTROLLER://${hostOf(nodeId)}:${CONTROLLER_PORT}`,
      'ottla.etcd.endpoints': this.etcd.endpoints.map((_, i) => `127.0.0.1:${ETCD_PORT + i}`).join(','),
      'metadata.log.max.record.bytes.between.snapshots': String(this.#options.snapshotAfterBytes),
      'min.insync.replicas': '2',
    };
  }

  #loggerOf(name: string): Logger {
    const say = (event: string, facts?: Facts): void => {
      this.told.set(event, (this.told.get(event) ?? 0) + 1);
      if (event === 'broker-changed' || event === 'broker-fenced') return; // there are hundreds
      this.logged.push(`${this.nowMs.toFixed(0).padStart(8)} ${name} ${event} ${JSON.stringify(facts ?? {})}`);
    };
    return { ...silentLogger, info: say, warn: say, error: say };
  }
}

function hostOf(nodeId: number): string {
  return `controller-${nodeId}`;
}
