import { describe, expect, test } from 'vitest';
import { apis } from '../../protocol/apis/index.ts';
import { ErrorCode, errorMessage, errorName, isRetriable } from '../../protocol/errors.ts';
import type { AnyMessage, Fields, Shape, VersionRange } from '../../protocol/schema.ts';
import { defaultOf, holds } from './interpreter.ts';
import { KAFKA_VERSION, kafkaDefinitions } from './kafka-definitions.ts';
import type { FieldDefinition, MessageDefinition } from './kafka-definitions.ts';
import { messages, recordMessages, versionsOf } from './tables.ts';

const definitions = kafkaDefinitions();

/** Kafka has them, Ottla no table for them: headers and the transaction index are code, the others are Kafka's own. */
const WITHOUT_TABLE = [
  'RequestHeader',
  'ResponseHeader',
  'AbortedTxn',
  'QuorumStateData',
  'SubscriptionInfoData',
  'RemoteLogSegmentMetadataRecord',
  'RemoteLogSegmentMetadataSnapshotRecord',
  'RemoteLogSegmentMetadataUpdateRecord',
  'RemotePartitionDeleteMetadataRecord',
];

/** Tagged fields that Kafka has not, and passes over: see docs/queues.md. */
const OWN_FIELDS = [
  'DescribeShareGroupOffsetsRequest.includeInFlight',
  'DescribeShareGroupOffsetsResponse.groups.inFlight',
];

/** 64 bits that are only stored, given back and compared: bigint. All other int64 are numbers. */
const BIGINTS = [
  'ConsumerGroupMetadataValue.metadataHash',
  'ShareGroupMetadataValue.metadataHash',
  'StreamsGroupMetadataValue.metadataHash',
];

interface Row {
  readonly type: string;
  readonly versions: readonly number[];
  readonly nullable: readonly number[];
  readonly tag: number;
  readonly tagged: readonly number[];
  readonly default: unknown;
}

function parseRange(text = 'none'): VersionRange {
  const [, first, more, last] = /^(\d+)(\+|-(\d+))?$/.exec(text) ?? [];
  if (first === undefined) return { first: 0, last: -1 };
  return { first: Number(first), last: more === '+' ? Infinity : Number(last ?? first) };
}

/** The first letter becomes small, and nothing else changes: KRaftVersion is kRaftVersion. */
function fieldName(name: string): string {
  return name[0].toLowerCase() + name.slice(1);
}

function rowsOfTable(fields: Fields, versions: readonly number[], path = ''): [string, Row][] {
  return Object.entries(fields).flatMap(([name, { shape }]) => {
    const inside = shape.kind === 'array' ? shape.element!.shape : shape;
    const own = versions.filter((version) => holds(shape.versions, version));
    const row = {
      type: typeOf(shape),
      versions: own,
      nullable: own.filter((version) => holds(shape.nullable, version)),
      tag: shape.tag,
      tagged: own.filter((version) => holds(shape.taggedVersions, version)),
      default: plain(shape.kind === 'struct' && shape.defaultValue !== null ? {} : defaultOf(shape)),
    };
    const inner = inside.fields === undefined ? [] : rowsOfTable(inside.fields, own, `${path}${name}.`);
    return [[`${path}${name}`, row] as [string, Row], ...inner];
  });
}

function typeOf(shape: Shape): string {
  if (shape.kind === 'array') return `[]${typeOf(shape.element!.shape)}`;
  return shape.kind === 'int53' ? 'int64' : shape.kind;
}

/** Defaults as they can be compared: no bytes and no elements are '[]'. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Uint8Array || Array.isArray(value)) return value.length === 0 ? '[]' : value;
  return value;
}

function rowsOfDefinition(
  definition: MessageDefinition,
  fields: readonly FieldDefinition[],
  versions: readonly number[],
  path = '',
): [string, Row][] {
  return fields.flatMap((field) => {
    const within = (text: string | undefined, among: readonly number[]): number[] =>
      among.filter((version) => holds(parseRange(text), version));
    const own = within(field.versions ?? field.taggedVersions, versions);
    if (own.length === 0) return []; // only in versions that are not stable yet
    const element = field.type.replace('[]', '');
    const inner = field.fields ?? definition.commonStructs?.find(({ name }) => name === element)?.fields;
    const type = inner === undefined ? field.type : field.type.replace(element, 'struct');
    const row = {
      type,
      versions: own,
      nullable: within(field.nullableVersions, own),
      tag: field.tag ?? -1,
      tagged: within(field.taggedVersions, own),
      default: defaultOfDefinition(type, field.default),
    };
    const name = `${path}${fieldName(field.name)}`;
    return [
      [name, row] as [string, Row],
      ...(inner === undefined ? [] : rowsOfDefinition(definition, inner, own, `${name}.`)),
    ];
  });
}

/** As text, 'null' is null; as JSON's null, Kafka takes it for nothing written, so that the type's zero stands. */
function defaultOfDefinition(type: string, written: FieldDefinition['default']): unknown {
  if (written === 'null') return null;
  if (type.startsWith('[]') || type === 'bytes' || type === 'records') return '[]';
  if (type === 'struct') return {};
  if (type === 'bool') return String(written ?? false) === 'true';
  if (type === 'string') return written ?? '';
  if (type === 'uuid') return 'A'.repeat(22);
  const number = Number(written ?? 0);
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, number));
}

