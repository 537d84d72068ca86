/** What a test of an application with a queue looks like: a retry, a lock that runs out, a poison record, a dead letter. */
import { expect, test } from 'vitest';
import { matchers, startBroker } from '../../src/testing/index.ts';
import { Ack, ShareMember } from './share-member.ts';

expect.extend(matchers);

const EARLIEST = { 'share.auto.offset.reset': 'earliest' };

test('a record that its consumer releases is tried again', async () => {
  await using kafka = await startBroker({ topics: ['mails'], groups: { mailer: EARLIEST }, leftovers: 'ignore' });
  await kafka.produce('mails', 'hello');
  const worker = await ShareMember.join(kafka, 'mailer', ['mails']);
  await worker.acknowledge(await worker.fetch(), Ack.release);
  await worker.acknowledge(await worker.fetch(), Ack.accept);
  await kafka.waitForQueue('mailer', { backlog: 0, inFlight: 0 });
  expect(kafka).toHaveDelivered('mailer', { topic: 'mails', offset: 0, deliveries: 2 });
  expect(kafka).toHaveAcknowledged('mailer', { topic: 'mails', offset: 0 });
});

test('a record whose consumer has died goes to another one when its lock has run out', async () => {
  const groups = { mailer: EARLIEST };
  await using kafka = await startBroker({ topics: ['mails'], groups, clock: 'virtual', leftovers: 'ignore' });
  await kafka.produce('mails', 'hello');
  const first = await ShareMember.join(kafka, 'mailer', ['mails'], 'first');
  expect(await first.fetch()).toHaveLength(1);
  const second = await ShareMember.join(kafka, 'mailer', ['mails'], 'second');
  const received = second.fetch(60_000);
  await kafka.clock.advance('30s');
  expect(await received).toMatchObject([{ value: 'hello', deliveries: 2 }]);
});

test('a poison record does not take its neighbours along', async () => {
  const groups = { mailer: { ...EARLIEST, 'share.delivery.count.limit': 2 } };
  await using kafka = await startBroker({ topics: ['mails'], groups, leftovers: 'ignore' });
  await kafka.produce('mails', ['good', 'poison', 'fine']);
  const worker = await ShareMember.join(kafka, 'mailer', ['mails']);
  while (kafka.queue('mailer').backlog !== 0) {
    for (const record of await worker.fetch()) {
      await worker.acknowledge([record], record.value === 'poison' ? Ack.release : Ack.accept);
    }
  }
  const accepted = await kafka.waitForAcknowledged('mailer', 2);
  expect(new Set(accepted.map(({ value }) => value))).toEqual(new Set(['fine', 'good']));
  expect(kafka).toHaveDelivered('mailer', { topic: 'mails', offset: 1, deliveries: 2 });
  expect(kafka).not.toHaveDelivered('mailer', { topic: 'mails', offset: 1, deliveries: 3 });
});

test('a record that is rejected becomes a dead letter, and is redriven', async () => {
  const letters = { name: 'dlq.mails', configs: { 'errors.deadletterqueue.group.enable': true } };
  const groups = { mailer: { ...EARLIEST, 'errors.deadletterqueue.topic.name': 'dlq.mails' } };
  await using kafka = await startBroker({ topics: ['mails', letters], groups, leftovers: 'ignore' });
  await kafka.produce('mails', { key: 'k', value: 'to nobody' });
  const worker = await ShareMember.join(kafka, 'mailer', ['mails']);
  await worker.acknowledge(await worker.fetch(), Ack.reject);
  const [letter] = await kafka.waitForDeadLetter('mailer');
  expect(letter.headers).toMatchObject({
    '__dlq.errors.topic': 'mails',
    '__dlq.errors.offset': '0',
    '__dlq.errors.group': 'mailer',
    '__dlq.errors.delivery.count': '1',
    '__dlq.errors.message': 'Offset rejected by client.',
  });
  expect(kafka).toHaveDeadLetter('dlq.mails', { headers: { '__dlq.errors.offset': '0' } });
  expect(await kafka.queue('mailer').redrive('dlq.mails')).toBe(1);
  expect(await worker.fetch()).toMatchObject([{ offset: 1, value: 'to nobody', deliveries: 1 }]);
});
