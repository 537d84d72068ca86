/**
 * A socket that behaves as the one of src/platform/network.ts: it asks for a buffer after every read and keeps it until
 * bytes come; what the kernel does not take stays where it lies until it has left.
 */
import type { Receiver, Socket } from '../../src/platform/network.ts';

export class FakeSocket implements Socket {
  readonly remoteHost = '127.0.0.1';
  readonly remotePort = 1;
  receiver: Receiver | null = null;
  /** How many bytes the kernel still takes. */
  room = Infinity;
  paused = false;
  destroyed = false;
  /** Calls of `send` that carried anything. */
  sends = 0;
  readonly #arrived: Buffer[] = [];
  readonly #taken: Buffer[] = [];
  #kept: Uint8Array[] = [];
  #lent: Uint8Array | null = null;

  attach(receiver: Receiver): void {
    this.receiver = receiver;
    this.#lent = receiver.buffer();
  }

  /** All that the client has got. */
  get received(): Buffer {
    return Buffer.concat(this.#taken);
  }

  /** Bytes from the client: read at once, or when reading goes on. */
  deliver(bytes: Uint8Array): void {
    this.#arrived.push(Buffer.from(bytes));
    this.#read();
  }

  /** Bytes from the client that have not been read. */
  get unread(): number {
    return this.#arrived.reduce((sum, { length }) => sum + length, 0);
  }

  send(data: Uint8Array): boolean {
    if (this.destroyed) return true;
    this.sends++;
    if (this.#kept.length === 0 && data.length <= this.room) {
      this.room -= data.length;
      this.#taken.push(Buffer.from(data));
      return true;
    }
    this.#kept.push(data);
    return false;
  }

  /** The client reads: everything kept leaves, and the kernel takes `room` bytes more. */
  drain(room = Infinity): void {
    if (this.#kept.length === 0) throw new Error('nothing was kept');
    for (const data of this.#kept) this.#taken.push(Buffer.from(data));
    this.#kept = [];
    this.room = room;
    this.receiver!.drained();
    this.#read();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    // As in Node: bytes that have come meanwhile are told of later, never within this call.
    queueMicrotask(() => this.#read());
  }

  end(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    queueMicrotask(() => this.receiver?.closed());
  }

  #read(): void {
    while (this.#arrived.length > 0 && !this.paused && !this.destroyed) {
      const [first] = this.#arrived;
      const into = this.#lent!;
      if (into.length === 0) throw new Error('the receiver gave an empty buffer');
      const count = Math.min(first.length, into.length);
      into.set(first.subarray(0, count));
      if (count === first.length) this.#arrived.shift();
      else this.#arrived[0] = first.subarray(count);
      this.receiver!.received(count);
      this.#lent = this.receiver!.buffer();
    }
  }
}
