import { expect } from 'vitest';
import { kafkaTest } from 'ottla/vitest';
import { createMailer, type Mail } from '../app/mailer.mjs';

const MAILER = {
  'share.auto.offset.reset': 'earliest', // it also reads what was produced before it came
  'errors.deadletterqueue.topic.name': 'dlq.mails',
  'errors.deadletterqueue.copy.record.enable': true,
} as const;
const DEAD = { name: 'dlq.mails', configs: { 'errors.deadletterqueue.group.enable': 'true' } };

const test = kafkaTest({ topics: ['mails', DEAD], groups: { mailer: MAILER } });
const inVirtualTime = kafkaTest({ topics: ['mails', DEAD], groups: { mailer: MAILER }, clock: 'virtual' });

test('a mail that could not be sent is sent at the next attempt', async ({ kafka }) => {
  const sent: string[] = [];
  let failures = 1;
  const mailer = createMailer(kafka.bootstrapBrokers, async ({ to }) => {
    if (failures-- > 0) throw new Error('the mail server is away');
    sent.push(to);
  });
  kafka.onStop(() => mailer.stop());
  await mailer.start();
  await kafka.produce('mails', { value: { to: 'ada' } });
  await kafka.waitForAcknowledged('mailer');
  expect(sent).toEqual(['ada']);
  expect(kafka).toHaveDelivered('mailer', { topic: 'mails', offset: 0, deliveries: 2 });
});

test('a poison record becomes a dead letter, and holds nobody else up', async ({ kafka }) => {
  const sent: string[] = [];
  const mailer = createMailer(kafka.bootstrapBrokers, async ({ to }) => {
    if (to === 'nowhere') throw new Error('never works');
    sent.push(to);
  });
  kafka.onStop(() => mailer.stop());
  await mailer.start();
  await kafka.produce('mails', [{ value: { to: 'nowhere' } }, { value: { to: 'bob' } }]);
  const [letter] = await kafka.waitForDeadLetter<Mail>('dlq.mails');
  expect(letter.headers).toMatchObject({
    '__dlq.errors.message': 'Offset delivery count exceeded the threshold.',
    '__dlq.errors.delivery.count': '5',
  });
  await kafka.waitForQueue('mailer', { backlog: 0, inFlight: 0 });
  expect(sent).toEqual(['bob']);
});

test('a mail that is given up is a dead letter at once, and can be sent after all', async ({ kafka }) => {
  let isKnown = false;
  const sent: string[] = [];
  const mailer = createMailer(kafka.bootstrapBrokers, async ({ to }) => {
    if (!isKnown) throw Object.assign(new Error('no such address'), { isPermanent: true });
    sent.push(to);
  });
  kafka.onStop(() => mailer.stop());
  await mailer.start();
  await kafka.produce('mails', { value: { to: 'ada' } });
  await kafka.waitForDeadLetter('mailer');
  expect(kafka).toHaveDeadLetter('dlq.mails', { value: { to: 'ada' }, headers: { '__dlq.errors.offset': '0' } });
  isKnown = true;
  expect(await kafka.queue('mailer').redrive('dlq.mails')).toBe(1);
  await kafka.waitForAcknowledged('mailer');
  expect(sent).toEqual(['ada']);
});

inVirtualTime('a worker that hangs loses its mail to another when the lock runs out', async ({ kafka }) => {
  let goOn = (): void => {};
  const hung = new Promise<void>((resolve) => (goOn = resolve));
  const first = createMailer(kafka.bootstrapBrokers, () => hung);
  kafka.onStop(() => first.stop());
  kafka.onStop(() => goOn()); // before that
  await first.start();
  await kafka.produce('mails', { value: { to: 'ada' } });
  await kafka.waitForQueue('mailer', { inFlight: 1 });
  const sent: string[] = [];
  const second = createMailer(kafka.bootstrapBrokers, async ({ to }) => void sent.push(to));
  kafka.onStop(() => second.stop());
  await second.start();
  await kafka.waitForQueue('mailer', { members: 2 });
  await kafka.clock.advance('30s');
  await kafka.waitForAcknowledged('mailer');
  expect(sent).toEqual(['ada']);
});
