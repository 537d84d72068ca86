import { describe, expect, it } from 'vitest';
import { jsonField } from '../../src/insight/json-field.ts';
import { seededRandom } from '../../src/platform/random.ts';

const at = (json: string, ...path: (string | number)[]): string | null => {
  const field = jsonField(json, path);
  return field === null ? null : json.slice(field.start, field.end);
};

describe('a field of a JSON text', () => {
  it('is found in objects and lists, as it is written', () => {
    const json = ' { "a" : 1e400 , "list":[ 1, {"b": [true,null]} ,"x,]}" ], "o\\u0062j": {"": "q\\"}"} } ';
    expect(at(json, 'a')).toBe('1e400');
    expect(at(json, 'list', 1, 'b', 0)).toBe('true');
    expect(at(json, 'list', 2)).toBe('"x,]}"');
    expect(at(json, 'obj', '')).toBe('"q\\"}"');
    expect(at(json, 'list', 3)).toBeNull();
    expect(at(json, 'list', 'b')).toBeNull();
    expect(at(json, 'a', 'b')).toBeNull();
    expect(at('{"7": 1}', 7)).toBe('1');
    expect(at('[]', 0)).toBeNull();
    expect(at('{}', 'a')).toBeNull();
  });

  it('is none in what is no JSON, however it ends', () => {
    for (const json of [
      '',
      '{',
      '{"a"',
      '{"a":',
      '{"a":"',
      '{"a":[',
      '{a:1}',
      '{"b":1 "a":2}',
      '[1 2',
      'null',
      '{"b":[1,}',
    ])
      expect(at(json, 'a')).toBeNull();
  });

  it('is what JSON.parse finds there', () => {
    const random = seededRandom(3);
    const pick = <T>(of: readonly T[]): T => of[Math.floor(random.float() * of.length)];
    const made = (depth: number): unknown => {
      const kind = depth === 0 ? 3 : Math.floor(random.float() * 5);
      if (kind < 2)
        return Object.fromEntries(
          Array.from({ length: 3 }, () => [pick(['a', 'b', 'c"', '\\', 'é']), made(depth - 1)]),
        );
      if (kind === 2) return Array.from({ length: 3 }, () => made(depth - 1));
      return pick([1, -2.5, 'x"y', '{', ']', '\\"', true, null, '']);
    };
    for (let i = 0; i < 500; i++) {
      const value = made(3);
      const json = JSON.stringify(value, null, pick([undefined, 1, '\t']));
      let [expected, path] = [value, [] as (string | number)[]];
      while (typeof expected === 'object' && expected !== null && random.float() < 0.8) {
        const keys = Array.isArray(expected) ? [...expected.keys()] : Object.keys(expected);
        const key = pick<string | number>(keys);
        path = [...path, key];
        expected = (expected as Record<string, unknown>)[key];
      }
      expect(JSON.parse(at(json, ...path)!)).toEqual(expected);
    }
  });
});
