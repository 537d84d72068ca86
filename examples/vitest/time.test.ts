import { expect } from 'vitest';
import { kafkaTest } from 'ottla/vitest';

const test = kafkaTest({ clock: 'virtual', topics: ['events'] });

test('a week passes in a moment, and retention does its work', async ({ kafka }) => {
  await kafka.produce('events', 'old news');
  await kafka.clock.advance('8d');
  expect(kafka.messages('events')).toEqual([]);
});
