import { describe, expect, test } from 'vitest';
import { Fetch, Metadata } from '../../protocol/apis/index.ts';
import { messageCodec, requestCodec, responseCodec } from '../../protocol/compile.ts';
import { InvalidRequest, Reader } from '../../protocol/reader.ts';
import {
  array,
  bool,
  bytes,
  float64,
  int16,
  int32,
  int53,
  int64,
  message,
  records,
  string,
  struct,
  uuid,
  ZERO_UUID,
} from '../../protocol/schema.ts';
import type { Draft, Fields, Message, Values } from '../../protocol/schema.ts';
import { Writer } from '../../protocol/writer.ts';

function encode<F extends Fields>(table: Message<F>, version: number, draft: Draft<F>): string {
  const writer = new Writer();
  messageCodec(table, version).encode(writer, draft);
  return writer.finish().toString('hex');
}

function decode<F extends Fields>(table: Message<F>, version: number, hex: string): Values<F> {
  return messageCodec(table, version).decode(new Reader(Buffer.from(hex.replaceAll(' ', ''), 'hex')));
}

test('a sentence for people is cut where it is too long for the wire, which refuses other strings', () => {
  const told = message('Told', { versions: '0', flexible: '0+' }, { errorMessage: string.nullable(), name: string });
  const cut = (errorMessage: string): string | null =>
    decode(told, 0, encode(told, 0, { errorMessage, name: '' })).errorMessage;
  for (const letter of ['x', 'é', '€']) {
    expect(cut(letter.repeat(32_767))?.slice(-2)).toBe(letter === 'x' ? 'xx' : `${letter}…`);
    expect(cut(`The group ${letter.repeat(32_767)} is not there.`)).toMatch(/^The group (x|é|€){9000,}…$/);
  }
  const name = 'x'.repeat(32_768);
  expect(() => encode(told, 0, { errorMessage: null, name })).toThrow(/does not go on the wire/);
});

describe('what stands in for a field that is absent', () => {
  const zeros = message(
    'Zeros',
    { versions: '0', flexible: '0+' },
    {
      flag: bool.tagged(0),
      number: int32.tagged(1),
      large: int53.tagged(2),
      opaque: int64.tagged(3),
      real: float64.tagged(4),
      text: string.tagged(5),
      data: bytes.tagged(6),
      batch: records.nullable().tagged(7),
      id: uuid.tagged(8),
      list: array(int32).nullable().tagged(9),
      inner: struct({ epoch: int32.default(-1), name: string.nullable().default(null), more: array(string) }).tagged(
        10,
      ),
      nothing: struct({ epoch: int32 }).nullable().tagged(11).default(null),
      empty: struct({ epoch: int32 }).nullable().tagged(12),
    },
  );
  const values = {
    flag: false,
    number: 0,
    large: 0,
    opaque: 0n,
    real: 0,
    text: '',
    data: Buffer.alloc(0),
    batch: Buffer.alloc(0),
    id: ZERO_UUID,
    list: [],
    inner: { epoch: -1, name: null, more: [] },
    nothing: null,
    empty: { epoch: 0 },
  };

  test('is the zero of its type, even of nullable ones, unless the table says otherwise', () => {
    expect(decode(zeros, 0, '00')).toStrictEqual(values);
  });

  test('is not sent as a tagged field, whether written or left out', () => {
    expect(encode(zeros, 0, {})).toBe('00');
    expect(encode(zeros, 0, values)).toBe('00');
  });

  test("is made anew each time, so that nobody changes another's", () => {
    const first = decode(zeros, 0, '00');
    first.list!.push(1);
    first.inner.more.push('x');
    expect(decode(zeros, 0, '00')).toStrictEqual(values);
  });

  test('null differs from it, and is sent: a null struct as one varint of 0', () => {
    expect(encode(zeros, 0, { empty: null })).toBe('010c0100');
    expect(decode(zeros, 0, '010c0100').empty).toBeNull();
    expect(encode(zeros, 0, { list: null })).toBe('01090100');
    expect(encode(zeros, 0, { nothing: { epoch: 5 } })).toBe('010b06010000000500');
  });
});

describe('tagged fields', () => {
  const table = message(
    'Tagged',
    { versions: '0-1', flexible: '0+' },
    {
      later: int32.versions('1+').tagged(3),
      name: string,
      first: int16.tagged(0).default(-1),
    },
  );

  test('are written by tag, after the others, whatever the order in the table', () => {
    expect(encode(table, 1, { later: 7, name: 'n', first: 1 })).toBe('026e0200020001030400000007');
    expect(encode(table, 0, { later: 7, name: 'n', first: 1 })).toBe('026e0100020001');
  });

  test('are read in any order, among unknown ones', () => {
    const value = { later: 7, name: 'n', first: 1 };
    expect(decode(table, 1, '026e 03 03 04 00000007 7f 02 abcd 00 02 0001')).toStrictEqual(value);
  });

  test('of a later version are skipped like unknown ones', () => {
    expect(decode(table, 0, '026e 01 03 04 00000007')).toStrictEqual({ later: 0, name: 'n', first: -1 });
  });

  test.each(['026e 01 00 01 00', '026e 01 00 03 000100', '026e 01 00 02 00', '026e 01 7f 7f 00'])(
    'with a size that is wrong are an InvalidRequest: %s',
    (hex) => {
      expect(() => decode(table, 1, hex)).toThrow(InvalidRequest);
    },
  );
});

describe('codecs', () => {
  test('are made once for an API and version, and shared by requests and responses of one table', () => {
    expect(requestCodec(Metadata, 12)).toBe(requestCodec(Metadata, 12));
    expect(responseCodec(Metadata, 12)).toBe(messageCodec(Metadata.response, 12));
    expect(requestCodec(Metadata, 12)).not.toBe(requestCodec(Metadata, 11));
  });

  test.each([-1, 3, 19, 1.5])('are not made for version %d, which the table lacks', (version) => {
    expect(() => requestCodec(Fetch, version)).toThrow(RangeError);
  });

  test("refuse null, by the field's name, in versions that cannot say it", () => {
    const topics = [{ name: null }];
    expect(() => encode(Metadata.request, 9, { topics })).toThrow(/^name is null, which v9/);
    expect(encode(Metadata.request, 10, { topics: null, allowAutoTopicCreation: false })).toBe('0000000000');
  });

  test('leave what follows the message unread', () => {
    const reader = new Reader(Buffer.from('ffffffff0102', 'hex'));
    requestCodec(Metadata, 4).decode(reader);
    expect(reader.remaining()).toBe(1);
  });

  test('take no name that would be code', () => {
    const table = message('Evil', { versions: '0', flexible: 'none' }, { 'a: 1 }; evil(); ({ b': int32 });
    expect(() => decode(table, 0, '00000000')).toThrow(TypeError);
  });
});
