/**
 * The oracle of the codec: walks a table field by field, with nothing compiled, nothing shared with protocol/compile.ts
 * but the table language, and no thought of speed. What it says is right.
 */
import type { AnyMessage, Field, Fields, Shape, VersionRange } from '../../protocol/schema.ts';

export type Struct = Record<string, unknown>;

export const MAX_INT53 = 2n ** 53n - 1n;
/** What MAX_INT53 stands for. */
const MAX_INT64 = 2n ** 63n - 1n;

/** A message cannot be read; the compiled codec must then throw InvalidRequest. */
export class Unreadable extends Error {}

export function holds(versions: VersionRange, version: number): boolean {
  return versions.first <= version && version <= versions.last;
}

/** What stands in for a field that a version lacks, or that a draft leaves out. */
export function defaultOf(shape: Shape): unknown {
  if (shape.defaultValue !== undefined) return Array.isArray(shape.defaultValue) ? [] : asBuffer(shape.defaultValue);
  switch (shape.kind) {
    case 'bool':
      return false;
    case 'string':
      return '';
    case 'uuid':
      return 'A'.repeat(22);
    case 'int64':
      return 0n;
    case 'bytes':
    case 'records':
      return Buffer.alloc(0);
    case 'array':
      return [];
    case 'struct':
      return defaultsOf(shape.fields!);
    default:
      return 0;
  }
}

function defaultsOf(fields: Fields): Struct {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, defaultOf(field.shape)]));
}

function asBuffer(value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value) : value;
}

/** With `unknownTags` every struct of a flexible version carries tagged fields that are in no table. */
export function interpretEncode(
  message: AnyMessage,
  version: number,
  draft: Struct,
  unknownTags: readonly [tag: number, content: Buffer][] = [],
): Buffer {
  const out = new Output();
  new Walk(version, holds(message.flexible, version), unknownTags).encodeStruct(out, message.fields, draft);
  return Buffer.from(out.bytes);
}

/** Throws Unreadable; answers how many bytes were left unread too. */
export function interpretDecode(
  message: AnyMessage,
  version: number,
  bytes: Buffer,
): { value: Struct; unread: number } {
  const input = new Input(bytes);
  const value = new Walk(version, holds(message.flexible, version)).decodeStruct(input, message.fields);
  return { value, unread: input.left() };
}

class Output {
  readonly bytes: number[] = [];

  integer(size: number, value: number | bigint): void {
    const bits = BigInt.asUintN(size * 8, BigInt(value));
    for (let i = size - 1; i >= 0; i--) this.bytes.push(Number((bits >> BigInt(8 * i)) & 0xffn));
  }

  varint(value: number): void {
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.bytes.push(128 + (rest % 128));
    this.bytes.push(rest);
  }

  raw(bytes: Iterable<number>): void {
    for (const byte of bytes) this.bytes.push(byte);
  }
}

class Input {
  at = 0;
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  left(): number {
    return this.bytes.length - this.at;
  }

  take(count: number): Buffer {
    if (count > this.left()) throw new Unreadable(`${count} of ${this.left()}`);
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  integer(size: number): bigint {
    let bits = 0n;
    for (const byte of this.take(size)) bits = bits * 256n + BigInt(byte);
    return BigInt.asIntN(size * 8, bits);
  }

  varint(): number {
    let bits = 0n;
    for (let i = 0n; i < 5n; i++) {
      const byte = this.take(1)[0];
      bits += BigInt(byte & 127) << (7n * i);
      if (byte < 128) return Number(BigInt.asUintN(32, bits));
    }
    throw new Unreadable('varint');
  }
}

class Walk {
  readonly version: number;
  readonly flexible: boolean;
  readonly unknownTags: readonly [tag: number, content: Buffer][];

  constructor(version: number, flexible: boolean, unknownTags: readonly [tag: number, content: Buffer][] = []) {
    this.version = version;
    this.flexible = flexible;
    this.unknownTags = unknownTags;
  }

