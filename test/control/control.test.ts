/** The control port as a test in another language uses it: HTTP and JSON alone. */
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { startBroker } from '../../src/broker/broker.ts';
import { startControlled, type Controlled } from '../../src/control/server.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { BrokerSnapshot } from '../../src/testing/broker-snapshot.ts';
import { Described, type Message, type Problem } from './described.ts';
import { askForQueues } from './queue-requests.ts';
import { askForSecurity } from './security-requests.ts';

let controlled: Controlled;
let port: Described;

function start(topics: readonly { name: string }[] = []): Promise<Controlled> {
  return startControlled({
    start: startBroker,
    settings: new Map([
      ['listeners', 'PLAINTEXT://127.0.0.1:0'],
      ['group.initial.rebalance.delay.ms', '0'],
    ]),
    memory: true,
    logger: silentLogger,
    topics,
    controlHost: '127.0.0.1',
    controlPort: 0,
  });
}

beforeAll(async () => {
  controlled = await start([{ name: 'from-the-start' }]);
  port = await Described.at(controlled.url);
});
afterEach(async () => void (await port.call('POST', '/reset', {})));
afterAll(() => controlled.stop());

function kafka(): Kafka {
  const { bootstrap } = controlled.session.broker;
  return new Kafka({ brokers: [bootstrap], clientId: 'shop', logLevel: logLevel.NOTHING, retry: { retries: 0 } });
}

async function send(value: string, retries = 0): Promise<void> {
  const producer = kafka().producer({ retry: { retries, initialRetryTime: 10 } });
  await producer.connect();
  onTestFinished(() => producer.disconnect());
  await producer.send({ topic: 'orders', messages: [{ value }] });
}

test('it says that it lives, is ready, and where clients connect', async () => {
  expect((await port.call('GET', '/health')).body).toEqual({ status: 'ok' });
  expect((await port.call('GET', '/ready')).body).toEqual({ status: 'ok' });
  const { body } = await port.call<{ bootstrapServers: string; memory: boolean }>('GET', '/broker');
  expect(body).toMatchObject({ bootstrapServers: controlled.session.broker.bootstrap, memory: true });
});

describe('topics and messages', () => {
  test('a topic is created, shown and deleted', async () => {
    expect((await port.call('POST', '/topics', { name: 'orders', partitions: 3 })).status).toBe(201);
    expect((await port.call<{ partitions: [] }>('GET', '/topics/orders')).body.partitions).toHaveLength(3);
    const names = (await port.call<{ name: string }[]>('GET', '/topics')).body.map(({ name }) => name);
    expect(names).toContain('orders');
    expect((await port.call('DELETE', '/topics/orders')).status).toBe(204);
    const { status, body, headers } = await port.call<Problem>('GET', '/topics/orders');
    expect([status, headers.get('content-type')]).toEqual([404, 'application/problem+json']);
    expect(body.detail).toContain("no topic 'orders'");
  });

  test('messages are appended and read back: text, JSON, bytes, null', async () => {
    const said = [
      { key: 'k', value: 'text', headers: { trace: '1' } },
      { value: { total: 9 } },
      { valueBase64: '/w==' },
      { value: null },
    ];
    expect((await port.call('POST', '/topics/orders/messages', said)).status).toBe(201);
    const { body } = await port.call<Message[]>('GET', '/topics/orders/messages');
    expect(body.map(({ value }) => value)).toEqual(['text', '{"total":9}', '\uFFFD', null]);
    expect(body[0]).toMatchObject({ key: 'k', headers: { trace: '1' }, partition: 0, offset: 0 });
    expect(body[2]).toMatchObject({ valueBase64: '/w==' });
    const part = await port.call<Message[]>('GET', '/topics/orders/messages?from=1&limit=2&partition=0');
    expect(part.body.map(({ offset }) => offset)).toEqual([1, 2]);
  });

  test('many topics are seeded at once', async () => {
    const { body } = await port.call('POST', '/seed', { a: [{ value: '1' }, { value: '2' }], b: [{ value: '3' }] });
    expect(body).toEqual({ a: 2, b: 1 });
  });

  test('what cannot be understood is told with its place', async () => {
    const { status, body } = await port.call<Problem>('POST', '/topics', { name: 7 });
    expect(status).toBe(400);
    expect(body.type).toBe('urn:ottla:problem:invalid-request');
    expect((await port.call<Problem>('POST', '/topics/orders/messages', { valeu: 'x' })).status).toBe(400);
  });
});

