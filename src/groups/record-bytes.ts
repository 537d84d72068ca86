/** Messages of __consumer_offsets as bytes: a number in front, then the message. */
import { messageCodec } from '../../protocol/compile.ts';
import { InvalidRequest, MAX_REQUEST_ELEMENTS, Reader } from '../../protocol/reader.ts';
import { includes } from '../../protocol/schema.ts';
import type { Draft, Fields, Message, Values } from '../../protocol/schema.ts';
import type { Writer } from '../../protocol/writer.ts';

/** `prefix` is the kind of a key, the version of a value. */
export function writeMessage<F extends Fields>(
  writer: Writer,
  prefix: number,
  message: Message<F>,
  version: number,
  draft: Draft<F>,
): void {
  writer.int16(prefix);
  messageCodec(message, version).encode(writer, draft);
}

/** A value, which begins with its version. Throws InvalidRequest where that is unknown. */
export function readValue<F extends Fields>(message: Message<F>, value: Reader | null): Values<F> | null {
  if (value === null) return null;
  const version = value.int16();
  if (!includes(message.versions, version)) throw new InvalidRequest(`${message.name} of v${version} cannot be read`);
  return messageCodec(message, version).decode(value);
}

export function readerOf(bytes: Uint8Array): Reader {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return new Reader(buffer, 0, buffer.length, MAX_REQUEST_ELEMENTS);
}
