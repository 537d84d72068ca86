/** Mistakes in a test that would make it say less than it seems to: each is told, with what was meant. */
import { expect, test } from 'vitest';
import type { TestBroker } from '../../src/testing/index.ts';
import { startBroker } from './backends.ts';
import { matchers } from '../../src/testing/matchers.ts';

expect.extend(matchers);

const asWritten = (said: unknown): never => said as never;

test.each([
  ['an option of startBroker', { topic: ['orders'] }, "startBroker does not know 'topic': did you mean 'topics'?"],
  ['the option of the durable broker', { memory: true }, 'always in memory'],
  ['what is an option of a topic', { partitions: 3 }, "topics: [{ name: 'orders', partitions: 3 }]"],
  [
    'a topic',
    { topics: [{ name: 'orders', partition: 3 }] },
    "topic 'orders' does not know 'partition': did you mean 'partitions'?",
  ],
  [
    'a setting',
    { settings: { 'num.partition': 3 } },
    "unknown configuration 'num.partition': did you mean 'num.partitions'?",
  ],
])('%s that is mistyped is refused with what was meant', async (_what, options, sentence) => {
  await expect(startBroker(asWritten(options))).rejects.toThrow(sentence);
});

const mistakes: readonly (readonly [string, (kafka: TestBroker) => unknown, string])[] = [
  [
    'a filter of a fault',
    (kafka) => kafka.faults.on('Produce', asWritten({ topics: 'orders' })),
    "did you mean 'topic'?",
  ],
  [
    'a fault as data',
    (kafka) => kafka.faults.add(asWritten({ on: 'Produce', tpoic: 'orders', hold: true })),
    "did you mean 'topic'?",
  ],
  [
    'a place to pause',
    (kafka) => kafka.faults.pause(asWritten({ topic: 'orders', partitions: 1 })),
    "did you mean 'partition'?",
  ],
  [
    'a filter of the traffic',
    (kafka) => kafka.traffic.of('Produce', asWritten({ groupId: 'x' })),
    "does not know 'groupId'",
  ],
  [
    'an option of reading',
    (kafka) => kafka.messages('orders', asWritten({ partitions: 1 })),
    "did you mean 'partition'?",
  ],
  [
    'an option of a wait',
    (kafka) => kafka.waitForLag('billing', 0, asWritten({ timeot: 5 })),
    "did you mean 'timeout'?",
  ],
  [
    'options in the place of the expectation',
    (kafka) => kafka.waitForGroup('billing', asWritten({ timeout: 5 })),
    'third argument',
  ],
  [
    'options in the place of a number',
    (kafka) => kafka.waitForMessages('orders', asWritten({ timeout: 5 })),
    'before the options',
  ],
  [
    'options in the place of the lag',
    (kafka) => kafka.waitForLag('billing', asWritten({ timeout: 5 })),
    'takes a number',
  ],
  [
    'a field of an expected message',
    (kafka) => expect(kafka).toHaveMessage('orders', asWritten({ vaule: 1 })),
    "did you mean 'value'?",
  ],
  ['onStop without a function', (kafka) => kafka.onStop(asWritten(undefined)), 'onStop takes a function'],
];

test.each(mistakes)('%s that is mistyped is refused with what was meant', async (_what, mistake, sentence) => {
  await using kafka = await startBroker({ topics: ['orders'] });
  expect(() => mistake(kafka)).toThrow(sentence);
});

test('a message with a field mistyped is refused, an object that only has a value is one', async () => {
  await using kafka = await startBroker();
  await expect(kafka.produce('orders', asWritten({ key: 'a', value: 1, header: {} }))).rejects.toThrow(
    "did you mean 'headers'?",
  );
  await kafka.produce('orders', { value: 5, currency: 'EUR' });
  expect(kafka.messages<{ currency: string }>('orders')[0].json.currency).toBe('EUR');
});

test('a wait that nobody awaited is named when the broker stops, with its place', async () => {
  const kafka = await startBroker({ topics: ['orders'], leftovers: 'ignore' });
  void kafka.waitForMessages('orders', 2);
  await kafka.waitForGroup('billing', { state: 'Dead' });
  const { forgottenWaits } = await kafka.stop();
  expect(forgottenWaits).toEqual([
    expect.stringMatching(
      /^the wait for 2 messages in 'orders' at test\/testing\/nothing-silent\.test\.ts:\d+ was never awaited/,
    ),
  ]);
});

test('waits that are awaited together, or by an expectation, are not named', async () => {
  const kafka = await startBroker({ topics: ['orders'], leftovers: 'throw' });
  await kafka.produce('orders', 'a');
  await Promise.all([kafka.waitForMessages('orders'), kafka.waitForIdle({ quiet: 1 })]);
  await expect(kafka.waitForMessages('orders', 5, { timeout: 1 })).rejects.toThrow('found 1');
  await kafka.stop();
});
