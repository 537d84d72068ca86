/** Each cause on a group of a real broker that has this one and no other: it stands first. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test, vi } from 'vitest';
import type { Finding } from '../../src/insight/why.ts';
import type { StartOptions, TestBroker } from '../../src/testing/index.ts';
import { startBroker } from './backends.ts';
import { client, Clients } from './kafkajs-clients.ts';
import { ClassicMember, ConsumerMember } from './raw-members.ts';
import { Ack, ShareMember } from './share-member.ts';

const start = (options: StartOptions = {}): Promise<TestBroker> =>
  startBroker({ topics: ['orders'], leftovers: 'ignore', ...options });
const causes = (kafka: TestBroker, group = 'billing'): string[] => kafka.why(group).map(({ cause }) => cause);
const first = (kafka: TestBroker, group = 'billing'): Finding => kafka.why(group)[0];
/** Members stay until their session ends, as at Kafka. */
const patient = { 'ottla.evict.on.disconnect': false };

test('a healthy group has nothing amiss: while it reads, when it has read, after a rebalance and a commit', async () => {
  await using kafka = await start();
  await using clients = new Clients();
  const producer = await clients.producer(kafka, { transactionalId: 'payments', maxInFlightRequests: 1 });
  const transaction = await producer.transaction();
  await transaction.send({ topic: 'orders', messages: [{ value: 'a' }, { value: 'b' }] });
  await transaction.commit();
  const values: string[] = [];
  await clients.consumer(kafka, 'billing', 'orders', values);
  await kafka.waitUntil(() => values.length === 2);
  expect(['reading', 'all-read']).toContain(first(kafka).cause);
  expect(kafka.why('billing')).toHaveLength(1);
  await kafka.waitForLag('billing', 0);
  expect(causes(kafka)).toEqual(['all-read']);
  const second = await clients.consumer(kafka, 'billing', 'orders');
  await kafka.waitForGroup('billing', { state: 'Stable', members: 2 });
  await second.disconnect();
  await kafka.waitForGroup('billing', { state: 'Stable', members: 1 });
  expect(causes(kafka)).toEqual(['all-read']);
});

test('one that never commits and reads from the beginning did not begin at the end', async () => {
  await using kafka = await start();
  await kafka.produce('orders', ['a', 'b']);
  const member = await ClassicMember.join(kafka, 'billing', ['orders'], 'app');
  await member.fetch('orders', 0);
  await member.fetch('orders', 2);
  expect(causes(kafka)).toEqual(['all-read']);
  expect(first(kafka).sentence).toContain('was given all that there is in orders[0], and has not committed it');
});

test('what a client id fetches for one group is nothing that another group has seen', async () => {
  await using kafka = await start();
  await kafka.produce('orders', ['a', 'b']);
  const audit = await ClassicMember.join(kafka, 'audit', ['orders'], 'app');
  const billing = await ClassicMember.join(kafka, 'billing', ['orders'], 'app');
  await billing.committed('orders');
  await audit.fetch('orders', 2);
  expect(causes(kafka)).not.toContain('all-read');
  await billing.fetch('orders', 0);
  await billing.fetch('orders', 1);
  await billing.commit('orders', 1);
  await audit.fetch('orders', 2);
  expect(causes(kafka)).toEqual(['reading']);
  expect(causes(kafka, 'audit')).toEqual(['began-at-end']);
});

test('who sets the offsets of a group reads nothing for it, whatever its client id fetches for another', async () => {
  await using kafka = await start();
  await kafka.produce('orders', ['a', 'b']);
  const audit = await ClassicMember.join(kafka, 'audit', ['orders'], 'app');
  await audit.committed('orders');
  const fetching = await ClassicMember.connect(kafka, null, ['orders'], 'app'); // as Java and librdkafka fetch
  const operator = await ClassicMember.connect(kafka, 'billing', [], 'app');
  await operator.commit('orders', 1);
  await audit.fetch('orders', 0);
  await fetching.fetch('orders', 0);
  expect(first(kafka).cause).toBe('no-members');
  await operator.fetch('orders', 1);
  expect(causes(kafka)).toEqual(['reading']);
});

