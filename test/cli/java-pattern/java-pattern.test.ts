/** java-answers.json: which names java.util.regex matches with each expression, null where it refuses the expression. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { javaPattern, topicFilter } from '../../../src/cli/java-pattern/java-pattern.ts';
import { UsageError } from '../../../src/cli/usage.ts';

const { names, matches } = JSON.parse(readFileSync(new URL('java-answers.json', import.meta.url), 'utf8')) as {
  names: readonly string[];
  matches: Readonly<Record<string, string | null>>;
};

/** Without a counterpart in JavaScript: refused, or a back reference to a group that took no part. */
const WITHOUT = ['\\X', '\\G', '\\N{LATIN SMALL LETTER A}'];
const LOOSE = ['(a)?\\1b', '(a|b)?\\d.*\\1+'];

function answer(expression: string): string | null {
  try {
    const pattern = javaPattern(expression);
    return names.map((name) => (pattern.matches(name) ? '1' : '0')).join('');
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return null;
  }
}

describe('an expression means what it means in Java', () => {
  const asked = Object.keys(matches).filter((each) => !WITHOUT.includes(each) && !LOOSE.includes(each));

  test(`${asked.length} of them, by hand and by chance`, () => {
    const wrong = asked.filter((expression) => answer(expression) !== matches[expression]);
    expect(wrong).toEqual([]);
  });

  test('what has no counterpart is refused with a sentence', () => {
    for (const expression of WITHOUT) expect(() => javaPattern(expression)).toThrow(/is an invalid regex: /);
  });

  test('deep nesting ends with a sentence, not with the stack', () => {
    expect(() => javaPattern('('.repeat(5000))).toThrow(UsageError);
    expect(() => javaPattern('['.repeat(5000))).toThrow(UsageError);
  });
});

test('a list of topics has commas between names, and quotes around it have no meaning', () => {
  const filter = topicFilter(` "orders, a.b" `);
  expect(['orders', 'a.b', 'aXb', 'other'].map((name) => filter.matches(name))).toEqual([true, true, true, false]);
});
