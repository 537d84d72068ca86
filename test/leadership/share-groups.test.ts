import { expect, test } from 'vitest';
import { ShareGroupHeartbeat } from '../../protocol/apis/index.ts';
import { connect } from '../../protocol/client.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { startBroker } from '../../src/testing/index.ts';
import { Ack, ShareMember } from '../testing/share-member.ts';

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

test('a dead letter is written to a queue that another broker leads', async () => {
  const dead = { name: 'dlq.mails', configs: { 'errors.deadletterqueue.group.enable': 'true' } };
  const mailer = { 'share.auto.offset.reset': 'earliest', 'errors.deadletterqueue.topic.name': 'dlq.mails' };
  await using kafka = await startBroker({ brokers: 3, topics: ['mails', dead], groups: { mailer } });
  await kafka.moveCoordinator({ group: 'mailer' }, 0);
  await kafka.moveLeader('mails', 0, 0);
  await kafka.moveLeader('dlq.mails', 0, 2);
  await kafka.produce('mails', 'poison');
  const member = await ShareMember.join(kafka, 'mailer', ['mails']);
  expect(await member.acknowledge(await member.fetch(), Ack.reject)).toEqual([0]);
  const [letter] = await kafka.waitForDeadLetter('mailer');
  expect(letter.headers).toMatchObject({ '__dlq.errors.topic': 'mails', '__dlq.errors.offset': '0' });
  await kafka.waitForQueue('mailer', { backlog: 0, inFlight: 0 });
});

test('a leader that moves mid-delivery: what was acknowledged is done, the rest comes from the next leader', async () => {
  const mailer = { 'share.auto.offset.reset': 'earliest' };
  await using kafka = await startBroker({ brokers: 3, topics: ['mails'], groups: { mailer } });
  await kafka.moveCoordinator({ group: 'mailer' }, 0);
  await kafka.moveLeader('mails', 0, 0);
  await kafka.produce('mails', ['a', 'b', 'c']);
  const before = await ShareMember.join(kafka, 'mailer', ['mails']);
  const [first, ...rest] = await before.fetch();
  expect(await before.acknowledge([first], Ack.accept)).toEqual([ErrorCode.NONE]);
  await kafka.moveLeader('mails', 0, 1);
  expect(await before.acknowledge(rest, Ack.accept)).toEqual([ErrorCode.NOT_LEADER_OR_FOLLOWER]);
  await kafka.moveCoordinator({ group: 'mailer' }, 1);
  const next = { bootstrapBrokers: [kafka.bootstrapBrokers[1]], onStop: kafka.onStop.bind(kafka) };
  const after = await ShareMember.join(next, 'mailer', ['mails'], 'mailer-2');
  const again = await after.fetch();
  expect(again.map(({ value, deliveries }) => [value, deliveries])).toEqual([
    ['b', 1],
    ['c', 1],
  ]);
  expect(await after.acknowledge(again, Ack.accept)).toEqual([ErrorCode.NONE]);
  await kafka.waitForQueue('mailer', { backlog: 0, inFlight: 0 });
});
