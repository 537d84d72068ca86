/** Reads Kafka's wire types from bytes nobody vouches for: a length is held against what is left before it is used. */

const TWO_TO_32 = 0x1_0000_0000;
const MAX_STRING_BYTES = 0x7fff;
const EMPTY = Buffer.alloc(0);

/**
 * What a request may have of array elements, all its arrays together: each is an object in memory, and one in the answer, whatever
 * the few bytes that name it. Kafka has no such limit.
 */
export const MAX_REQUEST_ELEMENTS = 1 << 18;
/** More than fits into memory, and an integer that needs none of its own. */
const UNBOUNDED = 0x7fff_ffff;

/** The bytes are not what the protocol says; a connection they came from cannot be read any further. */
export class InvalidRequest extends Error {
  override readonly name = 'InvalidRequest';
}

/** A position in bytes, and a method for each wire type that reads there and moves on. May be reset and used again. */
export class Reader {
  buffer: Buffer;
  position: number;
  /** Where the readable bytes end (exclusive); at most the buffer's length. */
  end: number;
  /** How many elements arrays may yet have. */
  elementsLeft: number;

  /** `maxElements`: of all arrays together. Responses of a cluster one trusts have no bound. */
  constructor(buffer: Buffer = EMPTY, position = 0, end: number = buffer.length, maxElements = UNBOUNDED) {
    this.buffer = buffer;
    this.position = position;
    this.end = end;
    this.elementsLeft = maxElements;
  }

  reset(buffer: Buffer, position: number, end: number, maxElements = UNBOUNDED): void {
    this.buffer = buffer;
    this.position = position;
    this.end = end;
    this.elementsLeft = maxElements;
  }

  remaining(): number {
    return this.end - this.position;
  }

  bool(): boolean {
    return this.int8() !== 0;
  }

  int8(): number {
    return (this.uint8() << 24) >> 24;
  }

