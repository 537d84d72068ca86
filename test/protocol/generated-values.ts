/** Values for tables, from a seed: small ones, extreme ones, empty ones, null ones, long ones. */
import type { AnyMessage, Fields, Shape } from '../../protocol/schema.ts';
import { seededRandom } from '../../src/platform/random.ts';
import { defaultOf, holds } from './interpreter.ts';
import type { Struct } from './interpreter.ts';

const LETTERS = ['a', 'z', '-', '.', 'ä', '€', '𝕏', '\u0000', '\u007f', '\u0080'];
const MAX = Number.MAX_SAFE_INTEGER;

const INTEGERS: Partial<Record<Shape['kind'], readonly number[]>> = {
  int8: [-128, 127],
  int16: [-32_768, 32_767],
  uint16: [0, 65_535],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  int53: [-MAX, MAX],
};

export class GeneratedValues {
  readonly #random;
  readonly #version: number;
  readonly #message: AnyMessage;

  constructor(message: AnyMessage, version: number, seed: number) {
    this.#random = seededRandom(seed);
    this.#version = version;
    this.#message = message;
  }

  /** Every field set: those of the version to anything it can say, the others to their defaults. */
  next(): Struct {
    return this.#struct(this.#message.fields, 0);
  }

  /** The same, but with fields set that the version lacks. */
  withFieldsOfOtherVersions(value: Struct): Struct {
    return this.#overfilled(this.#message.fields, value);
  }

  below(limit: number): number {
    return Math.floor(this.#random.float() * limit);
  }

  #chance(probability: number): boolean {
    return this.#random.float() < probability;
  }

  #struct(fields: Fields, depth: number): Struct {
    return Object.fromEntries(
      Object.entries(fields).map(([name, { shape }]) => {
        const absent = !holds(shape.versions, this.#version);
        // Mostly, as in life, tagged fields are not sent.
        const unsent = absent || (shape.tag >= 0 && this.#chance(0.5));
        return [name, unsent ? defaultOf(shape) : this.#value(shape, depth)];
      }),
    );
  }

  #overfilled(fields: Fields, value: Struct): Struct {
    return Object.fromEntries(
      Object.entries(fields).map(([name, { shape }]) => {
        const part = value[name];
        if (!holds(shape.versions, this.#version)) return [name, this.#value(shape, 3)];
        if (shape.kind === 'struct' && part !== null) return [name, this.#overfilled(shape.fields!, part as Struct)];
        const inner = shape.element?.shape.fields;
        if (inner === undefined || part === null) return [name, part];
        return [name, (part as Struct[]).map((element) => this.#overfilled(inner, element))];
      }),
    );
  }

  #value(shape: Shape, depth: number): unknown {
    if (holds(shape.nullable, this.#version) && this.#chance(0.25)) return null;
    switch (shape.kind) {
      case 'bool':
        return this.#chance(0.5);
      case 'string':
        return this.#string();
      case 'uuid':
        return this.#bytes(16).toString('base64url');
      case 'bytes':
      case 'records':
        return this.#bytes(this.#chance(0.05) ? 130 + this.below(20_000) : this.below(20));
      case 'int64':
        return this.#bytes(8).readBigInt64BE();
      case 'float64':
        return this.#random.float() * 10 ** this.below(300);
      case 'array':
        return Array.from({ length: this.below(depth > 1 ? 2 : 4) }, () =>
          this.#value(shape.element!.shape, depth + 1),
        );
      case 'struct':
        return this.#struct(shape.fields!, depth);
      default:
        return this.#integer(INTEGERS[shape.kind]!);
    }
  }

  #integer([least, most]: readonly number[]): number {
    if (this.#chance(0.2)) return least;
    if (this.#chance(0.2)) return most;
    return this.#chance(0.5) ? this.below(100) : Math.max(least, Math.min(most, this.below(2 ** 40)));
  }

  #string(): string {
    if (this.#chance(0.03)) return 'long '.repeat(30 + this.below(4000));
    const ascii = this.#chance(0.7);
    return Array.from({ length: this.below(this.#chance(0.2) ? 150 : 12) }, () =>
      ascii ? String.fromCharCode(97 + this.below(26)) : LETTERS[this.below(LETTERS.length)],
    ).join('');
  }

  #bytes(length: number): Buffer {
    const bytes = Buffer.alloc(length);
    this.#random.fill(bytes);
    return bytes;
  }
}
