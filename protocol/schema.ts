/**
 * The language in which every Kafka message is written down: a table of named fields, each with a wire type, the
 * versions it exists in, where it may be null, its tag, and the value it has where it is absent.
 * compile.ts turns a table and a version into code; the types of requests and responses follow from the tables.
 */

/** Inclusive version range. `last` is Infinity for a range written '3+'; an empty range has `first > last`. */
export interface VersionRange {
  readonly first: number;
  readonly last: number;
}

/** '0-4', '3+', '7' or 'none'. */
export type RangeText = `${number}-${number}` | `${number}+` | `${number}` | 'none';

export function range(text: RangeText): VersionRange {
  if (text === 'none') return { first: 0, last: -1 };
  if (text.endsWith('+')) return { first: Number(text.slice(0, -1)), last: Infinity };
  const [first, last = first] = text.split('-');
  return { first: Number(first), last: Number(last) };
}

export function includes(versions: VersionRange, version: number): boolean {
  return version >= versions.first && version <= versions.last;
}

/**
 * Wire types without an inside.
 * int53: 64 bits as a number (offsets, timestamps, producer ids); what lies beyond ±(2^53-1) decodes to that bound, and 2^53-1
 *   encodes as the largest 64 bits.
 * int64: 64 bits as a bigint, for values only stored and given back.
 * bytes: decoded as a copy of its own. records: decoded as a view on the frame, valid until the handler first waits.
 * uuid: 22 characters of base64url, as Kafka prints it.
 */
export type ScalarKind =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int53'
  | 'int64'
  | 'float64'
  | 'string'
  | 'bytes'
  | 'records'
  | 'uuid';

export type Kind = ScalarKind | 'array' | 'struct';

export type Fields = { readonly [name: string]: Field<unknown, boolean> };

/** What decoding yields: every field present, defaults filled in. */
export type Values<F extends Fields> = { -readonly [K in keyof F]: F[K]['value'] };

type OptionalNames<F extends Fields> = { [K in keyof F]: F[K]['optional'] extends true ? K : never }[keyof F];

/** What encoding takes: a field with a written default may be left out. */
export type Draft<F extends Fields> = { readonly [K in Exclude<keyof F, OptionalNames<F>>]: F[K]['draft'] } & {
  readonly [K in OptionalNames<F>]?: F[K]['draft'];
};

const EVERY: VersionRange = { first: 0, last: Infinity };
const NEVER: VersionRange = { first: 0, last: -1 };

/** What a row says, for those who read tables: compile.ts, tests, documentation. */
export interface Shape {
  readonly kind: Kind;
  readonly element?: Field<unknown, boolean>; // of an array
  readonly fields?: Fields; // of a struct
  readonly versions: VersionRange;
  readonly nullable: VersionRange;
  readonly tag: number; // -1: not tagged
  readonly taggedVersions: VersionRange;
  readonly defaultValue: unknown; // undefined: none written, the type's zero value
}

/** One row of a table. Rows are immutable: each modifier answers a new row. */
export class Field<T, Optional extends boolean = false, D = T> {
  /** Types only; never set at run time. */
  declare readonly value: T;
  declare readonly draft: D;
  declare readonly optional: Optional;
  readonly shape: Shape;

  constructor(shape: Shape) {
    this.shape = shape;
  }

  /** The versions this field exists in (default: all of its message's). */
  versions(text: RangeText): Field<T, Optional, D> {
    return new Field({ ...this.shape, versions: range(text) });
  }

  /** The versions in which null is allowed (default: every version the field has). */
  nullable(text: RangeText = '0+'): Field<T | null, Optional, D | null> {
    return new Field({ ...this.shape, nullable: range(text) });
  }

  /** Sent as a tagged field (KIP-482) in these versions (default: every version the field has). */
  tagged(tag: number, text?: RangeText): Field<T, true, D> {
    return new Field({ ...this.shape, tag, taggedVersions: text === undefined ? EVERY : range(text) });
  }