test('a consumer whose code assigns its partitions reads, by a connection of its own too, until it goes', async () => {
  await using kafka = await start({ maxFetchWait: 0 });
  await kafka.produce('orders', ['a', 'b']);
  const billing = await ClassicMember.connect(kafka, 'billing', [], 'app');
  const fetching = await ClassicMember.connect(kafka, null, ['orders'], 'app');
  await billing.commit('orders', 1);
  await fetching.fetch('orders', 1);
  expect(causes(kafka)).toEqual(['reading']);
  const waiting = fetching.fetch('orders', 2, 0, 60_000).catch(() => {});
  await vi.waitFor(() => expect(kafka.traffic.all.at(-1)!.outcome).toBe('waiting'));
  await fetching.close();
  await waiting;
  await vi.waitFor(() => expect(first(kafka).cause).toBe('no-members'));
});

test('a fetch of a member that is no message of Kafka fetches nothing', async () => {
  await using kafka = await start();
  await kafka.produce('orders', 'a');
  const member = await ClassicMember.join(kafka, 'billing', ['orders'], 'app');
  await member.fetch('orders', 0);
  const before = causes(kafka);
  // Fetch v12, request 1, of app; its topics are as many as ten bytes of a varint say.
  const message = Buffer.from(`0001000c00000001000361707000${'00'.repeat(25)}ffffffffffffffffff01`, 'hex');
  const socket = connect(kafka.brokers[0].port, '127.0.0.1');
  socket.end(Buffer.concat([Buffer.from([0, 0, 0, message.length]), message]));
  socket.resume();
  await once(socket, 'close');
  expect(kafka.traffic.toString()).toContain('[unreadable: ');
  expect(causes(kafka)).toEqual(before);
});

test('a client that asks for a topic of another name, and never gets as far as joining', async () => {
  await using kafka = await start({ settings: { 'auto.create.topics.enable': false } });
  const consumer = client(kafka).consumer({ groupId: 'billing', retry: { retries: 0 } });
  await consumer.connect();
  await expect(consumer.subscribe({ topic: 'ordres' })).rejects.toThrow('does not host');
  expect(first(kafka)).toMatchObject({
    cause: 'topic-missing',
    sentence: "The topic 'ordres', which app reads, does not exist.",
    evidence: ['Topics with such names: orders.'],
  });
  await consumer.disconnect();
});

test('a topic that is not there, of members of each kind', async () => {
  await using kafka = await start();
  await ClassicMember.join(kafka, 'classic', ['order'], 'app', []);
  await ConsumerMember.join(kafka, 'consumer', ['order'], 'app');
  for (const group of ['classic', 'consumer']) {
    expect(first(kafka, group)).toMatchObject({
      cause: 'topic-missing',
      evidence: ['Topics with such names: orders.'],
    });
  }
});

test('a rebalance that waits for a member: who, since when, why, until when', async () => {
  await using kafka = await start();
  const one = await ClassicMember.join(kafka, 'billing', ['orders'], 'one');
  const two = await ClassicMember.connect(kafka, 'billing', ['orders'], 'two');
  const joined = two.join();
  await vi.waitFor(() => expect(kafka.group('billing').members).toHaveLength(2));
  const { cause, sentence, evidence } = first(kafka);
  expect(cause).toBe('rebalancing');
  expect(sentence).toMatch(/^The group has been rebalancing for .* and waits for one to join again\.$/);
  expect(evidence.join(' ')).toMatch(/member two-\S+ joined.* without waiting in (60|59) s at the latest/);
  await Promise.all([one.join(), joined]);
  expect(first(kafka).sentence).toMatch(/waits for (one|two) to assign the partitions\.$/);
});

