/** What the page's server answers, asked as a browser would ask; test/page/browser shows it in one. */
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GroupFrame, OverviewFrame, RecordsFrame, TopicsFrame, TrafficFrame } from '../../src/page/frames.ts';
import { startBroker as startRunning } from '../../src/broker/broker.ts';
import { pageBrokerOf } from '../../src/page/page-broker.ts';
import { startBroker, type TestBroker } from '../../src/testing/index.ts';
import { Clients } from '../testing/kafkajs-clients.ts';

let kafka: TestBroker;
let url: string;

beforeAll(async () => {
  kafka = await startBroker({ topics: [{ name: 'orders', partitions: 3 }], leftovers: 'ignore' });
  url = await kafka.openPage();
});

afterAll(() => kafka.stop());

const ask = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`${url}${path}`, init);
const view = async <Frame>(path: string): Promise<Frame> => (await (await ask(`/view/${path}`)).json()) as Frame;
const records = async (query: Record<string, string>): Promise<RecordsFrame> =>
  (await (await ask(`/records?${new URLSearchParams(query).toString()}`)).json()) as RecordsFrame;

describe('the page', () => {
  test('its files come with a policy that lets nothing else run, and nothing else is a file', async () => {
    const document = await ask('/');
    expect(document.headers.get('content-type')).toContain('text/html');
    const policy = document.headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect((await ask('/page/page.js')).status).toBe(200);
    for (const path of ['/page/..%2fmain.cjs', '/page/nothing', '/view/nothing']) {
      expect((await ask(path)).status).toBe(404);
    }
  });

  test('pages of other origins and other names of this machine are refused', async () => {
    const foreign: Record<string, string>[] = [
      { origin: 'http://elsewhere.example' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ];
    for (const headers of foreign) expect((await ask('/view/overview?once', { headers })).status).toBe(403);
    const own = { origin: new URL(url).origin, 'sec-fetch-site': 'same-origin' };
    expect((await ask('/view/overview?once', { headers: own })).status).toBe(200);
  });

  test('a form cannot change anything', async () => {
    const form = { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'a=b' };
    expect((await ask('/continue', form)).status).toBe(415);
  });

  test('records are merged over partitions, the newest first, page after page, each once', async () => {
    const messages = Array.from({ length: 250 }, (_, index) => ({
      value: `message ${index}`,
      partition: index % 3,
      timestamp: 1_000_000 + index,
    }));
    await kafka.produce('orders', messages);
    const seen: string[] = [];
    let next: string | null = '';
    while (next !== null) {
      const frame: RecordsFrame = await records({ topic: 'orders', ...(next === '' ? {} : { next }) });
      seen.push(...frame.rows.map(({ value }) => value!.text));
      next = frame.next;
    }
    expect(seen).toEqual(messages.map(({ value }) => value).toReversed());
  });

  test('onwards from an offset and from a time, and in one partition', async () => {
    const from = await records({ topic: 'orders', offset: '80' });
    expect(from.rows.map(({ offset }) => offset).every((offset) => offset >= 80)).toBe(true);
    expect(from.rows.length).toBe(250 - 240);
    const later = await records({ topic: 'orders', time: '1000240', partition: '0' });
    expect(later.rows.map(({ timestamp }) => timestamp)).toEqual([1_000_240, 1_000_243, 1_000_246, 1_000_249]);
    expect((await records({ topic: 'orders', offset: '9000' })).rows).toEqual([]);
    expect((await ask('/records?topic=orders&offset=-3')).status).toBe(400);
    expect((await ask('/records?topic=nowhere')).status).toBe(404);
    expect((await ask('/records?topic=orders&next=onwards:x')).status).toBe(400);
  });

  test('a search finds, tells how many it looked at, and is refused at its place', async () => {
    const found = await records({ topic: 'orders', search: 'value:"message 24" partition:1' });
    expect(found.rows.map(({ value }) => value!.text)).toEqual(['message 247', 'message 244', 'message 241']);
    expect(found.searched).toBe(250);
    const refused = await ask(`/records?topic=orders&search=${encodeURIComponent('x keyy:1')}`);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ at: 2 });
  });

  test('bytes that are no text are told in hexadecimal, long ones cut at a character', async () => {
    await kafka.createTopic('bytes');
    await kafka.produce('bytes', [
      { key: Buffer.from([0xff, 0x00]), value: 'ä'.repeat(1500) },
      { value: '</script><img onerror=alert(1)>' },
      { value: null, headers: { ['n'.repeat(100_000)]: 'traced' } },
    ]);
    const { rows } = await records({ topic: 'bytes', offset: '0' });
    expect(rows[0].key).toEqual({ text: 'ff00', isHex: true, bytes: 2, isCut: false });
    expect(rows[0].value).toEqual({ text: 'ä'.repeat(1024), isHex: false, bytes: 3000, isCut: true });
    expect(rows[1].value?.text).toBe('</script><img onerror=alert(1)>');
    expect(rows[2].value).toBeNull();
    expect(rows[2].headers).toMatchObject([{ key: `${'n'.repeat(256)}…`, value: { text: 'traced' } }]);
  });

  test('records of transactions say whether they count', async () => {
    await using clients = new Clients();
    await kafka.createTopic('payments');
    const producer = await clients.producer(kafka, { transactionalId: 'pay', maxInFlightRequests: 1 });
    const aborted = await producer.transaction();
    await aborted.send({ topic: 'payments', messages: [{ value: 'no' }] });
    await aborted.abort();
    const committed = await producer.transaction();
    await committed.send({ topic: 'payments', messages: [{ value: 'yes' }] });
    await committed.commit();
    const open = await producer.transaction();
    await open.send({ topic: 'payments', messages: [{ value: 'perhaps' }] });
    const { rows } = await records({ topic: 'payments', offset: '0' });
    expect(rows.map(({ state }) => state)).toEqual(['aborted', 'marker', 'committed', 'marker', 'open']);
    const { rows: transactions } = await view<{ rows: unknown[] }>('transactions?once');
    expect(transactions).toContainEqual(
      expect.objectContaining({ transactionalId: 'pay', holdsBack: ['payments[0]'] }),
    );
    await open.abort();
  });

  test('what a group has not read is shown, and why it reads nothing', async () => {
    await using clients = new Clients();
    await kafka.createTopic('unread');
    await kafka.produce('unread', ['a', 'b']);
    const consumer = await clients.consumer(kafka, 'billing', 'unread');
    await kafka.waitForLag('billing', 0);
    await consumer.disconnect();
    await kafka.produce('unread', ['c']);
    const { rows } = await records({ topic: 'unread', unread: 'billing' });
    expect(rows.map(({ value }) => value!.text)).toEqual(['c']);
    const group = await view<GroupFrame>('group?once&name=billing');
    expect(group.why[0].cause).toBe('no-members');
    const place = { topic: 'unread', partition: 0, committed: 2, end: 3, unread: 1, owner: null };
    expect(group.partitions).toEqual([{ ...place, ageMs: expect.any(Number), leader: expect.any(Number) }]);
    expect(group.rebalances.map(({ outcome }) => outcome)).toEqual(['empty', 'stable']);
    const overview = await view<OverviewFrame>('overview?once');
    expect(overview.behind).toEqual([{ group: 'billing', lag: 1, ageMs: expect.any(Number) }]);
    expect(overview.attention.map(({ sentence }) => sentence)).toContain(
      "Group 'billing' has 1 records to read and no members.",
    );
  });

  test('topics are filtered, sorted and cut on the broker', async () => {
    const { found, all, rows } = await view<TopicsFrame>('topics?once&filter=ORD&sort=records');
    expect([found, all, rows.map(({ name }) => name)]).toEqual([1, expect.any(Number), ['orders']]);
    const byRecords = await view<TopicsFrame>('topics?once&sort=records');
    expect(byRecords.rows[0].name).toBe('orders');
    expect(byRecords.rows.some(({ isInternal }) => isInternal)).toBe(false);
  });

  test('traffic is told of a test’s broker', async () => {
    const { rows } = await view<TrafficFrame>('traffic?once&filter=OffsetCommit');
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.every(({ api }) => api === 'OffsetCommit')).toBe(true);
  });

  test('a view is told whole first, then what has changed of it', async () => {
    const abort = new AbortController();
    const { body } = await ask('/view/topic?name=orders', { signal: abort.signal });
    const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toMatch(/^event: whole\ndata: \{"topic":\{"name":"orders"/);
    await kafka.produce('orders', 'one more');
    expect((await reader.read()).value).toMatch(/^event: changed\ndata: \{"topic":/);
    abort.abort();
  });

  test('the 25th stream is refused in a sentence', async () => {
    const abort = new AbortController();
    const streams = await Promise.all(Array.from({ length: 24 }, () => ask('/view/clients', { signal: abort.signal })));
    expect(streams.every(({ status }) => status === 200)).toBe(true);
    const refused = await ask('/view/clients');
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ detail: expect.stringContaining('24 pages') });
    abort.abort();
  });
});

