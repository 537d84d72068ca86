import { describe, expect, it } from 'vitest';
import { parseMessageQuery, type SearchedMessage } from '../../src/insight/message-query.ts';

const message = (over: Partial<SearchedMessage> = {}): SearchedMessage => ({
  partition: 1,
  offset: 40,
  timestamp: Date.parse('2026-02-01T10:00:00Z'),
  key: 'customer-7',
  value: '{"id": 9007199254740993, "total": 12.5, "lines": [{"sku": "A-1"}], "state": "Paid", "note": null}',
  headers: [
    { key: 'trace', value: 'abc' },
    { key: 'empty', value: null },
  ],
  ...over,
});

const fits = (query: string, over: Partial<SearchedMessage> = {}): boolean => parseMessageQuery(query)(message(over));

describe('a search', () => {
  it('finds words anywhere, in any case, and all of them', () => {
    expect(fits('')).toBe(true);
    expect(fits('paid')).toBe(true);
    expect(fits('CUSTOMER abc')).toBe(true);
    expect(fits('paid refund')).toBe(false);
    expect(fits('"total\\": 12"')).toBe(true);
  });

  it('looks at key, value, headers and places', () => {
    expect(fits('key:customer')).toBe(true);
    expect(fits('key=customer')).toBe(false);
    expect(fits('key=customer-7')).toBe(true);
    expect(fits('header.trace:ab')).toBe(true);
    expect(fits('header.empty:x')).toBe(false);
    expect(fits('partition:1 offset>39 offset<=40')).toBe(true);
    expect(fits('offset>40')).toBe(false);
    expect(fits('key:x', { key: null })).toBe(false);
  });

  it('compares times', () => {
    expect(fits('time>2026-02-01')).toBe(true);
    expect(fits('time>2026-02-01T10:00:00Z')).toBe(false);
    expect(fits('time>=1769940000000')).toBe(true);
  });

  it('looks into JSON, and rounds no number', () => {
    expect(fits('json.total > 10')).toBe(true);
    expect(fits('json.total<12.5')).toBe(false);
    expect(fits('json.id=9007199254740993')).toBe(true);
    expect(fits('json.id=9007199254740992')).toBe(false);
    expect(fits('json.id>9007199254740992')).toBe(true);
    expect(fits('json.id>9007199254740993')).toBe(false);
    expect(fits('json.lines[0].sku=A-1')).toBe(true);
    expect(fits('json.state:paid')).toBe(true);
    expect(fits('json.missing:paid')).toBe(false);
    expect(fits('json.note=null')).toBe(true);
    expect(fits('json.total>10', { value: 'no JSON' })).toBe(false);
    expect(fits('json.total>10', { value: null })).toBe(false);
  });

  it.each([
    ['keyy:1', 0, "there is no field 'keyy'"],
    ['paid offset:x', 5, "'x' is none"],
    ['time>yesterday', 0, 'is no time'],
    ['"open', 0, 'has no end'],
    ['key>3', 0, 'key is text'],
    ['json.>3', 0, 'name a field'],
  ])('%s is refused at its place', (query, at, words) => {
    const refusal = (): unknown => parseMessageQuery(query);
    expect(refusal).toThrow(words);
    expect(refusal).toThrow(expect.objectContaining({ name: 'QueryError', at }));
  });

  it('takes addresses and times of day in quotes', () => {
    expect(fits('"http://x"', { value: 'see http://x' })).toBe(true);
  });
});
