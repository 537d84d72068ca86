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
const REMAINDER_ROOM = 16 * 341 + STEP;

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
  return reach + CHUNK + reach + REMAINDER_ROOM;
}

// The assembler: each function makes the bytes of one instruction, taking its operands from the stack.

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
const set = (local: number): Code => [0x21, ...unsigned(local)];
const constant = (value: number): Code => [0x41, ...signed(value)];
const load = (offset: number): Code => [0x28, 0, ...unsigned(offset)];
const loadByte = (offset: number): Code => [0x2d, 0, ...unsigned(offset)];
const store = (offset: number): Code => [0x36, 0, ...unsigned(offset)];
const load16 = (offset: number): Code => [0xfd, 0x00, 0, ...unsigned(offset)];
const store16 = (offset: number): Code => [0xfd, 0x0b, 0, ...unsigned(offset)];
const xor16: Code = [0xfd, 0x51];
const memoryCopy: Code = [0xfc, 0x0a, 0, 0];
const memoryFill: Code = [0xfc, 0x0b, 0];
const call = (index: number): Code => [0x10, ...unsigned(index)];
const add: Code = [0x6a];
const subtract: Code = [0x6b];
const and: Code = [0x71];
const xor: Code = [0x73];
const shiftLeft: Code = [0x74];
const shiftRight: Code = [0x76];
const less: Code = [0x49];
const greater: Code = [0x4b];
const select: Code = [0x1b];

/** Runs the body and again while it leaves something other than zero on the stack. */
const loopWhile = (...body: Code[]): Code => [0x03, NO_RESULT, ...body.flat(), 0x0d, 0, END];
const when = (...body: Code[]): Code => [0x04, NO_RESULT, ...body.flat(), END];
const choose = (yes: Code[], no: Code[]): Code => [0x04, I32, ...yes.flat(), 0x05, ...no.flat(), END];
const increase = (local: number, by: number): Code => [...get(local), ...constant(by), ...add, ...set(local)];

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
  const offset = shift === 0 ? [...constant(2), ...shiftLeft] : [...constant(shift - 2), ...shiftRight];
  return [...get(word), ...offset, ...constant(0x3fc), ...and, ...load(table * TABLE_BYTES)];
}

/** 16 bytes a turn, then single bytes. */
function byTables(): Code {
  const WORD = 3;
  const words = [0, 1, 2, 3].flatMap((index) => {
    const first = 15 - 4 * index;
    return [
      ...get(AT),
      ...load(4 * index),
      ...(index === 0 ? [...get(REGISTER), ...xor] : []),
      ...set(WORD),
      ...lookup(WORD, 0, first),
      ...lookup(WORD, 8, first - 1),
      ...xor,
      ...lookup(WORD, 16, first - 2),
      ...xor,
      ...lookup(WORD, 24, first - 3),
      ...xor,
      ...(index === 0 ? [] : xor),
    ];
  });
  return [
    ...get(LENGTH),
    ...constant(15),
    ...greater,
    ...when(
      loopWhile(words, set(REGISTER), increase(AT, 16), increase(LENGTH, -16), get(LENGTH), constant(15), greater),
    ),
    ...get(LENGTH),
    ...when(
      loopWhile(
        get(REGISTER),
        get(AT),
        loadByte(0),
        xor,
        set(WORD),
        lookup(WORD, 0, 0),
        get(REGISTER),
        constant(8),
        shiftRight,
        xor,
        set(REGISTER),
        increase(AT, 1),
        increase(LENGTH, -1),
        get(LENGTH),
      ),
    ),
    ...get(REGISTER),
  ];
}

