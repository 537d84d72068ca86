import { afterEach, expect, test } from 'vitest';
import { instant } from '../../src/cli/option-values.ts';
import { recordOfJson } from '../../src/cli/record-input.ts';
import { parseDuration, parseTime } from '../../src/cli/time-text.ts';

const zone = process.env.TZ;
afterEach(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

test.each(['America/New_York', 'Asia/Kolkata', 'Pacific/Auckland', 'UTC'])(
  'a time without a zone is UTC, where TZ is %s',
  (TZ) => {
    process.env.TZ = TZ;
    const noon = Date.UTC(2020, 0, 1, 12);
    for (const text of ['2020-01-01T12:00', '2020-01-01T12:00:00', '2020-01-01T12:00:00.000', '2020-01-01T13:00+01']) {
      expect([text, parseTime(text), instant(text, 0)]).toEqual([text, noon, noon]);
    }
    expect(parseTime('2020-01-01')).toBe(Date.UTC(2020, 0, 1));
    const format = { keyDelimiter: null, key: null, emptyIsNull: false, headers: [], partition: null, timestamp: null };
    expect(recordOfJson(Buffer.from('{"timestamp":"2020-01-01T12:00"}'), format, 1).timestamp).toBe(noon);
  },
);

test.each(['2020-02-30', '2020-01-01T24:00', '2020-1-1', 'now', '', '2020-01-01T12', '2020-01-01 12:00'])(
  '%j is no time',
  (text) => expect(parseTime(text)).toBeNull(),
);

// As java.time.Duration reads them.
test.each([
  ['PT1H', 3_600_000],
  ['P1D', 86_400_000],
  ['P1DT2H3M4.5S', 93_784_500],
  ['-PT1H', -3_600_000],
  ['PT-1H30M', -1_800_000],
  ['pt1s', 1000],
  ['PT0S', 0],
  ['1h', null],
  ['P', null],
  ['PT', null],
  ['P1Y', null],
])('the duration %s', (text, expected) => expect(parseDuration(text)).toBe(expected));