test('an owner that does not release (KIP-848)', async () => {
  await using kafka = await start({
    topics: [{ name: 'orders', partitions: 2 }],
    settings: { 'group.consumer.assignment.interval.ms': '0' },
  });
  const one = await ConsumerMember.join(kafka, 'billing', ['orders'], 'one');
  await one.beat();
  const two = await ConsumerMember.join(kafka, 'billing', ['orders'], 'two');
  await one.beat();
  await two.beat();
  const [finding, ...others] = kafka.why('billing');
  expect(finding.cause).toBe('not-released');
  expect(finding.sentence).toMatch(/^two waits for orders\[\d\], which one has not given up\.$/);
  expect(finding.evidence.join(' ')).toMatch(/was asked to give it up .* ago.*takes it out of the group in (60|59) s/);
  expect(others.map(({ cause }) => cause)).not.toContain('rebalancing');
});

test('a member whose process is gone, and one that left: who, and why', async () => {
  await using kafka = await start({ settings: patient });
  const gone = await ClassicMember.join(kafka, 'billing', ['orders'], 'app');
  await gone.close();
  await vi.waitFor(() => expect(causes(kafka)[0]).not.toBe('all-read'));
  expect(first(kafka)).toMatchObject({
    cause: 'not-connected',
    sentence: 'app is a member of the group, but no connection of it is open.',
  });
  const left = await ClassicMember.join(kafka, 'audit', ['orders'], 'nightly');
  await left.leave('the consumer is being closed');
  expect(first(kafka, 'audit')).toMatchObject({
    cause: 'no-members',
    evidence: [
      'The state of the group is Empty.',
      expect.stringMatching(
        /^The last member, nightly, went .* ago: it left the group: the consumer is being closed\.$/,
      ),
    ],
  });
});

test('members that went by silence or with their connection are told with that', async () => {
  await using kafka = await start({ clock: 'virtual', settings: patient });
  await ClassicMember.join(kafka, 'classic', ['orders'], 'app');
  await ConsumerMember.join(kafka, 'consumer', ['orders'], 'app');
  await ShareMember.join(kafka, 'share', ['orders'], 'app');
  await kafka.clock.advance('90s');
  for (const group of ['classic', 'consumer', 'share']) {
    const { cause, evidence } = first(kafka, group);
    expect({ group, cause }).toEqual({ group, cause: 'no-members' });
    expect(evidence.join(' ')).toMatch(/The last member, app, went .* ago: it sent no heartbeat /);
  }
});

test('a clock that stands still keeps the session of a member that is gone', async () => {
  await using kafka = await start({ clock: 'virtual', settings: patient });
  const gone = await ClassicMember.join(kafka, 'billing', ['orders'], 'gone');
  await gone.close();
  await vi.waitFor(() => expect(causes(kafka)[0]).not.toBe('all-read'));
  expect(first(kafka)).toMatchObject({
    cause: 'clock-stands-still',
    sentence: "The broker's clock is virtual and stands still, so gone is gone and stays a member of the group.",
  });
});

test('a member that lives and does not fetch', async () => {
  await using kafka = await start({ clock: 'virtual' });
  await kafka.produce('orders', 'a');
  const member = await ClassicMember.join(kafka, 'billing', ['orders'], 'app');
  await member.fetch('orders', 0);
  for (let i = 0; i < 4; i++) {
    await kafka.clock.advance('4s');
    await member.beat();
  }
  expect(first(kafka)).toMatchObject({
    cause: 'no-fetches',
    evidence: ['Its last heartbeat came 0 ms ago.', 'Its last fetch came 16 s ago.'],
  });
});

test('committed below the beginning of the log', async () => {
  await using kafka = await start();
  await kafka.produce('orders', ['a', 'b', 'c']);
  const member = await ClassicMember.join(kafka, 'billing', ['orders'], 'app');
  await member.commit('orders', 1);
  await member.deleteRecords('orders', 2);
  expect(first(kafka)).toMatchObject({
    cause: 'below-start',
    sentence: expect.stringContaining('committed offset 1 of orders[0], which begins at 2: 1 offset was deleted'),
  });
});

test('everything aborted', async () => {
  await using kafka = await start();
  await using clients = new Clients();
  await clients.consumer(kafka, 'billing', 'orders');
  await kafka.waitForGroup('billing');
  const producer = await clients.producer(kafka, { transactionalId: 'payments', maxInFlightRequests: 1 }, 'payments');
  const transaction = await producer.transaction();
  await transaction.send({ topic: 'orders', messages: [{ value: 'a' }] });
  await transaction.abort();
  expect(first(kafka).cause).toBe('all-aborted');
});

