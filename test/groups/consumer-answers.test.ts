import { expect, test } from 'vitest';
import { converseAsConsumers } from './consumer-conversation.ts';
import { answersHere, recordAnswers, recordedAnswers, type Recording } from './recorded-answers.ts';

const recording: Recording = {
  recorded: new URL('./consumer-answers.txt', import.meta.url),
  converse: converseAsConsumers,
  settleMs: { here: 2000, kafka: 500 },
};

test('groups of the consumer protocol answer as those of Apache Kafka 4.4.0 did', async () => {
  expect(await answersHere(recording)).toEqual(recordedAnswers(recording));
});

// KAFKA_PORT=19600 asks a running Apache Kafka, started with group.initial.rebalance.delay.ms=0,
// group.consumer.assignment.interval.ms=0 and group.consumer.max.size=3, and records what it says.
test.runIf(process.env.KAFKA_PORT !== undefined)(
  'the recorded answers are those of a real broker',
  async () => {
    expect(await recordAnswers(recording)).toEqual(recordedAnswers(recording));
  },
  60_000,
);