test.each([
  ['a form', 'application/x-www-form-urlencoded', '{"name":"orders"}'],
  ['half a JSON text', 'application/json', '{"name":'],
])('%s instead of JSON is refused with what to send', async (_what, type, body) => {
  const response = await fetch(`${controlled.url}/topics`, { method: 'POST', body, headers: { 'content-type': type } });
  expect([response.status, await response.json()]).toMatchObject([
    400,
    { detail: expect.stringContaining('content-type: application/json') },
  ]);
});

describe('faults', () => {
  test('a produce is refused twice, and the rule says so', async () => {
    await port.call('POST', '/topics', { name: 'orders' });
    const spec = { on: 'Produce', topic: 'orders', reply: 'NOT_LEADER_OR_FOLLOWER', times: 2 };
    const { body } = await port.call<{ id: number }>('POST', '/faults', spec);
    await send('hello', 5);
    expect((await port.call('GET', `/faults/${body.id}`)).body).toMatchObject({ fired: 2, seen: 3, spec });
    expect((await port.call('PATCH', `/faults/${body.id}`, { times: 3 })).body).toMatchObject({ spec: { times: 3 } });
    expect((await port.call('GET', '/topics/orders/messages')).body).toHaveLength(1);
    expect((await port.call('DELETE', `/faults/${body.id}`)).body).toMatchObject({ fired: 2 });
    expect((await port.call('DELETE', `/faults/${body.id}`)).status).toBe(404);
  });

  test.each([
    [{ on: 'Produce', topic: { matches: '^ord' }, delay: '1ms' }, 'delay'],
    [{ on: ['Produce', 'Fetch'], clientId: 'shop', disconnect: 'before', probability: 0.5, seed: 3 }, 'disconnect'],
    [{ on: 'Fetch', throttle: 10, nth: 2 }, 'throttle'],
    [{ on: 'Produce', dropResponse: true }, 'dropResponse'],
  ])('%j can be said', async (spec, effect) => {
    expect(await port.call('POST', '/faults', spec)).toMatchObject({ status: 201, body: { effect, fired: 0 } });
    const { body } = await port.call<{ faults: unknown[] }>('GET', '/faults');
    expect(body.faults).toHaveLength(1);
    expect((await port.call('DELETE', '/faults')).status).toBe(204);
  });

  test.each([
    [{ on: 'Produce' }, 'exactly one thing'],
    [{ on: 'Produce', reply: 'NO_SUCH_ERROR' }, 'no error'],
    [{ on: 'Prodcue', hold: true }, 'no request called'],
    [{ on: 'Produce', reply: 'NOT_LEADER_OR_FOLLOWER', delay: 5 }, 'reply and delay'],
    [{ on: 'Produce', delay: 'soon' }, 'milliseconds'],
  ])('%j is refused: %s', async (spec, reason) => {
    const { status, body } = await port.call<Problem>('POST', '/faults', spec);
    expect([status, body.detail]).toEqual([400, expect.stringContaining(reason) as string]);
  });

  test('a full disk refuses producers until it is mended', async () => {
    await port.call('POST', '/topics', { name: 'orders' });
    expect((await port.call('POST', '/faults/disk', { full: true })).status).toBe(201);
    expect((await port.call('DELETE', '/faults/disk')).status).toBe(204);
    expect((await port.call('POST', '/faults/disk', { full: true })).status).toBe(201);
    await expect(send('hello')).rejects.toThrow(/./);
    await port.call('DELETE', '/faults');
    await send('again', 5);
    expect((await port.call('GET', '/topics/orders/messages')).body).toHaveLength(1);
  });
});

