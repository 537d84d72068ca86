/** What people may change from the page, by its degrees; asked as the page asks. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBroker as startRunning, type RunningBroker } from '../../src/broker/broker.ts';
import type { SessionFrame, TestFrame } from '../../src/page/frames.ts';
import { pageBrokerOf } from '../../src/page/page-broker.ts';
import { pageServer } from '../../src/page/server.ts';
import { BrokerSnapshot } from '../../src/testing/broker-snapshot.ts';
import { startBroker, type TestBroker } from '../../src/testing/index.ts';
import { Clients } from '../testing/kafkajs-clients.ts';
import { ConsumerMember } from '../testing/raw-members.ts';
import { ShareMember } from '../testing/share-member.ts';

let kafka: TestBroker;
let url: string;

beforeAll(async () => {
  kafka = await startBroker({ topics: [{ name: 'orders', partitions: 2 }], leftovers: 'ignore' });
  url = await kafka.openPage();
});
afterAll(() => kafka.stop());

interface Answer {
  readonly done?: string;
  readonly detail?: string;
  readonly moved?: unknown;
}

function send(at: string, name: string, said: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${at}/change/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(said),
  });
}

async function change(name: string, said: unknown): Promise<Answer & { status: number }> {
  const answer = await send(url, name, said);
  return { status: answer.status, ...((await answer.json()) as Answer) };
}

describe('topics', () => {
  test('are made, altered, emptied and deleted', async () => {
    const said = { name: 'made', partitions: 3, configs: { 'retention.ms': '60000' } };
    expect(await change('create-topic', said)).toEqual({
      status: 200,
      done: "Topic 'made' was created with 3 partitions.",
    });
    expect(
      await change('alter-topic', { name: 'made', partitions: 4, configs: { 'retention.ms': '70000' } }),
    ).toMatchObject({
      status: 200,
    });
    await kafka.produce('made', ['a', 'b', 'c', 'd']);
    expect(kafka.messages('made')).toHaveLength(4);
    expect(await change('empty-topic', { name: 'made' })).toMatchObject({
      status: 200,
      done: "Topic 'made' is empty.",
    });
    expect(kafka.messages('made')).toEqual([]);
    expect(await change('delete-topic', { name: 'made' })).toMatchObject({ status: 200 });
    expect(kafka.topics()).not.toContain('made');
  });

  test('that cannot be are refused with the sentence of the broker', async () => {
    expect(await change('create-topic', { name: 'orders' })).toMatchObject({
      status: 409,
      detail: expect.stringContaining('TOPIC_ALREADY_EXISTS'),
    });
    expect(await change('create-topic', { name: 'a b' })).toMatchObject({
      status: 409,
      detail: expect.stringContaining('INVALID_TOPIC_EXCEPTION'),
    });
    expect(await change('create-topic', { name: 'x', partitions: 0 })).toMatchObject({ status: 400 });
    expect(await change('create-topic', { name: 'x', partitons: 1 })).toMatchObject({
      status: 400,
      detail: expect.stringContaining('partitons'),
    });
    expect(await change('delete-topic', { name: 'nowhere' })).toMatchObject({ status: 404 });
    expect(await change('empty-topic', { name: 'nowhere' })).toMatchObject({ status: 404 });
    expect(await change('alter-topic', { name: 'orders', configs: { 'retention.ms': 'soon' } })).toMatchObject({
      status: 409,
      detail: expect.stringContaining('retention.ms'),
    });
  });

  test('with settings of their own, and of brokers', async () => {
    const set = (of: string, key: string, value: string | null, name?: string) =>
      change('change-setting', { of, name, key, value });
    expect(await set('topic', 'retention.ms', '12345', 'orders')).toMatchObject({ status: 200 });
    expect(await set('topic', 'retention.ms', null, 'orders')).toMatchObject({ done: 'retention.ms was taken back.' });
    expect(await set('brokers', 'log.retention.ms', '99999')).toMatchObject({ status: 200 });
    expect(await set('brokers', 'log.retention.ms', 'soon')).toMatchObject({ status: 409 });
  });
});

describe('messages', () => {
  test('are produced, by key or into a partition, and tests that wait see them', async () => {
    const waiting = kafka.waitForMessages('orders', 1);
    const answer = await change('produce', {
      topic: 'orders',
      key: { text: 'a' },
      value: { text: '{"total": 9007199254740993}' },
      headers: [{ key: 'trace', value: { hex: 'ff00' } }],
    });
    expect(answer).toMatchObject({ status: 200, offset: 0 });
    const [message] = await waiting;
    expect(message).toMatchObject({ key: 'a', value: '{"total": 9007199254740993}' });
    const { partition } = message;
    expect(await change('produce-again', { topic: 'orders', partition, offset: 0 })).toMatchObject({ offset: 1 });
    expect(kafka.messages('orders', { partition })[1]).toMatchObject({ key: 'a', headers: message.headers });
    const tombstone = { topic: 'orders', partition: 1 - partition, key: { text: 'b' }, value: null, headers: [] };
    expect(await change('produce', tombstone)).toMatchObject({ status: 200, partition: 1 - partition });
  });

  test('that cannot be are refused', async () => {
    const said = { topic: 'orders', key: null, value: { text: 'x' }, headers: [] };
    expect(await change('produce', { ...said, topic: 'nowhere' })).toMatchObject({
      status: 404,
      detail: "There is no topic 'nowhere'.",
    });
    expect(await change('produce', { ...said, partition: 7 })).toMatchObject({ status: 404 });
    expect(await change('produce', { ...said, value: { hex: 'f' } })).toMatchObject({ status: 400 });
    expect(await change('produce', { ...said, value: { text: 'x'.repeat(3_000_000) } })).toMatchObject({
      status: 409,
      detail: expect.stringContaining('MESSAGE_TOO_LARGE'),
    });
    expect(await change('produce-again', { topic: 'orders', partition: 0, offset: 900 })).toMatchObject({
      status: 404,
    });
  });

  test('are looked at and kept whole', async () => {
    await kafka.createTopic({ name: 'large', configs: { 'max.message.bytes': 20_000_000 } });
    await kafka.produce('large', [{ value: Buffer.alloc(10_000_000, 7) }, { value: 'ä'.repeat(5000) }]);
    const place = 'topic=large&partition=0';
    const whole = await fetch(`${url}/message/value?${place}&offset=0`);
    expect(whole.headers.get('content-disposition')).toContain('attachment');
    expect(Buffer.from(await whole.arrayBuffer()).equals(Buffer.alloc(10_000_000, 7))).toBe(true);
    const shown = (await (await fetch(`${url}/message?${place}&offset=1`)).json()) as { value: { text: string } };
    expect(shown.value.text).toBe('ä'.repeat(5000));
    for (const asked of [`${place}&offset=77`, 'topic=nowhere&partition=0&offset=0']) {
      expect((await fetch(`${url}/message?${asked}`)).status).toBe(404);
    }
    expect((await fetch(`${url}/message?${place}&offset=-1`)).status).toBe(400);
    expect((await fetch(`${url}/message/key?${place}&offset=0`)).status).toBe(404);
  });
});

describe('groups', () => {
  test('have their offsets reset when their members have left, told before', async () => {
    await using clients = new Clients();
    await kafka.createTopic('read');
    await kafka.produce('read', ['a', 'b', 'c']);
    const consumer = await clients.consumer(kafka, 'readers', 'read');
    await kafka.waitForLag('readers', 0);
    const aim = { group: 'readers', to: 'earliest' };
    expect(await change('reset-offsets', aim)).toMatchObject({
      status: 409,
      detail: expect.stringContaining('has a member'),
    });
    const moved = [{ topic: 'read', partition: 0, before: 3, after: 0 }];
    expect(await change('reset-offsets', { ...aim, preview: true })).toMatchObject({ status: 200, moved });
    expect(kafka.group('readers').offsets[0].offset).toBe(3);
    const [{ memberId }] = kafka.group('readers').members;
    await consumer.disconnect();
    expect(await change('remove-member', { group: 'readers', memberId })).toMatchObject({ status: 404 });
    expect(await change('reset-offsets', aim)).toMatchObject({ status: 200, moved });
    expect(kafka.group('readers').offsets[0].offset).toBe(0);
    expect(await change('reset-offsets', { ...aim, to: { offset: 900 } })).toMatchObject({ moved: [{ after: 3 }] });
    expect(await change('delete-group', { group: 'readers' })).toMatchObject({ status: 200 });
    expect(kafka.group('readers').state).toBe('Dead');
    expect(await change('reset-offsets', aim)).toMatchObject({ status: 404 });
    expect(await change('delete-group', { group: 'readers' })).toMatchObject({ status: 409 });
  });

  test('lose a member that somebody removes, and connections that somebody ends', async () => {
    await using clients = new Clients();
    await kafka.createTopic('followed');
    await clients.consumer(kafka, 'followers', 'followed');
    const { members } = await kafka.waitForGroup('followers', { members: 1 });
    expect(await change('remove-member', { group: 'followers', memberId: members[0].memberId })).toMatchObject({
      status: 200,
    });
    await kafka.waitUntil(() => kafka.group('followers').members[0]?.memberId !== members[0].memberId);
    const { clientId } = members[0];
    expect(await change('disconnect', { clientId })).toMatchObject({ status: 200 });
    expect(await change('disconnect', { clientId: 'nobody-of-that-name' })).toMatchObject({ status: 404 });
  });
});

describe('groups of KIP-848, and share groups', () => {
  test('lose a member that somebody removes, and are reset and deleted when none is left', async () => {
    await kafka.createTopic('newer');
    await kafka.produce('newer', ['a', 'b', 'c']);
    const member = await ConsumerMember.join(kafka, 'newer-readers', ['newer'], 'newer-app');
    await member.beat();
    const aim = { group: 'newer-readers', topic: 'newer', to: { offset: 2 } };
    expect(await change('reset-offsets', aim)).toMatchObject({
      status: 409,
      detail: expect.stringContaining('has a member'),
    });
    expect(await change('reset-offsets', { ...aim, preview: true })).toMatchObject({
      status: 200,
      moved: [{ topic: 'newer', partition: 0, before: null, after: 2 }],
    });
    expect(await change('delete-group', { group: 'newer-readers' })).toMatchObject({ status: 409 });
    const [{ memberId }] = kafka.group('newer-readers').members;
    const removed = { group: 'newer-readers', memberId };
    expect(await change('remove-member', removed)).toMatchObject({
      status: 200,
      done: "'newer-app' is no member of 'newer-readers' any more. It may join again.",
    });
    expect(kafka.group('newer-readers').members).toEqual([]);
    expect(await change('remove-member', removed)).toMatchObject({ status: 404 });
    expect(await change('reset-offsets', aim)).toMatchObject({ status: 200 });
    expect(kafka.group('newer-readers').offsets).toMatchObject([{ topic: 'newer', partition: 0, offset: 2 }]);
    expect(await change('delete-group', { group: 'newer-readers' })).toMatchObject({ status: 200 });
    expect(kafka.group('newer-readers').state).toBe('Dead');
  });

  test('of queues: a member removed, offsets moved, the group deleted', async () => {
    await kafka.createTopic('jobs');
    await kafka.produce('jobs', ['a', 'b', 'c']);
    const member = await ShareMember.join(kafka, 'workers', ['jobs'], 'worker');
    await member.fetch();
    const aim = { group: 'workers', topic: 'jobs', to: 'earliest' };
    expect(await change('reset-offsets', aim)).toMatchObject({ status: 409 });
    const [{ memberId }] = kafka.group('workers').members;
    expect(await change('remove-member', { group: 'workers', memberId })).toMatchObject({ status: 200 });
    expect(kafka.group('workers').members).toEqual([]);
    expect(await change('reset-offsets', aim)).toMatchObject({ status: 200, moved: [{ before: 3, after: 0 }] });
    const next = await ShareMember.join(kafka, 'workers', ['jobs'], 'next-worker');
    expect(await next.fetch()).toHaveLength(3);
    await next.leave();
    expect(await change('delete-group', { group: 'workers' })).toMatchObject({ status: 200 });
    expect(kafka.group('workers').state).toBe('Dead');
  });
});

test('an open transaction is aborted', async () => {
  await using clients = new Clients();
  await kafka.createTopic('payments');
  const producer = await clients.producer(kafka, { transactionalId: 'pay', maxInFlightRequests: 1 });
  const transaction = await producer.transaction();
  await transaction.send({ topic: 'payments', messages: [{ value: 'no' }] });
  expect(await change('abort-transaction', { transactionalId: 'pay' })).toMatchObject({ status: 200 });
  expect(kafka.messages('payments')).toEqual([]);
  expect(kafka.messages('payments', { isolation: 'read_uncommitted' })).toHaveLength(1);
  expect(await change('abort-transaction', { transactionalId: 'pay' })).toMatchObject({ status: 409 });
  expect(await change('abort-transaction', { transactionalId: 'none' })).toMatchObject({ status: 409 });
});

test('of a test: faults, its clock, a snapshot, all of it', async () => {
  await using own = await startBroker({ topics: ['orders'], clock: 'virtual', leftovers: 'ignore' });
  const at = await own.openPage();
  const tell = async (name: string, said: unknown) => (await send(at, name, said)).status;
  const shown = async () => (await (await fetch(`${at}/view/test?once`)).json()) as TestFrame;
  expect(await tell('add-fault', { on: 'Produce', topic: 'orders', reply: 'NOT_LEADER_OR_FOLLOWER' })).toBe(200);
  expect(own.faults.list()).toHaveLength(1);
  for (const wrong of [
    { on: 'Prodce', reply: 'NOT_LEADER_OR_FOLLOWER' },
    { on: 'Produce', reply: 'NO_SUCH_ERROR' },
    { on: 'Produce', rewrite: 'x' },
    { on: 'Produce', delay: 'soon' },
    { on: 'Produce' },
    { on: 'Produce', hold: true, topik: 'x' },
  ]) {
    expect(await tell('add-fault', wrong)).toBe(400);
  }
  const [{ id }] = (await shown()).faults;
  expect(await tell('remove-fault', { id })).toBe(200);
  expect(await tell('remove-fault', { id })).toBe(404);
  const before = own.clock.now();
  expect(await tell('advance-clock', { duration: '5m' })).toBe(200);
  expect(own.clock.now() - before).toBe(300_000);
  expect(await tell('advance-clock', { duration: 'much' })).toBe(400);
  await own.produce('orders', 'x');
  const file = await fetch(`${at}/snapshot`);
  const snapshot = BrokerSnapshot.parse(Buffer.from(await file.arrayBuffer()));
  expect(await tell('reset', {})).toBe(200);
  expect(own.messages('orders')).toEqual([]);
  await using again = await startBroker({ from: snapshot, leftovers: 'ignore' });
  expect(again.messages('orders')).toHaveLength(1);
  expect((await send(url, 'advance-clock', { duration: '1s' })).status).toBe(409); // the wall clock
});

describe('degrees', () => {
  let running: RunningBroker;
  beforeAll(async () => {
    running = await startRunning({ memory: true, settings: { listeners: 'PLAINTEXT://127.0.0.1:0' } });
  });
  afterAll(() => running.stop());

  test.for([
    ['read', { 'create-topic': 403, reset: 403 }],
    ['write', { 'create-topic': 200, reset: 403 }],
  ] as const)('%s', async ([access, expected]) => {
    const broker = pageBrokerOf(() => running);
    const server = pageServer({ broker, isLocal: true, access });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const at = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
    const session = (await (await fetch(`${at}/session`)).json()) as SessionFrame;
    expect(session).toEqual({ access, isTest: false, asks: false, user: null });
    const said = { name: `by-${access}` };
    expect((await send(at, 'create-topic', said)).status).toBe(expected['create-topic']);
    expect((await send(at, 'reset', {})).status).toBe(expected.reset);
    expect((await fetch(`${at}/snapshot`)).status).toBe(403);
    expect(running.parts.metadata.image.topicsByName.has(said.name)).toBe(access === 'write');
    await new Promise((resolve) => server.close(resolve));
  });

  test('nothing is changed by forms, by other pages, by anything but JSON', async () => {
    const topic = { name: 'not-made' };
    const foreign: Record<string, string>[] = [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document' },
      { origin: 'http://elsewhere.example' },
    ];
    for (const headers of foreign) expect((await send(url, 'create-topic', topic, headers)).status).toBe(403);
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data']) {
      expect((await send(url, 'create-topic', topic, { 'content-type': type })).status).toBe(415);
    }
    const broken = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"name":' };
    expect((await fetch(`${url}/change/create-topic`, broken)).status).toBe(400);
    expect((await send(url, 'create-topic', ['x'])).status).toBe(400);
    expect((await send(url, 'no-such-change', {})).status).toBe(404);
    expect(kafka.topics()).not.toContain('not-made');
  });
});

test('with several brokers each is asked what it leads', async () => {
  await using three = await startBroker({
    brokers: 3,
    topics: [{ name: 'orders', partitions: 6 }],
    leftovers: 'ignore',
  });
  const at = await three.openPage();
  for (let partition = 0; partition < 6; partition++) {
    const said = { topic: 'orders', partition, key: null, value: { text: `${partition}` }, headers: [] };
    expect((await send(at, 'produce', said)).status).toBe(200);
  }
  expect(three.messages('orders')).toHaveLength(6);
  expect((await send(at, 'empty-topic', { name: 'orders' })).status).toBe(200);
  expect(three.messages('orders')).toHaveLength(0);
});
