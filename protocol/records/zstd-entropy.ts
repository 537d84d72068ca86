/**
 * The two entropy codes inside Zstandard (RFC 8878 §4): FSE and Huffman, as tables that are looked up by state.
 */
import { BadCompression } from './bounded-output.ts';

export function badZstd(): BadCompression {
  return new BadCompression('The zstd frame is damaged or cut short');
}

/** Bits read from the end of a stretch of bytes towards its start, as both codes are. Zeros follow before the start. */
export class BackwardBits {
  readonly #bytes: Buffer;
  readonly #start: number;
  /** Bits not read yet; negative by what was read too much. */
  left: number;

  constructor(bytes: Buffer, start: number, end: number) {
    if (end <= start || bytes[end - 1] === 0) throw badZstd(); // the highest bit set marks the end
    this.#bytes = bytes;
    this.#start = start;
    this.left = (end - start) * 8 - Math.clz32(bytes[end - 1]) + 24 - 1;
  }

  /** Up to 24 bits. */
  peek(count: number): number {
    const from = this.left - count;
    if (from < 0) return this.left <= 0 ? 0 : this.#at(0, this.left) << -from;
    return this.#at(from, count);
  }

  /** Up to 31 bits. */
  read(count: number): number {
    if (count > 24) return this.read(count - 16) * 0x10000 + this.read(16);
    const bits = this.peek(count);
    this.left -= count;
    return bits;
  }

  #at(from: number, count: number): number {
    const bytes = this.#bytes;
    const at = this.#start + (from >> 3);
    const word = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    return (word >>> (from & 7)) & ((1 << count) - 1);
  }
}

/** For each state: its symbol, how many bits lead to the next state, and what these are added to. */
export interface FseTable {
  readonly accuracy: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
  readonly bases: Uint16Array;
}

export function fseTable(accuracy: number, frequencies: readonly number[]): FseTable {
  const size = 1 << accuracy;
  const table = { accuracy, symbols: new Uint8Array(size), bits: new Uint8Array(size), bases: new Uint16Array(size) };
  const nexts = frequencies.map((frequency) => Math.abs(frequency)); // -1: less than one, gets one state at the end
  let high = size;
  frequencies.forEach((frequency, symbol) => {
    if (frequency === -1) table.symbols[--high] = symbol;
  });
  const step = (size >> 1) + (size >> 3) + 3;
  let at = 0;
  frequencies.forEach((frequency, symbol) => {
    for (let i = 0; i < frequency; i++) {
      table.symbols[at] = symbol;
      do at = (at + step) & (size - 1);
      while (at >= high);
    }
  });
  for (let state = 0; state < size; state++) {
    const next = nexts[table.symbols[state]]++;
    table.bits[state] = accuracy - (31 - Math.clz32(next));
    table.bases[state] = (next << table.bits[state]) - size;
  }
  return table;
}

/** A table of one symbol, which takes no bits. */
export function singleSymbolTable(symbol: number): FseTable {
  return { accuracy: 0, symbols: Uint8Array.of(symbol), bits: new Uint8Array(1), bases: new Uint16Array(1) };
}

/** Reads the description of a table between `at` and `end`; answers the table and the position behind. */
export function readFseTable(
  bytes: Buffer,
  at: number,
  end: number,
  maxAccuracy: number,
  maxSymbol: number,
): { table: FseTable; next: number } {
  let bit = at * 8;
  const read = (count: number): number => {
    const from = bit >> 3;
    const word = bytes[from] | (bytes[from + 1] << 8) | (bytes[from + 2] << 16);
    const bits = (word >>> (bit & 7)) & ((1 << count) - 1);
    bit += count;
    if (bit > end * 8) throw badZstd();
    return bits;
  };
  const accuracy = read(4) + 5;
  if (accuracy > maxAccuracy) throw badZstd();
  const frequencies: number[] = [];
  let remaining = 1 << accuracy;
  while (remaining > 0) {
    if (frequencies.length > maxSymbol) throw badZstd();
    // A value up to remaining + 1; the lowest of them take one bit less.
    const width = 32 - Math.clz32(remaining + 1);
    const short = (1 << width) - 1 - (remaining + 1);
    let value = read(width - 1);
    if (value >= short) {
      value |= read(1) << (width - 1);
      if (value >= 1 << (width - 1)) value -= short;
    }
    const frequency = value - 1;
    frequencies.push(frequency);
    remaining -= Math.abs(frequency);
    if (frequency !== 0) continue;
    for (let zeros = 3; zeros === 3;) {
      zeros = read(2);
      for (let i = 0; i < zeros; i++) frequencies.push(0);
    }
  }
  if (remaining < 0 || frequencies.length > maxSymbol + 1) throw badZstd();
  return { table: fseTable(accuracy, frequencies), next: (bit + 7) >> 3 };
}

