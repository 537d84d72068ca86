/**
 * Reads Zstandard frames (RFC 8878) in pieces, and where Node has no zstd of its own, that is, before 22.15. No dictionaries. The
 * check sum of the content is passed over: the batch around it has been checked by its CRC.
 */
import {
  BadCompression,
  BoundedOutput,
  copyBytes,
  copyMatch,
  unfoldWhole,
  type OutputWatch,
  type Unfolding,
} from './bounded-output.ts';
import {
  badZstd,
  BackwardBits,
  decodeHuffman,
  fseTable,
  readFseTable,
  readHuffmanTable,
  singleSymbolTable,
  type FseTable,
  type HuffmanTable,
} from './zstd-entropy.ts';

export const MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a5; // without its last four bits
const MAX_BLOCK = 128 * 1024;

export function decompressZstd(bytes: Buffer, maxBytes: number, watch: OutputWatch | null = null): Buffer {
  const output = new BoundedOutput(bytes.length * 4, maxBytes, null, watch);
  return unfoldWhole(unfoldZstd(bytes, output), output);
}

/** The same in pieces of a block each. */
export function* unfoldZstd(bytes: Buffer, output: BoundedOutput): Unfolding {
  let at = 0;
  do {
    need(bytes, at, 8);
    const magic = bytes.readUInt32LE(at);
    if (magic >>> 4 === SKIPPABLE_MAGIC) {
      const length = bytes.readUInt32LE(at + 4);
      need(bytes, at + 8, length);
      at += 8 + length;
    } else if (magic === MAGIC) at = yield* decodeFrame(bytes, at + 4, output);
    else throw new BadCompression('The records are no zstd frame');
  } while (at < bytes.length);
}

/** What one block leaves to the next of its frame. */
interface Frame {
  readonly start: number;
  huffman: HuffmanTable | null;
  literalLengths: FseTable | null;
  offsets: FseTable | null;
  matchLengths: FseTable | null;
  /** The last three distances, latest first. */
  readonly recent: [number, number, number];
}

export interface FrameHeader {
  /** Of the content; -1 where it is not told. */
  readonly size: number;
  /** How far back its blocks may reach. */
  readonly window: number;
  readonly hasChecksum: boolean;
  /** Where its first block lies. */
  readonly end: number;
}

