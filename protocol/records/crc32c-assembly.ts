/**
 * The source of the WebAssembly module behind crc32c.ts: a small assembler and the program. What it makes is checked
 * in as crc32c-module.ts (a test holds the two equal), so that a broker that starts need not assemble it.
 *
 * Up to FOLD_FROM bytes go through tables, 16 bytes a step. Longer input is first made shorter: a polynomial with few
 * terms that is a multiple of the CRC's own, 1 + X^d1 + … + X^dk with X one byte, can be divided out by XORing each
 * byte onto the bytes d1 … dk further on, 16 at once, and the dk bytes that remain have the register of the whole.
 * Written so that each byte gathers what it is owed, the quotient out[i] = in[i] ^ out[i-d1] ^ … ^ out[i-dk] goes to
 * a scratch area that stays in the cache. Long input is cut down by three far terms first, then by five near ones.
 */

/** Byte distances of a multiple of the CRC-32C polynomial, nearest first; the tests check that it is one. */
export const NEAR_TERMS = [123, 145, 178, 195, 266] as const;
export const FAR_TERMS = [767, 2524, 5275] as const;

const FOLD_FROM = 768;
const FOLD_FAR_FROM = 16384;

const POLYNOMIAL = 0x82f63b78 | 0;
const PAGES = 1024;
const TABLE_BYTES = 1024;

/** Quotient bytes held at once. */
const CHUNK = 16384;
/** Bytes to a turn of the inner loop. */
const STEP = 64;

const NEAR_AREA = 16 * TABLE_BYTES;
const FAR_AREA = NEAR_AREA + areaSize(NEAR_TERMS);
/** The first byte of the memory the program does not use for itself. */
export const FREE_FROM = Math.ceil((FAR_AREA + areaSize(FAR_TERMS)) / 4096) * 4096;

type Terms = readonly number[];
type Code = readonly number[];

function roundUp(size: number): number {
  return Math.ceil(size / 16) * 16;
}

/** History, one chunk, zeros behind it, and the remainder. */
function areaSize(terms: Terms): number {
  const reach = roundUp(terms[terms.length - 1]);
  return reach + CHUNK + reach + (reach + STEP);
}

// The assembler: each function makes the code of one instruction, behind the code of its operands.

function unsigned(value: number): number[] {
  const low = value & 0x7f;
  return value < 0x80 ? [low] : [low | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: number): number[] {
  const low = value & 0x7f;
  const rest = value >> 7;
  return (rest === 0 && low < 0x40) || (rest === -1 && low >= 0x40) ? [low] : [low | 0x80, ...signed(rest)];
}

const I32 = 0x7f;
const NO_RESULT = 0x40;
const END = 0x0b;

const get = (local: number): Code => [0x20, ...unsigned(local)];
const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)];
const constant = (value: number): Code => [0x41, ...signed(value)];
const load = (base: Code, offset: number): Code => [...base, 0x28, 0, ...unsigned(offset)];
const loadByte = (base: Code): Code => [...base, 0x2d, 0, 0];
const store = (base: Code, offset: number, value: Code): Code => [...base, ...value, 0x36, 0, ...unsigned(offset)];
const load16 = (base: Code, offset: number): Code => [...base, 0xfd, 0x00, 0, ...unsigned(offset)];
const store16 = (base: Code, offset: number, value: Code): Code => [
  ...base,
  ...value,
  0xfd,
  0x0b,
  0,
  ...unsigned(offset),
];
const memoryCopy = (to: Code, from: Code, size: Code): Code => [...to, ...from, ...size, 0xfc, 0x0a, 0, 0];
const memoryFill = (at: Code, value: Code, size: Code): Code => [...at, ...value, ...size, 0xfc, 0x0b, 0];
const call = (index: number, ...operands: Code[]): Code => [...operands.flat(), 0x10, ...unsigned(index)];
const add = (a: Code, b: Code): Code => [...a, ...b, 0x6a];
const subtract = (a: Code, b: Code): Code => [...a, ...b, 0x6b];
const and = (a: Code, b: Code): Code => [...a, ...b, 0x71];
const shiftLeft = (a: Code, b: Code): Code => [...a, ...b, 0x74];
const shiftRight = (a: Code, b: Code): Code => [...a, ...b, 0x76];
const less = (a: Code, b: Code): Code => [...a, ...b, 0x49];
const atLeast16 = (a: Code): Code => [...a, ...constant(15), 0x4b];
const minimum = (a: Code, b: Code): Code => [...a, ...b, ...less(a, b), 0x1b];
const xor = (...values: Code[]): Code => values.reduce((all, value) => [...all, ...value, 0x73]);
const xor16 = (...values: Code[]): Code => values.reduce((all, value) => [...all, ...value, 0xfd, 0x51]);

