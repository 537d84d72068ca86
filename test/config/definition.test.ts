import { describe, expect, test } from 'vitest';
import {
  ConfigError,
  NO_LIMIT,
  boolean,
  canonicalText,
  double,
  int,
  list,
  long,
  parseValue,
  password,
  string,
  validText,
  valuesOf,
} from '../../src/config/definition.ts';
import type { Definition } from '../../src/config/definition.ts';

const refusalOf = (row: Definition, text: string): string => {
  try {
    return `accepted ${JSON.stringify(parseValue('the.key', row, text))}`;
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
};

describe('a value', () => {
  test('is trimmed and read as the type of its key', () => {
    expect(parseValue('k', int(1, {}, ''), ' +7 ')).toBe(7);
    expect(parseValue('k', boolean(false, {}, ''), 'TRUE')).toBe(true);
    expect(parseValue('k', double(0, {}, ''), '.25')).toBe(0.25);
    expect(parseValue('k', list([], {}, ''), 'a , b,c')).toEqual(['a', 'b', 'c']);
    expect(parseValue('k', list([], {}, ''), ' ')).toEqual([]);
    expect(parseValue('k', string(null, {}, ''), ' x ')).toBe('x');
  });

  test.each([
    [int(1, { min: 1 }, ''), '0', 'Invalid value 0 for configuration the.key: Value must be at least 1'],
    [int(1, { max: 9 }, ''), '10', 'Invalid value 10 for configuration the.key: Value must be no more than 9'],
    [int(1, {}, ''), '3000000000', 'Invalid value 3000000000 for configuration the.key: Not a number of type INT'],
    [int(1, {}, ''), '1.5', 'Invalid value 1.5 for configuration the.key: Not a number of type INT'],
    [int(1, {}, ''), '', 'Invalid value  for configuration the.key: Not a number of type INT'],
    [
      long(1, {}, ''),
      '9223372036854775808',
      'Invalid value 9223372036854775808 for configuration the.key: Not a number of type LONG',
    ],
    [double(1, {}, ''), 'half', 'Invalid value half for configuration the.key: Not a number of type DOUBLE'],
    [
      boolean(true, {}, ''),
      'yes',
      'Invalid value yes for configuration the.key: Expected value to be either true or false',
    ],
    [
      int(-1, { min: 1, max: 9, or: -1 }, ''),
      '0',
      'Invalid value 0 for configuration the.key: Value must be between 1 and 9 or equal to -1',
    ],
    [
      string('a', { oneOf: ['a', 'b'] }, ''),
      'A',
      'Invalid value A for configuration the.key: String must be one of: a, b',
    ],
    [
      string('a', { oneOf: ['a', 'b'], anyCase: true }, ''),
      'c',
      'Invalid value c for configuration the.key: String must be one of (case insensitive): a, b',
    ],
    [
      list(['a'], { oneOf: ['a', 'b'] }, ''),
      'a,c',
      'Invalid value c for configuration the.key: String must be one of: a, b',
    ],

    [list(['a'], {}, ''), 'a,,b', "Configuration 'the.key' values must not be empty."],
    [
      list(['a'], { nonEmpty: true }, ''),
      '',
      "Configuration 'the.key' must not be empty. Valid values include: any non-empty value",
    ],
  ] as const)('that its key does not allow is refused in the words of Kafka: %#', (row, text, message) => {
    expect(refusalOf(row as Definition, text)).toBe(message);
  });

  test('that lies outside the range is taken when it is the one exception', () => {
    expect(parseValue('k', int(-1, { min: 1, max: 9, or: -1 }, ''), '-1')).toBe(-1);
  });

  test('of throttled replicas is pairs or a star', () => {
    const row = list([], { throttledReplicas: true }, '');
    for (const text of ['', '*', '0:1', '0:1,1:2']) expect(refusalOf(row, text)).toMatch(/^accepted/);
    for (const text of ['x', '*,*', '0:a']) expect(refusalOf(row, text)).toMatch(/^Invalid value \[/);
  });

  test('of share.auto.offset.reset is a name or a duration that is not negative', () => {
    const row = string('latest', { offsetReset: true }, '');
    for (const text of ['latest', 'earliest', 'by_duration:P1D', 'by_duration:PT1.5S', 'by_duration:pt1h']) {
      expect(refusalOf(row, text)).toBe(`accepted "${text}"`);
    }
    for (const text of [
      'LATEST',
      'none',
      '',
      'by_duration:P',
      'by_duration:P1DT',
      'by_duration:-P1D',
      'BY_DURATION:PT1H',
    ]) {
      expect(refusalOf(row, text)).toMatch(/^Invalid value/);
    }
  });
});

test('a long beyond 2^53 is saturated for code and exact in answers', () => {
  const row = long(NO_LIMIT, {}, '');
  expect(row.defaultValue).toBe(Number.MAX_SAFE_INTEGER);
  expect(row.defaultText).toBe('9223372036854775807');
  expect(parseValue('k', row, '9223372036854775806')).toBe(Number.MAX_SAFE_INTEGER);
  expect(canonicalText('k', row, '009223372036854775806')).toBe('9223372036854775806');
  expect(parseValue('k', row, '-9223372036854775808')).toBe(-Number.MAX_SAFE_INTEGER);
});

test('doubles are printed as Java prints them', () => {
  const row = double(0.5, {}, '');
  const printed = (text: string) => canonicalText('k', row, text);
  expect(['5', '9999999', '123456789', '1e7', '.0001', '0.25', '1.7976931348623157e308', '0'].map(printed)).toEqual([
    '5.0',
    '9999999.0',
    '1.23456789E8',
    '1.0E7',
    '1.0E-4',
    '0.25',
    '1.7976931348623157E308',
    '0.0',
  ]);
});

test('texts are printed without blanks around list elements', () => {
  expect(canonicalText('k', list([], {}, ''), ' compact , delete ')).toBe('compact,delete');
});

test('what is allowed reads as in Kafka', () => {
  expect(validText(int(1, { min: 1 }, ''))).toBe('[1,...]');
  expect(validText(int(1, { min: 1, max: 9, or: -1 }, ''))).toBe('[1,...,9] or -1');
  expect(validText(string('a', { oneOf: ['a', 'b'], anyCase: true }, ''))).toBe('(case insensitive) [a, b]');
  expect(validText(string('', { nonEmpty: true }, ''))).toBe('non-empty string');
  expect(validText(password({}, ''))).toBeUndefined();
});

test('a table is read into values of their types, defaults where nothing is given, and never changes', () => {
  const values = valuesOf(
    { 'a.b': int(5, {}, ''), c: list(['x'], {}, ''), d: int(null, {}, '') },
    new Map([
      ['a.b', '6'],
      ['e', ''],
    ]),
  );
  expect(values).toEqual({ 'a.b': 6, c: ['x'], d: null });
  expect(Object.isFrozen(values)).toBe(true);
});
