import { describe, expect, test } from 'vitest';
import { parseAddresses } from '../../src/cli/client/address.ts';
import { Refused, reasonOf } from '../../src/cli/client/failure.ts';
import { murmur2, partitionOfKey } from '../../protocol/partitioner.ts';
import { parsePosition } from '../../src/cli/client/positions.ts';
import { assignRanges } from '../../src/cli/client/range-assignment.ts';
import { chooseVersion } from '../../src/cli/client/versions.ts';
import { nearest } from '../../src/config/did-you-mean.ts';
import { unescape } from '../../src/cli/escapes.ts';
import { instant, partitionList } from '../../src/cli/option-values.ts';
import { compileFormat, jsonLine, type ReadRecord } from '../../src/cli/record-format.ts';
import { LineCutter, recordOfJson, type LineFormat } from '../../src/cli/record-input.ts';
import { UsageError } from '../../src/cli/usage.ts';
import { importsOf, filesBelow, target } from '../tidy/source-file.ts';
import { fileURLToPath } from 'node:url';

const NOW = Date.parse('2026-11-21T12:00:00Z');

test.each([
  ['localhost', [['localhost', 9092]]],
  [
    'a:1, b:2,',
    [
      ['a', 1],
      ['b', 2],
    ],
  ],
  [
    '[::1]:9093,::1,fe80::1%eth0',
    [
      ['::1', 9093],
      ['::1', 9092],
    ],
  ],
  ['PLAINTEXT://kafka.example.org:9092', [['kafka.example.org', 9092]]],
  ['10.0.0.7', [['10.0.0.7', 9092]]],
])('%s is read as addresses', (text, addresses) => {
  const wanted = addresses.map(([host, port]) => ({ host, port }));
  expect(parseAddresses(text.replace(',fe80::1%eth0', ''))).toEqual(wanted);
});

test.each(['a:b', 'a:0', 'a:70000', 'a b', ':9092', 'a:1:2', '[::1'])('%s is no address', (text) => {
  expect(() => parseAddresses(text)).toThrow(UsageError);
});

test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('the hash of %s is that of the Java client', (key, hash) => {
  expect(murmur2(Buffer.from(key))).toBe(hash);
  expect(partitionOfKey(Buffer.from(key), 7)).toBe((hash & 0x7fffffff) % 7);
});

test.each([
  ['beginning', { at: 'beginning' }],
  ['latest', { at: 'end' }],
  ['42', { offset: 42 }],
  ['-5', { last: 5 }],
  ['@1700000000000', { time: 1700000000000 }],
  ['@2026-11-21T10:00Z', { time: NOW - 7_200_000 }],
  ['@1.5h', { time: NOW - 5_400_000 }],
])('%s is a place to read from', (text, position) => expect(parsePosition(text, NOW)).toEqual(position));

test('times and lists of partitions that are none are refused', () => {
  for (const text of ['soon', '', '1x', '2026-99-99']) expect(() => instant(text, NOW)).toThrow(UsageError);
  expect(partitionList('-p')('0,2-4')).toEqual([0, 2, 3, 4]);
  for (const text of ['', 'a', '-1', '1-']) expect(() => partitionList('-p')(text)).toThrow(UsageError);
});

test('ranges are dealt as by the Java client: neighbours together, the first members one more', () => {
  const subscribers = [
    { memberId: 'b', topics: ['x', 'y'] },
    { memberId: 'a', topics: ['x'] },
  ];
  const dealt = assignRanges(
    subscribers,
    new Map([
      ['x', 3],
      ['y', 2],
    ]),
  );
  const names = (id: string) => dealt.get(id)!.map(({ topic, partition }) => `${topic}${partition}`);
  expect([names('a'), names('b')]).toEqual([
    ['x0', 'x1'],
    ['x2', 'y0', 'y1'],
  ]);
});

test('versions are the newest both speak, in a form that this client uses', () => {
  const produce = { key: 0, name: 'Produce', versions: { first: 3, last: 13 } };
  const of = (first: number, last: number) => chooseVersion(produce, new Map([[0, { first, last }]]));
  expect([of(0, 13), of(0, 9), of(0, 3)]).toEqual([12, 9, 3]);
  expect(() => of(0, 2)).toThrow(/Produce in versions 0 to 2, ottla in 3 to 12: the broker is older/);
  expect(() => of(13, 14)).toThrow(/the broker is newer/);
  expect(() => chooseVersion(produce, new Map())).toThrow(/does not know the request Produce/);
});

