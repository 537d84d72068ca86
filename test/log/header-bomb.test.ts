import { expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/errors.ts';
import { defaultLogConfig } from '../../src/config/log-config.ts';
import { validateWhole } from './validate-whole.ts';
import { batchOfHeaders } from '../protocol/records/header-bomb.ts';
import { fixture } from './log-fixture.ts';

const MILLIONS = 4_000_000;

test('a batch of millions of headers is refused for their number, compressed or not', () => {
  for (const codec of ['none', 'gzip'] as const) {
    const bytes = batchOfHeaders(MILLIONS / 10, null, codec);
    const rules = { config: defaultLogConfig, nowMs: 0, apiVersion: 9 };
    const { errorCode, errorMessage } = validateWhole(bytes, 0, bytes.length, rules);
    expect(errorCode).toBe(ErrorCode.INVALID_RECORD);
    expect(errorMessage).toContain('headers');
  }
});

test('where a log holds such a batch all the same, a look-up by time passes over its headers', () => {
  const { open } = fixture({ maxMessageBytes: 100 * 1024 * 1024 });
  const log = open();
  const bytes = batchOfHeaders(MILLIONS, Buffer.from('k'), 'gzip', 1000);
  log.append(bytes, 0, bytes.length, 0);
  const before = process.memoryUsage().heapUsed;
  expect(log.offsetForTimestamp(500)).toMatchObject({ offset: 0, timestamp: 1000 });
  expect(log.maxTimestamp()).toMatchObject({ offset: 0, timestamp: 1000 });
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(20e6);
});
