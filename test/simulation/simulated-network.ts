/**
 * TCP between simulated machines, in virtual time. Bytes of one connection come in order, after a delay of their own; a cut holds
 * them back, one way or both, until it is healed, as TCP does; a process that ends closes what it had open; where nobody listens
 * a connection is refused, where nobody answers it never comes.
 */
import type { Clock } from '../../src/platform/clock.ts';
import type { Listener, Network, Receiver, Socket } from '../../src/platform/network.ts';
import type { Random } from '../../src/platform/random.ts';

export interface NetworkOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Of a piece of bytes on its way: between these. */
  readonly delayMs?: { readonly least: number; readonly most: number };
  /**
   * What a process has sent comes to the other side although the process has closed the connection or has ended, as it does where
   * the kernel, or something between, has it already. Unless given, it is lost with the connection.
   */
  readonly isSentKept?: boolean;
}

/** What a connection takes before it says that it is full. */
const WINDOW_BYTES = 1 << 18;
const FIRST_FREE_PORT = 40_000;

type Accept = (socket: Socket) => Receiver;

export class SimulatedNetwork {
  readonly clock: Clock;
  readonly #random: Random;
  readonly #delayMs: { readonly least: number; readonly most: number };
  readonly isSentKept: boolean;
  readonly #listeners = new Map<string, Accept>();
  readonly #ends = new Set<End>();
  readonly #cuts = new Set<string>();
  readonly #silent = new Set<string>();
  #nextPort = FIRST_FREE_PORT;

  constructor({ clock, random, delayMs = { least: 0.05, most: 1 }, isSentKept = false }: NetworkOptions) {
    this.clock = clock;
    this.isSentKept = isSentKept;
    this.#random = random;
    this.#delayMs = delayMs;
  }

  /** The network as one machine has it. Every address it listens on is its own. */
  of(host: string): Network {
    return {
      listen: (_address, port, accept) => this.#listen(host, port, accept),
      connect: (to, port, timeoutMs, opened) => this.#connect(host, to, port, timeoutMs, opened),
    };
  }

  /**
   * Nothing passes from one machine to another until `heal`; the other way it does. With a port: nothing of the connections to
   * whoever listens there, on either of the two.
   */
  cut(from: string, to: string, port?: number): void {
    this.#cuts.add(way(from, to, port));
  }

  heal(from: string, to: string, port?: number): void {
    this.#cuts.delete(way(from, to, port));
    this.#flow();
  }

  /** A machine that answers nothing, or does again: its processes are stopped. */
  silence(host: string, isSilent: boolean): void {
    if (isSilent) this.#silent.add(host);
    else this.#silent.delete(host);
    this.#flow();
  }

