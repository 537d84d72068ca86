/**
 * LZ4 frames (the format of the lz4 tool). Kafka's producers write independent blocks of 64 KiB without block check
 * sums and without a size; others add both, link their blocks, or join frames: all that is read here.
 *
 *     magic | FLG | BD | content size? | header check | (block size, block, check?)* | 0 | content check?
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
import { xxhash32 } from './xxhash32.ts';

const MAGIC = 0x184d2204;
const SKIPPABLE_MAGIC = 0x184d2a5; // without its last four bits
const VERSION = 1;
const INDEPENDENT = 0x20;
const BLOCK_CHECK = 0x10;
const CONTENT_SIZE = 0x08;
const CONTENT_CHECK = 0x04;
const RESERVED_OR_DICTIONARY = 0x03;
const STORED = 0x8000_0000;

/** A pause follows the block that reaches so far; blocks have 4 MiB at most. */
const PIECE_BYTES = 256 * 1024;

const OUR_BLOCK_SIZE = 64 * 1024;
const OUR_BLOCK_ID = 4;

export function decompressLz4(
  bytes: Buffer,
  maxBytes: number,
  room: Buffer | null = null,
  watch: OutputWatch | null = null,
): Buffer {
  const output = new BoundedOutput(bytes.length * 3, maxBytes, room, watch);
  return unfoldWhole(unfoldLz4(bytes, output), output);
}

/** The same in pieces of a block each. */
export function* unfoldLz4(bytes: Buffer, output: BoundedOutput): Unfolding {
  let at = 0;
  do {
    need(bytes, at, 8);
    const magic = bytes.readUInt32LE(at);
    if (magic >>> 4 === SKIPPABLE_MAGIC) {
      const length = bytes.readUInt32LE(at + 4);
      need(bytes, at + 8, length);
      at += 8 + length;
    } else if (magic === MAGIC) at = yield* decodeFrame(bytes, at + 4, output);
    else throw new BadCompression('The records are no LZ4 frame');
  } while (at < bytes.length);
}

/** Reads the frame whose descriptor lies at `at`; answers the position behind the frame. */
function* decodeFrame(bytes: Buffer, at: number, output: BoundedOutput): Generator<void, number> {
  const flags = bytes[at];
  const sizeId = (bytes[at + 1] >> 4) & 7;
  if (flags >> 6 !== VERSION || (flags & RESERVED_OR_DICTIONARY) !== 0 || sizeId < 4) {
    throw new BadCompression('The LZ4 frame has a version, dictionary or block size that is not supported');
  }
  const descriptorEnd = at + ((flags & CONTENT_SIZE) !== 0 ? 10 : 2);
  need(bytes, descriptorEnd, 1);
  if (bytes[descriptorEnd] !== ((xxhash32(bytes, at, descriptorEnd) >> 8) & 0xff)) {
    throw new BadCompression('The header of the LZ4 frame does not fit its check sum');
  }
  const frameStart = output.length;
  const contentSize = descriptorEnd - at > 2 ? bytes.readUInt32LE(at + 2) + bytes.readUInt32LE(at + 6) * 2 ** 32 : -1;
  at = yield* decodeBlocks(bytes, descriptorEnd + 1, output, flags, 1 << (8 + 2 * sizeId));
  if (contentSize >= 0 && contentSize !== output.length - frameStart) {
    throw new BadCompression('The LZ4 frame does not have the size it declares');
  }
  if ((flags & CONTENT_CHECK) === 0) return at;
  check(bytes, at, xxhash32(output.bytes, frameStart, output.length));
  return at + 4;
}

function* decodeBlocks(
  bytes: Buffer,
  at: number,
  output: BoundedOutput,
  flags: number,
  blockSize: number,
): Generator<void, number> {
  const frameStart = output.length;
  let pauseAt = frameStart + PIECE_BYTES;
  for (;;) {
    need(bytes, at, 4);
    const word = bytes.readUInt32LE(at);
    at += 4;
    if (word === 0) return at;
    const length = word % STORED;
    if (length > blockSize) throw new BadCompression('An LZ4 block is larger than its frame allows');
    need(bytes, at, length);
    if (word >= STORED) output.append(bytes.subarray(at, at + length));
    else {
      const dictionary = (flags & INDEPENDENT) !== 0 ? output.length : frameStart;
      decodeBlock(bytes, at, at + length, output, dictionary, blockSize);
    }
    at += length;
    if ((flags & BLOCK_CHECK) !== 0) {
      check(bytes, at, xxhash32(bytes, at - length, at));
      at += 4;
    }
    if (output.length >= pauseAt) {
      pauseAt = output.length + PIECE_BYTES;
      yield;
    }
  }
}