test('a quota that makes a consumer wait', async () => {
  await using kafka = await start({ quotas: { '*': { consumerByteRate: '1KB' } } });
  await kafka.produce('orders', 'x'.repeat(50_000));
  const member = await ClassicMember.join(kafka, 'billing', ['orders'], 'app');
  await member.fetch('orders', 0);
  await kafka.waitForThrottled();
  expect(first(kafka)).toMatchObject({
    cause: 'throttled',
    sentence: 'app is made to wait, for it uses more than its quota (consumer_byte_rate).',
    evidence: [expect.stringMatching(/^Fetch was throttled 1 time, the last time .* ago for /)],
  });
});

test('an error that a member was told, until it has got over it', async () => {
  await using kafka = await start();
  const member = await ClassicMember.join(kafka, 'billing', ['orders'], 'app');
  await member.fetch('orders', 0);
  await member.commit('orders', 0, 7);
  await member.commit('orders', 0, 7);
  expect(first(kafka)).toMatchObject({
    cause: 'told-errors',
    sentence: 'app was told ILLEGAL_GENERATION by OffsetCommit of orders[0], 2 times.',
  });
  await member.commit('orders', 0);
  expect(causes(kafka)).toEqual(['all-read']);
});

test('a client that was told an address where no broker is', async () => {
  await using kafka = await start({ settings: { 'advertised.listeners': 'PLAINTEXT://127.0.0.1:9' } });
  const consumer = client(kafka).consumer({ groupId: 'billing', retry: { retries: 3 } });
  await consumer.connect();
  await consumer.subscribe({ topic: 'orders' }).catch(() => null);
  const run = consumer.run({ eachMessage: async () => undefined }).catch(() => null);
  await vi.waitFor(() => expect(causes(kafka)[0]).toBe('lost-after-metadata'), { timeout: 4000 });
  expect(first(kafka).sentence).toBe(
    'app asked where the brokers are and did not come back: it cannot reach 127.0.0.1:9.',
  );
  await consumer.disconnect();
  await run;
});

test('records that went to a topic of a similar name, and none where that one is empty too', async () => {
  await using kafka = await start({ topics: ['orders', 'order'] });
  const member = await ClassicMember.join(kafka, 'billing', ['orders'], 'app');
  await member.fetch('orders', 0);
  expect(causes(kafka)).toEqual(['all-read']);
  await kafka.produce('order', ['a', 'b']);
  expect(first(kafka)).toMatchObject({ cause: 'similar-topic', evidence: ["'order' holds 2 records."] });
});

test('a fault that can strike no more is no hindrance; one that has struck is, whatever it is about', async () => {
  await using kafka = await start();
  const member = await ClassicMember.join(kafka, 'billing', ['orders'], 'app');
  kafka.faults.on('Fetch').reply('KAFKA_STORAGE_ERROR').once();
  expect(first(kafka).cause).toBe('hindered');
  await member.fetch('orders', 0);
  expect(first(kafka).cause).toBe('told-errors');
  await member.fetch('orders', 0);
  expect(causes(kafka)).toEqual(['all-read']);
});

test('a share group: begun at the end, read, and without members', async () => {
  await using kafka = await start();
  await kafka.produce('orders', ['a', 'b']);
  const member = await ShareMember.join(kafka, 'jobs', ['orders'], 'worker');
  await member.fetch(100);
  expect(first(kafka, 'jobs')).toMatchObject({
    cause: 'began-at-end',
    next: expect.stringContaining('share.auto.offset.reset'),
  });
  await kafka.produce('orders', 'c');
  await member.acknowledge(await member.fetch(), Ack.accept);
  expect(causes(kafka, 'jobs')).toEqual(['all-read']);
  await member.leave();
  expect(first(kafka, 'jobs')).toMatchObject({
    cause: 'no-members',
    evidence: ['The state of the group is Empty.', expect.stringMatching(/worker, went .* ago: it left the group\.$/)],
  });
});
