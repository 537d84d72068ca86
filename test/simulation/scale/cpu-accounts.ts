/**
 * Whose processor time it is that a simulation takes: what a process is woken for, a timer, bytes, an answer of etcd, and all that
 * follows from it before the next thing happens. Threads of the collector count for whoever runs meanwhile.
 */
import { nextTurn, type Clock } from '../../../src/platform/clock.ts';
import type { Network, Receiver, Socket } from '../../../src/platform/network.ts';
import { SimulatedProcess } from '../simulated-process.ts';

export class CpuAccounts {
  readonly #usedUs = new Map<string, number>();
  #running: string | null = null;
  #sinceUs = 0;

  /** Milliseconds so far, by name. */
  get all(): ReadonlyMap<string, number> {
    return new Map([...this.#usedUs].map(([name, us]) => [name, us / 1000]));
  }

  /** What runs from now on, until `settled`, is done by this process. */
  begin(name: string): void {
    if (this.#running === name) return;
    const nowUs = cpuUs();
    this.#charge(nowUs);
    this.#running = name;
    this.#sinceUs = nowUs;
  }

  /** For VirtualClock.advance: what an event has led to is over. */
  readonly settled = async (): Promise<void> => {
    await nextTurn();
    if (this.#running === null) return;
    this.#charge(cpuUs());
    this.#running = null;
  };

  #charge(nowUs: number): void {
    if (this.#running === null) return;
    this.#usedUs.set(this.#running, (this.#usedUs.get(this.#running) ?? 0) + nowUs - this.#sinceUs);
  }
}

function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** A process whose time is told under `name`. */
export class AccountedProcess extends SimulatedProcess {
  readonly #accounts: CpuAccounts;
  readonly #name: string;

  constructor(clock: Clock, accounts: CpuAccounts, name: string) {
    super({
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      after: (delayMs, run) =>
        clock.after(delayMs, () => {
          accounts.begin(name);
          run();
        }),
    });
    this.#accounts = accounts;
    this.#name = name;
  }

  override deliver(run: () => void): void {
    super.deliver(() => {
      this.#accounts.begin(this.#name);
      run();
    });
  }
}

/** The network of such a process. */
export function accountedNetwork(network: Network, clock: Clock, accounts: CpuAccounts, name: string): Network {
  const told = (receiver: Receiver): Receiver => ({
    buffer: () => receiver.buffer(),
    received: (count) => {
      accounts.begin(name);
      receiver.received(count);
    },
    // In a turn of its own: it is told in one of whoever has received.
    drained: () =>
      void clock.after(0, () => {
        accounts.begin(name);
        receiver.drained();
      }),
    closed: () => {
      accounts.begin(name);
      receiver.closed();
    },
  });
  const attach =
    (accept: (socket: Socket) => Receiver) =>
    (socket: Socket): Receiver => {
      accounts.begin(name);
      return told(accept(socket));
    };
  return {
    listen: (host, port, accept) => network.listen(host, port, attach(accept)),
    connect: (host, port, timeoutMs, opened) => network.connect(host, port, timeoutMs, attach(opened)),
  };
}
