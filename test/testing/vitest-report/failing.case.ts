/** Run by test/testing/vitest-report.test.ts alone: tests that fail, and one that does not. */
import { describe, expect } from 'vitest';
import { test } from '../../../src/testing/vitest.ts';

describe('billing', () => {
  test('bills </script> once', async ({ kafka }) => {
    await kafka.produce('orders', 'a message that was there');
    expect(kafka.messages('orders')).toHaveLength(7);
  });

  test.for([1, 2])('bills again', async (_, { kafka }) => {
    await kafka.waitForMessages('orders', 3, { timeout: '50ms' });
  });

  test('bills well', async ({ kafka }) => {
    await kafka.produce('orders', 'well');
  });
});
