/** A message as text to take along: what comes of it where it is pasted. */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { asCommand, asJson, asTestCode } from '../../page/copies.ts';
import { recordOfJson } from '../../src/cli/record-input.ts';
import type { Content, RecordRow } from '../../src/page/frames.ts';

const text = (said: string): Content => ({ text: said, isHex: false, bytes: said.length, isCut: false });
const hex = (said: string): Content => ({ text: said, isHex: true, bytes: said.length / 2, isCut: false });

const row = (over: Partial<RecordRow> = {}): RecordRow => ({
  partition: 2,
  offset: 7,
  timestamp: 1_700_000_000_000,
  state: 'committed',
  codec: 'none',
  producerId: -1,
  size: 3,
  key: text('a'),
  value: text('b'),
  headers: [],
  ...over,
});

const HOSTILE = [
  "'; touch /tmp/ottla-was-here; echo '",
  '$(touch x) `touch x` ${PATH} !! \\',
  '--topic=other',
  'two\nlines\r\nand a tab\t',
  '\u202Eright to left\u202C',
  '',
  '</script>',
];

/** The arguments that `ottla` would be given, or what it would read. */
function pasted(command: string): { args: string[]; input: string } {
  const stub = `ottla() { for each in "$@"; do printf '%s\\0' "$each"; done; printf '\\1'; case "$*" in *--json-lines*) cat;; esac; }`;
  const { stdout, stderr } = spawnSync('sh', { input: `${stub}; ${command}\n`, encoding: 'utf8' });
  expect(stderr).toBe('');
  const [args, input] = stdout.split('\u0001');
  return { args: args.split('\0').slice(0, -1), input };
}

const FORMAT = { keyDelimiter: null, key: null, headers: [], partition: null, timestamp: null, emptyIsNull: false };

describe('as a command', () => {
  test.for(HOSTILE)('nothing but text: %j', (said) => {
    const { args } = pasted(
      asCommand('orders', row({ key: text(said), value: text(said), headers: [{ key: 'h', value: text(said) }] })),
    );
    expect(args).toEqual(['produce', `--key=${said}`, `--header=h=${said}`, '--partition=2', '--', 'orders', said]);
  });

  test('what arguments cannot hold goes by JSON', () => {
    for (const [name, over] of Object.entries({
      nul: { value: text('a\0b') },
      bytes: { key: hex('ff00') },
      header: { headers: [{ key: 'h', value: hex('ff00') }] },
      nothing: { headers: [{ key: 'h', value: null }] },
      name: { headers: [{ key: 'a=b', value: text('c') }] },
      long: { value: text('x'.repeat(200_000)) },
      empty: { key: null, value: null },
    })) {
      const { args, input } = pasted(asCommand('orders', row(over)));
      expect({ name, args }).toEqual({ name, args: ['produce', 'orders', '--json-lines'] });
      expect(input).toBe(asJson(row(over)));
    }
  });
});

test('as JSON it is read back as it was, headers of one name and bytes too', () => {
  const headers = [
    { key: 'h', value: text('1') },
    { key: 'h', value: hex('ff') },
    { key: '__proto__', value: null },
  ];
  const read = recordOfJson(Buffer.from(asJson(row({ key: hex('00ff'), value: null, headers }))), FORMAT, 1);
  expect(read).toMatchObject({ key: Buffer.from([0, 255]), value: null, partition: 2, timestamp: 1_700_000_000_000 });
  expect(read.headers).toEqual([
    { key: 'h', value: Buffer.from('1') },
    { key: 'h', value: Buffer.from([255]) },
    { key: '__proto__', value: null },
  ]);
});

test.for(HOSTILE)('as test code it is the message, and nothing runs: %j', async (said) => {
  const message = row({ key: hex('00ff'), value: text(said), headers: [{ key: '__proto__', value: text(said) }] });
  const produced: unknown[][] = [];
  const kafka = { produce: (...args: unknown[]) => void produced.push(args) };
  // oxlint-disable-next-line typescript/no-implied-eval -- this is what whoever pastes it does
  const run = new Function('kafka', 'Buffer', `return (async () => { ${asTestCode(said, message)} })();`) as (
    ...given: unknown[]
  ) => Promise<void>;
  await run(kafka, Buffer);
  const [[topic, { headers, ...rest }]] = produced as [[string, { headers: Record<string, string> }]];
  expect(topic).toBe(said);
  expect(rest).toEqual({ key: Buffer.from([0, 255]), value: said, partition: 2, timestamp: 1_700_000_000_000 });
  expect(Object.entries(headers)).toEqual([['__proto__', said]]);
});
