/**
 * Messages that carry their version, or for a key its record type, in 16 bits in front: the records of the
 * coordinators' topics, the values of control records, the consumer protocol inside JoinGroup.
 */
import { messageCodec } from './compile.ts';
import { InvalidRequest, MAX_REQUEST_ELEMENTS, Reader } from './reader.ts';
import type { Draft, Fields, Message, Values } from './schema.ts';
import { Writer } from './writer.ts';

const writer = new Writer();

/** The version, then the message; the bytes belong to the caller. */
export function encodeVersioned<F extends Fields>(message: Message<F>, version: number, draft: Draft<F>): Buffer {
  return encodeBehind(version, message, version, draft);
}

/**
 * Throws InvalidRequest for a version that is not in the table; with `newerAsLast` a newer one is read as the last that
 * is, as the consumer protocol promises that its fields only ever grow at the end.
 */
export function decodeVersioned<F extends Fields>(
  message: Message<F>,
  bytes: Uint8Array,
  options: { newerAsLast?: boolean } = {},
): Values<F> {
  const reader = new Reader(asBuffer(bytes), 0, bytes.length, MAX_REQUEST_ELEMENTS);
  const written = reader.int16();
  const { first, last } = message.versions;
  const version = options.newerAsLast === true && written > last ? last : written;
  if (version < first || version > last) {
    throw new InvalidRequest(`${message.name} is of v${written} here, but only v${first} to v${last} can be read`);
  }
  return messageCodec(message, version).decode(reader);
}

/** A record's key: its type, then the key in its only version, 0. */
export function encodeRecordKey<F extends Fields>(message: Message<F>, draft: Draft<F>): Buffer {
  return encodeBehind(message.apiKey, message, 0, draft);
}

/** The type that a record's key begins with: which message the key is, and the value (see topics/index.ts). */
export function recordTypeOf(key: Uint8Array): number {
  return new Reader(asBuffer(key)).int16();
}

/** Throws InvalidRequest where the key is of another type. */
export function decodeRecordKey<F extends Fields>(message: Message<F>, key: Uint8Array): Values<F> {
  const reader = new Reader(asBuffer(key));
  const type = reader.int16();
  if (type !== message.apiKey) {
    throw new InvalidRequest(`a key of type ${type} is no ${message.name}, which is of type ${message.apiKey}`);
  }
  return messageCodec(message, 0).decode(reader);
}

function encodeBehind<F extends Fields>(prefix: number, message: Message<F>, version: number, draft: Draft<F>): Buffer {
  const codec = messageCodec(message, version);
  writer.reset();
  writer.int16(prefix);
  codec.encode(writer, draft);
  return writer.finish();
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
