/** Long messages are found by what short ones are found by, however they are cut into pieces. */
import { describe, expect, it } from 'vitest';
import { parseMessageSearch, PIECE_BYTES, type LongMessage } from '../../src/insight/message-search.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const message = (over: Partial<LongMessage> = {}): LongMessage => ({
  partition: 1,
  offset: 40,
  timestamp: 1_769_940_000_000,
  key: bytes('customer-7'),
  value: null,
  headers: [],
  ...over,
});

/** Whether it fits, and after how many pauses that is known. */
function search(query: string, over: Partial<LongMessage>): { fits: boolean; pauses: number } {
  const pieces = parseMessageSearch(query).fitsLong(message(over));
  for (let pauses = 0; ; pauses++) {
    const piece = pieces.next();
    if (piece.done === true) return { fits: piece.value, pauses };
  }
}

const fits = (query: string, over: Partial<LongMessage>): boolean => search(query, over).fits;
const LONG = 'x'.repeat(3 * PIECE_BYTES);

describe('a long message', () => {
  it('is found by a word wherever that stands, in any case, across the borders of pieces too', () => {
    for (const word of ['Refund', 'Überweisung', '返金', '😀😁', 'İzmir']) {
      const length = bytes(word).length;
      for (const border of [1, 2]) {
        for (let before = -1; before <= length + 1; before++) {
          const value = bytes(`${'x'.repeat(border * PIECE_BYTES - before)}${word}${LONG}`);
          expect({ word, before, is: fits(`value:${word.toUpperCase()}`, { value }) }).toEqual({
            word,
            before,
            is: true,
          });
          expect({ word, before, is: fits(word.toLowerCase(), { value }) }).toEqual({ word, before, is: true });
        }
      }
    }
    expect(fits('refund', { value: bytes(LONG) })).toBe(false);
  });

  it('has nothing at the borders that was not written', () => {
    const value = bytes('😀'.repeat(PIECE_BYTES / 2));
    expect(fits('�', { value })).toBe(false);
    expect(fits('�', { value: new Uint8Array(2 * PIECE_BYTES).fill(0xff) })).toBe(true);
  });

  it('is looked at in pieces, and no further than need be', () => {
    const value = bytes(LONG);
    expect(search('value:refund', { value })).toEqual({ fits: false, pauses: 2 });
    expect(search('value:xxx', { value })).toEqual({ fits: true, pauses: 0 });
    expect(search('partition:0 value:refund', { value })).toEqual({ fits: false, pauses: 0 });
  });

  it('is as all terms say of its key, its headers and its place', () => {
    const long = message({ value: bytes(LONG), headers: [{ key: 'trace', value: bytes(`${LONG}abc`) }] });
    expect(fits('partition:1 offset>39 time>2026-02-01 key=customer-7 header.trace:ABC', long)).toBe(true);
    expect(fits('customer abc', long)).toBe(true);
    expect(fits('header.span:abc', long)).toBe(false);
    expect(fits('header.trace:abd', long)).toBe(false);
    expect(fits('value=xxx', long)).toBe(false);
    expect(fits('key:x', { ...long, key: null })).toBe(false);
  });

  it('is JSON up to a size', () => {
    const json = (length: number): Uint8Array => bytes(JSON.stringify({ text: 'x'.repeat(length), total: 12 }));
    expect(fits('json.total > 10', { value: json(2 * PIECE_BYTES) })).toBe(true);
    expect(fits('json.total > 12', { value: json(2 * PIECE_BYTES) })).toBe(false);
    expect(fits('json.total > 10', { value: json(8 << 20) })).toBe(false);
  });
});
