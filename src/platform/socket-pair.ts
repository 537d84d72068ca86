/** A connection within this process: two ends, and no network between them. */
import { nextTurn } from './clock.ts';
import { copyInto, type Receiver, type Socket } from './network.ts';

export class SocketPair {
  readonly #near: End;
  readonly #far: End;
  readonly #closed: () => void;
  #isOpen = true;

  /** `remoteHost` is what both ends say of each other's address; `closed` is called once. */
  constructor(remoteHost: string, closed: () => void = () => {}) {
    this.#near = new End(remoteHost, () => this.close());
    this.#far = new End(remoteHost, () => this.close());
    this.#closed = closed;
  }

  begin(accept: (socket: Socket) => Receiver, opened: (socket: Socket) => Receiver): void {
    this.#near.peer = this.#far;
    this.#far.peer = this.#near;
    this.#far.receiver = accept(this.#far);
    this.#near.receiver = opened(this.#near);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#closed();
    this.#near.ended();
    this.#far.ended();
  }
}

/** What was sent arrives in the next turn of the event loop, as from a kernel. */
class End implements Socket {
  readonly remoteHost: string;
  readonly remotePort = 0;
  peer!: End;
  receiver!: Receiver;
  readonly #close: () => void;
  #arrived: Buffer[] = [];
  #isPaused = false;
  #isDue = false;
  #isEnded = false;

  constructor(remoteHost: string, close: () => void) {
    this.remoteHost = remoteHost;
    this.#close = close;
  }

  send(data: Uint8Array): boolean {
    this.peer.#arrived.push(Buffer.from(data));
    this.peer.#deliverLater();
    return true;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#deliverLater();
  }

  /** Behind what was sent. */
  end(): void {
    void nextTurn().then(this.#close);
  }

  destroy(): void {
    this.#close();
  }

  ended(): void {
    this.#isEnded = true;
    void nextTurn().then(() => this.receiver.closed());
  }

  #deliverLater(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    void nextTurn().then(() => this.#deliver());
  }

  #deliver(): void {
    this.#isDue = false;
    const arrived = this.#arrived;
    this.#arrived = [];
    for (const [at, piece] of arrived.entries()) {
      if (this.#isEnded) return;
      if (this.#isPaused) {
        this.#arrived = [...arrived.slice(at), ...this.#arrived];
        return;
      }
      copyInto(this.receiver, piece, () => this.#isEnded);
    }
  }
}
