/**
 * Machines with whole brokers on them, in one process and in virtual time: each has a disk, a network and a clock of its own that
 * end, stop and go on with it. The same seed tells the same story, to the byte.
 */
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { connectPeer } from '../../src/peers/peer-client.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { randomUuid, seededRandom, type Random } from '../../src/platform/random.ts';
import type { Client } from '../../protocol/client.ts';
import { CrashDisk, type Survival } from '../crash/crash-disk.ts';
import { SimulatedNetwork } from './simulated-network.ts';
import { SimulatedProcess } from './simulated-process.ts';
import { untilSettled } from './virtual-time.ts';

const LOG_DIRECTORY = '/data';
const PORT = 9092;
const CLIENT_HOST = 'client';
const CONNECT_MS = 1000;
const WAITING = { stepMs: 5, patienceMs: 60_000 };

export interface Machine {
  readonly host: string;
  readonly disk: CrashDisk;
  readonly process: SimulatedProcess;
  readonly broker: RunningBroker;
}

export class SimulatedMachines {
  readonly clock = new VirtualClock();
  readonly random: Random;
  readonly network: SimulatedNetwork;
  readonly #machines = new Map<string, Machine>();
  readonly #settings: Readonly<Record<string, string>>;
  readonly #clusterId: string;

  constructor(seed: number, settings: Readonly<Record<string, string>> = {}) {
    this.random = seededRandom(seed);
    this.network = new SimulatedNetwork({ clock: this.clock, random: this.random });
    this.#settings = settings;
    this.#clusterId = randomUuid(this.random);
  }

  get(host: string): Machine {
    return this.#machines.get(host)!;
  }

  /** A broker on `disk`, or on an empty one. */
  async start(host: string, disk = emptyDisk()): Promise<Machine> {
    const process = new SimulatedProcess(this.clock);
    const broker = await this.until(
      startBroker({
        files: disk,
        network: this.network.of(host),
        clock: process.clock,
        random: this.random,
        logger: silentLogger,
        clusterId: this.#clusterId,
        settings: { 'log.dirs': LOG_DIRECTORY, listeners: `PLAINTEXT://${host}:${PORT}`, ...this.#settings },
      }),
    );
    const machine = { host, disk, process, broker };
    this.#machines.set(host, machine);
    return machine;
  }

  /** kill -9, or the power: what is left of its disk. */
  kill(host: string, survival: Survival = 'kill'): CrashDisk {
    const { process, disk } = this.get(host);
    process.kill();
    this.network.crash(host);
    return disk.survivors(survival, this.random);
  }

  /** SIGSTOP and SIGCONT. */
  setStopped(host: string, isStopped: boolean): void {
    const { process } = this.get(host);
    if (isStopped) process.stop();
    else process.resume();
    this.network.silence(host, isStopped);
  }

  connect(host: string, from = CLIENT_HOST): Promise<Client> {
    return this.until(connectPeer(this.network.of(from), { host, port: PORT, timeoutMs: CONNECT_MS }));
  }

  /** Lets time pass until a promise settles. @throws when it does not, in a minute of virtual time */
  until<T>(promise: Promise<T>): Promise<T> {
    return untilSettled(this.clock, promise, WAITING);
  }
}

function emptyDisk(): CrashDisk {
  const disk = new CrashDisk();
  disk.makeDirectory(LOG_DIRECTORY);
  disk.settle();
  return disk;
}
