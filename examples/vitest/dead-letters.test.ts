import { expect } from 'vitest';
import { kafkaTest } from 'ottla/vitest';
import { createRetrying } from '../app/retrying.mjs';

const test = kafkaTest({ topics: ['orders', 'orders.retry', 'orders.dead'] });

interface DeadLetter {
  error: string;
  'original-topic': string;
}

test('what fails three times becomes a dead letter that says why; what fails once does not', async ({ kafka }) => {
  const failures = new Map([
    [1, Infinity],
    [2, 1],
  ]);
  const app = createRetrying(kafka.bootstrapBrokers, async ({ id }) => {
    const left = failures.get(id)!;
    failures.set(id, left - 1);
    if (left > 0) throw new Error(`card of order ${id} refused`);
  });
  kafka.onStop(() => app.stop());
  await app.start();
  await kafka.produce('orders', [
    { key: 'ada', value: { id: 1 } },
    { key: 'bob', value: { id: 2 } },
  ]);
  const [letter] = await kafka.waitForMessages<{ id: number }, DeadLetter>('orders.dead');
  expect([letter.json.id, letter.headers.error]).toEqual([1, 'card of order 1 refused']);
  expect(kafka.messages('orders.retry', { limit: 9 }).map(({ headers }) => headers.attempt)).toEqual(['2', '2', '3']);
  await kafka.waitForLag('charging');
  await kafka.expectNoMessages('orders.dead', { within: '100ms', where: ({ key }) => key === 'bob' });
});

test('a dead letter is written once, though the broker is away for a moment', async ({ kafka }) => {
  const app = createRetrying(kafka.bootstrapBrokers, () => Promise.reject(new Error('never works')));
  kafka.onStop(() => app.stop());
  await app.start();
  const away = kafka.faults.on('Produce', { topic: 'orders.dead' }).reply('NOT_LEADER_OR_FOLLOWER').once();
  await kafka.produce('orders', { key: 'ada', value: { id: 1 } });
  await kafka.waitForMessages('orders.dead');
  expect(away.fired).toBe(1);
  expect(kafka).toHaveMessages('orders.dead', [{ key: 'ada', headers: { error: 'never works' } }]);
});
