/** Quotas of clients: rates as Kafka measures them (kafka-rates.json was recorded with its own classes), whose counts, and what follows. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as apis from '../../protocol/apis/index.ts';
import type { Client } from '../../protocol/client.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { emptyImage, quotaKey, type ClientQuota, type QuotaPart } from '../../src/cluster/image.ts';
import { SharingMap } from '../../src/cluster/sharing-map.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { ClientQuotas } from '../../src/security/quotas/client-quotas.ts';
import { limitOf, QuotaCount } from '../../src/security/quotas/entities.ts';
import { SampledRate } from '../../src/security/quotas/sampled-rate.ts';
import { TokenBucket } from '../../src/security/quotas/token-bucket.ts';
import { NOT_TIMED } from '../../src/security/stages.ts';
import { sessionOf } from '../apis/request-context.ts';
import { createTopic, dial } from '../running-broker.ts';
import { SecuredBroker } from './secured-broker.ts';

type Step = readonly [
  nowMs: number,
  amount: number,
  perSecond: number,
  overMs: number,
  permits: number,
  waitMs: number,
];
const recorded = JSON.parse(readFileSync(new URL('kafka-rates.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, readonly Step[]>
>;
/** Of the recording. */
const [BYTE_RATE, MUTATION_RATE] = [500, 5];

describe.each(Object.entries(recorded))('%s windows', (windows, steps) => {
  const [count, seconds] = windows.split('x').map(Number);

  test('a rate, and the throttle above a bound, are Kafka’s', () => {
    const rate = new SampledRate({ count, sizeMs: seconds * 1000 });
    for (const [nowMs, amount, perSecond, overMs] of steps) {
      rate.record(amount, nowMs);
      expect(rate.perSecond(nowMs)).toBeCloseTo(perSecond, 6);
      expect(rate.excessMs(BYTE_RATE, nowMs)).toBe(overMs);
    }
  });

  test('permits come back as Kafka’s do', () => {
    const bucket = new TokenBucket(count * seconds);
    for (const [nowMs, , , , permits, waitMs] of steps) {
      bucket.take(permits, MUTATION_RATE, nowMs);
      expect(bucket.waitMs(MUTATION_RATE, nowMs)).toBe(waitMs);
    }
  });
});

const user = (entityName: string | null): QuotaPart => ({ entityType: 'user', entityName });
const client = (entityName: string | null): QuotaPart => ({ entityType: 'client-id', entityName });
const quota = (value: number, ...entity: QuotaPart[]): ClientQuota => ({
  entity,
  values: new Map([['producer_byte_rate', value]]),
});

const keyed = (...quotas: ClientQuota[]) => new Map(quotas.map((one) => [quotaKey(one.entity), one]));

test('the quota that fits a client best counts for it', () => {
  const inOrder = [
    quota(1, user('alice'), client('app')),
    quota(2, user('alice'), client(null)),
    quota(3, user('alice')),
    quota(4, user(null), client('app')),
    quota(5, user(null), client(null)),
    quota(6, user(null)),
    quota(7, client('app')),
    quota(8, client(null)),
  ];
  for (const [at] of inOrder.entries()) {
    expect(limitOf(keyed(...inOrder.slice(at)), 'producer_byte_rate', 'alice', 'app')?.bound).toBe(at + 1);
  }
  expect(limitOf(keyed(...inOrder), 'consumer_byte_rate', 'alice', 'app')).toBeNull();
  const sharedBy = (...quotas: ClientQuota[]) =>
    ['app', 'web'].map((id) => limitOf(keyed(...quotas), 'producer_byte_rate', 'alice', id)?.sharedBy);
  const [app, web] = sharedBy(quota(1, user('alice')));
  expect(app).toBe(web); // all clients of a user share its quota
  expect(new Set(sharedBy(quota(1, user('alice'), client(null)))).size).toBe(2);
});

test('long client ids share no quota, and are not remembered whole', () => {
  const quotas = keyed(quota(1, client(null)));
  const keys = ['a', 'b'].map(
    (end) => limitOf(quotas, 'producer_byte_rate', 'alice', 'x'.repeat(30_000) + end)?.sharedBy,
  );
  expect(new Set(keys).size).toBe(2);
  for (const key of keys) expect(key!.length).toBeLessThan(300);
});

test('a throttle is never longer than a response can say', () => {
  const rate = new SampledRate({ count: 11, sizeMs: 1000 });
  rate.record(100e6, 0);
  expect(rate.excessMs(1, 0)).toBe(0x7fffffff);
  const bucket = new TokenBucket(11);
  bucket.take(1, 1e-9, 0);
  expect(bucket.waitMs(1e-9, 0)).toBe(0x7fffffff);
});

