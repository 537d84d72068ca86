import { expect, test } from 'vitest';
import { ShareGroupHeartbeat } from '../../protocol/apis/index.ts';
import type { Client } from '../../protocol/client.ts';
import { answersHere, recordAnswers, recordedAnswers, wait, type Recording } from './recorded-answers.ts';
import { converseAsShareConsumers } from './share-conversation.ts';

const recording: Recording = {
  recorded: new URL('./share-answers.txt', import.meta.url),
  converse: converseAsShareConsumers,
  settleMs: { here: 2000, kafka: 500 },
};

test('share groups answer as those of Apache Kafka 4.4.0 did', async () => {
  expect(await answersHere(recording)).toEqual(recordedAnswers(recording));
});

// KAFKA_PORT=19600 asks a running Apache Kafka, started with group.initial.rebalance.delay.ms=0,
// group.share.assignment.interval.ms=0 and group.share.max.size=3, and records what it says.
test.runIf(process.env.KAFKA_PORT !== undefined)(
  'the recorded answers are those of a real broker',
  async () => {
    const answers = await recordAnswers(recording, async (client, topics) => {
      await topics.create('warm', 1);
      for (let i = 0; i < 20; i++) while (!(await isAssigned(client, `warm${i}`))) await wait(100);
    });
    expect(answers).toEqual(recordedAnswers(recording));
  },
  120_000,
);

async function isAssigned(client: Client, groupId: string): Promise<boolean> {
  const member = { groupId, memberId: 'm', memberEpoch: 0, subscribedTopicNames: ['warm'] };
  const { assignment } = await client.send(ShareGroupHeartbeat, 1, member);
  return assignment !== null && assignment.topicPartitions.length > 0;
}