  uint8(): number {
    return this.buffer[this.#take(1)];
  }

  int16(): number {
    const at = this.#take(2);
    const { buffer } = this;
    return ((buffer[at] << 24) >> 16) | buffer[at + 1];
  }

  uint16(): number {
    return this.int16() & 0xffff;
  }

  int32(): number {
    const at = this.#take(4);
    const { buffer } = this;
    return (buffer[at] << 24) | (buffer[at + 1] << 16) | (buffer[at + 2] << 8) | buffer[at + 3];
  }

  uint32(): number {
    return this.int32() >>> 0;
  }

  /** 64 bits as a number; what lies beyond ±(2^53-1) becomes that bound. */
  int53(): number {
    const high = this.int32();
    return saturated(high, high * TWO_TO_32 + this.uint32());
  }

  int64(): bigint {
    return this.buffer.readBigInt64BE(this.#take(8));
  }

  float64(): number {
    return this.buffer.readDoubleBE(this.#take(8));
  }

  /** At most 5 bytes; as in Kafka, bits beyond the 32nd are dropped. */
  unsignedVarint(): number {
    let byte = this.uint8();
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let shift = 7; shift < 35; shift += 7) {
      byte = this.uint8();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new InvalidRequest(`the varint before byte ${this.position} has more than 5 bytes: this is no Kafka message`);
  }

  /** Zigzag-coded, as in records. */
  varint(): number {
    const zigzag = this.unsignedVarint();
    return (zigzag >>> 1) ^ -(zigzag & 1);
  }

  /** Zigzag-coded 64 bits in at most 10 bytes, as a number; what lies beyond ±(2^53-1) becomes that bound. */
  varlong(): number {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.uint8();
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte >= 0x80) continue;
      const sign = -(low & 1);
      const lowBits = (((low >>> 1) | (high << 31)) ^ sign) >>> 0;
      const highBits = (high >>> 1) ^ sign;
      return saturated(highBits, highBits * TWO_TO_32 + lowBits);
    }
    throw new InvalidRequest(`the varlong before byte ${this.position} has more than 10 bytes: it is no Kafka record`);
  }

  /** 22 characters of base64url. */
  uuid(): string {
    const at = this.#take(16);
    return this.buffer.toString('base64url', at, at + 16);
  }

  string(): string {
    const length = this.int16();
    return this.#text(length < 0 ? refuseNull('string') : length);
  }

  nullableString(): string | null {
    const length = this.int16();
    return length < 0 ? null : this.#text(length);
  }

  /** As nullableString; answers `known` where it reads the same and is ASCII, which makes no string. */
  nullableStringLike(known: string | null): string | null {
    const length = this.int16();
    if (length < 0) return null;
    if (known !== null && known.length === length && length <= this.remaining()) {
      const { buffer, position } = this;
      let i = 0;
      while (i < length && buffer[position + i] < 0x80 && buffer[position + i] === known.charCodeAt(i)) i++;
      if (i === length) {
        this.position = position + length;
        return known;
      }
    }
    return this.#text(length);
  }

  compactString(): string {
    const length = this.unsignedVarint() - 1;
    return this.#text(length < 0 ? refuseNull('string') : length);
  }

  compactNullableString(): string | null {
    const length = this.unsignedVarint() - 1;
    return length < 0 ? null : this.#text(length);
  }

  /** A copy of its own, for it may outlive the frame. */
  bytes(): Buffer {
    const length = this.int32();
    return this.#copy(length < 0 ? refuseNull('bytes') : length);
  }

  nullableBytes(): Buffer | null {
    const length = this.int32();
    return length < 0 ? null : this.#copy(length);
  }

  compactBytes(): Buffer {
    const length = this.unsignedVarint() - 1;
    return this.#copy(length < 0 ? refuseNull('bytes') : length);
  }

  compactNullableBytes(): Buffer | null {
    const length = this.unsignedVarint() - 1;
    return length < 0 ? null : this.#copy(length);
  }

  /** A view on the frame: it dies with it. */
  records(): Buffer {
    const length = this.int32();
    return this.view(length < 0 ? refuseNull('records') : length);
  }

  nullableRecords(): Buffer | null {
    const length = this.int32();
    return length < 0 ? null : this.view(length);
  }

  compactRecords(): Buffer {
    const length = this.unsignedVarint() - 1;
    return this.view(length < 0 ? refuseNull('records') : length);
  }

  compactNullableRecords(): Buffer | null {
    const length = this.unsignedVarint() - 1;
    return length < 0 ? null : this.view(length);
  }

  /** The next `length` bytes, where they lie. */
  view(length: number): Buffer {
    const at = this.#take(length);
    return this.buffer.subarray(at, at + length);
  }

  /**
   * The number of elements of an array whose elements have at least `leastBytes` each. More than the bytes left can
   * hold is refused; elements without any bytes are counted as one, so that a count alone never fills the memory.
   */
  arrayCount(leastBytes: number): number {
    const count = this.int32();
    return this.#count(count < 0 ? refuseNull('array') : count, leastBytes);
  }

  /** -1: null. */
  nullableArrayCount(leastBytes: number): number {
    const count = this.int32();
    return count < 0 ? -1 : this.#count(count, leastBytes);
  }

  compactArrayCount(leastBytes: number): number {
    const count = this.unsignedVarint() - 1;
    return this.#count(count < 0 ? refuseNull('array') : count, leastBytes);
  }

  compactNullableArrayCount(leastBytes: number): number {
    const count = this.unsignedVarint() - 1;
    return count < 0 ? -1 : this.#count(count, leastBytes);
  }

  /** The size of a tagged field, or of another part inside the message: never more than what is left. */
  size(): number {
    const size = this.unsignedVarint();
    if (size > this.end - this.position) this.#short(size);
    return size;
  }

  /** A whole section of tagged fields (KIP-482) of which none is known. */
  skipTaggedFields(): void {
    for (let count = this.unsignedVarint(); count > 0; count--) {
      this.unsignedVarint();
      const size = this.size();
      this.position += size;
    }
  }

  /** Holds a known tagged field to the size it announced. */
  expectPosition(position: number, tag: number): void {
    if (this.position === position) return;
    throw new InvalidRequest(
      `tagged field ${tag} ends at byte ${this.position} but said it would at ${position}: the sender's table differs`,
    );
  }

  #take(length: number): number {
    const at = this.position;
    if (length > this.end - at) this.#short(length);
    this.position = at + length;
    return at;
  }

  #text(length: number): string {
    if (length > MAX_STRING_BYTES) {
      throw new InvalidRequest(`a string of ${length} bytes is longer than the ${MAX_STRING_BYTES} that Kafka allows`);
    }
    const at = this.#take(length);
    return this.buffer.toString('utf8', at, at + length);
  }

  #copy(length: number): Buffer {
    const at = this.#take(length);
    // Not from Node's pool: a few bytes kept for long would keep a whole slab of it.
    return Uint8Array.prototype.slice.call(this.buffer, at, at + length) as Buffer;
  }

  #count(count: number, leastBytes: number): number {
    const left = this.end - this.position;
    if (count * (leastBytes > 0 ? leastBytes : 1) <= left) {
      this.elementsLeft -= count;
      if (this.elementsLeft >= 0) return count;
      throw new InvalidRequest(`its arrays have more than ${MAX_REQUEST_ELEMENTS} elements: ask in several requests`);
    }
    throw new InvalidRequest(`an array of ${count} elements cannot lie in the ${left} bytes that are left`);
  }

  #short(length: number): never {
    throw new InvalidRequest(
      `${length} bytes should follow byte ${this.position} but ${this.end - this.position} do: it is cut short`,
    );
  }
}

function saturated(high: number, value: number): number {
  if (high < 0x20_0000 && high >= -0x20_0000) {
    return value < -Number.MAX_SAFE_INTEGER ? -Number.MAX_SAFE_INTEGER : value;
  }
  return high < 0 ? -Number.MAX_SAFE_INTEGER : Number.MAX_SAFE_INTEGER;
}

function refuseNull(what: string): never {
  throw new InvalidRequest(`null stands where this version wants a ${what}: send an empty one`);
}