  encodeStruct(out: Output, fields: Fields, draft: Struct): void {
    const value = (name: string, { shape }: Field<unknown, boolean>): unknown =>
      draft[name] === undefined ? defaultOf(shape) : draft[name];
    for (const [name, field] of this.untagged(fields)) this.encode(out, field.shape, value(name, field), false);
    if (!this.flexible) return;
    const sent = this.tagged(fields).filter(([name, field]) => !isDefault(field.shape, value(name, field)));
    out.varint(sent.length + this.unknownTags.length);
    for (const [name, field] of sent) {
      const content = new Output();
      this.encode(content, field.shape, value(name, field), true);
      out.varint(field.shape.tag);
      out.varint(content.bytes.length);
      out.raw(content.bytes);
    }
    for (const [tag, content] of this.unknownTags) {
      out.varint(tag);
      out.varint(content.length);
      out.raw(content);
    }
  }

  decodeStruct(input: Input, fields: Fields): Struct {
    const value = defaultsOf(fields);
    for (const [name, field] of this.untagged(fields)) value[name] = this.decode(input, field.shape, false);
    if (!this.flexible) return value;
    const known = new Map(this.tagged(fields).map((entry) => [entry[1].shape.tag, entry]));
    for (let count = input.varint(); count > 0; count--) {
      const tag = input.varint();
      const size = input.varint();
      if (size > input.left()) throw new Unreadable('size of a tagged field');
      const end = input.at + size;
      const entry = known.get(tag);
      if (entry === undefined) input.at = end;
      else value[entry[0]] = this.decode(input, entry[1].shape, true);
      if (input.at !== end) throw new Unreadable('a tagged field has another size');
    }
    return value;
  }

  untagged(fields: Fields): [string, Field<unknown, boolean>][] {
    return Object.entries(fields).filter(
      ([, { shape }]) => holds(shape.versions, this.version) && !this.isTagged(shape),
    );
  }

  tagged(fields: Fields): [string, Field<unknown, boolean>][] {
    return Object.entries(fields)
      .filter(([, { shape }]) => holds(shape.versions, this.version) && this.isTagged(shape))
      .sort(([, a], [, b]) => a.shape.tag - b.shape.tag);
  }

  isTagged(shape: Shape): boolean {
    return shape.tag >= 0 && holds(shape.taggedVersions, this.version);
  }

  encode(out: Output, shape: Shape, value: unknown, tagged: boolean): void {
    if (value === null && !holds(shape.nullable, this.version)) throw new TypeError('null');
    switch (shape.kind) {
      case 'string':
        return this.encodeSized(out, value === null ? null : Buffer.from(value as string), 2);
      case 'bytes':
      case 'records':
        return this.encodeSized(out, value as Buffer | null, 4);
      case 'array': {
        const elements = value as unknown[] | null;
        this.encodeLength(out, elements === null ? -1 : elements.length, 4);
        for (const element of elements ?? []) this.encode(out, shape.element!.shape, element, false);
        return;
      }
      case 'struct':
        if (holds(shape.nullable, this.version)) out.integer(1, value !== null ? 1 : tagged ? 0 : -1);
        if (value !== null) this.encodeStruct(out, shape.fields!, value as Struct);
        return;
      default:
        return encodeFixed(out, shape, value);
    }
  }

  encodeSized(out: Output, bytes: Buffer | null, lengthBytes: number): void {
    this.encodeLength(out, bytes === null ? -1 : bytes.length, lengthBytes);
    if (bytes !== null) out.raw(bytes);
  }

  encodeLength(out: Output, length: number, lengthBytes: number): void {
    if (this.flexible) out.varint(length + 1);
    else out.integer(lengthBytes, length);
  }

