/**
 * A table as it is at one version: which rows are on the wire there, in which order, where null may stand, and what
 * stands in for a row that is absent. What decoder-source.ts and encoder-source.ts have in common.
 */
import { includes } from './schema.ts';
import type { Fields, Shape } from './schema.ts';

export interface Row {
  readonly name: string;
  readonly shape: Shape;
  /** False: this version lacks the row. */
  readonly present: boolean;
  readonly nullable: boolean;
  /** A row without is refused by the encoder's types unless a default is written or it is tagged. */
  readonly optional: boolean;
}

export interface Layout {
  readonly version: number;
  /** Compact lengths, and a section of tagged fields behind every struct (KIP-482). */
  readonly flexible: boolean;
  /** Every row of the table, in its order. */
  readonly rows: readonly Row[];
  /** The rows on the wire without a tag, in the table's order. */
  readonly plain: readonly Row[];
  /** The rows on the wire with a tag, by tag. */
  readonly tagged: readonly Row[];
}

const IDENTIFIER = /^[A-Za-z][A-Za-z0-9]*$/;

export function layoutOf(fields: Fields, version: number, flexible: boolean): Layout {
  const rows: Row[] = [];
  const plain: Row[] = [];
  const tagged: Row[] = [];
  for (const [name, { shape }] of Object.entries(fields)) {
    if (!IDENTIFIER.test(name)) throw new TypeError(`'${name}' cannot be a field's name: letters and digits only`);
    const present = includes(shape.versions, version);
    const isTagged = shape.tag >= 0 && includes(shape.taggedVersions, version);
    const optional = shape.defaultValue !== undefined || shape.tag >= 0;
    const row = { name, shape, present, nullable: includes(shape.nullable, version), optional };
    rows.push(row);
    if (!present) continue;
    if (isTagged && !flexible) throw new TypeError(`${name} is tagged in v${version}, which is not flexible`);
    (isTagged ? tagged : plain).push(row);
  }
  tagged.sort((a, b) => a.shape.tag - b.shape.tag);
  return { version, flexible, rows, plain, tagged };
}

/** The fewest bytes that a value of this shape takes: what array counts are held against. */
export function leastBytes(shape: Shape, nullable: boolean, version: number, flexible: boolean): number {
  switch (shape.kind) {
    case 'bool':
    case 'int8':
      return 1;
    case 'int16':
    case 'uint16':
      return 2;
    case 'int32':
    case 'uint32':
      return 4;
    case 'int53':
    case 'int64':
    case 'float64':
      return 8;
    case 'uuid':
      return 16;
    case 'string':
      return flexible ? 1 : 2;
    case 'bytes':
    case 'records':
    case 'array':
      return flexible ? 1 : 4;
    case 'struct': {
      if (nullable) return 1;
      const { plain } = layoutOf(shape.fields!, version, flexible);
      let sum = flexible ? 1 : 0;
      for (const row of plain) sum += leastBytes(row.shape, row.nullable, version, flexible);
      return sum;
    }
  }
}

/** JavaScript for the value of a row that is absent. Arrays and structs are made anew each time; EMPTY is no bytes. */
export function defaultSource(shape: Shape): string {
  const { kind, defaultValue } = shape;
  if (defaultValue === null) return 'null';
  switch (kind) {
    case 'bool':
      return `${(defaultValue ?? false) as boolean}`;
    case 'string':
      return JSON.stringify(defaultValue ?? '');
    case 'uuid':
      return JSON.stringify(defaultValue ?? 'AAAAAAAAAAAAAAAAAAAAAA');
    case 'int64':
      return `${(defaultValue ?? 0n) as bigint}n`;
    case 'bytes':
    case 'records':
      return 'EMPTY';
    case 'array':
      return '[]';
    case 'struct': {
      const rows = Object.entries(shape.fields!);
      return `{ ${rows.map(([name, row]) => `${name}: ${defaultSource(row.shape)}`).join(', ')} }`;
    }
    default:
      return `${(defaultValue ?? 0) as number}`;
  }
}

/** JavaScript that is true where `value` (an expression) is what stands in for an absent row: then no tag is sent. */
export function isDefaultSource(shape: Shape, value: string): string {
  if (shape.defaultValue === null) return `${value} === null`;
  switch (shape.kind) {
    case 'bytes':
    case 'records':
    case 'array':
      return `${value} !== null && ${value}.length === 0`;
    case 'struct': {
      const parts = Object.entries(shape.fields!).map(([name, row]) => {
        const part = `${value}.${name}`;
        return `(${part} === undefined || ${isDefaultSource(row.shape, part)})`;
      });
      return [`${value} !== null`, ...parts].join(' && ');
    }
    default:
      return `${value} === ${defaultSource(shape)}`;
  }
}

/** Of an array, read or written between two pauses: a power of two. */
const A_PIECE = 64;

/** JavaScript written line by line, with names that do not clash. */
export class Source {
  readonly #lines: string[] = [];
  readonly #inPieces: boolean;
  #depth = 1;
  #names = 0;

  /** `inPieces`: it stands in a generator. */
  constructor(inPieces: boolean) {
    this.#inPieces = inPieces;
  }

  name(): string {
    return `v${this.#names++}`;
  }

  line(text: string): void {
    this.#lines.push('  '.repeat(this.#depth) + text);
  }

  /** Pauses now and then in a loop whose `index`, a variable, takes one value after the other. */
  pauseAt(index: string): void {
    if (this.#inPieces) this.line(`if ((${index} & ${A_PIECE - 1}) === ${A_PIECE - 1}) yield;`);
  }

  /** `head { … }` around what `body` writes. */
  block(head: string, body: () => void): void {
    this.line(`${head} {`);
    this.#depth++;
    body();
    this.#depth--;
    this.line('}');
  }

  text(): string {
    return this.#lines.join('\n');
  }
}
