/** Reads and writes records that have one version so far: keys with the number of their kind, values with their version in front. */
import { messageCodec } from '../../../protocol/compile.ts';
import type { Reader } from '../../../protocol/reader.ts';
import type { Draft, Fields, Message, Values } from '../../../protocol/schema.ts';
import type { Writer } from '../../../protocol/writer.ts';

const VERSION = 0;

export function writeKey<F extends Fields>(writer: Writer, key: Message<F>, draft: Draft<F>): void {
  writer.int16(key.apiKey);
  messageCodec(key, VERSION).encode(writer, draft);
}

export function writeValue<F extends Fields>(writer: Writer, message: Message<F>, draft: Draft<F>): true {
  writer.int16(VERSION);
  messageCodec(message, VERSION).encode(writer, draft);
  return true;
}

/** What stands behind the kind. */
export function readKey<F extends Fields>(message: Message<F>, reader: Reader): Values<F> {
  return messageCodec(message, VERSION).decode(reader);
}

/** Null for a tombstone. */
export function readValue<F extends Fields>(message: Message<F>, reader: Reader | null): Values<F> | null {
  return reader === null ? null : messageCodec(message, reader.int16()).decode(reader);
}