  /** What was held back goes on, also where the other side is not told yet that this one has closed. */
  #flow(): void {
    for (const end of this.#ends) {
      end.flow();
      end.other.flow();
    }
  }

  /** kill -9 of everything on a machine: it listens no more, and its connections are closed. */
  crash(host: string): void {
    for (const address of this.#listeners.keys()) if (address.startsWith(`${host}:`)) this.#listeners.delete(address);
    for (const end of this.#ends) if (end.host === host) end.vanish();
  }

  /** A machine without power: nobody is told that its connections are gone, and nothing ever comes of what is sent to them. */
  lose(host: string): void {
    for (const address of this.#listeners.keys()) if (address.startsWith(`${host}:`)) this.#listeners.delete(address);
    for (const end of this.#ends) if (end.host === host) end.lose();
  }

  isCut(from: string, to: string, port: number): boolean {
    if (this.#cuts.size > 0 && (this.#cuts.has(way(from, to)) || this.#cuts.has(way(from, to, port)))) return true;
    return this.#silent.size > 0 && (this.#silent.has(from) || this.#silent.has(to));
  }

  delay(): number {
    const { least, most } = this.#delayMs;
    return least + this.#random.float() * (most - least);
  }

  forget(end: End): void {
    this.#ends.delete(end);
  }

  #listen(host: string, wanted: number, accept: Accept): Promise<Listener> {
    const port = wanted === 0 ? this.#nextPort++ : wanted;
    const address = `${host}:${port}`;
    if (this.#listeners.has(address)) {
      return Promise.reject(Object.assign(new Error(`${address} is taken`), { code: 'EADDRINUSE' }));
    }
    this.#listeners.set(address, accept);
    return Promise.resolve({
      port,
      close: () => {
        this.#listeners.delete(address);
        for (const end of this.#ends) if (end.host === host && end.localPort === port) end.destroy();
        return Promise.resolve();
      },
    });
  }

  #connect(from: string, to: string, port: number, timeoutMs: number, opened: Accept): Promise<void> {
    return new Promise((resolve, reject) => {
      let isOver = false;
      const fail = (code: string): void => {
        late.cancel();
        if (!isOver) reject(Object.assign(new Error(`connect ${code} ${to}:${port}`), { code }));
        isOver = true;
      };
      const late = this.clock.after(timeoutMs, () => fail('ETIMEDOUT'));
      this.clock.after(this.delay(), () => {
        if (isOver || this.isCut(from, to, port) || this.isCut(to, from, port)) return;
        const accept = this.#listeners.get(`${to}:${port}`);
        if (accept === undefined) return void this.clock.after(this.delay(), () => fail('ECONNREFUSED'));
        const mine = new End(this, from, this.#nextPort++, port);
        const theirs = new End(this, to, port, port);
        mine.other = theirs;
        theirs.other = mine;
        for (const end of [mine, theirs]) this.#ends.add(end);
        theirs.attach(accept(theirs));
        this.clock.after(this.delay(), () => {
          if (isOver) return mine.destroy();
          isOver = true;
          late.cancel();
          mine.attach(opened(mine));
          resolve();
        });
      });
    });
  }
}

function way(from: string, to: string, port?: number): string {
  return port === undefined ? `${from} > ${to}` : `${from} > ${to} of ${port}`;
}

/** One side of a connection. What it sends lies in `#sent` until it has come to the other side. */
class End implements Socket {
  other!: End;
  readonly host: string;
  readonly localPort: number;
  /** Of the side that listens. */
  readonly #servicePort: number;
  readonly #network: SimulatedNetwork;
  #receiver: Receiver | null = null;
  #sent: Buffer[] = [];
  #sentBytes = 0;
  #isFull = false;
  #isFlowing = false;
  #isPaused = false;
  #isEnding = false;
  #isClosed = false;

  constructor(network: SimulatedNetwork, host: string, localPort: number, servicePort: number) {
    this.#network = network;
    this.host = host;
    this.localPort = localPort;
    this.#servicePort = servicePort;
  }

  get #isCut(): boolean {
    return this.#network.isCut(this.host, this.other.host, this.#servicePort);
  }

  get remoteHost(): string {
    return this.other.host;
  }

  get remotePort(): number {
    return this.other.localPort;
  }

  attach(receiver: Receiver): void {
    this.#receiver = receiver;
    this.other.flow();
  }

  send(data: Uint8Array): boolean {
    if (this.#isClosed || this.#isEnding) return false;
    this.#sent.push(Buffer.from(data));
    this.#sentBytes += data.length;
    this.flow();
    this.#isFull = this.#sentBytes > WINDOW_BYTES;
    return !this.#isFull;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.other.flow();
  }

  end(): void {
    this.#isEnding = true;
    this.flow();
  }

  destroy(): void {
    if (!this.#network.isSentKept) {
      this.#sent = [];
      this.#sentBytes = 0;
    }
    this.#isEnding = true;
    this.#close();
    this.flow();
  }

  /** Its process is gone: it is told nothing any more. */
  vanish(): void {
    this.#receiver = null;
    this.destroy();
  }

  /** Its machine is gone: not even the other side is told. */
  lose(): void {
    this.#receiver = null;
    this.#isClosed = true;
    this.#network.forget(this);
  }

  /** Has the next piece of what was sent come to the other side, unless one is on its way, or nothing passes. */
  flow(): void {
    const { other } = this;
    if (this.#isFlowing || other.#isClosed || this.#isCut) return;
    if (this.#sent.length === 0 && !this.#isEnding) return;
    this.#isFlowing = true;
    this.#network.clock.after(this.#network.delay(), () => {
      this.#isFlowing = false;
      this.#arrive();
    });
  }

  #arrive(): void {
    const { other } = this;
    if (this.#isCut || other.#receiver === null || other.#isPaused) return;
    const piece = this.#sent.shift();
    if (piece !== undefined) {
      this.#sentBytes -= piece.length;
      other.#take(piece);
      if (this.#isFull && this.#sentBytes === 0) {
        this.#isFull = false;
        if (!this.#isClosed) this.#receiver?.drained();
      }
    } else if (this.#isEnding) {
      other.destroy();
      this.#close();
      return;
    }
    this.flow();
  }

  #take(piece: Buffer): void {
    for (let at = 0; at < piece.length && !this.#isClosed;) {
      const into = this.#receiver!.buffer();
      const count = Math.min(into.length, piece.length - at);
      into.set(piece.subarray(at, at + count));
      at += count;
      this.#receiver!.received(count);
    }
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#network.forget(this);
    const receiver = this.#receiver;
    this.#network.clock.after(0, () => receiver?.closed());
  }
}
