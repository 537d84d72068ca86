import { describe, expect, test } from 'vitest';
import { messageCodec } from '../../protocol/compile.ts';
import { Reader } from '../../protocol/reader.ts';
import type { AnyMessage } from '../../protocol/schema.ts';
import { Writer } from '../../protocol/writer.ts';
import { GeneratedValues } from './generated-values.ts';
import { holds, interpretDecode, interpretEncode } from './interpreter.ts';
import type { Struct } from './interpreter.ts';
import { apiMessages, messages, recordMessages, versionsOf } from './tables.ts';

const VALUES_PER_VERSION = 8;

function encode(message: AnyMessage, version: number, draft: Struct): Buffer {
  const writer = new Writer(1); // grows again and again, each time somewhere else
  messageCodec(message, version).encode(writer, draft);
  return writer.finish();
}

function decode(message: AnyMessage, version: number, bytes: Buffer): { value: object; unread: number } {
  const reader = new Reader(bytes);
  const value = messageCodec(message, version).decode(reader);
  return { value, unread: reader.remaining() };
}

test('every API is in the tables twice, and records are too', () => {
  expect(apiMessages.length).toBeGreaterThan(2 * 70);
  expect(recordMessages.length).toBeGreaterThan(70);
});

describe.each(messages.map((message) => ({ name: message.name, message })))('$name', ({ message }) => {
  test.each(versionsOf(message))('v%i is encoded and decoded as the interpreter does it', (version) => {
    const values = new GeneratedValues(message, version, version * 1000 + message.name.length);
    for (let i = 0; i < VALUES_PER_VERSION; i++) {
      const value = values.next();
      const bytes = encode(message, version, value);
      expect(bytes.toString('hex')).toBe(interpretEncode(message, version, value).toString('hex'));
      expect(decode(message, version, bytes)).toStrictEqual({ value, unread: 0 });
      expect(interpretDecode(message, version, bytes)).toStrictEqual({ value, unread: 0 });
    }
  });

  test.each(versionsOf(message).filter((version) => holds(message.flexible, version)))(
    'v%i is read past tagged fields that nobody knows',
    (version) => {
      const value = new GeneratedValues(message, version, 11).next();
      const bytes = interpretEncode(message, version, value, [
        [90, Buffer.alloc(3, 1)],
        [70_000, Buffer.alloc(200)],
      ]);
      expect(decode(message, version, bytes)).toStrictEqual({ value, unread: 0 });
    },
  );

  test.each(versionsOf(message))('v%i drops the fields of other versions', (version) => {
    const values = new GeneratedValues(message, version, 77 + version);
    const value = values.next();
    const overfilled = values.withFieldsOfOtherVersions(value);
    expect(encode(message, version, overfilled).equals(encode(message, version, value))).toBe(true);
  });
});
