/** Every request about queues, made while a share consumer works. */
import { expect, onTestFinished } from 'vitest';
import { Ack, ShareMember } from '../testing/share-member.ts';
import type { Described } from './described.ts';

export async function askForQueues(port: Described, bootstrap: string): Promise<void> {
  await port.call('POST', '/topics', { name: 'mails' });
  const broker = { bootstrapBrokers: [bootstrap], onStop: (run: () => unknown) => onTestFinished(() => void run()) };
  const member = await ShareMember.join(broker, 'mailer', ['mails']);
  await member.fetch(0);
  await port.call('POST', '/topics/mails/messages', [{ value: 'a' }, { value: 'b' }]);
  const records = await member.fetch();
  const delivery = { group: 'mailer', topic: 'mails', offset: 1 };
  expect((await port.call('POST', '/wait/delivery', delivery)).body).toMatchObject({ deliveries: 1 });
  expect((await port.call('GET', '/queues/mailer')).body).toMatchObject({ backlog: 2, inFlight: 2, state: 'Stable' });
  expect((await port.call('GET', '/queues')).body).toMatchObject([{ id: 'mailer', backlog: 2 }]);
  const one = { topic: 'mails', offset: 1 };
  expect((await port.call('POST', '/queues/mailer/expire-locks', one)).body).toEqual({ records: 1 });
  expect((await port.call('POST', '/queues/mailer/release', { offset: 7 })).body).toEqual({ records: 0 });
  await member.acknowledge(records.slice(0, 1), Ack.accept);
  const left = { group: 'mailer', backlog: 1, inFlight: 0 };
  expect((await port.call('POST', '/wait/queue', left)).body).toMatchObject({ backlog: 1 });
  const accepted = await port.call<{ value: string }[]>('GET', '/queues/mailer/acknowledged');
  expect(accepted.body.map(({ value }) => value)).toEqual(['a']);
  expect((await port.call('GET', '/dead-letters/mailer')).body).toEqual([]);
  expect((await port.call('POST', '/queues/mailer/redrive', { topic: 'mails' })).body).toEqual({ records: 0 });
  expect((await port.call('POST', '/page', {})).status).toBe(200);
}