describe('waiters', () => {
  test('messages are waited for, those that match', async () => {
    const where = { valueContains: 'espresso' };
    const waiting = port.call<Message[]>('POST', '/wait/messages', { topic: 'orders', count: 2, where });
    await port.call('POST', '/topics/orders/messages', [{ value: 'one espresso' }, { value: 'tea' }]);
    await port.call('POST', '/topics/orders/messages', { value: 'espresso again' });
    expect((await waiting).body.map(({ value }) => value)).toEqual(['one espresso', 'espresso again']);
  });

  test('what did not come about says what was seen', async () => {
    await port.call('POST', '/topics/orders/messages', { value: 'tea' });
    const { status, body } = await port.call<Problem>('POST', '/wait/messages', {
      topic: 'orders',
      count: 2,
      timeout: '20ms',
    });
    expect(status).toBe(504);
    expect(body).toMatchObject({ type: 'urn:ottla:problem:wait-timeout', detail: expect.stringContaining('tea') });
  });

  test('a group is waited for, its commit, its lag, and that nothing goes on', async () => {
    await port.call('POST', '/topics/orders/messages', [{ value: 'a' }, { value: 'b' }]);
    const consumer = kafka().consumer({ groupId: 'billing' });
    onTestFinished(() => consumer.disconnect());
    await consumer.connect();
    await consumer.subscribe({ topic: 'orders', fromBeginning: true });
    await consumer.run({ autoCommitThreshold: 1, eachMessage: async () => {} });
    const { body } = await port.call('POST', '/wait/group', { group: 'billing', state: 'Stable', members: 1 });
    expect(body).toMatchObject({ id: 'billing', members: [{ clientId: 'shop' }] });
    const commit = await port.call('POST', '/wait/commit', { group: 'billing', topic: 'orders', offset: 2 });
    expect(commit.body).toMatchObject({ offset: 2 });
    expect((await port.call('POST', '/wait/lag', { group: 'billing' })).body).toMatchObject({ lag: 0 });
    expect((await port.call('POST', '/wait/idle', { quiet: '50ms' })).status).toBe(204);
    expect((await port.call('GET', '/groups/billing')).body).toMatchObject({ state: 'Stable' });
    expect((await port.call<unknown[]>('GET', '/groups')).body).toHaveLength(1);
    expect((await port.call('GET', '/groups/billing/why')).body).toMatchObject([{ cause: 'all-read' }]);
    expect((await port.call<Problem>('GET', '/groups/biling')).body.detail).toContain('billing');
    expect((await port.call('POST', '/faults/rebalance', { group: 'billing' })).body).toMatchObject({
      effect: 'reply',
    });
    expect((await port.call('POST', '/disconnect', { clientId: 'shop' })).status).toBe(204);
  });

  test('that nothing comes is waited for, and what comes is said', async () => {
    expect((await port.call('POST', '/wait/none', { topic: 'quiet', within: '20ms' })).status).toBe(204);
    await port.call('POST', '/topics/loud/messages', { value: 'surprise' });
    const { status, body } = await port.call<Problem>('POST', '/wait/none', { topic: 'loud', within: '5s' });
    expect([status, body.detail]).toEqual([409, expect.stringContaining('"surprise"')]);
  });
});

describe('traffic', () => {
  test('what clients asked is listed, with bodies where wanted', async () => {
    await port.call('POST', '/topics', { name: 'orders' });
    await send('hello');
    const { body } = await port.call<{ request: { acks: number } }[]>('GET', '/traffic?api=Produce&bodies=true');
    expect(body).toHaveLength(1);
    expect(body[0]).toMatchObject({ api: 'Produce', clientId: 'shop', outcome: 'answered', request: { acks: -1 } });
    expect((await port.call<unknown[]>('GET', '/traffic?limit=1')).body).toHaveLength(1);
    await port.call('DELETE', '/traffic');
    expect((await port.call('GET', '/traffic?api=Produce')).body).toEqual([]); // consumers of other tests go on
    expect((await port.call('GET', '/traffic?api=Nope')).status).toBe(400);
    expect((await port.call<string>('GET', '/describe')).body).toContain('topic orders: 1 message');
  });

  test.each([
    ['application/x-ndjson', /^\{.*"api":"Produce".*\}\n$/],
    ['text/event-stream', /^data: \{.*"api":"Produce".*\}\n\n$/],
  ])('it is followed as %s', async (accept, line) => {
    await port.call('POST', '/topics', { name: 'orders' });
    const ending = new AbortController();
    const headers = { accept };
    const tail = await fetch(`${controlled.url}/traffic/tail?api=Produce`, { headers, signal: ending.signal });
    expect(tail.headers.get('content-type')).toContain(accept);
    const reader = tail.body!.pipeThrough(new TextDecoderStream()).getReader();
    await send('hello');
    expect((await reader.read()).value).toMatch(line);
    ending.abort();
    await expect(reader.read()).rejects.toThrow(/abort/);
  });
});

