/**
 * Snappy, raw and in the framing of xerial's snappy-java: a header of 16 bytes, then blocks of int32 length and raw
 * snappy. Java clients write the framing, librdkafka and others raw; a broker meets both, and Java readers take both.
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

const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]); // 0x82 SNAPPY 0
const HEADER_SIZE = 16; // magic, version int32, lowest compatible version int32
const BLOCK_SIZE = 32 * 1024; // snappy-java's

/** Of output, between two pauses. */
const PIECE_BYTES = 256 * 1024;

/** A copy of 64 bytes takes 3 bytes, so nothing grows by more than this. */
const MAX_RATIO = 22;

export function decompressSnappy(
  bytes: Buffer,
  maxBytes: number,
  room: Buffer | null = null,
  watch: OutputWatch | null = null,
): Buffer {
  const output = new BoundedOutput(startsWithMagic(bytes, 0) ? bytes.length * 2 : 0, maxBytes, room, watch);
  return unfoldWhole(unfoldSnappy(bytes, output), output);
}

/** The same in pieces. */
export function* unfoldSnappy(bytes: Buffer, output: BoundedOutput): Unfolding {
  if (!startsWithMagic(bytes, 0)) return yield* decodeBlock(bytes, 0, bytes.length, output);
  let at = HEADER_SIZE;
  let pauseAt = PIECE_BYTES;
  while (at < bytes.length) {
    if (startsWithMagic(bytes, at)) {
      at += HEADER_SIZE; // streams may be joined
      continue;
    }
    if (bytes.length - at < 4) throw new BadCompression('A snappy block ends inside its length');
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length <= 0 || length > bytes.length - at) throw new BadCompression('A snappy block is cut short');
    yield* decodeBlock(bytes, at, at + length, output);
    at += length;
    if (output.length < pauseAt) continue;
    pauseAt = output.length + PIECE_BYTES;
    yield;
  }
  if (at > bytes.length) throw new BadCompression('The header of snappy blocks is cut short');
}

function startsWithMagic(bytes: Buffer, at: number): boolean {
  if (bytes.length - at < MAGIC.length || bytes[at] !== MAGIC[0]) return false;
  return bytes.compare(MAGIC, 0, MAGIC.length, at, at + MAGIC.length) === 0;
}

/** In the framing, as the Java client does. */
export function compressSnappy(bytes: Buffer): Buffer {
  for (const pieces = packSnappy(bytes); ;) {
    const piece = pieces.next();
    if (piece.done === true) return piece.value;
  }
}

/** The same in pieces. */
export function* packSnappy(bytes: Buffer): Generator<undefined, Buffer> {
  const blocks = Math.ceil(bytes.length / BLOCK_SIZE);
  const out = Buffer.allocUnsafeSlow(HEADER_SIZE + blocks * (4 + maxEncodedSize(BLOCK_SIZE)));
  MAGIC.copy(out);
  out.writeInt32BE(1, 8);
  out.writeInt32BE(1, 12);
  let at = HEADER_SIZE;
  for (let from = 0; from < bytes.length; from += BLOCK_SIZE) {
    const end = encodeBlock(bytes, from, Math.min(from + BLOCK_SIZE, bytes.length), out, at + 4);
    out.writeInt32BE(end - at - 4, at);
    at = end;
    if ((from + BLOCK_SIZE) % PIECE_BYTES === 0) yield;
  }
  return out.subarray(0, at);
}

