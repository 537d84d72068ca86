import { expect, test } from 'vitest';
import { ReplicationQuota } from '../../src/replication/replication-quota.ts';

const SETTINGS = { bytesPerSecond: 100, samples: 3, sampleSeconds: 1 };

test('what was taken in the samples is held against the rate, and forgotten with them', () => {
  const quota = new ReplicationQuota(() => SETTINGS);
  expect(quota.isExceeded(0)).toBe(false);
  quota.took(250, 0);
  expect(quota.isExceeded(0)).toBe(false); // 250 bytes in 3 s
  quota.took(100, 1500);
  expect(quota.isExceeded(1500)).toBe(true); // 350
  expect(quota.isExceeded(2999)).toBe(true);
  expect(quota.isExceeded(3000)).toBe(false); // 100
});

test('without a rate nothing is exceeded, and a rate may change at any time', () => {
  let bytesPerSecond = Number.MAX_SAFE_INTEGER;
  const quota = new ReplicationQuota(() => ({ ...SETTINGS, bytesPerSecond }));
  quota.took(1e12, 0);
  expect(quota.isExceeded(1)).toBe(false);
  bytesPerSecond = 1;
  expect(quota.isExceeded(1)).toBe(true);
});
