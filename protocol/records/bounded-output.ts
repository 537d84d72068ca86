/**
 * Where decompressed bytes go: a buffer that grows, but never beyond the bound the caller set. A few kilobytes can
 * ask for gigabytes ("bombs"), so no size that the compressed bytes declare is believed before it is compared.
 */

/** Compressed bytes that are not what their codec writes. */
export class BadCompression extends Error {
  override name = 'BadCompression';
}

/** Bytes that would come to more than the caller allowed. */
export class DecompressedTooLarge extends BadCompression {
  override name = 'DecompressedTooLarge';
  readonly maxBytes: number;

  constructor(maxBytes: number) {
    super(`The compressed records come to more than ${maxBytes} bytes; send smaller batches`);
    this.maxBytes = maxBytes;
  }
}

/** Sees what has come out so far, each time before more memory is taken and at the end; throws to end it. */
export interface OutputWatch {
  look(bytes: Buffer, length: number): void;
}

/** Where a watch is, the first look is at no more than this. */
const FIRST_LOOK_BYTES = 64 * 1024;

export class BoundedOutput {
  bytes: Buffer;
  /** Bytes written so far. */
  length = 0;
  readonly maxBytes: number;
  readonly #watch: OutputWatch | null;

  /** `guess`: what the result may come to; half or twice is fine. With `room` it goes there as far as it fits. */
  constructor(guess: number, maxBytes: number, room: Buffer | null = null, watch: OutputWatch | null = null) {
    this.maxBytes = maxBytes;
    this.#watch = watch;
    const first = Math.min(maxBytes, Math.max(guess, 256), watch === null ? Infinity : FIRST_LOOK_BYTES);
    this.bytes = room ?? Buffer.allocUnsafeSlow(first);
  }

  /** Makes room for exactly `size` more bytes. */
  reserve(size: number): void {
    if (size > this.maxBytes - this.length) throw new DecompressedTooLarge(this.maxBytes);
    this.#grow(this.length + size);
  }

  /** Makes room for up to `size` more bytes; answers where writing must end, which the bound may bring nearer. */
  room(size: number): number {
    const end = Math.min(this.length + size, this.maxBytes);
    this.#grow(end);
    return end;
  }

  /** To be thrown when more was to be written than `room` gave. */
  overflow(end: number, what: string): BadCompression {
    return end === this.maxBytes ? new DecompressedTooLarge(this.maxBytes) : new BadCompression(what);
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  finish(): Buffer {
    this.#watch?.look(this.bytes, this.length);
    return this.bytes.subarray(0, this.length);
  }

  #grow(size: number): void {
    if (size <= this.bytes.length) return;
    this.#watch?.look(this.bytes, this.length);
    const grown = Buffer.allocUnsafeSlow(Math.min(this.maxBytes, Math.max(size, this.bytes.length * 2)));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }
}

/**
 * What a codec does in pieces: each turn unfolds a part of the bytes into its output, no more than a few hundred KiB. Whoever has
 * little to unfold drives it to its end at once.
 */
export type Unfolding = Generator<void, void>;

export function unfoldWhole(unfolding: Unfolding, output: BoundedOutput): Buffer {
  while (unfolding.next().done !== true);
  return output.finish();
}

/** Below this a loop over bytes beats a call to move them. */
const SHORT_COPY = 48;

/** Copies `length` bytes from one buffer to another; there must be room. Answers the position behind them in `to`. */
export function copyBytes(from: Buffer, at: number, to: Buffer, toAt: number, length: number): number {
  const end = toAt + length;
  if (length > SHORT_COPY) from.copy(to, toAt, at, at + length);
  else while (toAt < end) to[toAt++] = from[at++];
  return end;
}

/** Repeats `length` bytes that lie `distance` back, which may be fewer than `length`; there must be room. */
export function copyMatch(bytes: Buffer, at: number, distance: number, length: number): number {
  const end = at + length;
  let from = at - distance;
  if (length > SHORT_COPY && distance >= length) bytes.copyWithin(at, from, from + length);
  else if (length > SHORT_COPY && distance === 1) bytes.fill(bytes[from], at, end);
  else while (at < end) bytes[at++] = bytes[from++];
  return end;
}