test('a client that does not read what it follows costs a bounded amount, and gets the rest of what it is told whole', async () => {
  const { traffic } = controlled.session;
  const one = { number: 1, api: 'Produce', errors: [], faults: [], toString: () => 'x'.repeat(10_000) } as never;
  const tell = vi.spyOn(traffic, 'onExchange');
  const all = vi.spyOn(traffic, 'all', 'get').mockReturnValue([one]);
  const ending = new AbortController();
  const answer = await fetch(`${controlled.url}/traffic/tail`, { signal: ending.signal });
  const [listener] = tell.mock.calls[0];
  const before = process.memoryUsage();
  for (let i = 0; i < 10_000; i++) listener(one);
  const after = process.memoryUsage();
  expect(after.external + after.heapUsed - before.external - before.heapUsed).toBeLessThan(20e6);
  const { value } = await answer.body!.pipeThrough(new TextDecoderStream()).getReader().read();
  expect(JSON.parse(value!.split('\n')[0])).toMatchObject({ api: 'Produce' });
  ending.abort();
  tell.mockRestore();
  all.mockRestore();
});

describe('reset and snapshots', () => {
  test('a reset leaves the topics it was started with, and those asked for', async () => {
    await port.call('POST', '/seed', { a: [{ value: '1' }], 'from-the-start': [{ value: '2' }] });
    await port.call('POST', '/reset', { connections: 'close', topics: [{ name: 'b', messages: [{ value: '3' }] }] });
    const names = (await port.call<{ name: string }[]>('GET', '/topics')).body.map(({ name }) => name);
    expect(names).toEqual(['b', 'from-the-start']);
    expect((await port.call('GET', '/topics/from-the-start/messages')).body).toEqual([]);
    expect((await port.call('GET', '/topics/b/messages')).body).toHaveLength(1);
  });

  test('a snapshot brings back what there was, on the same port', async () => {
    await port.call('POST', '/seed', { orders: [{ value: 'kept' }] });
    await port.call('GET', '/snapshot');
    const file = await (await fetch(`${controlled.url}/snapshot`)).arrayBuffer();
    const { bootstrap } = controlled.session.broker;
    await port.call('DELETE', '/topics/orders');
    const headers = { 'content-type': 'application/octet-stream' };
    const loaded = await fetch(`${controlled.url}/snapshot`, { method: 'PUT', body: file, headers });
    expect([loaded.status, await loaded.text()]).toEqual([204, '']);
    expect(controlled.session.broker.bootstrap).toBe(bootstrap);
    await send('added', 5);
    const { body } = await port.call<Message[]>('GET', '/topics/orders/messages');
    expect(body.map(({ value }) => value)).toEqual(['kept', 'added']);
  });

  test('of two snapshots loaded at once, the second is told to wait', async () => {
    const { session } = controlled;
    const snapshot = BrokerSnapshot.of(session.test.snapshot());
    const first = session.load(snapshot);
    await expect(session.load(snapshot)).rejects.toMatchObject({ status: 409, kind: 'not-ready' });
    await first;
  });

  test('what is no snapshot is refused, and the broker goes on', async () => {
    const headers = { 'content-type': 'application/octet-stream' };
    const refused = await fetch(`${controlled.url}/snapshot`, { method: 'PUT', body: 'holiday.jpg', headers });
    expect([refused.status, await refused.json()]).toMatchObject([
      409,
      { detail: expect.stringContaining('no snapshot') },
    ]);
    expect((await port.call('GET', '/ready')).status).toBe(200);
  });
});

