/**
 * The buffers that connections read into and write from. All connections read into one buffer, since whole frames in it are
 * handled before the read returns; a connection keeps a part of a frame in a buffer of its own. Output buffers come from a pool
 * and return to it at once, unless the client is slow. An idle connection holds no buffer.
 */

/** Large enough that a 1 MiB frame rarely has to be carried (HOT-PATHS: 1 MiB reads cost least). */
export const RECEIVE_BYTES = 1 << 20;
/** A response of up to 1 MiB of records leaves in one write, with room for what stands before and around the records. */
export const OUTPUT_BYTES = (1 << 20) + (1 << 17);

const SMALLEST_CLASS = 10; // 1 KiB
const LARGEST_POOLED_CLASS = 23; // 8 MiB; larger frames are rare, and their memory goes back to the collector
const KEPT_PER_CLASS = 4;

/** Allocates the receive buffer: inside the memory of the CRC's module, so that the CRC needs no copy, or elsewhere. */
export type Allocate = (bytes: number) => Buffer;

export class Buffers {
  readonly receive: Buffer;
  readonly #free: Buffer[][] = [];
  readonly #outputs: Buffer[] = [];

  constructor(allocate: Allocate) {
    this.receive = allocate(RECEIVE_BYTES);
  }

  /** A buffer of at least `bytes`, its content arbitrary. */
  take(bytes: number): Buffer {
    const size = sizeClass(bytes);
    return this.#free[size]?.pop() ?? Buffer.allocUnsafeSlow(2 ** size);
  }

  give(buffer: Buffer): void {
    const size = sizeClass(buffer.length);
    if (size > LARGEST_POOLED_CLASS) return;
    const free = (this.#free[size] ??= []);
    if (free.length < KEPT_PER_CLASS) free.push(buffer);
  }

  takeOutput(): Buffer {
    return this.#outputs.pop() ?? Buffer.allocUnsafeSlow(OUTPUT_BYTES);
  }

  giveOutput(buffer: Buffer): void {
    if (buffer.length === OUTPUT_BYTES && this.#outputs.length < KEPT_PER_CLASS) this.#outputs.push(buffer);
  }
}

function sizeClass(bytes: number): number {
  return Math.max(SMALLEST_CLASS, 32 - Math.clz32(bytes - 1));
}