describe('counting', () => {
  function setting(...quotas: ClientQuota[]) {
    const clock = new VirtualClock();
    const image = { ...emptyImage('c'), quotas: keyed(...quotas) };
    const windows = { count: 11, sizeMs: 1000 };
    const current = { image };
    const own = new ClientQuotas({ clock, image: () => current.image, windows, mutationWindows: windows });
    return { clock, own, current, session: sessionOf({ principal: { type: 'User', name: 'alice' } }) };
  }

  test('without a quota nothing is counted', () => {
    const { own, session } = setting();
    expect([own.isOff, own.begin(), own.account(session, 'app', apis.Produce, 1e9, NOT_TIMED)]).toEqual([
      true,
      NOT_TIMED,
      0,
    ]);
    expect(own.mostFetchedBytes(session, 'app')).toBe(Infinity);
  });

  test('a client that keeps to its throttle produces as much as its quota allows', async () => {
    const { own, clock, session } = setting(quota(10_000, user('alice')));
    let bytes = 0;
    const until = clock.monotonic() + 60_000;
    while (clock.monotonic() < until) {
      bytes += 3000;
      await clock.advance(Math.max(1, own.account(session, 'app', apis.Produce, 3000, NOT_TIMED)));
    }
    expect(Math.abs(bytes / 60 - 10_000)).toBeLessThan(2000); // a burst comes first
  });

  test('another quota counts at the next request', () => {
    const { own, session, current } = setting(quota(1, user('alice')));
    expect(own.account(session, 'app', apis.Produce, 1000, NOT_TIMED)).toBeGreaterThan(0);
    const more = quota(1e9, user('alice'));
    current.image = { ...current.image, quotas: new Map([[quotaKey(more.entity), more]]) };
    expect(own.account(session, 'app', apis.Produce, 1000, NOT_TIMED)).toBe(0);
  });

  test('an answer that is not sent is not counted', async () => {
    const { own, session, clock } = setting({
      entity: [user('alice')],
      values: new Map([['consumer_byte_rate', 1000]]),
    });
    expect(own.accountFetched(session, 'app', 9_000, NOT_TIMED)).toBe(0);
    expect(own.accountFetched(session, 'app', 9_000, NOT_TIMED)).toBeGreaterThan(0);
    await clock.advance(1);
    expect(own.accountFetched(session, 'app', 500, NOT_TIMED)).toBe(0);
    expect(own.mostFetchedBytes(session, 'app')).toBe(10_000);
  });

  test('newer clients are throttled for changes that were refused, and older ones for those that were made', async () => {
    const mutations = setting({ entity: [user('alice')], values: new Map([['controller_mutation_rate', 1]]) });
    const { own, session, clock } = mutations;
    const asked = (isStrict: boolean, ...counts: number[]) => {
      const quota = own.mutations(session, 'app', 'CreateTopics', isStrict)!;
      return [...counts.map(quota.take), quota.throttleTimeMs()];
    };
    expect(asked(true, 12)).toEqual([true, 0]); // which owes one
    expect(asked(true, 1)).toEqual([false, 1000]);
    await clock.advance(1000);
    expect(asked(true, 3, 1)).toEqual([true, false, 3000]);
    expect(asked(false)).toEqual([0]);
    expect(asked(false, 2)).toEqual([true, 5000]);
  });

  test('the time of a request is throttled for a window at most', async () => {
    const { own, session, clock } = setting({ entity: [client(null)], values: new Map([['request_percentage', 1]]) });
    const begun = own.begin();
    await clock.advance(5000);
    expect(own.account(session, 'app', apis.Heartbeat, 0, begun)).toBe(1000);
    expect(own.account(session, 'app', apis.WriteTxnMarkers, 0, begun)).toBe(0);
  });
});

