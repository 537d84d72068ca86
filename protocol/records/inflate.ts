/**
 * Reads gzip (RFC 1951 and 1952) a piece at a time, so that the records can be looked at while they come out: Node's own gunzip
 * answers all of them or none. A few times slower than that, and used only where that is too much at once.
 */
import * as zlib from 'node:zlib';
import { BadCompression, copyMatch, type BoundedOutput, type Unfolding } from './bounded-output.ts';

const HEADER_CHECK = 0x02;
const EXTRA = 0x04;
const NAME = 0x08;
const COMMENT = 0x10;
const FURTHER_CODES = 0xe0;
const END_OF_BLOCK = 256;
const MAX_BITS = 15;
/** Bytes that come out between two pauses. */
const STRIDE = 32 * 1024; // more than the longest match
const LONGEST_MATCH = 258;

/** Members may be joined, as by gunzip. */
export function* unfoldGzip(bytes: Buffer, output: BoundedOutput): Unfolding {
  let at = 0;
  do {
    const start = output.length;
    const bits = new Bits(bytes, memberData(bytes, at));
    let crc = 0;
    let checkedTo = start;
    for (let isLast = false; !isLast;) {
      isLast = bits.read(1) === 1;
      for (const piece = inflateBlock(bits, start, output); piece.next().done !== true;) yield;
      crc = crc32(output.bytes.subarray(checkedTo, output.length), crc);
      checkedTo = output.length;
    }
    at = bits.align();
    if (bytes.length - at < 8) throw badGzip();
    if (bytes.readUInt32LE(at + 4) !== output.length - start) throw badGzip();
    if (crc !== NO_CRC && bytes.readUInt32LE(at) !== crc) throw badGzip();
    at += 8;
  } while (at < bytes.length);
}

const NO_CRC = -1;

/** Node has it from 20.15 on; the batch around the records was checked by a CRC of its own. */
function crc32(bytes: Buffer, before: number): number {
  return typeof zlib.crc32 === 'function' ? zlib.crc32(bytes, before) : NO_CRC;
}

/** Where the compressed data of the member at `at` begins. */
function memberData(bytes: Buffer, at: number): number {
  if (bytes.length - at < 10 || bytes[at] !== 0x1f || bytes[at + 1] !== 0x8b || bytes[at + 2] !== 8) throw badGzip();
  const flags = bytes[at + 3];
  if ((flags & FURTHER_CODES) !== 0) throw badGzip();
  at += 10;
  if ((flags & EXTRA) !== 0) {
    if (bytes.length - at < 2) throw badGzip();
    at += 2 + bytes.readUInt16LE(at);
  }
  for (const text of [NAME, COMMENT]) {
    if ((flags & text) === 0) continue;
    const end = bytes.indexOf(0, at);
    if (end < 0) throw badGzip();
    at = end + 1;
  }
  return (flags & HEADER_CHECK) === 0 ? at : at + 2;
}

/** Bits of a buffer, the lowest of each byte first. */
class Bits {
  readonly #bytes: Buffer;
  #at: number;
  #held = 0;
  #count = 0;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  read(count: number): number {
    this.#fill(count);
    if (this.#count < count) throw badGzip();
    const value = this.#held & ((1 << count) - 1);
    this.#drop(count);
    return value;
  }

  symbol({ table, bits }: HuffmanCode): number {
    this.#fill(bits);
    const entry = table[this.#held & ((1 << bits) - 1)];
    const length = entry & 15;
    if (length === 0 || length > this.#count) throw badGzip();
    this.#drop(length);
    return entry >> 4;
  }

  /** Passes over the rest of the byte; answers the position of the next. */
  align(): number {
    this.#drop(this.#count & 7);
    this.#at -= this.#count >> 3;
    this.#held = this.#count = 0;
    return this.#at;
  }

  /** Bytes as they are, from a byte's beginning. */
  take(length: number): Buffer {
    const at = this.align();
    if (length > this.#bytes.length - at) throw badGzip();
    this.#at = at + length;
    return this.#bytes.subarray(at, this.#at);
  }

  /** At least `count` bits (15 at most) where the input has them. */
  #fill(count: number): void {
    while (this.#count < count && this.#at < this.#bytes.length) {
      this.#held |= this.#bytes[this.#at++] << this.#count;
      this.#count += 8;
    }
  }

  #drop(count: number): void {
    this.#held >>>= count;
    this.#count -= count;
  }
}

interface HuffmanCode {
  /** By the next `bits` bits: the symbol, and in the low four bits its length; 0 where there is none. */
  readonly table: Uint16Array;
  readonly bits: number;
}

/** The canonical code with these lengths (0: the symbol does not occur). */
function huffmanCode(lengths: readonly number[]): HuffmanCode {
  const bits = lengths.reduce((most, length) => Math.max(most, length), 1);
  const table = new Uint16Array(1 << bits);
  let code = 0;
  for (let length = 1; length <= bits; length++) {
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      if (lengths[symbol] !== length) continue;
      if (code >= 1 << length) throw badGzip(); // more symbols than the lengths leave room for
      for (let at = reversed(code, length); at < table.length; at += 1 << length) table[at] = (symbol << 4) | length;
      code++;
    }
    code <<= 1;
  }
  return { table, bits };
}