test('a test can be held until somebody says go on', async () => {
  await using broker = await startBroker({ leftovers: 'ignore' });
  const place = await broker.openPage();
  let isOver = false;
  const held = broker.openPage({ pause: true }).then(() => (isOver = true));
  const shown = async (): Promise<{ isPaused: boolean }> =>
    (await (await fetch(`${place}/view/test?once`)).json()) as { isPaused: boolean };
  expect(await shown()).toMatchObject({ isPaused: true });
  expect(isOver).toBe(false);
  const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
  expect((await fetch(`${place}/continue`, json)).status).toBe(204);
  await held;
  expect(await shown()).toMatchObject({ isPaused: false });
});

test('a port that is taken is told in a sentence, and another one is tried', async () => {
  await using broker = await startBroker({ leftovers: 'ignore' });
  const port = Number(new URL(url).port);
  await expect(broker.openPage({ port })).rejects.toThrow(`no page on 127.0.0.1:${port} (the port is taken)`);
  await expect(broker.openPage({ prot: port } as never)).rejects.toThrow("did you mean 'port'");
  expect((await fetch(`${await broker.openPage()}/view/overview?once`)).status).toBe(200);
});

test('all that a browser loads is small', () => {
  const folder = new URL('../../dist/page/', import.meta.url);
  const bytes = readdirSync(folder).reduce(
    (sum, name) => sum + gzipSync(readFileSync(new URL(name, folder))).length,
    0,
  );
  expect(bytes).toBeGreaterThan(10_000);
  expect(bytes).toBeLessThan(120_000);
});

test('the page of a command shows the broker that runs now, not the one before', async () => {
  const settings = { listeners: 'PLAINTEXT://127.0.0.1:0' };
  const first = await startRunning({ memory: true, settings });
  const second = await startRunning({ memory: true, settings });
  try {
    let current = first;
    const { view } = pageBrokerOf(() => current);
    expect(view.parts).toBe(first.parts);
    current = second;
    expect(view.parts).toBe(second.parts);
    expect(view.listeners).toBe(second.listeners);
  } finally {
    await Promise.all([first.stop(), second.stop()]);
  }
});