/** Runs the body, and again while the condition behind it is not zero. */
const repeatWhile = (condition: Code, ...body: Code[]): Code => [
  0x03,
  NO_RESULT,
  ...body.flat(),
  ...condition,
  0x0d,
  0,
  END,
];
const when = (condition: Code, ...body: Code[]): Code => [...condition, 0x04, NO_RESULT, ...body.flat(), END];
const choose = (condition: Code, yes: Code, no: Code): Code => [...condition, 0x04, I32, ...yes, 0x05, ...no, END];
const increase = (local: number, by: number): Code => set(local, add(get(local), constant(by)));

// The program. Parameters of the first four functions: register, at, length; result: register.

const REGISTER = 0;
const AT = 1;
const LENGTH = 2;

const TABLES = 0;
const FOLD_NEAR = 1;
const FOLD_FAR = 2;
const CRC = 3;
const MAKE_TABLES = 4;

/** The entry of table `table` for the byte of `word` at bit `shift`. */
function lookup(word: number, shift: number, table: number): Code {
  const times4 = shift === 0 ? shiftLeft(get(word), constant(2)) : shiftRight(get(word), constant(shift - 2));
  return load(and(times4, constant(0x3fc)), table * TABLE_BYTES);
}

/** 16 bytes a turn, then single bytes. */
function byTables(): Code {
  const WORD = 3;
  const words = [0, 1, 2, 3].map((index) => {
    const input = load(get(AT), 4 * index);
    const bytes = [0, 1, 2, 3].map((byte) => lookup(WORD, 8 * byte, 15 - 4 * index - byte));
    return [...set(WORD, index === 0 ? xor(input, get(REGISTER)) : input), ...xor(...bytes)];
  });
  const turn = [...set(REGISTER, xor(...words)), ...increase(AT, 16), ...increase(LENGTH, -16)];
  const single = [
    ...set(WORD, xor(get(REGISTER), loadByte(get(AT)))),
    ...set(REGISTER, xor(lookup(WORD, 0, 0), shiftRight(get(REGISTER), constant(8)))),
    ...increase(AT, 1),
    ...increase(LENGTH, -1),
  ];
  return [
    ...when(atLeast16(get(LENGTH)), repeatWhile(atLeast16(get(LENGTH)), turn)),
    ...when(get(LENGTH), repeatWhile(get(LENGTH), single)),
    ...get(REGISTER),
  ];
}

/** Divides by the multiple with these terms; `finish` takes the register of the remainder and what follows it. */
function fold(terms: Terms, area: number, finish: (remainder: number, size: number) => Code): Code {
  const REST = 3; // quotient bytes to go
  const SIZE = 4; // of a chunk
  const OUT = 5; // where the history of the next quotient byte begins; the byte itself goes `reach` further
  const STOP = 6;
  const farthest = terms[terms.length - 1];
  const reach = roundUp(farthest);
  const remainder = area + reach + CHUNK + reach;
  const beyondReach = subtract(get(LENGTH), constant(reach));
  const gather = (offset: number): Code =>
    xor16(load16(get(AT), offset), ...terms.map((distance) => load16(get(OUT), reach - distance + offset)));
  const turn = Array.from({ length: STEP / 16 }, (_, i) => store16(get(OUT), reach + 16 * i, gather(16 * i))).flat();
  const divide = repeatWhile(
    get(REST),
    set(SIZE, minimum(get(REST), constant(CHUNK))),
    set(OUT, constant(area)),
    set(STOP, add(get(SIZE), constant(area))),
    repeatWhile(less(get(OUT), get(STOP)), turn, increase(AT, STEP), increase(OUT, STEP)),
    set(REST, subtract(get(REST), get(SIZE))),
    when(get(REST), memoryCopy(constant(area), constant(area + CHUNK), constant(reach))),
  );
  return [
    // Only the farthest term reaches from here into the message, to its first four bytes: the register is XORed there.
    ...store(constant(area + reach - farthest), 0, get(REGISTER)),
    ...set(REST, and(beyondReach, constant(-STEP))),
    ...set(LENGTH, and(beyondReach, constant(STEP - 1))),
    ...divide,
    // What the quotient still owes is gathered as before, from zeros behind its end.
    ...memoryFill(add(get(OUT), constant(reach)), constant(0), constant(roundUp(reach - terms[0]))),
    ...set(STOP, constant(remainder)),
    ...repeatWhile(
      less(get(STOP), constant(remainder + reach)),
      store16(get(STOP), 0, gather(0)),
      increase(AT, 16),
      increase(OUT, 16),
      increase(STOP, 16),
    ),
    // The history is zeros for the next call.
    ...memoryFill(constant(area), constant(0), constant(reach)),
    ...finish(remainder, reach),
  ];
}

