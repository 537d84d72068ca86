/** Each cause in set-ups of real clients that have this one and no other; and set-ups in which nothing is amiss. */
/* oxlint-disable vitest/expect-expect -- expectWhy does */
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { DeleteRecords } from '../../protocol/apis/index.ts';
import { connect } from '../../protocol/client.ts';
import { startBroker, type StartOptions, type TestBroker } from '../../src/testing/index.ts';
import { endJava, javaOf } from './java.ts';
import { expectWhy } from './judged.ts';
import { ofKafkajs } from './kafkajs.ts';
import { ofLibrdkafka } from './librdkafka.ts';
import type { Joining, Library } from './library.ts';

const LIBRARIES: readonly Library[] = [javaOf('classic'), javaOf('consumer'), ofLibrdkafka, ofKafkajs];

afterAll(endJava);

const start = (options: StartOptions = {}): Promise<TestBroker> =>
  startBroker({ topics: ['orders'], leftovers: 'ignore', ...options });
const joining = (over: Partial<Joining> = {}): Joining => ({
  group: 'billing',
  topics: ['orders'],
  clientId: 'app',
  ...over,
});
/** Topics are there, or they are not. */
const strict = { 'auto.create.topics.enable': false };
/** Members stay until their session ends, as at Kafka. */
const patient = { 'ottla.evict.on.disconnect': false };

async function deleteRecords(kafka: TestBroker, topic: string, before: number): Promise<void> {
  const [host, port] = kafka.bootstrapBrokers[0].split(':');
  const client = await connect({ host, port: Number(port), clientId: 'operator' });
  const partitions = [{ partitionIndex: 0, offset: before }];
  await client.send(DeleteRecords, 2, { topics: [{ name: topic, partitions }], timeoutMs: 1000 });
  await client.close();
}

