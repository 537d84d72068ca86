import { expect, test } from 'vitest';
import { converse } from './conversation.ts';
import { answersHere, recordAnswers, recordedAnswers, type Recording } from './recorded-answers.ts';

const recording: Recording = {
  recorded: new URL('./kafka-answers.txt', import.meta.url),
  converse: (send, _topics, run, settle) => converse(send, run, settle),
  settleMs: { here: 0, kafka: 300 },
};

test('the group APIs answer as Apache Kafka 4.4.0 did when it was asked the same', async () => {
  expect(await answersHere(recording)).toEqual(recordedAnswers(recording));
});

// KAFKA_PORT=19600 asks a running Apache Kafka (group.initial.rebalance.delay.ms=0) and records what it says.
test.runIf(process.env.KAFKA_PORT !== undefined)(
  'the recorded answers are those of a real broker',
  async () => {
    const answers = await recordAnswers(recording, (_client, topics) => topics.create('t1', 2));
    expect(answers).toEqual(recordedAnswers(recording));
  },
  60_000,
);
