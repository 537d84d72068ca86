import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { messageCodec } from '../../protocol/compile.ts';
import { InvalidRequest, Reader } from '../../protocol/reader.ts';
import type { AnyMessage } from '../../protocol/schema.ts';
import { array, bytes, int32, message, string } from '../../protocol/schema.ts';
import { GeneratedValues } from './generated-values.ts';
import { Unreadable, interpretDecode, interpretEncode } from './interpreter.ts';
import { messages, versionsOf } from './tables.ts';

const LONGEST_INPUT = 400;
const MUTATIONS_PER_VERSION = 60;

/** What a length or count looks like that wants to fill the memory. */
const HOSTILE = [
  '7fffffff',
  '80000000',
  'ffffffff',
  '7fff',
  'ffffffff0f',
  'ffffffffff',
  '8080808001',
  '808080800800',
].map((hex) => Buffer.from(hex, 'hex'));

const { stackTraceLimit } = Error;
beforeAll(() => void (Error.stackTraceLimit = 0)); // hundreds of thousands of errors are thrown here
afterAll(() => void (Error.stackTraceLimit = stackTraceLimit));

/** The value, or undefined where InvalidRequest was thrown; anything else fails the test. */
function decoded(table: AnyMessage, version: number, input: Buffer): object | undefined {
  try {
    return messageCodec(table, version).decode(new Reader(input));
  } catch (error) {
    if (!(error instanceof InvalidRequest)) throw error;
    return undefined;
  }
}

function interpreted(table: AnyMessage, version: number, input: Buffer): object | undefined {
  try {
    return interpretDecode(table, version, input).value;
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return undefined;
  }
}

/** Array elements and bytes in a value: what was allocated for it. */
function weight(value: unknown): number {
  if (value === null || typeof value !== 'object') return 0;
  if (value instanceof Uint8Array) return value.length;
  const inner = Object.values(value).reduce<number>((sum, part) => sum + weight(part), 0);
  return Array.isArray(value) ? value.length + inner : inner;
}

function smallInput(table: AnyMessage, version: number, values: GeneratedValues): Buffer {
  let input = interpretEncode(table, version, values.next());
  for (let i = 0; input.length > LONGEST_INPUT && i < 20; i++) input = interpretEncode(table, version, values.next());
  return input;
}

describe.each(messages.map((table) => ({ name: table.name, table })))('$name', ({ table }) => {
  test.each(versionsOf(table))('v%i cut short anywhere is an InvalidRequest', (version) => {
    const input = smallInput(table, version, new GeneratedValues(table, version, 5));
    const lengths = Math.min(input.length, LONGEST_INPUT);
    for (let length = 0; length < lengths; length++) {
      expect(decoded(table, version, input.subarray(0, length))).toBeUndefined();
    }
  });

  test.each(versionsOf(table))('v%i damaged is an InvalidRequest or what the interpreter reads', (version) => {
    const values = new GeneratedValues(table, version, 6);
    for (let i = 0; i < MUTATIONS_PER_VERSION; i++) {
      const input = i % 10 === 0 ? Buffer.alloc(0) : Buffer.from(smallInput(table, version, values));
      damage(input, values);
      const value = decoded(table, version, input);
      expect(weight(value)).toBeLessThanOrEqual(input.length);
      expect({ input, value }).toStrictEqual({ input, value: interpreted(table, version, input) });
    }
  });
});

function damage(input: Buffer, values: GeneratedValues): void {
  if (input.length === 0) return;
  for (let times = 1 + values.below(3); times > 0; times--) {
    const at = values.below(input.length);
    const way = values.below(3);
    if (way === 0) input[at] ^= 1 << values.below(8);
    else if (way === 1) input[at] = values.below(256);
    else HOSTILE[values.below(HOSTILE.length)].copy(input, at);
  }
}

describe('lengths that promise too much', () => {
  const table = message(
    'Hostile',
    { versions: '0-1', flexible: '1+' },
    {
      // At v0 its elements have no bytes at all.
      empty: array({ later: int32.versions('9+') }).versions('0'),
      structs: array({ name: string, inner: array({ id: int32 }) }).versions('1'),
      opaque: bytes,
    },
  );

  test('elements without bytes are not made by the number claimed', () => {
    const input = Buffer.from('7fffffff00000000', 'hex');
    expect(() => messageCodec(table, 0).decode(new Reader(input))).toThrow(InvalidRequest);
  });

  test('an array of 2^31 elements is refused before memory is taken', () => {
    const input = Buffer.concat([Buffer.from('8080808008', 'hex'), Buffer.alloc(1000)]);
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 100; i++) expect(() => messageCodec(table, 1).decode(new Reader(input))).toThrow(/elements/);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(50_000_000);
  });

  test.each(['7fffffff', '40000000'])('bytes of length %s are refused before memory is taken', (length) => {
    const input = Buffer.from(`00000000${length}00`, 'hex');
    const before = process.memoryUsage().arrayBuffers;
    expect(() => messageCodec(table, 0).decode(new Reader(input))).toThrow(InvalidRequest);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });

  test('a count of tagged fields beyond the bytes ends with the bytes', () => {
    const input = Buffer.from('0101ffffffff0f0000', 'hex');
    const started = performance.now();
    expect(() => messageCodec(table, 1).decode(new Reader(input))).toThrow(InvalidRequest);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
