import { expect, test } from 'vitest';
import { matchers, startBroker } from '../../src/testing/index.ts';
import { Ack, ShareMember } from './share-member.ts';

expect.extend(matchers);

const INVALID_RECORD_STATE = 121;
const EARLIEST = { 'share.auto.offset.reset': 'earliest' };
const STARTED = {
  groups: { mailer: EARLIEST, other: EARLIEST },
  topics: ['mails', 'letters'],
  leftovers: 'ignore',
} as const;

test('a fault strikes the heartbeats and fetches of one group, and no other', async () => {
  await using kafka = await startBroker(STARTED);
  await kafka.produce('mails', 'a');
  const [mailer, other] = [
    await ShareMember.join(kafka, 'mailer', ['mails']),
    await ShareMember.join(kafka, 'other', ['mails']),
  ];
  const beats = kafka.faults.on('ShareGroupHeartbeat', { group: 'mailer' }).reply('GROUP_ID_NOT_FOUND');
  await expect(mailer.beat()).rejects.toThrow('error 69');
  await other.beat();
  const fetches = kafka.faults.on('ShareFetch', { group: 'mailer', topic: 'mails', partition: 0 }).delay('1ms');
  expect([await mailer.fetch(), await other.fetch()]).toMatchObject([[{ offset: 0 }], [{ offset: 0 }]]);
  expect([beats.fired, fetches.fired]).toEqual([1, 1]);
});

test('acknowledgements are refused by topic and partition, and those of others are taken', async () => {
  await using kafka = await startBroker(STARTED);
  await kafka.produce('mails', 'a');
  await kafka.produce('letters', 'b');
  const member = await ShareMember.join(kafka, 'mailer', ['mails', 'letters']);
  const records = [...(await member.fetch()), ...(await member.fetch())];
  expect(records).toHaveLength(2);
  kafka.faults.on('ShareAcknowledge', { topic: 'letters', partition: 0 }).reply('INVALID_RECORD_STATE').once();
  expect(new Set(await member.acknowledge(records, Ack.accept))).toEqual(new Set([0, INVALID_RECORD_STATE]));
  await kafka.waitForQueue('mailer', { backlog: 1, inFlight: 1 });
  const left = records.filter(({ value }) => value === 'b');
  expect(await member.acknowledge(left, Ack.accept)).toEqual([0]);
  await kafka.waitForQueue('mailer', { backlog: 0, inFlight: 0 });
});

test('one acknowledged offset is refused', async () => {
  await using kafka = await startBroker(STARTED);
  await kafka.produce('mails', ['a', 'b', 'c']);
  const member = await ShareMember.join(kafka, 'mailer', ['mails']);
  const records = await member.fetch();
  const fault = kafka.faults.on('ShareAcknowledge', { topic: 'mails', offset: 1 }).reply('INVALID_RECORD_STATE').once();
  expect(await member.acknowledge(records.slice(0, 1), Ack.accept)).toEqual([0]);
  expect(fault.fired).toBe(0);
  expect(await member.acknowledge(records.slice(1, 2), Ack.accept)).toEqual([INVALID_RECORD_STATE]);
  expect(await member.acknowledge(records.slice(1), Ack.accept)).toEqual([0]);
  await kafka.waitForQueue('mailer', { backlog: 0, inFlight: 0 });
});

test('an acknowledgement counts whose answer is lost', async () => {
  await using kafka = await startBroker(STARTED);
  await kafka.produce('mails', 'a');
  const member = await ShareMember.join(kafka, 'mailer', ['mails']);
  const records = await member.fetch();
  kafka.faults.on('ShareAcknowledge', { group: 'mailer' }).disconnect('after').once();
  await expect(member.acknowledge(records, Ack.accept)).rejects.toThrow('closed');
  await kafka.waitForQueue('mailer', { backlog: 0, inFlight: 0 });
  expect(kafka).not.toHaveAcknowledged('mailer', { topic: 'mails', offset: 0 }); // as the client sees it
});

test('a share fetch is refused by topic, and others of its session are served', async () => {
  await using kafka = await startBroker(STARTED);
  await kafka.produce('mails', 'a');
  const member = await ShareMember.join(kafka, 'mailer', ['mails']);
  const fault = kafka.faults.on('ShareFetch', { topic: 'mails', partition: 0 }).reply('NOT_LEADER_OR_FOLLOWER').once();
  expect(await member.fetch(0)).toEqual([]);
  expect(kafka.traffic.of('ShareFetch')[0].errors).toEqual([{ about: 'mails[0]', error: 'NOT_LEADER_OR_FOLLOWER' }]);
  expect(await member.fetch()).toMatchObject([{ offset: 0, deliveries: 1 }]);
  expect(fault.fired).toBe(1);
});
