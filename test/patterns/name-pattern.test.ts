import { describe, expect, test } from 'vitest';
import { PatternError, NamePattern } from '../../src/patterns/name-pattern.ts';
import { seededRandom } from '../../src/platform/random.ts';

function isValid(expression: string): boolean {
  try {
    return new NamePattern(expression) instanceof NamePattern;
  } catch (error) {
    if (error instanceof PatternError) return false;
    throw error;
  }
}

// What com.google.re2j 1.8, which Apache Kafka 4.3.1 asks, says to each of these.
const ACCEPTED = [
  '',
  '|',
  '()',
  'a||b',
  '(?)',
  '(?<n>a)',
  '(?-i)a',
  '(?i-s:a)',
  '(a{100}){11}',
  '(a{2,}){600}',
  'a{1000}',
  'x{,2}',
  '^*',
  '\\b+',
  '\\pL',
  '\\p{L}',
  '\\p{Greek}',
  'a\\Q',
  '\\Q*\\E*',
  '\\Qab\\E+',
  '\\01',
  '\\_',
  '[\\d-z]',
  '[[:alpha:]-z]',
];
const REFUSED = [
  'a**',
  'a*+',
  'a++',
  'a{2}{3}',
  '(?#c)',
  '(?i)*a',
  '(?P<n>a)(?P<n>b)',
  '(?P<n-1>a)',
  '(?P<>a)',
  '(?s-)a',
  '(?>a)',
  '(?=a)',
  '(?!a)',
  '(?<=a)b',
  '\\p{Letter}',
  '\\pX',
  '\\x{110000}',
  '[[:nope:]]',
  '[b-a]',
  '[a-\\d]',
  '[a',
  'x{2,1}',
  'a{1001}',
  '\\C',
  '\\E',
  '\\8',
  '\\1',
  '(a)\\1',
  '\\e',
  '\\cA',
  '\\Z',
  '*a',
  '(',
  ')',
  'a\\',
];

test.each(ACCEPTED)('RE2 takes %j', (expression) => expect(isValid(expression)).toBe(true));
test.each(REFUSED)('RE2 does not take %j', (expression) => expect(isValid(expression)).toBe(false));

test.each([
  ['orders-.*', 'orders-eu', 'orders'],
  ['orders', 'orders', 'my-orders'],
  ['(eu|us)\\.orders', 'us.orders', 'us-orders'],
  ['^a$', 'a', 'aa'],
  ['a{2,3}', 'aaa', 'aaaa'],
  ['a??b+?', 'abb', 'a'],
  ['(?i)Orders', 'oRDERS', 'order'],
  ['(?i:a)b', 'Ab', 'AB'],
  ['(a(?i)b|c)D', 'aBD', 'aBd'],
  ['[^a-c]', 'd', 'b'],
  ['(?i)[^a-c]', 'd', 'B'],
  ['[]a]', ']', 'b'],
  ['[a-]+', 'a-', 'b'],
  ['[[:upper:]]\\d\\W', 'A1-', 'a1-'],
  ['\\p{Lu}\\P{Lu}', 'Aa', 'AA'],
  ['\\bfoo\\b.*', 'foo-1', 'foo1'],
  ['a\\B.*', 'ab', 'a-'],
  ['\\x41\\101', 'AA', 'aa'],
  ['\\Qa.b\\E+', 'a.bb', 'axb'],
  ['a|', '', 'b'],
  ['é?x', 'éx', 'ex'],
  ['.[^a]\\pL', 'éöü', 'éaü'],
])('%j matches %j, and not %j', (expression, name, other) => {
  const pattern = new NamePattern(expression);
  expect(pattern.matches(name)).toBe(true);
  expect(pattern.matches(other)).toBe(false);
});

describe('an expression cannot stall the broker', () => {
  test.each(['(a*)*b', '(a|a)*b', '(a|aa)+$b', '(.*)*(.*)*(.*)*x', 'a?'.repeat(60) + 'a'.repeat(60) + 'b'])(
    '%s',
    (expression) => {
      const pattern = new NamePattern(expression);
      const name = 'a'.repeat(249);
      for (let i = 0; i < 200; i++) expect(pattern.matches(name)).toBe(false);
    },
    1000,
  );

  test.each(['((a{1000}){1000}){1000}', '((){1000}){1000}{1000}', '(((){1000}){1000}){1000}', '('.repeat(100_000)])(
    'one that is too large is refused: %.20s',
    (expression) => expect(isValid(expression)).toBe(false),
    1000,
  );
});

test('it agrees with JavaScript where both mean the same', () => {
  const random = seededRandom(848);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random.float() * from.length)];
  const make = (depth: number): string => {
    const atoms = ['a', 'b', '.', '[ab]', '[^a]', '-', '\\w', '\\b', '^', '$', '\\d'];
    if (depth === 0) return pick(atoms);
    const part = () => make(depth - 1);
    return pick([
      () => part() + part(),
      () => `(?:${part()}|${part()})`,
      () => `(?:${part()})${pick(['*', '+', '?', '{0,2}', '{2}'])}`,
      part,
    ])();
  };
  let matches = 0;
  for (let i = 0; i < 1500; i++) {
    const expression = make(4);
    const pattern = new NamePattern(expression);
    const oracle = new RegExp(`^(?:${expression})$`);
    for (let j = 0; j < 10; j++) {
      const name = Array.from({ length: Math.floor(random.float() * 6) }, () => pick(['a', 'b', '-', '1'])).join('');
      const expected = oracle.test(name);
      expect(`${expression} ${name} ${pattern.matches(name)}`).toBe(`${expression} ${name} ${expected}`);
      if (expected) matches++;
    }
  }
  expect(matches).toBeGreaterThan(500);
});

describe('many names', () => {
  const names = Array.from({ length: 200 }, (_, i) => `${'a'.repeat(200)}-${i}`);

  function drive(expression: string): { pauses: number; found: string[] } {
    const pieces = new NamePattern(expression).matching(names);
    for (let pauses = 0; ; pauses++) {
      const piece = pieces.next();
      if (piece.done === true) return { pauses, found: piece.value };
    }
  }

  test('are matched without a pause where little has to be followed', () => {
    expect(drive('a+-1.*').pauses).toBe(0);
  });

  test('are matched in many pieces where hundreds of places are followed at once', () => {
    const { pauses, found } = drive('.*a.{200}x');
    expect(pauses).toBeGreaterThan(10);
    expect(found).toEqual([]);
  });

  test('give the same in pieces as one by one', () => {
    const expression = '(.*a){40}.*-1[0-9]?';
    const pattern = new NamePattern(expression);
    expect(drive(expression).found).toEqual(names.filter((name) => pattern.matches(name)));
    expect(drive(expression).found).toHaveLength(11);
  });
});
