import { describe, expect, test } from 'vitest';
import { ApiVersions, Heartbeat, Produce, apiByKey, apis } from '../../protocol/apis/index.ts';
import {
  readRequestHeader,
  readResponseHeader,
  writeRequestHeader,
  writeResponseHeader,
} from '../../protocol/header.ts';
import { InvalidRequest, Reader } from '../../protocol/reader.ts';
import { includes } from '../../protocol/schema.ts';
import { Writer } from '../../protocol/writer.ts';

function written(write: (writer: Writer) => void): Buffer {
  const writer = new Writer();
  write(writer);
  return writer.finish();
}

describe('request headers', () => {
  test('of old versions end with the client id', () => {
    const bytes = written((writer) => writeRequestHeader(writer, Heartbeat, 3, 7, 'me'));
    expect(bytes.toString('hex')).toBe('000c00030000000700026d65');
  });

  test('of flexible versions have tags, and still a client id with a 16-bit length', () => {
    const bytes = written((writer) => writeRequestHeader(writer, Heartbeat, 4, 7, 'me'));
    expect(bytes.toString('hex')).toBe('000c00040000000700026d6500');
  });

  test.each([
    ['me', 'me'],
    ['you', 'me'],
    ['mf', 'me'],
    ['\u00e9', '\u00c3\u00a9'], // its two bytes are no two characters
    ['', 'me'],
    [null, 'me'],
    ['me', null],
  ])('with the client id %j are read as such, where %j was the last one', (clientId, known) => {
    const reader = new Reader(written((writer) => writeRequestHeader(writer, Heartbeat, 4, 7, clientId)));
    expect(readRequestHeader(reader, known).clientId).toBe(clientId);
    expect(reader.remaining()).toBe(0);
  });

  test('that end within a client id are refused, though it begins as the last one', () => {
    const bytes = written((writer) => writeRequestHeader(writer, Heartbeat, 3, 7, 'me'));
    expect(() => readRequestHeader(new Reader(bytes.subarray(0, -1)), 'me')).toThrow(InvalidRequest);
  });

  test.each(apis.map((api) => [api.name, api] as const))('%s: what is written in any version can be read', (_, api) => {
    for (let version = api.versions.first; version <= api.versions.last; version++) {
      for (const clientId of [null, '', 'an id']) {
        const reader = new Reader(written((writer) => writeRequestHeader(writer, api, version, -5, clientId)));
        const header = { apiKey: api.key, apiVersion: version, correlationId: -5, clientId };
        expect(readRequestHeader(reader)).toStrictEqual(header);
        expect(reader.remaining()).toBe(0);
      }
    }
  });

  test('an ApiVersions request of an unknown version is read as a flexible one', () => {
    const reader = new Reader(Buffer.from('0012007b00000001ffff00ab', 'hex'));
    const header = { apiKey: 18, apiVersion: 123, correlationId: 1, clientId: null };
    expect(readRequestHeader(reader)).toStrictEqual(header);
    expect(reader.remaining()).toBe(1);
  });

  test('of an unknown key are read up to the client id', () => {
    expect(apiByKey(1234)).toBeUndefined();
    const reader = new Reader(Buffer.from('04d2000000000001ffff00', 'hex'));
    expect(readRequestHeader(reader).apiKey).toBe(1234);
    expect(reader.remaining()).toBe(1);
  });

  test('unknown tags are skipped, and held to their size', () => {
    const start = '000c000400000007ffff';
    const reader = new Reader(Buffer.from(`${start}010503aabbccee`, 'hex'));
    readRequestHeader(reader);
    expect(reader.remaining()).toBe(1);
    expect(() => readRequestHeader(new Reader(Buffer.from(`${start}010504aabbcc`, 'hex')))).toThrow(InvalidRequest);
  });

  test('cut short anywhere they are an InvalidRequest', () => {
    const bytes = written((writer) => writeRequestHeader(writer, Produce, 9, 1, 'client'));
    for (let length = 0; length < bytes.length; length++) {
      expect(() => readRequestHeader(new Reader(bytes.subarray(0, length)))).toThrow(InvalidRequest);
    }
  });
});

describe('response headers', () => {
  const tables = apis.map((api) => [api.name, api] as const);

  test.each(tables)('%s: flexible with the version, but for ApiVersions', (_, api) => {
    for (let version = api.versions.first; version <= api.versions.last; version++) {
      const bytes = written((writer) => writeResponseHeader(writer, api, version, 99));
      const isFlexible = includes(api.flexible, version) && api.name !== 'ApiVersions';
      expect(bytes.toString('hex')).toBe(isFlexible ? '0000006300' : '00000063');
      const reader = new Reader(bytes);
      expect(readResponseHeader(reader, api, version)).toBe(99);
      expect(reader.remaining()).toBe(0);
    }
  });

  test('of ApiVersions never have tags', () => {
    expect(ApiVersions.flexible.first).toBe(3);
    expect(written((writer) => writeResponseHeader(writer, ApiVersions, 4, 1)).length).toBe(4);
  });
});