function reversed(code: number, length: number): number {
  let result = 0;
  for (let i = 0; i < length; i++) result |= ((code >> i) & 1) << (length - 1 - i);
  return result;
}

function repeat(into: number[], count: number, value: number): void {
  for (; count > 0; count--) into.push(value);
}

function times(count: number, value: number): number[] {
  return Array.from({ length: count }, () => value);
}

const FIXED_LITERALS = huffmanCode([...times(144, 8), ...times(112, 9), ...times(24, 7), ...times(8, 8)]);
const FIXED_DISTANCES = huffmanCode(times(30, 5));
const LENGTH_BITS = [...times(8, 0), ...[1, 2, 3, 4, 5].flatMap((bits) => times(4, bits)), 0];
const LENGTH_BASES = [...bases(LENGTH_BITS, 3).slice(0, -1), LONGEST_MATCH];
const DISTANCE_BITS = [0, 0, ...Array.from({ length: 14 }, (_, bits) => times(2, bits)).flat()];
const DISTANCE_BASES = bases(DISTANCE_BITS, 1);
const ORDER_OF_LENGTHS = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

function bases(bits: readonly number[], first: number): number[] {
  let base = first;
  return bits.map((count) => (base += 2 ** count) - 2 ** count);
}

/** Behind the bit that says whether it is the last; matches reach back to `start`. */
function* inflateBlock(bits: Bits, start: number, output: BoundedOutput): Unfolding {
  const type = bits.read(2);
  if (type === 0) {
    const sizes = bits.take(4);
    const [length, complement] = [sizes.readUInt16LE(0), sizes.readUInt16LE(2)];
    if ((length ^ complement) !== 0xffff) throw badGzip();
    output.append(bits.take(length));
  } else if (type === 1) yield* inflateCodes(bits, FIXED_LITERALS, FIXED_DISTANCES, start, output);
  else if (type === 2) {
    const [literals, distances] = readCodes(bits);
    yield* inflateCodes(bits, literals, distances, start, output);
  } else throw badGzip();
}

function readCodes(bits: Bits): [literals: HuffmanCode, distances: HuffmanCode] {
  const [literals, distances, lengths] = [bits.read(5) + 257, bits.read(5) + 1, bits.read(4) + 4];
  const lengthsOfLengths = times(19, 0);
  for (let i = 0; i < lengths; i++) lengthsOfLengths[ORDER_OF_LENGTHS[i]] = bits.read(3);
  const code = huffmanCode(lengthsOfLengths);
  const all: number[] = [];
  while (all.length < literals + distances) {
    const symbol = bits.symbol(code);
    if (symbol <= MAX_BITS) all.push(symbol);
    else if (symbol === 16) {
      if (all.length === 0) throw badGzip();
      repeat(all, 3 + bits.read(2), all[all.length - 1]);
    } else repeat(all, symbol === 17 ? 3 + bits.read(3) : 11 + bits.read(7), 0);
  }
  if (all.length > literals + distances || all[END_OF_BLOCK] === 0) throw badGzip();
  return [huffmanCode(all.slice(0, literals)), huffmanCode(all.slice(literals))];
}

function* inflateCodes(
  bits: Bits,
  literals: HuffmanCode,
  distances: HuffmanCode,
  start: number,
  output: BoundedOutput,
): Unfolding {
  while (!inflateSome(bits, literals, distances, start, output)) yield;
}

/** Up to STRIDE bytes; true where the block ends. */
function inflateSome(
  bits: Bits,
  literals: HuffmanCode,
  distances: HuffmanCode,
  start: number,
  output: BoundedOutput,
): boolean {
  const end = output.room(STRIDE);
  const out = output.bytes;
  let to = output.length;
  // Nothing but the bound of all output leaves less than a stride: then it is used to its end.
  const pauseAt = end - to < STRIDE ? Infinity : end - LONGEST_MATCH;
  while (to < pauseAt) {
    const symbol = bits.symbol(literals);
    if (symbol < END_OF_BLOCK) {
      if (to === end) throw output.overflow(end, TOO_LARGE);
      out[to++] = symbol;
      continue;
    }
    if (symbol === END_OF_BLOCK) {
      output.length = to;
      return true;
    }
    const at = symbol - END_OF_BLOCK - 1;
    if (at >= LENGTH_BASES.length) throw badGzip();
    const length = LENGTH_BASES[at] + bits.read(LENGTH_BITS[at]);
    const far = bits.symbol(distances);
    if (far >= DISTANCE_BASES.length) throw badGzip();
    const distance = DISTANCE_BASES[far] + bits.read(DISTANCE_BITS[far]);
    if (distance > to - start) throw badGzip();
    if (length > end - to) throw output.overflow(end, TOO_LARGE);
    to = copyMatch(out, to, distance, length);
  }
  output.length = to;
  return false;
}

const TOO_LARGE = 'The gzip data cannot be read';

function badGzip(): BadCompression {
  return new BadCompression('The records are no gzip data, or it is cut short');
}