/** Divides by the multiple with these terms; `finish` takes the register of the remainder. */
function fold(terms: Terms, area: number, finish: (remainder: number, size: number, rest: number) => Code): Code {
  const REST = 3; // quotient bytes to go
  const CHUNK_SIZE = 4;
  const OUT = 5; // where the history of the next quotient byte begins; the byte itself goes `reach` further
  const STOP = 6;
  const farthest = terms[terms.length - 1];
  const reach = roundUp(farthest);
  const remainder = area + reach + CHUNK + reach;
  const gather = (offset: number): Code => [
    ...get(AT),
    ...load16(offset),
    ...terms.flatMap((distance) => [...get(OUT), ...load16(reach - distance + offset), ...xor16]),
  ];
  const turn = Array.from({ length: STEP / 16 }, (_, i) => [
    ...get(OUT),
    ...gather(16 * i),
    ...store16(reach + 16 * i),
  ]).flat();
  const divide = loopWhile(
    get(REST),
    constant(CHUNK),
    get(REST),
    constant(CHUNK),
    less,
    select,
    set(CHUNK_SIZE),
    constant(area),
    set(OUT),
    get(CHUNK_SIZE),
    constant(area),
    add,
    set(STOP),
    loopWhile(turn, increase(AT, STEP), increase(OUT, STEP), get(OUT), get(STOP), less),
    get(REST),
    get(CHUNK_SIZE),
    subtract,
    set(REST),
    get(REST),
    when(constant(area), constant(area + CHUNK), constant(reach), memoryCopy),
    get(REST),
  );
  return [
    // Only the farthest term reaches from here into the message, to its first four bytes: the register is XORed there.
    ...constant(area + reach - farthest),
    ...get(REGISTER),
    ...store(0),
    ...get(LENGTH),
    ...constant(reach),
    ...subtract,
    ...constant(-STEP),
    ...and,
    ...set(REST),
    ...get(LENGTH),
    ...constant(reach),
    ...subtract,
    ...constant(STEP - 1),
    ...and,
    ...set(LENGTH),
    ...divide,
    // What the quotient still owes is gathered as before, from zeros behind its end.
    ...get(OUT),
    ...constant(reach),
    ...add,
    ...constant(0),
    ...constant(roundUp(reach - terms[0])),
    ...memoryFill,
    ...constant(remainder),
    ...set(STOP),
    ...loopWhile(
      get(STOP),
      gather(0),
      store16(0),
      increase(AT, 16),
      increase(OUT, 16),
      increase(STOP, 16),
      get(STOP),
      constant(remainder + reach),
      less,
    ),
    // The history is zeros for the next call.
    ...constant(area),
    ...constant(0),
    ...constant(reach),
    ...memoryFill,
    ...finish(remainder, reach, LENGTH),
  ];
}

function foldNear(): Code {
  return fold(NEAR_TERMS, NEAR_AREA, (remainder, size, rest) => [
    ...constant(0),
    ...constant(remainder),
    ...constant(size),
    ...call(TABLES),
    ...get(AT),
    ...get(rest),
    ...call(TABLES),
  ]);
}

function foldFar(): Code {
  return fold(FAR_TERMS, FAR_AREA, (remainder, size, rest) => [
    ...constant(remainder + size),
    ...get(AT),
    ...get(rest),
    ...memoryCopy,
    ...constant(0),
    ...constant(remainder),
    ...constant(size),
    ...get(rest),
    ...add,
    ...call(FOLD_NEAR),
  ]);
}

function crc(): Code {
  const all = [...get(REGISTER), ...get(AT), ...get(LENGTH)];
  return [
    ...get(LENGTH),
    ...constant(FOLD_FROM),
    ...less,
    ...choose(
      [all, call(TABLES)],
      [get(LENGTH), constant(FOLD_FAR_FROM), less, choose([all, call(FOLD_NEAR)], [all, call(FOLD_FAR)])],
    ),
  ];
}

function makeTables(): Code {
  const AT_ENTRY = 0;
  const VALUE = 1;
  const halve = [
    ...get(VALUE),
    ...constant(1),
    ...shiftRight,
    ...constant(0),
    ...get(VALUE),
    ...constant(1),
    ...and,
    ...subtract,
    ...constant(POLYNOMIAL),
    ...and,
    ...xor,
    ...set(VALUE),
  ];
  return [
    ...loopWhile(
      get(AT_ENTRY),
      constant(2),
      shiftRight,
      set(VALUE),
      Array.from({ length: 8 }, () => halve).flat(),
      get(AT_ENTRY),
      get(VALUE),
      store(0),
      increase(AT_ENTRY, 4),
      get(AT_ENTRY),
      constant(TABLE_BYTES),
      less,
    ),
    // Each further table is the one before moved on by a byte of zeros.
    ...constant(0),
    ...set(AT_ENTRY),
    ...loopWhile(
      get(AT_ENTRY),
      load(0),
      set(VALUE),
      get(AT_ENTRY),
      get(VALUE),
      constant(8),
      shiftRight,
      lookup(VALUE, 0, 0),
      xor,
      store(TABLE_BYTES),
      increase(AT_ENTRY, 4),
      get(AT_ENTRY),
      constant(15 * TABLE_BYTES),
      less,
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
