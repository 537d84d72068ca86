/** Whole controller processes on simulated machines and a simulated etcd, in virtual time, and clients of theirs. */
import { startController, type RunningController } from '../../src/broker/controller-process.ts';
import { connectPeer } from '../../src/peers/peer-client.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { silentLogger, type Facts, type Logger } from '../../src/platform/logger.ts';
import { MemoryFiles } from '../../src/platform/memory-files.ts';
import { seededRandom } from '../../src/platform/random.ts';
import type { Client } from '../../protocol/client.ts';
import { channelOf } from '../simulation/etcd/process-channel.ts';
import { SimulatedEtcd } from '../simulation/etcd/simulated-etcd.ts';
import { SimulatedNetwork } from '../simulation/simulated-network.ts';
import { SimulatedProcess } from '../simulation/simulated-process.ts';
import { untilSettled, untilSo } from '../simulation/virtual-time.ts';

// What a controller loads only when it is asked for must be there already: loading takes real time.
await Promise.all([
  import('../../src/broker/metrics-listener.ts'),
  import('../../src/broker/listener-security.ts'),
  import('../../src/security/sasl/password.ts'),
]);

export const PORT = 9093;
const WAITING = { stepMs: 1, patienceMs: 120_000 };

export interface Line {
  readonly node: number;
  readonly event: string;
  readonly facts: Facts | undefined;
}

export class ControllerMachines {
  readonly clock = new VirtualClock();
  readonly random = seededRandom(7);
  readonly etcd = new SimulatedEtcd({ clock: this.clock, random: this.random });
  readonly network = new SimulatedNetwork({ clock: this.clock, random: this.random });
  readonly running = new Map<number, RunningController>();
  readonly processes = new Map<number, SimulatedProcess>();
  readonly lines: Line[] = [];

  /** Without waiting for it. */
  begin(
    nodeId: number,
    settings: Readonly<Record<string, string>> = {},
    files = new MemoryFiles(),
    directory: string | null = null,
  ): Promise<RunningController> {
    const { clock, random, etcd, network } = this;
    const process = new SimulatedProcess(clock);
    const host = `node-${nodeId}`;
    const say = (event: string, facts?: Facts): void => void this.lines.push({ node: nodeId, event, facts });
    const logger: Logger = { ...silentLogger, info: say, warn: say, error: say };
    this.processes.set(nodeId, process);
    const all = {
      'process.roles': 'controller',
      'node.id': String(nodeId),
      listeners: `CONTROLLER://${host}:${PORT}`,
      'ottla.etcd.endpoints': etcd.endpoints.map((_, i) => `127.0.0.1:${2379 + i}`).join(','),
      ...settings,
    };
    let next = 0;
    return startController({
      settings: new Map(Object.entries(all)),
      platform: { files, clock: process.clock, random, logger },
      network: network.of(host),
      directory,
      openEtcd: () => channelOf(process, etcd.channel(etcd.endpoints[next++], host)),
    });
  }

  async start(
    nodeId: number,
    ...rest: [Readonly<Record<string, string>>?, MemoryFiles?, string?]
  ): Promise<RunningController> {
    const running = await this.until(this.begin(nodeId, ...rest));
    this.running.set(nodeId, running);
    return running;
  }

  kill(nodeId: number): void {
    this.processes.get(nodeId)!.kill();
    this.network.crash(`node-${nodeId}`);
    this.running.delete(nodeId);
  }

  /** The one that serves, once there is one. */
  async active(): Promise<RunningController> {
    const serving = () => [...this.running.values()].find(({ node }) => node.state === 'active');
    await this.pass(() => serving() !== undefined);
    return serving()!;
  }

  connect(nodeId: number, clientId = 'client'): Promise<Client> {
    return this.until(
      connectPeer(this.network.of(clientId), { host: `node-${nodeId}`, port: PORT, timeoutMs: 1000, clientId }),
    );
  }

  async pass(isOver: () => boolean): Promise<void> {
    await untilSo(this.clock, isOver, WAITING);
  }

  /** Lets time pass until a promise settles. */
  until<T>(promise: Promise<T>): Promise<T> {
    return untilSettled(this.clock, promise, WAITING);
  }
}