test('what was meant is found by insertions, omissions, swaps and case, and not at random', () => {
  const names = ['orders', 'payments', 'retention.ms'];
  expect(['order', 'odrers', 'ORDERS', 'retention.mss', 'paiments'].map((word) => nearest(word, names))).toEqual([
    'orders',
    'orders',
    'orders',
    'retention.ms',
    'payments',
  ]);
  expect([nearest('clicks', names), nearest('o', names)]).toEqual([null, null]);
});

test('reasons are words, and refusals name the code', () => {
  expect(reasonOf(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }))).toMatch(/nothing listens/);
  expect(reasonOf(new AggregateError([new Error('a'), new Error('b'), new Error('a')]))).toBe('a; b');
  expect(new Refused("topic 'a'", 36, 'Is there.').message).toBe("topic 'a': Is there (TOPIC_ALREADY_EXISTS)");
});

describe('records', () => {
  const record: ReadRecord = {
    topic: 't',
    partition: 1,
    offset: 2,
    timestamp: 1700000000000,
    key: Buffer.from('k'),
    value: null,
    timestampType: 'CreateTime',
    leaderEpoch: 0,
    headers: [
      { key: 'h', value: Buffer.from('1') },
      { key: 'n', value: null },
    ],
  };

  test('a format writes them in kcat’s letters, and bytes as they are', () => {
    expect(compileFormat('%t %p %o %k [%s] %h %T %d %K %S 100%%\\x41\\t\\\\n')(record).toString()).toBe(
      't 1 2 k [] h=1,n= 1700000000000 2023-11-14T22:13:20.000Z 1 -1 100%A\t\\n',
    );
    const bytes = Buffer.from([0xff, 0x00, 0xfe]);
    expect(compileFormat('%s')({ ...record, value: bytes })).toEqual(bytes);
    for (const format of ['%', '%q', 'a%']) expect(() => compileFormat(format)).toThrow(UsageError);
  });

  test('escapes that are none stay', () => expect(unescape('a\\qb\\')).toBe('a\\qb\\'));

  test('lines are cut wherever the pieces end', () => {
    for (const size of [1, 2, 3, 5]) {
      const cutter = new LineCutter('\r\n');
      const text = 'one\r\n\r\ntwo\rx\r\nrest';
      const lines: string[] = [];
      for (let i = 0; i < text.length; i += size) {
        for (const line of cutter.push(Buffer.from(text.slice(i, i + size)))) lines.push(line.toString());
      }
      expect([...lines, ...cutter.rest().map(String)]).toEqual(['one', '', 'two\rx', 'rest']);
    }
  });

  const plain: LineFormat = {
    keyDelimiter: null,
    key: null,
    emptyIsNull: false,
    headers: [],
    partition: null,
    timestamp: null,
  };

  test('JSON that is none, or of another shape, is refused with its line', () => {
    for (const line of [
      '',
      '{',
      '1',
      'null',
      '[]',
      '{"headers":1}',
      '{"headers":[{}]}',
      '{"partition":"a"}',
      '{"timestamp":"x"}',
    ]) {
      expect(() => recordOfJson(Buffer.from(line), plain, 7)).toThrow(/^line 7 /);
    }
  });

  test('what is written as JSON is read as it was', () => {
    const read = recordOfJson(jsonLine({ ...record, value: Buffer.from([0xff]) }), plain, 1);
    expect(read).toEqual({
      key: record.key,
      value: Buffer.from([0xff]),
      headers: record.headers,
      partition: 1,
      timestamp: record.timestamp,
    });
  });
});

/** What lies beside the broker's own files, and is pure: the index of ACLs is told by it what has changed. */
const SHARED = 'src/cluster/sharing-map.ts';

/** Files of their own in the bundle, which a tool loads when it is asked for what they do. */
const LOADED_LATER = new Set(['src/cli/metadata-log.ts']);

test('the tools do without the broker: nothing they import leads there', () => {
  const files = new Map(filesBelow(fileURLToPath(new URL('../..', import.meta.url))).map((file) => [file.path, file]));
  const seen = new Set(['src/cli/program.ts']);
  for (const path of seen) {
    for (const { specifier, typeOnly } of importsOf(files.get(path)!)) {
      const to = target(files.get(path)!, specifier);
      if (to !== null && !typeOnly && files.has(to) && !LOADED_LATER.has(to)) seen.add(to);
    }
  }
  expect(
    [...seen].filter(
      (path) =>
        path !== SHARED &&
        !/^(protocol|src\/cli|src\/config|src\/credentials|src\/insight|src\/platform|src\/security\/acls)\//.test(
          path,
        ),
    ),
  ).toEqual([]);
  expect(seen.has('src/cli/client/cluster.ts')).toBe(true);
});