  decode(input: Input, shape: Shape, tagged: boolean): unknown {
    const nullable = holds(shape.nullable, this.version);
    switch (shape.kind) {
      case 'string': {
        const length = this.decodeLength(input, 2, nullable);
        if (length > 0x7fff) throw new Unreadable('a string this long');
        return length < 0 ? null : input.take(length).toString();
      }
      case 'bytes':
      case 'records': {
        const length = this.decodeLength(input, 4, nullable);
        return length < 0 ? null : Buffer.from(input.take(length));
      }
      case 'array': {
        const length = this.decodeLength(input, 4, nullable);
        if (length < 0) return null;
        const least = Math.max(1, this.leastBytes(shape.element!.shape));
        if (length * least > input.left()) throw new Unreadable('an array this long');
        return Array.from({ length }, () => this.decode(input, shape.element!.shape, false));
      }
      case 'struct':
        if (nullable && (tagged ? input.varint() === 0 : input.integer(1) < 0n)) return null;
        return this.decodeStruct(input, shape.fields!);
      default:
        return decodeFixed(input, shape);
    }
  }

  decodeLength(input: Input, lengthBytes: number, nullable: boolean): number {
    const length = this.flexible ? input.varint() - 1 : Number(input.integer(lengthBytes));
    if (length < 0 && !nullable) throw new Unreadable('null');
    return length;
  }

  /** As many bytes as the emptiest value takes: every null, no elements, no tags. */
  leastBytes(shape: Shape): number {
    const out = new Output();
    this.encode(out, shape, this.emptiest(shape), false);
    return out.bytes.length;
  }

  emptiest(shape: Shape): unknown {
    if (holds(shape.nullable, this.version)) return null;
    if (shape.kind === 'array') return [];
    if (shape.kind === 'bytes' || shape.kind === 'records') return Buffer.alloc(0);
    if (shape.kind === 'struct') {
      return {
        ...defaultsOf(shape.fields!),
        ...Object.fromEntries(this.untagged(shape.fields!).map(([name, row]) => [name, this.emptiest(row.shape)])),
      };
    }
    return defaultOf({ ...shape, defaultValue: undefined });
  }
}

const FIXED_BYTES: Record<string, number> = { int8: 1, int16: 2, uint16: 2, int32: 4, uint32: 4, int53: 8, int64: 8 };

function encodeFixed(out: Output, shape: Shape, value: unknown): void {
  if (shape.kind === 'bool') return out.integer(1, value === true ? 1 : 0);
  if (shape.kind === 'uuid') return out.raw(Buffer.from(value as string, 'base64url'));
  if (shape.kind === 'float64') {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value as number);
    return out.raw(new Uint8Array(view.buffer));
  }
  const isEnd = shape.kind === 'int53' && BigInt(value as number) === MAX_INT53;
  out.integer(FIXED_BYTES[shape.kind], isEnd ? MAX_INT64 : (value as number | bigint));
}

function decodeFixed(input: Input, shape: Shape): unknown {
  if (shape.kind === 'bool') return input.integer(1) !== 0n;
  if (shape.kind === 'uuid') return input.take(16).toString('base64url');
  if (shape.kind === 'float64') return new DataView(new Uint8Array(input.take(8)).buffer).getFloat64(0);
  const size = FIXED_BYTES[shape.kind];
  const value = input.integer(size);
  if (shape.kind === 'int64') return value;
  if (shape.kind.startsWith('uint')) return Number(BigInt.asUintN(size * 8, value));
  if (shape.kind !== 'int53') return Number(value);
  return Number(value > MAX_INT53 ? MAX_INT53 : value < -MAX_INT53 ? -MAX_INT53 : value);
}

function isDefault(shape: Shape, value: unknown): boolean {
  const standIn = defaultOf(shape);
  if (value === null || standIn === null) return value === standIn;
  if (shape.kind === 'array') return (value as unknown[]).length === 0;
  if (shape.kind === 'bytes' || shape.kind === 'records') return (value as Buffer).length === 0;
  if (shape.kind !== 'struct') return value === standIn;
  return Object.entries(shape.fields!).every(([name, field]) => {
    const part = (value as Struct)[name];
    return part === undefined || isDefault(field.shape, part);
  });
}
