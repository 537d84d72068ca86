/** Run by test/testing/node-test-report.test.ts alone: tests that fail, and some that do not. */
/* oxlint-disable typescript/no-floating-promises -- node:test waits for its tests by itself */
import assert from 'node:assert/strict';
import { after, before, describe, it, test as plain } from 'node:test';
import { kafkaTest, startBroker, test, type TestBroker } from '../../../src/testing/node-test.ts';

test('bills </script> once', async ({ kafka, t }) => {
  assert.equal(t.name, 'bills </script> once');
  await kafka.produce('orders', 'a message that was there');
  assert.equal(kafka.messages('orders').length, 7);
});

kafkaTest({ topics: ['invoices'] })('bills well', async ({ kafka }) => {
  await kafka.produce('invoices', 'well');
});

describe('a broker of the file', () => {
  let kafka: TestBroker;
  before(async () => (kafka = await startBroker({ topics: ['shared'], leftovers: 'ignore' })));
  after(() => kafka.stop());

  it('is told of when a test fails', async () => {
    await kafka.produce('shared', 'what all tests see');
    await kafka.waitForMessages('shared', 3, { timeout: '50ms' });
  });
});

plain('a test without a broker may fail, too', () => assert.fail('for no reason'));
