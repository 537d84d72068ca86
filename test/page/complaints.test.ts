/** What people complain of in other such pages, one by one; what only a browser shows is in test/page/browser. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type {
  GroupFrame,
  JournalFrame,
  RecordsFrame,
  SettingsFrame,
  TopicFrame,
  TrafficFrame,
} from '../../src/page/frames.ts';
import { startBroker, type TestBroker } from '../../src/testing/index.ts';
import { Clients } from '../testing/kafkajs-clients.ts';

let kafka: TestBroker;
let url: string;

beforeAll(async () => {
  kafka = await startBroker({ topics: ['orders', 'empty'], leftovers: 'ignore' });
  url = await kafka.openPage();
});
afterAll(() => kafka.stop());

const get = async <Answer>(path: string): Promise<Answer> => (await (await fetch(`${url}${path}`)).json()) as Answer;
const records = (query: Record<string, string>): Promise<RecordsFrame> =>
  get<RecordsFrame>(`/records?${new URLSearchParams(query).toString()}`);

describe('messages', () => {
  test('an empty topic is answered at once, and so is the end of one with a large message', async () => {
    expect(await records({ topic: 'empty' })).toMatchObject({ rows: [], next: null, searched: 0 });
    await kafka.createTopic('large');
    await kafka.produce('large', ['x'.repeat(325_000), 'y']);
    const { rows } = await records({ topic: 'large' });
    expect(rows.map(({ value }) => value)).toEqual([
      { text: 'y', isHex: false, bytes: 1, isCut: false },
      { text: 'x'.repeat(2048), isHex: false, bytes: 325_000, isCut: true },
    ]);
  });

  test('integers are text, and stay as they were written', async () => {
    await kafka.createTopic('numbers');
    await kafka.produce('numbers', '{"id":9007199254740993,"small":-9223372036854775808}');
    const { rows } = await records({ topic: 'numbers', search: 'json.id=9007199254740993' });
    expect(rows[0].value?.text).toContain('9007199254740993');
    expect((await records({ topic: 'numbers', search: 'json.id=9007199254740992' })).rows).toEqual([]);
    expect((await records({ topic: 'numbers', search: 'json.id>9007199254740992' })).rows).toHaveLength(1);
  });

  test('a key that is a number is found as it was written, and settings are no numbers', async () => {
    const most = '9223372036854775807';
    await kafka.createTopic('ids', { configs: { 'retention.bytes': most } });
    await kafka.produce('ids', [
      { key: most, value: 'the one' },
      { key: '9223372036854775806', value: 'its neighbour' },
    ]);
    const { rows } = await records({ topic: 'ids', search: `key=${most}` });
    expect(rows.map(({ value }) => value?.text)).toEqual(['the one']);
    const { topic } = await get<{ topic: TopicFrame }>('/view/topic?once&name=ids');
    expect(topic.configs).toEqual([{ key: 'retention.bytes', value: most }]);
    const { rows: settings } = await get<SettingsFrame>('/view/settings?once&filter=topic%20ids');
    expect(settings).toMatchObject([{ key: 'retention.bytes', value: most }]);
  });

  test('partitions without records cost no time, however many they are', async () => {
    await kafka.createTopic('sparse', { partitions: 500 });
    await kafka.produce('sparse', { value: 'alone', partition: 499 });
    const began = performance.now();
    expect(await records({ topic: 'sparse' })).toMatchObject({ rows: [{ partition: 499 }], next: null, searched: 1 });
    expect(await records({ topic: 'sparse', partition: '3' })).toMatchObject({ rows: [], next: null });
    expect(performance.now() - began).toBeLessThan(5000);
  });

  test('a topic of thousands of partitions is read page after page', async () => {
    await kafka.createTopic('wide', { partitions: 2500 });
    const sent = Array.from({ length: 2500 }, (_, partition) => ({ value: `m${partition}`, partition }));
    await kafka.produce('wide', sent);
    const seen = new Set<string>();
    let frame = await records({ topic: 'wide' });
    for (;;) {
      for (const { value } of frame.rows) seen.add(value!.text);
      if (frame.next === null) break;
      const answer = await fetch(`${url}/records?topic=wide`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ next: frame.next }),
      });
      expect(answer.status).toBe(200);
      frame = (await answer.json()) as RecordsFrame;
    }
    expect(seen.size).toBe(2500);
  });

  test('what was aborted says so, and so does what is open', async () => {
    await using clients = new Clients();
    await kafka.createTopic('accounts');
    const producer = await clients.producer(kafka, { transactionalId: 'book', maxInFlightRequests: 1 });
    const first = await producer.transaction();
    await first.send({ topic: 'accounts', messages: [{ value: 'never' }] });
    await first.abort();
    const { rows } = await records({ topic: 'accounts', offset: '0' });
    expect(rows.map(({ state }) => state)).toEqual(['aborted', 'marker']);
  });

  test('all of a burst is there, each once', async () => {
    await kafka.createTopic('burst', { partitions: 4 });
    const sent = Array.from({ length: 2500 }, (_, i) => ({ value: `m${i}`, partition: i % 4 }));
    await kafka.produce('burst', sent);
    const seen = new Set<string>();
    let count = 0;
    for (let next: string | null = ''; next !== null;) {
      const frame: RecordsFrame = await records({ topic: 'burst', ...(next === '' ? {} : { next }) });
      for (const { value } of frame.rows) seen.add(value!.text);
      count += frame.rows.length;
      next = frame.next;
    }
    expect([count, seen.size]).toEqual([2500, 2500]);
  });

  test('a search asks for data alone: code in it is text', async () => {
    const attack = '__proto__.x constructor[prototype] ${process.exit()} #{7*7} (()=>1)()';
    expect(await records({ topic: 'orders', search: attack })).toMatchObject({ rows: [] });
    const refused = await fetch(`${url}/records?topic=orders&search=${encodeURIComponent('__proto__:1')}`);
    expect([200, 400]).toContain(refused.status);
    expect((await fetch(`${url}/session`)).status).toBe(200);
  });
});

describe('nothing needs a reload', () => {
  test('a new topic comes into the list, and a group that falls behind into its', async () => {
    await using own = await startBroker({ topics: ['orders'], leftovers: 'ignore' });
    await using clients = new Clients();
    await own.produce('orders', 'a');
    const consumer = await clients.consumer(own, 'billing', 'orders');
    await own.waitForLag('billing', 0);
    await consumer.disconnect();
    const place = await own.openPage();
    const abort = new AbortController();
    const follow = async (path: string) =>
      (await fetch(`${place}${path}`, { signal: abort.signal })).body!.pipeThrough(new TextDecoderStream()).getReader();
    const [topics, groups] = [await follow('/view/topics'), await follow('/view/groups')];
    expect((await topics.read()).value).toContain('"orders"');
    expect((await groups.read()).value).toContain('"lag":0');
    await own.createTopic('made-meanwhile');
    await own.produce('orders', ['b', 'c']);
    const until = async (reader: typeof topics, text: string): Promise<void> => {
      let said = '';
      while (!said.includes(text)) said = (await reader.read()).value ?? '';
    };
    await until(topics, '"made-meanwhile"');
    await until(groups, '"lag":2');
    abort.abort();
  });
});

describe('groups, topics, what happened', () => {
  test('a group has its lag in records and in time, and its rebalances with reason, phases and end', async () => {
    await using clients = new Clients();
    await kafka.produce('orders', { value: 'old', timestamp: Date.now() - 60_000 });
    const consumer = await clients.consumer(kafka, 'billing', 'orders');
    await kafka.waitForLag('billing', 0);
    const reading = await get<GroupFrame>('/view/group?once&name=billing');
    expect(reading.rebalances[0]).toMatchObject({ outcome: 'stable', generation: 1 });
    expect(reading.rebalances[0].reason).toMatch(/^member app-\S+ joined/);
    expect(reading.rebalances[0].phases.map(({ phase }) => phase)).toEqual(['joining', 'assigning']);
    await consumer.disconnect();
    await kafka.produce('orders', { value: 'unread', timestamp: Date.now() - 60_000 });
    const { partitions, rebalances } = await get<GroupFrame>('/view/group?once&name=billing');
    expect(partitions[0].unread).toBe(1);
    expect(partitions[0].ageMs).toBeGreaterThan(59_000);
    expect(rebalances[0]).toMatchObject({ outcome: 'empty', left: [{ clientId: 'app', reason: 'it left the group' }] });
  });

  test('a topic tells by whom it is written and read', async () => {
    await using clients = new Clients();
    const producer = await clients.producer(kafka, {}, 'shop');
    await producer.send({ topic: 'orders', messages: [{ value: 'a' }] });
    const { topic } = await get<{ topic: TopicFrame }>('/view/topic?once&name=orders');
    expect(topic.writtenBy).toEqual([{ clientId: 'shop', producerId: null, lastAtMs: null }]);
    expect(topic.readBy).toMatchObject([{ group: 'billing' }]);
    expect(await get('/view/client?once&name=shop')).toMatchObject({
      topics: ['orders'],
      produced: [{ api: 'Produce', about: 'orders[0]' }],
    });
  });

  test('the journal tells what happened before somebody looked, errors folded', async () => {
    await using broker = await startBroker({ topics: ['first'], leftovers: 'ignore' });
    await broker.createTopic('second');
    broker.faults.on('Metadata').reply('LEADER_NOT_AVAILABLE').times(3);
    await using clients = new Clients();
    await clients.consumer(broker, 'readers', 'second');
    await broker.waitForGroup('readers');
    const place = await broker.openPage();
    const ask = async (query: string): Promise<JournalFrame> =>
      (await (await fetch(`${place}/view/journal?once${query}`)).json()) as JournalFrame;
    const texts = (await ask('')).entries.map(({ text }) => text);
    expect(texts).toEqual(expect.arrayContaining(["topic 'second' was created with 1 partition"]));
    expect(texts.some((text) => text.startsWith("group 'readers' rebalances: member app-"))).toBe(true);
    const errors = await ask('&kind=error');
    expect(errors.entries.find(({ text }) => text.includes('LEADER_NOT_AVAILABLE by Metadata'))?.times).toBe(3);
    expect(errors.found).toBeLessThan(errors.all);
  });
});

describe('traffic', () => {
  test('is searched by the same language; a wrong search is told with its place', async () => {
    await using clients = new Clients();
    const producer = await clients.producer(kafka, {}, 'searched');
    await producer.send({ topic: 'orders', messages: [{ value: 'b' }] });
    const { rows } = await get<TrafficFrame>(
      `/view/traffic?once&filter=${encodeURIComponent('client=searched api:Produce')}`,
    );
    expect(rows).toMatchObject([{ api: 'Produce', clientId: 'searched' }]);
    expect(await get('/view/traffic?once&filter=apii:x')).toMatchObject({ rows: [], error: { at: 0 } });
    const { number } = rows[0];
    expect(await get(`/view/exchange?once&number=${number}`)).toMatchObject({
      exchange: {
        text: expect.stringContaining('acks'),
        fault: {
          line: "kafka.faults.on('Produce', { topic: 'orders', partition: 0, clientId: 'searched' }).reply('NOT_LEADER_OR_FOLLOWER').once();",
        },
      },
    });
    expect(await get('/view/exchange?once&number=99999999')).toEqual({ exchange: null });
    const text = await (await fetch(`${url}/traffic.txt?filter=${encodeURIComponent('number=' + number)}`)).text();
    expect(text).toContain('searched#');
  });

  test('a fault that a request was turned into is one that the broker takes', async () => {
    const { rows } = await get<TrafficFrame>(`/view/traffic?once&filter=${encodeURIComponent('api:Produce')}`);
    const { exchange } = await get<{ exchange: { fault: { json: string } } }>(
      `/view/exchange?once&number=${rows[0].number}`,
    );
    const fault = kafka.faults.add(JSON.parse(exchange.fault.json) as Parameters<TestBroker['faults']['add']>[0]);
    expect(fault.description).toContain('on Produce');
    fault.remove();
  });
});