/** One block; matches reach back to `dictionary` in the output. A byte makes at most 255, which bounds the room. */
function decodeBlock(
  bytes: Buffer,
  at: number,
  end: number,
  output: BoundedOutput,
  dictionary: number,
  blockSize: number,
): void {
  const outEnd = output.room(Math.min(blockSize, (end - at) * 255));
  const out = output.bytes;
  let to = output.length;
  for (;;) {
    if (at >= end) throw cutShort();
    const token = bytes[at++];
    let literals = token >> 4;
    if (literals === 15) {
      let more = 255;
      while (more === 255 && at < end) literals += more = bytes[at++];
    }
    if (literals > end - at) throw cutShort();
    if (literals > outEnd - to) throw output.overflow(outEnd, TOO_LARGE);
    to = copyBytes(bytes, at, out, to, literals);
    at += literals;
    if (at === end) break; // the last sequence is literals only
    if (end - at < 2) throw cutShort();
    const distance = bytes[at] | (bytes[at + 1] << 8);
    at += 2;
    let length = (token & 15) + 4;
    if (length === 19) {
      let more = 255;
      while (more === 255 && at < end) length += more = bytes[at++];
    }
    if (distance === 0 || distance > to - dictionary) throw cutShort();
    if (length > outEnd - to) throw output.overflow(outEnd, TOO_LARGE);
    to = copyMatch(out, to, distance, length);
  }
  output.length = to;
}

const TOO_LARGE = 'An LZ4 block comes to more than its frame allows';

function cutShort(): BadCompression {
  return new BadCompression('An LZ4 block is cut short or reaches outside itself');
}

function need(bytes: Buffer, at: number, length: number): void {
  if (length > bytes.length - at) throw new BadCompression('The LZ4 frame is cut short');
}

function check(bytes: Buffer, at: number, hash: number): void {
  need(bytes, at, 4);
  if (bytes.readUInt32LE(at) !== hash) throw new BadCompression('The LZ4 frame does not fit its check sum');
}

/** One frame as the Java client writes it: independent blocks of 64 KiB, no check sums but the header's. */
export function compressLz4(bytes: Buffer): Buffer {
  for (const pieces = packLz4(bytes); ;) {
    const piece = pieces.next();
    if (piece.done === true) return piece.value;
  }
}

/** The same in pieces. */
export function* packLz4(bytes: Buffer): Generator<undefined, Buffer> {
  const blocks = Math.ceil(bytes.length / OUR_BLOCK_SIZE);
  const out = Buffer.allocUnsafeSlow(11 + blocks * (4 + OUR_BLOCK_SIZE + Math.ceil(OUR_BLOCK_SIZE / 255) + 16));
  out.writeUInt32LE(MAGIC, 0);
  out[4] = (VERSION << 6) | INDEPENDENT;
  out[5] = OUR_BLOCK_ID << 4;
  out[6] = xxhash32(out, 4, 6) >> 8;
  let at = 7;
  for (let from = 0; from < bytes.length; from += OUR_BLOCK_SIZE) {
    const end = Math.min(from + OUR_BLOCK_SIZE, bytes.length);
    let blockEnd = encodeBlock(bytes, from, end, out, at + 4);
    let word = blockEnd - at - 4;
    if (word >= end - from) {
      blockEnd = copyBytes(bytes, from, out, at + 4, end - from);
      word = STORED + end - from;
    }
    out.writeUInt32LE(word, at);
    at = blockEnd;
    if (end % PIECE_BYTES === 0) yield;
  }
  out.writeUInt32LE(0, at);
  return out.subarray(0, at + 4);
}

const HASH_BITS = 13;
const table = new Uint16Array(1 << HASH_BITS);
/** The format wants the last five bytes as literals, and no match to begin in the last twelve. */
const LAST_LITERALS = 5;
const LAST_MATCH = 12;

/** Writes the bytes from `start` to `end` (at most 64 KiB) as one block; answers the position behind it. */
function encodeBlock(bytes: Buffer, start: number, end: number, out: Buffer, to: number): number {
  table.fill(0);
  const limit = end - LAST_MATCH;
  const matchEnd = end - LAST_LITERALS;
  let literalStart = start;
  let at = start + 1;
  let misses = 32;
  while (at <= limit) {
    const word = load32(bytes, at);
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
    const candidate = start + table[slot];
    table[slot] = at - start;
    if (load32(bytes, candidate) !== word) {
      at += misses++ >> 5; // goes faster and faster over what does not compress
      continue;
    }
    let length = 4;
    while (at + length < matchEnd && bytes[candidate + length] === bytes[at + length]) length++;
    to = writeLiterals(bytes, literalStart, at - literalStart, out, to, length - 4);
    const distance = at - candidate;
    out[to++] = distance;
    out[to++] = distance >> 8;
    if (length - 4 >= 15) to = writeLength(out, to, length - 19);
    at += length;
    literalStart = at;
    misses = 32;
  }
  return writeLiterals(bytes, literalStart, end - literalStart, out, to, 0);
}

function load32(bytes: Buffer, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}

function writeLiterals(bytes: Buffer, at: number, count: number, out: Buffer, to: number, match: number): number {
  out[to++] = (Math.min(count, 15) << 4) | Math.min(match, 15);
  if (count >= 15) to = writeLength(out, to, count - 15);
  return copyBytes(bytes, at, out, to, count);
}

function writeLength(out: Buffer, to: number, rest: number): number {
  for (; rest >= 255; rest -= 255) out[to++] = 255;
  out[to++] = rest;
  return to;
}