/** The header whose descriptor lies at `at` (RFC 8878, 3.1.1.1). @throws {BadCompression} */
export function readFrameHeader(bytes: Buffer, at: number): FrameHeader {
  const descriptor = bytes[at++];
  const singleSegment = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 ? Number(singleSegment) : 1 << sizeFlag;
  if ((descriptor & 0x08) !== 0) throw badZstd();
  if ((descriptor & 0x03) !== 0) throw new BadCompression('The zstd frame wants a dictionary; there are none');
  need(bytes, at, Number(!singleSegment) + sizeBytes);
  const windowByte = singleSegment ? 0 : bytes[at++];
  let size = -1;
  if (sizeBytes === 8) size = bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32;
  else if (sizeBytes > 0) size = bytes.readUIntLE(at, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  const window = singleSegment ? size : 2 ** (10 + (windowByte >> 3)) * (1 + (windowByte & 7) / 8);
  return { size, window, hasChecksum: (descriptor & 0x04) !== 0, end: at + sizeBytes };
}

/** Reads the frame whose descriptor lies at `at`; answers the position behind the frame. */
function* decodeFrame(bytes: Buffer, at: number, output: BoundedOutput): Generator<void, number> {
  // The size of the window does not matter: all of the output is at hand.
  const { size, hasChecksum, end } = readFrameHeader(bytes, at);
  at = end;

  const frame: Frame = {
    start: output.length,
    huffman: null,
    literalLengths: null,
    offsets: null,
    matchLengths: null,
    recent: [1, 4, 8],
  };
  for (let last = false; !last;) {
    need(bytes, at, 3);
    const header = bytes.readUIntLE(at, 3);
    last = (header & 1) !== 0;
    at = decodeBlock(bytes, at + 3, (header >> 1) & 3, header >> 3, frame, output);
    yield;
  }
  if (size >= 0 && size !== output.length - frame.start) throw badZstd();
  if (!hasChecksum) return at;
  need(bytes, at, 4);
  return at + 4;
}

function decodeBlock(
  bytes: Buffer,
  at: number,
  type: number,
  size: number,
  frame: Frame,
  output: BoundedOutput,
): number {
  if (size > MAX_BLOCK) throw badZstd();
  if (type === 1) {
    need(bytes, at, 1);
    output.reserve(size);
    output.bytes.fill(bytes[at], output.length, output.length + size);
    output.length += size;
    return at + 1;
  }
  need(bytes, at, size);
  if (type === 0) output.append(bytes.subarray(at, at + size));
  else if (type === 2) decodeCompressed(bytes, at, at + size, frame, output);
  else throw badZstd();
  return at + size;
}

function decodeCompressed(bytes: Buffer, at: number, end: number, frame: Frame, output: BoundedOutput): void {
  const { literals, next } = readLiterals(bytes, at, end, frame);
  at = next;
  if (at >= end) throw badZstd();
  let count = bytes[at++];
  if (count === 255) {
    if (end - at < 2) throw badZstd();
    count = bytes.readUInt16LE(at) + 0x7f00;
    at += 2;
  } else if (count >= 128) {
    if (at >= end) throw badZstd();
    count = ((count - 128) << 8) + bytes[at++];
  }
  if (count === 0) {
    if (at !== end) throw badZstd();
    output.append(literals);
    return;
  }
  if (at >= end) throw badZstd();
  const modes = bytes[at++];
  const tables = new SequenceTables(bytes, at, end);
  frame.literalLengths = tables.next(modes >> 6, LITERAL_LENGTHS, frame.literalLengths);
  frame.offsets = tables.next((modes >> 4) & 3, OFFSETS, frame.offsets);
  frame.matchLengths = tables.next((modes >> 2) & 3, MATCH_LENGTHS, frame.matchLengths);
  runSequences(new BackwardBits(bytes, tables.at, end), count, literals, frame, output);
}

/** The bytes a block copies from between its matches. */
function readLiterals(bytes: Buffer, at: number, end: number, frame: Frame): { literals: Buffer; next: number } {
  if (end - at < 1) throw badZstd();
  const type = bytes[at] & 3;
  const format = (bytes[at] >> 2) & 3;
  if (type < 2) {
    const headSize = format === 1 ? 2 : format === 3 ? 3 : 1;
    if (end - at < headSize) throw badZstd();
    const size = bytes.readUIntLE(at, headSize) >> (headSize === 1 ? 3 : 4);
    at += headSize;
    if (size > MAX_BLOCK || end - at < (type === 0 ? size : 1)) throw badZstd();
    if (type === 0) return { literals: bytes.subarray(at, at + size), next: at + size };
    return { literals: Buffer.alloc(size, bytes[at]), next: at + 1 };
  }
  const headSize = format < 2 ? 3 : format + 2;
  if (end - at < headSize) throw badZstd();
  const sizeBits = format < 2 ? 10 : format === 2 ? 14 : 18;
  const sizes = Math.floor(bytes.readUIntLE(at, headSize) / 16);
  const size = sizes % 2 ** sizeBits;
  at += headSize;
  const next = at + Math.floor(sizes / 2 ** sizeBits);
  if (size > MAX_BLOCK || next > end) throw badZstd();
  if (type === 2) {
    const read = readHuffmanTable(bytes, at, next);
    frame.huffman = read.table;
    at = read.next;
  }
  if (frame.huffman === null) throw badZstd();
  const literals = Buffer.allocUnsafe(size);
  if (format === 0) decodeHuffman(frame.huffman, bytes, at, next, literals, 0, size);
  else decodeFourStreams(frame.huffman, bytes, at, next, literals);
  return { literals, next };
}

function decodeFourStreams(table: HuffmanTable, bytes: Buffer, at: number, end: number, literals: Buffer): void {
  if (end - at < 6) throw badZstd();
  const part = (literals.length + 3) >> 2;
  let start = at + 6;
  for (let stream = 0; stream < 4; stream++) {
    const streamEnd = stream === 3 ? end : start + bytes.readUInt16LE(at + 2 * stream);
    const to = stream * part;
    const toEnd = stream === 3 ? literals.length : to + part;
    if (streamEnd > end || toEnd > literals.length || to > toEnd) throw badZstd();
    decodeHuffman(table, bytes, start, streamEnd, literals, to, toEnd);
    start = streamEnd;
  }
}

/** One of the three codes of a sequence. */
interface Code {
  readonly maxAccuracy: number;
  readonly maxSymbol: number;
  readonly standard: FseTable;
}

function times(count: number, value: number): number[] {
  return Array.from({ length: count }, () => value);
}

const LITERAL_LENGTHS: Code = {
  maxAccuracy: 9,
  maxSymbol: 35,
  standard: fseTable(6, [4, 3, ...times(11, 2), 1, 1, 1, ...times(9, 2), 3, 2, ...times(5, 1), ...times(4, -1)]),
};
const OFFSETS: Code = {
  maxAccuracy: 8,
  maxSymbol: 31,
  standard: fseTable(5, [...times(6, 1), 2, 2, 2, ...times(15, 1), ...times(5, -1)]),
};
const MATCH_LENGTHS: Code = {
  maxAccuracy: 9,
  maxSymbol: 52,
  standard: fseTable(6, [1, 4, 3, ...times(6, 2), ...times(37, 1), ...times(7, -1)]),
};

/** The tables of the sequences of a block, which follow each other. */
class SequenceTables {
  readonly #bytes: Buffer;
  readonly #end: number;
  at: number;

  constructor(bytes: Buffer, at: number, end: number) {
    this.#bytes = bytes;
    this.at = at;
    this.#end = end;
  }

  next(mode: number, code: Code, before: FseTable | null): FseTable {
    if (mode === 0) return code.standard;
    if (mode === 1) {
      if (this.at >= this.#end || this.#bytes[this.at] > code.maxSymbol) throw badZstd();
      return singleSymbolTable(this.#bytes[this.at++]);
    }
    if (mode === 2) {
      const { table, next } = readFseTable(this.#bytes, this.at, this.#end, code.maxAccuracy, code.maxSymbol);
      this.at = next;
      return table;
    }
    if (before === null) throw badZstd();
    return before;
  }
}

/** Each code stands for a first value, to which that many further bits are added. */
const LITERAL_LENGTH_BITS = [...times(16, 0), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const MATCH_LENGTH_BITS = [...times(32, 0), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const LITERAL_LENGTH_BASES = bases(LITERAL_LENGTH_BITS, 0);
const MATCH_LENGTH_BASES = bases(MATCH_LENGTH_BITS, 3);

function bases(bits: readonly number[], first: number): number[] {
  let base = first;
  return bits.map((count) => (base += 2 ** count) - 2 ** count);
}

function runSequences(bits: BackwardBits, count: number, literals: Buffer, frame: Frame, output: BoundedOutput): void {
  const { literalLengths, offsets, matchLengths } = frame;
  if (literalLengths === null || offsets === null || matchLengths === null) throw badZstd();
  const outEnd = output.room(MAX_BLOCK);
  const out = output.bytes;
  let to = output.length;
  let used = 0;
  let literalState = bits.read(literalLengths.accuracy);
  let offsetState = bits.read(offsets.accuracy);
  let matchState = bits.read(matchLengths.accuracy);
  for (let i = 0; i < count; i++) {
    const offsetBits = offsets.symbols[offsetState];
    const matchCode = matchLengths.symbols[matchState];
    const literalCode = literalLengths.symbols[literalState];
    const offset = 2 ** offsetBits + bits.read(offsetBits);
    const match = MATCH_LENGTH_BASES[matchCode] + bits.read(MATCH_LENGTH_BITS[matchCode]);
    const literal = LITERAL_LENGTH_BASES[literalCode] + bits.read(LITERAL_LENGTH_BITS[literalCode]);
    if (i < count - 1) {
      literalState = literalLengths.bases[literalState] + bits.read(literalLengths.bits[literalState]);
      matchState = matchLengths.bases[matchState] + bits.read(matchLengths.bits[matchState]);
      offsetState = offsets.bases[offsetState] + bits.read(offsets.bits[offsetState]);
    }
    if (bits.left < 0 || literal > literals.length - used) throw badZstd();
    if (literal + match > outEnd - to) throw output.overflow(outEnd, TOO_LARGE);
    to = copyBytes(literals, used, out, to, literal);
    used += literal;
    const distance = distanceOf(offset, literal, frame.recent);
    if (distance <= 0 || distance > to - frame.start) throw badZstd();
    to = copyMatch(out, to, distance, match);
  }
  if (bits.left !== 0) throw badZstd();
  if (literals.length - used > outEnd - to) throw output.overflow(outEnd, TOO_LARGE);
  output.length = copyBytes(literals, used, out, to, literals.length - used);
}

const TOO_LARGE = 'A zstd block comes to more than 128 KiB';

/** Offsets 1 to 3 mean one of the recent distances; without literals before them, the next one or the first less 1. */
function distanceOf(offset: number, literal: number, recent: [number, number, number]): number {
  let distance = offset - 3;
  if (offset <= 3) {
    const which = literal === 0 ? offset : offset - 1;
    if (which === 0) return recent[0];
    distance = which === 3 ? recent[0] - 1 : recent[which];
    if (which === 1) {
      recent[1] = recent[0];
      recent[0] = distance;
      return distance;
    }
  }
  recent[2] = recent[1];
  recent[1] = recent[0];
  recent[0] = distance;
  return distance;
}

function need(bytes: Buffer, at: number, length: number): void {
  if (length > bytes.length - at) throw badZstd();
}