function* decodeBlock(bytes: Buffer, at: number, end: number, output: BoundedOutput): Unfolding {
  let size = 0;
  for (let shift = 0; ; shift += 7) {
    if (at >= end || shift > 28) throw new BadCompression('A snappy block does not begin with its size');
    const byte = bytes[at++];
    size += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  if (size > (end - at) * MAX_RATIO) throw new BadCompression('A snappy block declares a size it cannot hold');
  output.reserve(size);
  const blockStart = output.length;
  const outEnd = blockStart + size;
  for (;;) {
    at = decodeElements(bytes, at, end, output, blockStart, outEnd);
    if (at >= end) break;
    yield;
  }
  if (output.length !== outEnd) throw cutShort();
}

/** Up to a pause; answers the position of the element that comes next. */
function decodeElements(
  bytes: Buffer,
  at: number,
  end: number,
  output: BoundedOutput,
  blockStart: number,
  outEnd: number,
): number {
  const out = output.bytes;
  let to = output.length;
  const pauseAt = to + PIECE_BYTES;
  while (at < end && to < pauseAt) {
    const tag = bytes[at++];
    let length = (tag >> 2) + 1;
    if ((tag & 3) === 0) {
      if (length > 60) {
        const lengthBytes = length - 60;
        if (lengthBytes > end - at) throw cutShort();
        length = bytes.readUIntLE(at, lengthBytes) + 1;
        at += lengthBytes;
      }
      if (length > end - at || length > outEnd - to) throw cutShort();
      to = copyBytes(bytes, at, out, to, length);
      at += length;
      continue;
    }
    let distance: number;
    if ((tag & 3) === 1) {
      if (at >= end) throw cutShort();
      length = ((tag >> 2) & 7) + 4;
      distance = ((tag >> 5) << 8) | bytes[at++];
    } else if ((tag & 3) === 2) {
      if (end - at < 2) throw cutShort();
      distance = bytes[at] | (bytes[at + 1] << 8);
      at += 2;
    } else {
      if (end - at < 4) throw cutShort();
      distance = bytes.readUInt32LE(at);
      at += 4;
    }
    if (distance === 0 || distance > to - blockStart || length > outEnd - to) throw cutShort();
    to = copyMatch(out, to, distance, length);
  }
  output.length = to;
  return at;
}

function cutShort(): BadCompression {
  return new BadCompression('A snappy block is cut short or reaches outside itself');
}

function maxEncodedSize(size: number): number {
  return 32 + size + Math.ceil(size / 6);
}

const HASH_BITS = 13;
const table = new Uint16Array(1 << HASH_BITS);

/** Writes the bytes from `start` to `end` as one raw block of at most 64 KiB; answers the position behind it. */
function encodeBlock(bytes: Buffer, start: number, end: number, out: Buffer, to: number): number {
  for (let rest = end - start; ; rest >>>= 7) {
    out[to++] = rest < 0x80 ? rest : (rest & 0x7f) | 0x80;
    if (rest < 0x80) break;
  }
  table.fill(0);
  const limit = end - 4;
  let literalStart = start;
  let at = start + 1;
  let misses = 32;
  while (at <= limit) {
    const word = load32(bytes, at);
    const slot = Math.imul(word, 0x1e35a7bd) >>> (32 - HASH_BITS);
    const candidate = start + table[slot];
    table[slot] = at - start;
    if (load32(bytes, candidate) !== word) {
      at += misses++ >> 5; // goes faster and faster over what does not compress
      continue;
    }
    let length = 4;
    while (at + length < end && bytes[candidate + length] === bytes[at + length]) length++;
    if (at > literalStart) to = writeLiteral(bytes, literalStart, at - literalStart, out, to);
    to = writeCopy(out, to, at - candidate, length);
    at += length;
    literalStart = at;
    misses = 32;
  }
  return end > literalStart ? writeLiteral(bytes, literalStart, end - literalStart, out, to) : to;
}

function load32(bytes: Buffer, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}

function writeLiteral(bytes: Buffer, at: number, length: number, out: Buffer, to: number): number {
  const rest = length - 1;
  if (rest < 60) out[to++] = rest << 2;
  else if (rest < 0x100) {
    out[to++] = 60 << 2;
    out[to++] = rest;
  } else {
    out[to++] = 61 << 2;
    out[to++] = rest;
    out[to++] = rest >> 8;
  }
  return copyBytes(bytes, at, out, to, length);
}

function writeCopy(out: Buffer, to: number, distance: number, length: number): number {
  while (length > 0) {
    if (length >= 4 && length < 12 && distance < 2048) {
      out[to++] = 1 | ((length - 4) << 2) | ((distance >> 8) << 5);
      out[to++] = distance;
      return to;
    }
    // Never leaves a rest of 1 to 3 bytes to copy, which would cost as much as a long one.
    const part = length > 64 ? Math.min(length - 4, 64) : length;
    out[to++] = 2 | ((part - 1) << 2);
    out[to++] = distance;
    out[to++] = distance >> 8;
    length -= part;
  }
  return to;
}