describe('over the wire', () => {
  let broker: SecuredBroker;
  let admin: Client;
  beforeAll(async () => {
    broker = await SecuredBroker.start({ 'quota.window.num': '2' });
    admin = await broker.as('admin');
    await createTopic(admin, 'orders');
  });
  afterAll(() => broker.stop());

  async function limit(userName: string, key: string, value: number): Promise<void> {
    const ops = [{ key, value, remove: false }];
    const { entries } = await admin.send(apis.AlterClientQuotas, 1, {
      entries: [{ entity: [user(userName)], ops }],
      validateOnly: false,
    });
    expect(entries[0].errorCode).toBe(0);
  }

  const produceTo = (to: Client, bytes: number) =>
    to.send(apis.Produce, 9, {
      transactionalId: null,
      acks: 1,
      timeoutMs: 5000,
      topicData: [
        {
          name: 'orders',
          partitionData: [
            { index: 0, records: encodeBatch({ records: [{ key: null, value: Buffer.alloc(bytes), timestamp: 1 }] }) },
          ],
        },
      ],
    });

  test('a producer above its quota is told, and its next request waits', async () => {
    await broker.allow({ principal: 'User:bob', operation: 2 });
    const bob = await broker.as('bob');
    await limit('bob', 'producer_byte_rate', 50_000);
    const { throttleTimeMs, responses } = await produceTo(bob, 101_500);
    expect(responses[0].partitionResponses[0].errorCode).toBe(0);
    expect(throttleTimeMs).toBeGreaterThan(100);
    const begun = performance.now();
    await bob.send(apis.ApiVersions, 0, {});
    expect(performance.now() - begun).toBeGreaterThan(throttleTimeMs * 0.8);
  });

  test('a consumer above its quota gets an empty answer, and the records once the time is over', async () => {
    await broker.allow({ principal: 'User:alice', operation: 2 });
    await produceTo(admin, 9_000);
    const alice = await broker.as('alice');
    await limit('alice', 'consumer_byte_rate', 20_000);
    const ask = () =>
      alice.send(apis.Fetch, 12, {
        replicaId: -1,
        maxWaitMs: 0,
        minBytes: 0,
        maxBytes: 1e6,
        isolationLevel: 0,
        sessionId: 0,
        sessionEpoch: -1,
        topics: [{ topic: 'orders', partitions: [{ partition: 0, fetchOffset: 1, partitionMaxBytes: 1e6 }] }],
        forgottenTopicsData: [],
        rackId: '',
      });
    const bytesIn = ({ responses }: Awaited<ReturnType<typeof ask>>) =>
      responses[0]?.partitions[0].records?.length ?? 0;
    let throttled = null;
    for (let i = 0; throttled === null && i < 20; i++) {
      const answer = await ask();
      if (answer.throttleTimeMs > 0) throttled = answer;
      else if (bytesIn(answer) === 0) throw new Error('an answer has no records, and no throttle');
    }
    expect(throttled).toMatchObject({ errorCode: 0, responses: [] });
    for (let i = 0; ; i++) {
      if (bytesIn(await ask()) > 0) break;
      expect(i).toBeLessThan(20);
    }
  });

  test('partitions above the quota of changes are refused to newer clients, and older ones are only throttled', async () => {
    await limit('admin', 'controller_mutation_rate', 1);
    const create = (version: number, ...names: string[]) =>
      admin.send(apis.CreateTopics, version, {
        topics: names.map((name) => ({ name, numPartitions: 12, replicationFactor: 1, assignments: [], configs: [] })),
        timeoutMs: 5000,
        validateOnly: true,
      });
    const first = await create(7, 'a', 'b');
    expect(first.topics.map(({ errorCode }) => errorCode)).toEqual([0, 89]);
    expect(first.topics[1].errorMessage).toBe('The throttling quota has been exceeded.');
    expect(first.throttleTimeMs).toBeGreaterThan(0);
    const old = await create(5, 'c');
    expect(old.topics[0].errorCode).toBe(0);
    expect(old.throttleTimeMs).toBeGreaterThan(0);
  });
});

test('a connection above the quota of its address is held, and closed once that would have let it in', async () => {
  const clock = new VirtualClock();
  const broker = await SecuredBroker.start({ 'quota.window.num': '2' }, { clock });
  const entity = [{ entityType: 'ip', entityName: '127.0.0.1' }];
  const ops = [{ key: 'connection_creation_rate', value: 2, remove: false }];
  await broker.parts.controller.alterClientQuotas([{ entity, ops }], { validateOnly: false });
  const clients = [await dial(broker.bootstrap), await dial(broker.bootstrap), await dial(broker.bootstrap)];
  const answered = await Promise.all(clients.slice(0, 2).map((client) => client.send(apis.ApiVersions, 0, {})));
  expect(answered.map(({ errorCode }) => errorCode)).toEqual([0, 0]);
  let outcome = 'none';
  const third = clients[2].send(apis.ApiVersions, 0, {}).then(
    () => (outcome = 'answered'),
    () => (outcome = 'closed'),
  );
  await clock.advance(499);
  await clients[0].send(apis.SaslHandshake, 1, { mechanism: 'PLAIN' });
  expect(outcome).toBe('none');
  await clock.advance(1);
  await third;
  expect(outcome).toBe('closed');
  await Promise.all(clients.map((client) => client.close()));
  await broker.stop();
});

test('quotas of one name are counted from change to change', () => {
  const count = new QuotaCount('request_percentage');
  const entry = (name: string) => ({ entity: [], values: new Map([[name, 1]]) });
  let quotas = SharingMap.copyOf(
    new Map(
      Array.from({ length: 1000 }, (_, at) => [`u${at}`, entry(at < 3 ? 'request_percentage' : 'producer_byte_rate')]),
    ),
  );
  expect(count.among(new Map())).toBe(0);
  expect([count.among(quotas), count.among(quotas)]).toEqual([3, 3]);
  quotas = SharingMap.copyOf(quotas);
  quotas.delete('u0');
  quotas.set('u1', entry('producer_byte_rate'));
  quotas.set('u999', entry('request_percentage'));
  quotas.set('new', entry('request_percentage'));
  expect(count.among(quotas)).toBe(3);
  expect(count.among(new Map([['u', entry('request_percentage')]]))).toBe(1);
});