  /** The value where a version lacks the field, and where an encoder's caller leaves it out. */
  default(value: T): Field<T, true, D> {
    return new Field({ ...this.shape, defaultValue: value });
  }
}

function scalar<T>(kind: ScalarKind): Field<T> {
  return new Field({
    kind,
    versions: EVERY,
    nullable: NEVER,
    tag: -1,
    taggedVersions: NEVER,
    defaultValue: undefined,
  });
}

export const bool = scalar<boolean>('bool');
export const int8 = scalar<number>('int8');
export const int16 = scalar<number>('int16');
export const uint16 = scalar<number>('uint16');
export const int32 = scalar<number>('int32');
export const uint32 = scalar<number>('uint32');
export const int53 = scalar<number>('int53');
export const int64 = scalar<bigint>('int64');
export const float64 = scalar<number>('float64');
export const string = scalar<string>('string');
export const bytes = scalar<Uint8Array>('bytes');
export const records = scalar<Uint8Array>('records');
export const uuid = scalar<string>('uuid');

export const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA';
export const EMPTY_BYTES: Uint8Array = new Uint8Array(0);

export function struct<F extends Fields>(fields: F): Field<Values<F>, false, Draft<F>> {
  return new Field({
    kind: 'struct',
    fields,
    versions: EVERY,
    nullable: NEVER,
    tag: -1,
    taggedVersions: NEVER,
    defaultValue: undefined,
  });
}

/** An array of scalars (`array(int32)`) or of structs (`array({ … })`). */
export function array<F extends Fields>(element: F): Field<Values<F>[], false, readonly Draft<F>[]>;
export function array<T, O extends boolean, D>(element: Field<T, O, D>): Field<T[], false, readonly D[]>;
export function array(element: Field<unknown, boolean> | Fields): Field<unknown[], false, readonly unknown[]> {
  const row = element instanceof Field ? element : struct(element);
  return new Field({
    kind: 'array',
    element: row,
    versions: EVERY,
    nullable: NEVER,
    tag: -1,
    taggedVersions: NEVER,
    defaultValue: undefined,
  });
}

/** The fields of a request, a response, a record's key or value, a consumer's subscription. */
export interface Message<F extends Fields> {
  readonly name: string;
  /** The number that Kafka's message definitions call apiKey; for records, the record's type. -1: it has none. */
  readonly apiKey: number;
  readonly versions: VersionRange;
  readonly flexible: VersionRange;
  readonly fields: F;
}

/** One API key: its request and response in every version. */
export interface Api<Req extends Fields, Res extends Fields> {
  readonly key: number;
  readonly name: string;
  readonly versions: VersionRange;
  readonly flexible: VersionRange;
  readonly request: Message<Req>;
  readonly response: Message<Res>;
}

export type AnyMessage = Message<Fields>;
export type AnyApi = Api<Fields, Fields>;
export type RequestOf<A extends { request: { fields: Fields } }> = Values<A['request']['fields']>;
export type ResponseOf<A extends { response: { fields: Fields } }> = Values<A['response']['fields']>;
export type RequestDraft<A extends { request: { fields: Fields } }> = Draft<A['request']['fields']>;
export type ResponseDraft<A extends { response: { fields: Fields } }> = Draft<A['response']['fields']>;

export function message<F extends Fields>(
  name: string,
  options: { apiKey?: number; versions: RangeText; flexible: RangeText },
  fields: F,
): Message<F> {
  const { apiKey = -1, versions, flexible } = options;
  return { name, apiKey, versions: range(versions), flexible: range(flexible), fields };
}

export function api<Req extends Fields, Res extends Fields>(
  key: number,
  name: string,
  table: { versions: RangeText; flexible: RangeText; request: Req; response: Res },
): Api<Req, Res> {
  const { versions, flexible } = table;
  return {
    key,
    name,
    versions: range(versions),
    flexible: range(flexible),
    request: message(`${name}Request`, { apiKey: key, versions, flexible }, table.request),
    response: message(`${name}Response`, { apiKey: key, versions, flexible }, table.response),
  };
}
