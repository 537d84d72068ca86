import { expect, test } from 'vitest';
import { ShareGroupHeartbeat } from '../../protocol/apis/index.ts';
import { connect } from '../../protocol/client.ts';
import { startBroker } from '../../src/testing/index.ts';

test('partitions get state at whichever broker keeps it, and members are assigned them', async () => {
  const settings = { 'share.coordinator.state.topic.num.partitions': 6 };
  await using kafka = await startBroker({ brokers: 3, topics: [{ name: 'jobs', partitions: 6 }], settings });
  await kafka.moveCoordinator({ group: 'g' }, 1);
  const [host, port] = kafka.bootstrapBrokers[1].split(':');
  const client = await connect({ host, port: Number(port), clientId: 'c' });
  kafka.onStop(() => client.close());
  let memberEpoch = 0;
  const assigned = new Set<number>();
  while (assigned.size < 6) {
    const subscribedTopicNames = memberEpoch === 0 ? ['jobs'] : null;
    const beat = { groupId: 'g', memberId: 'm', memberEpoch, subscribedTopicNames };
    const answer = await client.send(ShareGroupHeartbeat, 1, beat);
    expect(answer.errorCode).toBe(0);
    memberEpoch = answer.memberEpoch;
    for (const { partitions } of answer.assignment?.topicPartitions ?? [])
      for (const each of partitions) assigned.add(each);
  }
  const leaders = Array.from({ length: 6 }, (_, index) => kafka.leaderOf('__share_group_state', index));
  expect(new Set(leaders).size).toBeGreaterThan(1);
});