describe('brokers, clock and forks', () => {
  test('brokers are shown, stopped and started, and lead what they are told to', async () => {
    await port.call('POST', '/topics', { name: 'orders' });
    expect((await port.call('GET', '/brokers')).body).toMatchObject([{ nodeId: 1, isRunning: true }]);
    expect((await port.call('POST', '/brokers/1/stop')).body).toMatchObject({ isRunning: false });
    expect((await port.call('POST', '/brokers/1/start')).body).toMatchObject({ isRunning: true });
    expect((await port.call('POST', '/brokers/7/stop')).status).toBe(404);
    expect((await port.call('POST', '/leaders', { topic: 'orders', partition: 0, leader: 1 })).status).toBe(204);
    expect((await port.call('POST', '/brokers/1/isolate', { from: [] })).status).toBe(204);
    expect((await port.call('POST', '/brokers/1/heal')).status).toBe(204);
    const alone = { topic: 'orders', partition: 0, leader: 1, isr: [1], replicas: [{ nodeId: 1, endOffset: 0 }] };
    expect((await port.call('POST', '/wait/leader', { topic: 'orders', leader: 1 })).body).toMatchObject(alone);
    expect((await port.call('POST', '/wait/isr', { topic: 'orders', isr: [1] })).body).toMatchObject(alone);
    expect((await port.call('POST', '/coordinators', { group: 'g', coordinator: 1 })).status).toBe(204);
    expect((await port.call('GET', '/coordinators?group=g')).body).toEqual({ coordinator: 1 });
  });

  test('a change is told as soon as there is one', async () => {
    const { body } = await port.call<{ revision: number }>('GET', '/changes');
    const changed = port.call<{ revision: number }>('GET', `/changes?since=${body.revision}&timeout=60000`);
    await port.call('POST', '/topics/orders/messages', { value: 'news' });
    expect((await changed).body.revision).toBeGreaterThan(body.revision);
  });

  test('the wall clock is told, and not advanced', async () => {
    const { body } = await port.call<{ now: number }>('GET', '/clock');
    expect(Math.abs(body.now - Date.now())).toBeLessThan(60_000);
    expect((await port.call<Problem>('POST', '/clock/advance', { duration: '8d' })).status).toBe(409);
  });

  test('a fork with a virtual clock goes its own way, tells what was left behind, and ends', async () => {
    await port.call('POST', '/topics/orders/messages', { value: 'old news' });
    const { body } = await port.call<{ url: string }>('POST', '/fork', { clock: 'virtual' });
    const fork = new Described(body.url, port.document);
    expect((await fork.call('GET', '/topics/orders/messages')).body).toHaveLength(1);
    expect((await fork.call('POST', '/clock/advance', { duration: '8d' })).body).toMatchObject({ isVirtual: true });
    expect((await fork.call('GET', '/topics/orders/messages')).body).toEqual([]);
    expect((await port.call('GET', '/topics/orders/messages')).body).toHaveLength(1);
    await fork.call('POST', '/faults', { on: 'Fetch', reply: 'NOT_LEADER_OR_FOLLOWER' });
    const left = { leaks: [], unusedFaults: [expect.stringContaining('never struck')], forgottenWaits: [] };
    expect((await fork.call('GET', '/leftovers')).body).toEqual(left);
    expect((await fork.call('POST', '/stop')).body).toEqual(left);
    await vi.waitFor(() => expect(fetch(`${body.url}/health`)).rejects.toThrow('fetch failed'));
    expect((await port.call('GET', '/leftovers')).status).toBe(200);
    expect((await port.call<Problem>('POST', '/stop')).status).toBe(409); // this one is nobody's fork
  });

  test('what is in a topic and what comes is followed, a line each, also where it is made later', async () => {
    const response = await fetch(`${controlled.url}/topics/later/tail`);
    await port.call('POST', '/topics/later/messages', [{ value: 'one' }, { value: 'two' }]);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (text.split('\n').length < 3) text += (await reader.read()).value!;
    const lines = text.trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as Message).value)).toEqual(['one', 'two']);
    await reader.cancel();
  });
});

describe('who may ask', () => {
  test.each([
    ['a page of another origin', { origin: 'http://evil.example' }],
    ['a name that leads here by a trick', { host: 'evil.example' }],
  ])('%s may not', async (_who, headers) => {
    const { status, body } = await raw(`${controlled.url}/topics`, headers);
    expect(status).toBe(403);
    expect((JSON.parse(body) as Problem).detail).toContain('evil.example');
  });

  test('a path that is not there leads to the description', async () => {
    const response = await fetch(`${controlled.url}/topcis`);
    expect([response.status, await response.json()]).toMatchObject([
      404,
      { detail: expect.stringContaining('openapi') },
    ]);
  });
});

/** fetch sets these headers itself. */
async function raw(url: string, headers: Record<string, string>): Promise<{ status: number; body: string }> {
  const { get } = await import('node:http');
  return new Promise((resolve, reject) => {
    get(url, { headers }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode!, body }));
    }).on('error', reject);
  });
}

test('the queue of a share group is shown, waited for, and taken in hand', async () => {
  await expect(askForQueues(port, controlled.session.broker.bootstrap)).resolves.toBeUndefined();
});

test('every request that is described was made above or below, but for those that answer with more than JSON', async () => {
  for (const each of await askForSecurity()) port.seen.add(each);
  const rest = port.operations.filter((each) => !port.seen.has(each));
  const others = ['get /report', 'post /report', 'put /snapshot', 'get /topics/{topic}/tail', 'get /traffic/tail'];
  expect(rest).toEqual(others);
});
