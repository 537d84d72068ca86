/**
 * Gathers the records of TLS before they are handed over. They come one by one, of 16 KiB where the client has more to say; appends
 * that were handled in such pieces would cost a write to the disk each. So a full record waits for those behind it: until a shorter
 * one, until the memory is full, or until the turn of the event loop is over.
 *
 * All connections of a port land in one buffer of a record's size. One at a time gathers in a second, larger one: its first record is
 * copied there, the others land there.
 */
import type { Receiver } from './network.ts';
import { copyInto } from './network.ts';

const RECORD_BYTES = 1 << 14;
const GATHERED_BYTES = 1 << 20;

const { setImmediate } = globalThis;

export interface RecordReader {
  /** Where the next record is to land. */
  buffer(): Uint8Array;
  /** So many bytes have landed there. */
  received(count: number): void;
  /** The connection is gone. */
  end(): void;
}

export class RecordReaders {
  readonly landing = Buffer.allocUnsafeSlow(RECORD_BYTES);
  #gathering: Buffer | null = null;
  gatherer: Gathering | null = null;

  /** Allocated for the first connection that has more than a record to say. */
  get gathering(): Buffer {
    return (this.#gathering ??= Buffer.allocUnsafeSlow(GATHERED_BYTES));
  }

  /** `land` has the next record land in another buffer than was given last. */
  reader(receiver: Receiver, land: (buffer: Uint8Array) => void): RecordReader {
    return new Gathering(this, receiver, land);
  }
}

class Gathering implements RecordReader {
  readonly #readers: RecordReaders;
  readonly #receiver: Receiver;
  readonly #land: (buffer: Uint8Array) => void;
  #gathered = 0;
  #isGone = false;

  constructor(readers: RecordReaders, receiver: Receiver, land: (buffer: Uint8Array) => void) {
    this.#readers = readers;
    this.#receiver = receiver;
    this.#land = land;
  }

  buffer(): Uint8Array {
    const { gatherer, gathering, landing } = this.#readers;
    return gatherer === this ? gathering.subarray(this.#gathered) : landing;
  }

  received(count: number): void {
    const readers = this.#readers;
    if (readers.gatherer === this) {
      this.#gathered += count;
      if (count < RECORD_BYTES || GATHERED_BYTES - this.#gathered < RECORD_BYTES) this.handOver();
    } else if (count === RECORD_BYTES) {
      readers.gatherer?.handOver();
      readers.gatherer = this;
      readers.landing.copy(readers.gathering);
      this.#gathered = count;
      setImmediate(() => {
        if (readers.gatherer === this) this.handOver();
      });
    } else {
      this.#give(readers.landing.subarray(0, count));
    }
  }

  handOver(): void {
    const readers = this.#readers;
    const gathered = readers.gathering.subarray(0, this.#gathered);
    readers.gatherer = null;
    this.#gathered = 0;
    if (!this.#isGone) this.#land(readers.landing);
    this.#give(gathered);
  }

  end(): void {
    this.#isGone = true;
    if (this.#readers.gatherer !== this) return;
    this.#readers.gatherer = null;
    this.#gathered = 0;
  }

  #give(bytes: Uint8Array): void {
    copyInto(this.#receiver, bytes, () => this.#isGone);
  }
}
