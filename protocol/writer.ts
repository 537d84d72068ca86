/** Writes Kafka's wire types into one buffer that grows and may be used again, so that answers cost no allocation. */

const TWO_TO_32 = 0x1_0000_0000;
const MAX_STRING_BYTES = 0x7fff;
/** That go on the wire whatever they are. */
const MAX_CHARACTERS = Math.floor(MAX_STRING_BYTES / 3);
/** A message grows beyond what its writer allows. */
export class MessageTooLarge extends Error {
  override readonly name = 'MessageTooLarge';
}

/** Up to here a string is first taken for ASCII and written by hand: below it Node's own encoder costs more. */
const SHORT_STRING = 64;

/**
 * Methods append at `position`. What stands in `buffer` before `position` may be read and patched; the buffer itself
 * changes when it grows.
 */
export class Writer {
  buffer: Buffer;
  position = 0;
  readonly #maxBytes: number;

  /** Throws MessageTooLarge where the buffer would grow beyond `maxBytes`. */
  constructor(initialBytes = 1024, maxBytes = Infinity) {
    this.buffer = Buffer.allocUnsafeSlow(initialBytes);
    this.#maxBytes = maxBytes;
  }

  reset(): void {
    this.position = 0;
  }

  /** The bytes written so far, as a copy that belongs to the caller. */
  finish(): Buffer {
    return Uint8Array.prototype.slice.call(this.buffer, 0, this.position) as Buffer;
  }

  /** Makes room for `count` bytes behind the position. */
  ensure(count: number): void {
    if (this.position + count > this.buffer.length) this.#grow(count);
  }

  bool(value: boolean): void {
    this.int8(value ? 1 : 0);
  }

  int8(value: number): void {
    this.ensure(1);
    this.buffer[this.position++] = value;
  }

  int16(value: number): void {
    this.ensure(2);
    const { buffer, position } = this;
    buffer[position] = value >> 8;
    buffer[position + 1] = value;
    this.position = position + 2;
  }

  uint16(value: number): void {
    this.int16(value);
  }

  int32(value: number): void {
    this.ensure(4);
    const { buffer, position } = this;
    buffer[position] = value >> 24;
    buffer[position + 1] = value >> 16;
    buffer[position + 2] = value >> 8;
    buffer[position + 3] = value;
    this.position = position + 4;
  }

  uint32(value: number): void {
    this.int32(value);
  }

  /** A safe integer as 64 bits. The largest stands for all beyond it when it is read: Kafka's end of time, and its "no limit". */
  int53(value: number): void {
    if (value >= Number.MAX_SAFE_INTEGER) {
      this.int32(0x7fff_ffff);
      this.int32(-1);
      return;
    }
    const high = Math.floor(value / TWO_TO_32);
    this.int32(high);
    this.int32(value - high * TWO_TO_32);
  }

  int64(value: bigint): void {
    this.ensure(8);
    this.position = this.buffer.writeBigInt64BE(value, this.position);
  }

  float64(value: number): void {
    this.ensure(8);
    this.position = this.buffer.writeDoubleBE(value, this.position);
  }

