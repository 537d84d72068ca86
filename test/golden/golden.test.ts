import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { apiByKey } from '../../protocol/apis/index.ts';
import { requestCodec, responseCodec } from '../../protocol/compile.ts';
import {
  readRequestHeader,
  readResponseHeader,
  writeRequestHeader,
  writeResponseHeader,
} from '../../protocol/header.ts';
import { Reader } from '../../protocol/reader.ts';
import type { AnyApi } from '../../protocol/schema.ts';
import { Writer } from '../../protocol/writer.ts';

/** What real clients said to an Apache Kafka and what it answered; scripts/record-golden.ts makes it. Sizes left out. */
interface Exchange {
  readonly client: string;
  readonly api: string;
  readonly version: number;
  readonly request: string;
  readonly response: string | null;
  /** Bytes behind the end of the request, which Kafka passes over: librdkafka, asking for all topics, leaves three. */
  readonly behind?: number;
}

const exchanges = JSON.parse(readFileSync(new URL('frames.json', import.meta.url), 'utf8')) as Exchange[];

function requestOf({ request }: Exchange) {
  const reader = new Reader(Buffer.from(request, 'base64'));
  const header = readRequestHeader(reader);
  const api: AnyApi | undefined = apiByKey(header.apiKey);
  if (api === undefined) throw new Error(`no table for key ${header.apiKey}`);
  return { reader, header, api };
}

describe.each(exchanges)('$client: $api v$version', (exchange) => {
  const { version, response } = exchange;

  test('the request is read to its end and written back byte for byte', () => {
    const { reader, header, api } = requestOf(exchange);
    expect({ name: api.name, version: header.apiVersion }).toEqual({ name: exchange.api, version });
    const body = requestCodec(api, version).decode(reader);
    expect(reader.remaining()).toBe(exchange.behind ?? 0);
    const writer = new Writer();
    writeRequestHeader(writer, api, version, header.correlationId, header.clientId);
    requestCodec(api, version).encode(writer, body);
    const sent = reader.buffer.subarray(0, reader.position);
    expect(writer.finish().toString('base64')).toBe(sent.toString('base64'));
  });

  test.skipIf(response === null)('the answer is read to its end and written back byte for byte', () => {
    const { header, api } = requestOf(exchange);
    const reader = new Reader(Buffer.from(response!, 'base64'));
    const correlationId = readResponseHeader(reader, api, version);
    expect(correlationId).toBe(header.correlationId);
    const body = responseCodec(api, version).decode(reader);
    expect(reader.remaining()).toBe(0);
    const writer = new Writer();
    writeResponseHeader(writer, api, version, correlationId);
    responseCodec(api, version).encode(writer, body);
    expect(writer.finish().toString('base64')).toBe(response);
  });
});

test('clients of every family are among them, and a produce without an answer', () => {
  expect(new Set(exchanges.map(({ client }) => client))).toEqual(
    new Set(['java', 'kafkajs', 'librdkafka', 'platformatic']),
  );
  expect(new Set(exchanges.map(({ api }) => api)).size).toBeGreaterThan(20);
  expect(exchanges.some(({ api, response }) => api === 'Produce' && response === null)).toBe(true);
});