describe.each(LIBRARIES)('$name', (library) => {
  const { missing, protocol } = library;
  if (missing !== null) process.stderr.write(`${library.name} is skipped: ${missing}\n`);

  afterEach(async () => {
    if (missing === null) await library.endAll();
  });

  describe('nothing is amiss', () => {
    test.skipIf(missing !== null)('with a group that has read and committed all', async () => {
      await using kafka = await start();
      await kafka.produce('orders', ['a', 'b']);
      await library.join(kafka, joining());
      await kafka.waitForLag('billing', 0, { timeout: '20s' });
      await expectWhy(kafka, { cause: 'all-read' });
    });

    test.skipIf(missing !== null)('with one that commits nothing', async () => {
      await using kafka = await start();
      await kafka.produce('orders', ['a', 'b']);
      await library.join(kafka, joining({ commits: false }));
      const { sentence } = await expectWhy(kafka, { cause: 'all-read', asked: 'began-at-end' });
      expect(sentence).toBe('The group was given all that there is in orders[0], and has not committed it.');
    });

    test.skipIf(missing !== null)(
      'with one that reads what is not committed, while a transaction is open',
      async () => {
        await using kafka = await start();
        const transaction = await library.begin(kafka, 'payments', 'orders');
        await library.join(kafka, joining({ isolation: 'read_uncommitted' }));
        await kafka.waitForCommit('billing', { topic: 'orders', offset: 1 }, { timeout: '20s' });
        await expectWhy(kafka, { cause: 'all-read', asked: 'open-transaction' });
        await transaction.abort();
        expect(kafka.why('billing').map(({ cause }) => cause)).not.toContain('all-aborted');
      },
    );

    test.skipIf(missing !== null)('with one that has begun at the end, and has read what came', async () => {
      await using kafka = await start();
      await kafka.produce('orders', ['a', 'b']);
      await library.join(kafka, joining({ begin: 'latest' }));
      await expectWhy(kafka, { cause: 'began-at-end', asked: askedOfTheEnd(library) });
      await kafka.produce('orders', 'c');
      await kafka.waitForCommit('billing', { topic: 'orders', offset: 3 }, { timeout: '20s' });
      await expectWhy(kafka, { cause: 'all-read' });
    });
  });

  test.skipIf(missing !== null)('a group of another name reads', async () => {
    await using kafka = await start();
    await kafka.produce('orders', 'a');
    await library.join(kafka, joining());
    await kafka.waitForLag('billing', 0, { timeout: '20s' });
    expect(kafka.why('biling')).toMatchObject([
      { cause: 'no-such-group', evidence: ['Groups with such names: billing.'] },
    ]);
  });

  test.skipIf(missing !== null)('its members have left', async () => {
    await using kafka = await start();
    await kafka.produce('orders', 'a');
    const member = await library.join(kafka, joining());
    await kafka.waitForLag('billing', 0, { timeout: '20s' });
    await member.leave();
    await kafka.produce('orders', 'b');
    const { evidence } = await expectWhy(kafka, { cause: 'no-members' });
    expect(evidence.join(' ')).toMatch(/The last member, app, went .* ago: /);
  });

  test.skipIf(missing !== null)('its topic does not exist', async () => {
    await using kafka = await start({ settings: strict });
    await kafka.produce('orders', 'a');
    await library.join(kafka, joining({ topics: ['ordres'] }));
    const { sentence, evidence } = await expectWhy(kafka, {
      cause: 'topic-missing',
      also: ['no-such-group'],
      asked: library.name.startsWith('Java') ? 'topic-missing' : null, // others do not join at all
    });
    expect(sentence).toBe("The topic 'ordres', which app reads, does not exist.");
    expect(evidence).toEqual(['Topics with such names: orders.']);
  });

  test.skipIf(missing !== null)('its records went to a topic of a similar name', async () => {
    await using kafka = await start({ topics: ['orders', 'order'] });
    await kafka.produce('order', ['a', 'b']);
    await library.join(kafka, joining());
    await kafka.waitForGroup('billing', {}, { timeout: '20s' });
    await expectWhy(kafka, { cause: 'similar-topic', also: ['all-read'] });
  });

  test.skipIf(missing !== null)('there are more members than partitions', async () => {
    await using kafka = await start();
    await kafka.produce('orders', 'a');
    await library.join(kafka, joining({ clientId: 'one' }));
    await kafka.waitForLag('billing', 0, { timeout: '20s' });
    await library.join(kafka, joining({ clientId: 'two' }));
    await kafka.waitForGroup('billing', { members: 2 }, { timeout: '20s' });
    await expectWhy(kafka, { cause: 'idle-members', also: ['all-read'] });
  });

  test.skipIf(missing !== null)('it began at the end, though its client commits where it is', async () => {
    await using kafka = await start();
    await kafka.produce('orders', ['a', 'b']);
    await library.join(kafka, joining({ begin: 'latest' }));
    await kafka.waitForGroup('billing', {}, { timeout: '20s' });
    if (library.name.startsWith('Java')) await kafka.waitForCommit('billing', { topic: 'orders', offset: 2 });
    const { sentence } = await expectWhy(kafka, { cause: 'began-at-end', asked: askedOfTheEnd(library) });
    expect(sentence).toContain('began to read orders[0] behind 2 offsets, and never saw them');
  });

  test.skipIf(missing !== null)('it has committed an offset that is deleted', async () => {
    await using kafka = await start();
    await kafka.produce('orders', ['a', 'b']);
    const member = await library.join(kafka, joining());
    await kafka.waitForLag('billing', 0, { timeout: '20s' });
    await member.leave();
    await kafka.produce('orders', ['c', 'd', 'e']);
    await deleteRecords(kafka, 'orders', 4);
    await library.join(kafka, joining({ commits: false }));
    await kafka.waitForGroup('billing', {}, { timeout: '20s' });
    const { sentence } = await expectWhy(kafka, {
      cause: 'below-start',
      also: ['all-read', 'reading'],
      asked: library.name === 'kafkajs' ? null : 'below-start', // it commits where it is to go on at once
    });
    expect(sentence).toContain('committed offset 2 of orders[0], which begins at 4: 2 offsets were deleted');
  });

  test.skipIf(missing !== null)('a transaction is open, and then everything was aborted', async () => {
    await using kafka = await start();
    await library.join(kafka, joining());
    await kafka.waitForGroup('billing', {}, { timeout: '20s' });
    const transaction = await library.begin(kafka, 'payments', 'orders');
    const { sentence } = await expectWhy(kafka, { cause: 'open-transaction', also: ['all-read'] });
    expect(sentence).toMatch(/^A transaction of 'payments' has been open .* orders\[0\] from offset 0 on\.$/);
    await transaction.abort();
    await expectWhy(kafka, { cause: 'all-aborted', also: ['all-read'], asked: null });
  });

  test.skipIf(missing !== null)('a fault is in force', async () => {
    await using kafka = await start();
    await library.join(kafka, joining());
    await kafka.waitForGroup('billing', {}, { timeout: '20s' });
    kafka.faults.on('Fetch', { topic: 'orders' }).reply('NOT_LEADER_OR_FOLLOWER');
    await kafka.produce('orders', 'a');
    await expectWhy(kafka, { cause: 'hindered', also: ['told-errors', 'reading'], asked: null });
    kafka.faults.clear();
  });

  test.skipIf(missing !== null)('a quota makes it wait', async () => {
    await using kafka = await start({ quotas: { '*': { consumerByteRate: '1KB' } } });
    await kafka.produce(
      'orders',
      Array.from({ length: 20 }, () => 'x'.repeat(50_000)),
    );
    await library.join(kafka, joining());
    await kafka.waitForThrottled({}, { timeout: '20s' });
    expect(kafka.why('billing')[0].cause).toBe('throttled');
    expect(kafka.why('billing')[0].sentence).toContain('app is made to wait');
  });

  test.skipIf(missing !== null)('it may not be in the group', async () => {
    await using kafka = await start({
      users: { alice: 'secret' },
      acls: { alice: ['read topic orders'] },
      mechanisms: ['PLAIN'],
    });
    await library.join(kafka, joining({ user: 'alice' }));
    await expect.poll(() => kafka.why('billing')[0].cause, { timeout: 20_000 }).toBe('told-errors');
    expect(kafka.why('billing')[0].sentence).toMatch(/^app was told GROUP_AUTHORIZATION_FAILED by /);
  });

  test.skipIf(missing !== null)('it cannot reach the address that it is told', async () => {
    await using kafka = await start({ settings: { 'advertised.listeners': 'PLAINTEXT://127.0.0.1:9' } });
    await library.join(kafka, joining());
    const { sentence } = await expectWhy(kafka, {
      cause: 'lost-after-metadata',
      also: ['no-such-group'],
      asked: null,
    });
    expect(sentence).toBe('app asked where the brokers are and did not come back: it cannot reach 127.0.0.1:9.');
  });

  test.skipIf(missing !== null)('it lives, and does not fetch', async () => {
    await using kafka = await start();
    await kafka.produce('orders', 'a');
    const member = await library.join(kafka, joining());
    await kafka.waitForLag('billing', 0, { timeout: '20s' });
    await member.pause();
    await kafka.produce('orders', 'b');
    await expectWhy(kafka, { cause: 'no-fetches', also: ['all-read'], asked: null });
  });

  test.skipIf(missing !== null || library.name === 'kafkajs')('its process is gone', async () => {
    await using kafka = await start({ settings: patient });
    const member = await library.join(kafka, joining({ instanceId: 'app-1' }));
    await kafka.waitForGroup('billing', {}, { timeout: '20s' });
    await member.vanish!();
    await expectWhy(kafka, { cause: 'not-connected', also: ['all-read'], asked: 'all-read' });
  });

  test.skipIf(missing !== null || library.name === 'kafkajs')(
    'its process is gone, and the clock stands still',
    async () => {
      await using kafka = await start({ settings: patient, clock: 'virtual' });
      const member = await library.join(kafka, joining({ instanceId: 'app-1' }));
      await kafka.waitForGroup('billing', {}, { timeout: '20s' });
      await member.vanish!();
      await expectWhy(kafka, { cause: 'clock-stands-still', also: ['all-read'], asked: 'all-read' });
    },
  );

  test.skipIf(missing !== null || library.name === 'librdkafka')(
    'a member does not join again, or give up what another one is to get',
    async () => {
      await using kafka = await start({
        topics: [{ name: 'orders', partitions: 2 }],
        settings: { 'group.consumer.assignment.interval.ms': '0' },
      });
      const one = await library.join(kafka, joining({ clientId: 'one' }));
      await kafka.waitForGroup('billing', {}, { timeout: '20s' });
      await one.stall!();
      await kafka.produce('orders', { value: 'a', partition: 0 });
      await kafka.produce('orders', { value: 'b', partition: 1 });
      await library.join(kafka, joining({ clientId: 'two' }));
      const { sentence } = await expectWhy(kafka, {
        cause: protocol === 'consumer' ? 'not-released' : 'rebalancing',
        also: ['reading', 'began-at-end'],
      });
      expect(sentence).toMatch(
        protocol === 'consumer'
          ? /^two waits for orders\[\d\], which one has not given up\.$/
          : /^The group has been rebalancing for .* and waits for one to join again\.$/,
      );
    },
  );
});

/** A client that asks sees what is committed alone: Java commits the end at once. */
function askedOfTheEnd({ name }: Library): 'all-read' | 'began-at-end' {
  return name.startsWith('Java') ? 'all-read' : 'began-at-end';
}