/** By the next `maxBits` bits: the symbol they begin with and how many bits it takes. */
export interface HuffmanTable {
  readonly maxBits: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
}

const MAX_HUFFMAN_BITS = 11;

/** Reads the description of a tree at `at`; answers the table and the position behind. */
export function readHuffmanTable(bytes: Buffer, at: number, end: number): { table: HuffmanTable; next: number } {
  if (at >= end) throw badZstd();
  const head = bytes[at++];
  const next = at + (head < 128 ? head : (head - 126) >> 1);
  if (next > end) throw badZstd();
  if (head < 128) return { table: huffmanTable(fseWeights(bytes, at, next)), next };
  const weights: number[] = [];
  for (let i = 0; i < head - 127; i++) weights.push((bytes[at + (i >> 1)] >> (i % 2 === 0 ? 4 : 0)) & 15);
  return { table: huffmanTable(weights), next };
}

function fseWeights(bytes: Buffer, at: number, end: number): number[] {
  const { table, next } = readFseTable(bytes, at, end, 6, 12);
  const bits = new BackwardBits(bytes, next, end);
  const weights: number[] = [];
  // Two states take turns; when the bits are used up, the other one gives the last symbol.
  let state = bits.read(table.accuracy);
  let other = bits.read(table.accuracy);
  while (weights.length < 255) {
    weights.push(table.symbols[state]);
    const following = table.bases[state] + bits.read(table.bits[state]);
    state = other;
    other = following;
    if (bits.left >= 0) continue;
    weights.push(table.symbols[state]);
    return weights;
  }
  throw badZstd();
}

function huffmanTable(weights: number[]): HuffmanTable {
  let sum = 0;
  for (const weight of weights) if (weight > 0) sum += 2 ** (weight - 1);
  const maxBits = 32 - Math.clz32(sum);
  const rest = (1 << maxBits) - sum; // what the last symbol, which is not written, must fill
  if (sum === 0 || maxBits > MAX_HUFFMAN_BITS || (rest & (rest - 1)) !== 0) throw badZstd();
  const all = [...weights, 32 - Math.clz32(rest)];
  const table = { maxBits, symbols: new Uint8Array(1 << maxBits), bits: new Uint8Array(1 << maxBits) };
  let at = 0;
  for (let weight = 1; weight <= maxBits; weight++) {
    for (let symbol = 0; symbol < all.length; symbol++) {
      if (all[symbol] !== weight) continue;
      const end = at + (1 << (weight - 1));
      table.symbols.fill(symbol, at, end);
      table.bits.fill(maxBits + 1 - weight, at, end);
      at = end;
    }
  }
  return table;
}

/** Decodes one Huffman stream into `to` from `at` to `toEnd`; it must be used up exactly. */
export function decodeHuffman(
  table: HuffmanTable,
  bytes: Buffer,
  start: number,
  end: number,
  to: Uint8Array,
  at: number,
  toEnd: number,
): void {
  const bits = new BackwardBits(bytes, start, end);
  const { maxBits, symbols, bits: lengths } = table;
  while (at < toEnd) {
    const code = bits.peek(maxBits);
    to[at++] = symbols[code];
    bits.left -= lengths[code];
  }
  if (bits.left !== 0) throw badZstd();
}