function foldNear(): Code {
  return fold(NEAR_TERMS, NEAR_AREA, (remainder, size) =>
    call(TABLES, call(TABLES, constant(0), constant(remainder), constant(size)), get(AT), get(LENGTH)),
  );
}

function foldFar(): Code {
  return fold(FAR_TERMS, FAR_AREA, (remainder, size) => [
    ...memoryCopy(constant(remainder + size), get(AT), get(LENGTH)),
    ...call(FOLD_NEAR, constant(0), constant(remainder), add(constant(size), get(LENGTH))),
  ]);
}

function crc(): Code {
  const by = (index: number): Code => call(index, get(REGISTER), get(AT), get(LENGTH));
  const folded = choose(less(get(LENGTH), constant(FOLD_FAR_FROM)), by(FOLD_NEAR), by(FOLD_FAR));
  return choose(less(get(LENGTH), constant(FOLD_FROM)), by(TABLES), folded);
}

function makeTables(): Code {
  const ENTRY = 0;
  const VALUE = 1;
  const lowestBit = and(get(VALUE), constant(1));
  const polynomialIfOdd = and(subtract(constant(0), lowestBit), constant(POLYNOMIAL));
  const halve = set(VALUE, xor(shiftRight(get(VALUE), constant(1)), polynomialIfOdd));
  return [
    ...repeatWhile(
      less(get(ENTRY), constant(TABLE_BYTES)),
      set(VALUE, shiftRight(get(ENTRY), constant(2))),
      Array.from({ length: 8 }, () => halve).flat(),
      store(get(ENTRY), 0, get(VALUE)),
      increase(ENTRY, 4),
    ),
    // Each further table is the one before moved on by a byte of zeros.
    ...set(ENTRY, constant(0)),
    ...repeatWhile(
      less(get(ENTRY), constant(15 * TABLE_BYTES)),
      set(VALUE, load(get(ENTRY), 0)),
      store(get(ENTRY), TABLE_BYTES, xor(shiftRight(get(VALUE), constant(8)), lookup(VALUE, 0, 0))),
      increase(ENTRY, 4),
    ),
  ];
}

function section(id: number, content: Code): Code {
  return [id, ...unsigned(content.length), ...content];
}

function list(items: readonly Code[]): Code {
  return [...unsigned(items.length), ...items.flat()];
}

function body(locals: number, code: Code): Code {
  const content = [1, ...unsigned(locals), I32, ...code, END];
  return [...unsigned(content.length), ...content];
}

function name(text: string): Code {
  return [...unsigned(text.length), ...Buffer.from(text)];
}

/** The module: exports `memory` (fixed, 64 MiB) and `crc(register, at, length) -> register`. */
export function assemble(): Uint8Array {
  const threeToOne = [0x60, 3, I32, I32, I32, 1, I32];
  const nothing = [0x60, 0, 0];
  return Uint8Array.from([
    0x00,
    0x61,
    0x73,
    0x6d,
    1,
    0,
    0,
    0,
    ...section(1, list([threeToOne, nothing])),
    ...section(3, list([[0], [0], [0], [0], [1]])),
    ...section(5, list([[1, ...unsigned(PAGES), ...unsigned(PAGES)]])),
    ...section(
      7,
      list([
        [...name('memory'), 2, 0],
        [...name('crc'), 0, CRC],
      ]),
    ),
    ...section(8, unsigned(MAKE_TABLES)),
    ...section(
      10,
      list([body(1, byTables()), body(4, foldNear()), body(4, foldFar()), body(0, crc()), body(2, makeTables())]),
    ),
  ]);
}

/** crc32c-module.ts as it has to be. */
export function moduleText(): string {
  const text = Buffer.from(assemble()).toString('base64');
  const lines = text.match(/.{1,110}/g) ?? [];
  return [
    '// Made by crc32c-assembly.ts; to make it anew: node -p "(await import(\'./protocol/records/crc32c-assembly.ts\')).moduleText()"',
    '/** The WebAssembly module of crc32c.ts in base64. */',
    'export const CRC32C_MODULE =',
    lines.map((line) => `  '${line}'`).join(' +\n') + ';',
    '/** The first byte of its memory that is free for others. */',
    `export const CRC32C_FREE_FROM = ${FREE_FROM};`,
    '',
  ].join('\n');
}