  unsignedVarint(value: number): void {
    this.ensure(5);
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.buffer[this.position++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.buffer[this.position++] = rest;
  }

  /** Zigzag-coded, as in records. */
  varint(value: number): void {
    this.unsignedVarint((value << 1) ^ (value >> 31));
  }

  /** Zigzag-coded 64 bits of a safe integer. */
  varlong(value: number): void {
    if (value === (value | 0)) return this.varint(value);
    this.ensure(10);
    // Beyond 32 bits the zigzag is arithmetic: 2n for n >= 0, else -2n - 1. It needs at most 54 bits, so halves of 32.
    const absolute = value < 0 ? -value - 1 : value;
    let high = Math.floor(absolute / (TWO_TO_32 / 2));
    let low = (((absolute % (TWO_TO_32 / 2)) << 1) | (value < 0 ? 1 : 0)) >>> 0;
    while (high > 0 || low >= 0x80) {
      this.buffer[this.position++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    this.buffer[this.position++] = low;
  }

  /** From 22 characters of base64url. */
  uuid(value: string): void {
    this.ensure(16);
    if (value.length !== 22 || this.buffer.write(value, this.position, 16, 'base64url') !== 16) {
      throw new TypeError(`'${value}' is not a uuid: 22 characters of base64url are`);
    }
    this.position += 16;
  }

  string(value: string): void {
    const start = this.position;
    this.int16(0);
    const length = this.#text(value);
    this.buffer[start] = length >> 8;
    this.buffer[start + 1] = length;
  }

  nullableString(value: string | null): void {
    if (value === null) this.int16(-1);
    else this.string(value);
  }

  compactString(value: string): void {
    if (value.length <= SHORT_STRING / 2) {
      // Even of three bytes a character the length plus one takes one byte.
      const start = this.position;
      this.int8(0);
      const length = this.#text(value); // first: it may change the buffer
      this.buffer[start] = length + 1;
    } else {
      this.unsignedVarint(checkLength(Buffer.byteLength(value)) + 1);
      this.#text(value);
    }
  }

  compactNullableString(value: string | null): void {
    if (value === null) this.int8(0);
    else this.compactString(value);
  }

  /** What is to be written of a sentence for people: names that a client chose may have made it too long. */
  sentence(text: string | null): string | null {
    if (text === null || text.length <= MAX_CHARACTERS || Buffer.byteLength(text) <= MAX_STRING_BYTES) return text;
    return `${text.slice(0, MAX_CHARACTERS - 1)}…`;
  }

  /** Appends the bytes as they are, without a length. */
  bytes(value: Uint8Array): void {
    this.ensure(value.length);
    this.buffer.set(value, this.position);
    this.position += value.length;
  }

  /** With a length of 32 bits in front; -1 for null. */
  sizedBytes(value: Uint8Array | null): void {
    this.int32(value === null ? -1 : value.length);
    if (value !== null) this.bytes(value);
  }

  /** With its length plus one in front; 0 for null. */
  compactBytes(value: Uint8Array | null): void {
    this.unsignedVarint(value === null ? 0 : value.length + 1);
    if (value !== null) this.bytes(value);
  }

  /** Begins a tagged field: what is written until `closeTagged` is its content. Answers what `closeTagged` wants. */
  openTagged(tag: number): number {
    this.unsignedVarint(tag);
    this.int8(0);
    return this.position;
  }

  /** Writes the size of the tagged field that began at `start`; its content moves on where that takes several bytes. */
  closeTagged(start: number): void {
    const size = this.position - start;
    if (size < 0x80) {
      this.buffer[start - 1] = size;
      return;
    }
    const more = size < 0x4000 ? 1 : size < 0x20_0000 ? 2 : size < 0x1000_0000 ? 3 : 4;
    this.ensure(more);
    this.buffer.copyWithin(start + more, start, this.position);
    this.position = start - 1;
    this.unsignedVarint(size);
    this.position = start + more + size;
  }

  /** The characters alone, as UTF-8; answers how many bytes they took. */
  #text(value: string): number {
    const { length } = value;
    this.ensure(length * 3);
    const { buffer, position } = this;
    let i = 0;
    if (length <= SHORT_STRING) {
      for (; i < length; i++) {
        const code = value.charCodeAt(i);
        if (code >= 0x80) break;
        buffer[position + i] = code;
      }
    }
    const written = i === length ? length : checkLength(buffer.write(value, position));
    this.position = position + written;
    return written;
  }

  #grow(count: number): void {
    const least = this.position + count;
    if (least > this.#maxBytes) throw new MessageTooLarge(`a message of more than ${this.#maxBytes} bytes is not sent`);
    const grown = Buffer.allocUnsafeSlow(Math.min(this.#maxBytes, Math.max(this.buffer.length * 2, least)));
    this.buffer.copy(grown, 0, 0, this.position);
    this.buffer = grown;
  }
}

function checkLength(length: number): number {
  if (length <= MAX_STRING_BYTES) return length;
  throw new RangeError(`a string of ${length} bytes does not go on the wire: ${MAX_STRING_BYTES} do, shorten it`);
}