function stableVersions(definition: MessageDefinition): VersionRange {
  const { first, last } = parseRange(definition.validVersions);
  return { first, last: definition.latestVersionUnstable === true ? last - 1 : last };
}

/** An API's newest version is unstable where its request says so; its response does not. */
function versionsInKafka(message: AnyMessage): VersionRange {
  const request = definitions!.messages.get(message.name.replace(/Response$/, 'Request'));
  return stableVersions(request ?? definitions!.messages.get(message.name)!);
}

describe.skipIf(definitions === undefined)(`the tables are those of Apache Kafka ${KAFKA_VERSION}`, () => {
  test.each(messages.map((message) => [message.name, message] as const))('%s', (name, message) => {
    const definition = definitions!.messages.get(name)!;
    const versions = versionsOf(message);
    const flexibleVersions = (range: VersionRange): number[] => versions.filter((version) => holds(range, version));
    expect({
      apiKey: message.apiKey,
      versions: message.versions,
      flexible: flexibleVersions(message.flexible),
    }).toStrictEqual({
      apiKey: definition.apiKey ?? -1,
      versions: versionsInKafka(message),
      flexible: flexibleVersions(parseRange(definition.flexibleVersions)),
    });
    // A list, not an object: the order of the fields is that of the bytes.
    const expected = rowsOfDefinition(definition, definition.fields!, versions);
    const isOwn = (path: string): boolean => OWN_FIELDS.some((own) => `${name}.${path}.`.startsWith(`${own}.`));
    const ours = rowsOfTable(message.fields, versions).filter(([path]) => !isOwn(path));
    expect(ours).toStrictEqual(expected);
  });

  test('every message that Kafka still speaks has a table', () => {
    const spoken = [...definitions!.messages.values()].filter(({ validVersions }) => validVersions !== 'none');
    expect(
      spoken
        .map(({ name }) => name)
        .filter((name) => !messages.some((message) => message.name === name))
        .sort(),
    ).toStrictEqual(WITHOUT_TABLE.filter((name) => definitions!.messages.has(name)).sort());
  });

  test('headers are as protocol/header.ts writes them', () => {
    const request = definitions!.messages.get('RequestHeader')!;
    expect([request.validVersions, request.flexibleVersions]).toStrictEqual(['1-2', '2+']);
    expect(request.fields!.map(({ name, type, flexibleVersions }) => [name, type, flexibleVersions])).toStrictEqual([
      ['RequestApiKey', 'int16', undefined],
      ['RequestApiVersion', 'int16', undefined],
      ['CorrelationId', 'int32', undefined],
      ['ClientId', 'string', 'none'],
    ]);
    const response = definitions!.messages.get('ResponseHeader')!;
    expect([response.validVersions, response.flexibleVersions]).toStrictEqual(['0-1', '1+']);
    expect(response.fields!.map(({ name, type }) => [name, type])).toStrictEqual([['CorrelationId', 'int32']]);
  });
});

describe.skipIf(definitions?.apis === undefined)('what a live Kafka broker answers to ApiVersions', () => {
  test('is in the tables, in the same versions', () => {
    for (const { key, name, min, max, flexibleFrom } of definitions!.apis!) {
      const api = apis.find((table) => table.key === key);
      // Produce says 0, for old clients that look no further, but refuses 0 to 2.
      expect(api).toMatchObject({ name, versions: { first: name === 'Produce' ? 3 : min, last: max } });
      const firstFlexible = versionsOf(api!.request).find((version) => holds(api!.flexible, version)) ?? null;
      expect([name, firstFlexible]).toStrictEqual([name, flexibleFrom]);
    }
  });
});

describe.skipIf(definitions?.errors === undefined)('error codes', () => {
  test("have Kafka's numbers, names and ways to be retried", () => {
    const ours = Object.entries(ErrorCode).map(([name, code]) => ({ code, name, retriable: isRetriable(code) }));
    const kafka = definitions!.errors!.map(({ code, name, retriable }) => ({ code, name, retriable }));
    expect(ours.sort((a, b) => a.code - b.code)).toStrictEqual(kafka.sort((a, b) => a.code - b.code));
  });
});

test("an unknown error code is UNKNOWN_SERVER_ERROR, as Kafka's clients have it", () => {
  expect(errorName(16)).toBe('NOT_COORDINATOR');
  expect(errorName(9999)).toBe('UNKNOWN_SERVER_ERROR');
  expect(errorMessage(9999)).toBe(errorMessage(-1));
  expect(isRetriable(9999)).toBe(false);
});

test('exactly the opaque 64-bit fields are bigint', () => {
  const bigints = (fields: Fields, path: string): string[] =>
    Object.entries(fields).flatMap(([name, { shape }]) => {
      const inner = shape.fields ?? shape.element?.shape.fields ?? {};
      return [...(shape.kind === 'int64' ? [`${path}.${name}`] : []), ...bigints(inner, `${path}.${name}`)];
    });
  expect(messages.flatMap((message) => bigints(message.fields, message.name)).sort()).toStrictEqual(BIGINTS);
});

test('no two tables have the same name, and no two records of a topic the same type', () => {
  const names = messages.map(({ name }) => name);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toStrictEqual([]);
  expect(recordMessages.length).toBeGreaterThan(0);
});
