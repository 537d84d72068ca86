/** Reports of a broker: what is in the file, and what is not. test/page/browser shows one in a browser. */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type {
  ExchangeFrame,
  GroupFrame,
  JournalFrame,
  ReportFrame,
  TestFrame,
  TopicsFrame,
  TrafficFrame,
} from '../../src/page/frames.ts';
import { startBroker, type ReportOptions, type TestBroker } from '../../src/testing/index.ts';
import { Clients } from '../testing/kafkajs-clients.ts';

const folder = mkdtempSync(join(tmpdir(), 'ottla-report-'));
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
async function htmlOf(kafka: TestBroker, options: ReportOptions = {}): Promise<string> {
  const path = await kafka.report(join(folder, 'made', `${++count}.html`), options);
  return readFileSync(path, 'utf8');
}

function frameIn(html: string): ReportFrame {
  const [, json] = /<script type="application\/json" id="report">(.*?)<\/script>/s.exec(html)!;
  return JSON.parse(json) as ReportFrame;
}

const reportOf = async (kafka: TestBroker, options: ReportOptions = {}): Promise<ReportFrame> =>
  frameIn(await htmlOf(kafka, options));

const HOSTILE = '</script><img src=x onerror=alert(1)><!--';

describe('a report', () => {
  test('holds the views, the messages, what has failed and what the test waits for', async () => {
    await using kafka = await startBroker({ topics: [{ name: 'orders', partitions: 2 }], leftovers: 'ignore' });
    await using clients = new Clients();
    await kafka.produce('orders', [
      { key: 'a', value: '{"id": 9007199254740993}', partition: 0 },
      { value: 'second', partition: 1, headers: { trace: 'abc' } },
    ]);
    await clients.consumer(kafka, 'billing', 'orders');
    await kafka.waitForLag('billing', 0);
    kafka.faults.on('Produce', { topic: 'orders' }).delay('1s');
    const wait = kafka.waitForMessages('orders', 9, { timeout: '60s' }).catch(() => {});
    const error = new TypeError('three invoices were wanted');
    const { failure, views, records, leftOut } = await reportOf(kafka, { error, test: 'bills once' });
    expect(failure).toMatchObject({
      test: 'bills once',
      errors: [{ message: 'TypeError: three invoices were wanted', stack: expect.stringContaining('report.test.ts') }],
    });
    expect((views.topics as TopicsFrame).rows.map(({ name }) => name)).toContain('orders');
    expect((views['group?name=billing'] as GroupFrame).partitions).toHaveLength(2);
    expect((views.traffic as TrafficFrame).rows.some(({ api }) => api === 'OffsetCommit')).toBe(true);
    const shown = views.test as TestFrame;
    expect(shown.faults).toHaveLength(1);
    expect(shown.waiting[0]).toMatchObject({ what: "9 messages in 'orders'", seen: expect.any(String) });
    expect(Object.keys(views)).toEqual(
      expect.arrayContaining(['overview', 'clients', 'storage', 'settings', 'journal', 'topic?name=orders']),
    );
    expect(records.orders.map(({ value }) => value?.text)).toEqual(['{"id": 9007199254740993}', 'second']);
    expect(leftOut).toEqual([]);
    await kafka.stop();
    await wait;
  });

  test('lets nothing run but its own code, whatever names and messages say', async () => {
    await using kafka = await startBroker({ topics: ['orders'], leftovers: 'ignore' });
    await kafka.produce('orders', { key: HOSTILE, value: HOSTILE, headers: { [HOSTILE]: HOSTILE } });
    const html = await htmlOf(kafka, { error: new Error(HOSTILE), test: HOSTILE });
    const scripts = [...html.matchAll(/<script([^>]*)>(.*?)<\/script>/gs)];
    expect(scripts.map(([, attributes]) => attributes.trim())).toEqual([
      'type="application/json" id="report"',
      'type="module"',
    ]);
    expect(html).not.toContain('<img');
    const { records, failure } = frameIn(html);
    expect(records.orders[0]).toMatchObject({ key: { text: HOSTILE }, headers: [{ key: HOSTILE }] });
    expect(failure!.errors[0].message).toBe(HOSTILE);
    const [, policy] = /content-security-policy" content="([^"]*)"/.exec(html)!;
    const [, styles] = /<style>(.*?)<\/style>/s.exec(html)!;
    const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    expect(policy).toContain(`script-src ${hash(scripts[1][2])}`);
    expect(policy).toContain(`style-src ${hash(styles)}`);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|connect-src|self/);
  });

  test('has the first and the last 200 messages of each partition, and counts the others', async () => {
    await using kafka = await startBroker({ topics: [{ name: 'orders', partitions: 2 }], leftovers: 'ignore' });
    await kafka.produce(
      'orders',
      Array.from({ length: 1000 }, (_, index) => ({ value: `message ${index}`, partition: 0 })),
    );
    await kafka.produce('orders', { value: 'alone', partition: 1 });
    const { records, leftOut } = await reportOf(kafka);
    const offsets = records.orders.filter(({ partition }) => partition === 0).map(({ offset }) => offset);
    const expected = [...Array.from({ length: 200 }, (_, i) => i), ...Array.from({ length: 200 }, (_, i) => 800 + i)];
    expect(offsets.toSorted((a, b) => a - b)).toEqual(expected);
    expect(records.orders.filter(({ partition }) => partition === 1)).toHaveLength(1);
    expect(leftOut).toEqual(['600 messages']);
  });

  test('is never larger than 5 MB; what there was no room for is counted', async () => {
    const topics = Array.from({ length: 3000 }, (_, index) => `${'t'.repeat(150)}-${index}`);
    await using kafka = await startBroker({ topics, leftovers: 'ignore' });
    for (const topic of topics.slice(0, 60)) {
      await kafka.produce(
        topic,
        Array.from({ length: 100 }, () => ({ key: '<'.repeat(3000), value: '\u0001'.repeat(3000) })),
      );
    }
    const error = new Error('<'.repeat(10_000_000));
    const html = await htmlOf(kafka, { error: Array.from({ length: 50 }, () => error), test: 'x'.repeat(1_000_000) });
    expect(Buffer.byteLength(html)).toBeLessThanOrEqual(5_000_000);
    const { leftOut, records, views } = frameIn(html);
    expect(leftOut.some((what) => /^\d+ messages$/.test(what))).toBe(true);
    expect(leftOut.some((what) => /^the details of \d+ of 3000 topics$/.test(what))).toBe(true);
    expect(Object.keys(records).length).toBeGreaterThan(10);
    expect(views.overview).toBeDefined();
    expect(views.test).toBeDefined();
  });

  test('hides headers by their names, wherever their values stand, and what functions replace', async () => {
    await using kafka = await startBroker({ topics: ['orders'], leftovers: 'ignore' });
    await kafka.produce('orders', {
      key: 'card 4111',
      value: '{"card":"4111","total":3}',
      headers: {
        Authorization: 'Bearer secret-one',
        COOKIE: 'session=secret-two',
        'x-api-key': 'secret-three',
        trace: 'abc',
      },
    });
    const message = `found ${String(kafka.messages('orders')[0])}, "authorization": "Basic other", cookie: last one`;
    const redact = ['X-API-Key', (text: string) => text.replaceAll('4111', '####')];
    const html = await htmlOf(kafka, { error: new Error(message), redact });
    expect(html).not.toMatch(/secret-|4111|Basic other|last one/);
    const { records, failure } = frameIn(html);
    expect(records.orders[0]).toMatchObject({
      key: { text: 'card ####' },
      value: { text: '{"card":"####","total":3}' },
      headers: [
        { key: 'Authorization', value: { text: '(redacted)' } },
        { key: 'COOKIE', value: { text: '(redacted)' } },
        { key: 'x-api-key', value: { text: '(redacted)' } },
        { key: 'trace', value: { text: 'abc' } },
      ],
    });
    expect(failure!.errors[0].message).toContain('card ####');
    const without = await htmlOf(kafka);
    expect(without).not.toMatch(/secret-one|secret-two/);
    expect(without).toContain('secret-three');
  });

  test('hides what a function cannot be asked about, and refuses what is neither name nor function', async () => {
    await using kafka = await startBroker({ topics: ['orders'], leftovers: 'ignore' });
    await kafka.produce('orders', 'a secret');
    const failing = (): string => {
      throw new Error('no JSON');
    };
    const html = await htmlOf(kafka, { redact: failing });
    expect(html).not.toContain('a secret');
    expect(html).toContain('(redacted): the function that was to redact it failed');
    await expect(kafka.report(join(folder, 'none.html'), { redact: 7 as never })).rejects.toThrow('names of headers');
    await expect(kafka.report(join(folder, 'none.html'), { redcat: 'x' } as never)).rejects.toThrow(
      "did you mean 'redact'",
    );
    expect(existsSync(join(folder, 'none.html'))).toBe(false);
  });

  test('keeps lists whole, and the details of what was told; a function is asked about all of it', async () => {
    await using kafka = await startBroker({ topics: ['orders'], leftovers: 'ignore' });
    await using clients = new Clients();
    for (let i = 0; i < 250; i++) await kafka.createTopic(`topic-${i}`);
    const producer = await clients.producer(kafka, {}, 'shop');
    kafka.faults.on('Produce').reply('KAFKA_STORAGE_ERROR').once();
    await producer.send({ topic: 'orders', messages: [{ value: 'card 4111', headers: { cookie: 'secret-one' } }] });
    const { views } = await reportOf(kafka);
    const { found, entries } = views.journal as JournalFrame;
    expect(entries).toHaveLength(found);
    expect(found).toBeGreaterThan(250);
    const told = entries.find(({ kind }) => kind === 'error')!;
    expect(told.text).toContain('shop was told KAFKA_STORAGE_ERROR by Produce of orders[0]');
    const { rows } = views.traffic as TrafficFrame;
    const { number } = rows.find(({ errors }) => errors.length > 0)!;
    const { exchange } = views[`exchange?number=${number}`] as ExchangeFrame;
    expect(exchange!.text).toContain('KAFKA_STORAGE_ERROR');
    expect(exchange!.text).not.toMatch(/4111|secret-one/);
    const html = await htmlOf(kafka, {
      redact: (text, { part }) => (part === 'text' ? text.replaceAll('shop', 'a client') : text),
    });
    const redacted = frameIn(html).views.journal as JournalFrame;
    expect(redacted.entries.some(({ text }) => text.startsWith('a client was told'))).toBe(true);
  });

  test('a topic that is deleted while it is read is as far in it as it was read', async () => {
    await using kafka = await startBroker({ topics: ['kept', 'large'], leftovers: 'ignore' });
    await kafka.produce('kept', 'kept');
    await kafka.produce(
      'large',
      Array.from({ length: 2000 }, () => 'x'.repeat(1000)),
    );
    const making = reportOf(kafka, { redact: (text) => text });
    await kafka.deleteTopic('large');
    const { records } = await making;
    expect(records.kept).toHaveLength(1);
  });

  test('shows a record of 10 MB by its beginning', async () => {
    await using kafka = await startBroker({
      topics: [{ name: 'large', configs: { 'max.message.bytes': 20_000_000 } }],
      leftovers: 'ignore',
    });
    await kafka.produce('large', 'x'.repeat(10_000_000));
    const { records } = await reportOf(kafka);
    expect(records.large[0].value).toMatchObject({ bytes: 10_000_000, isCut: true });
  });
});

describe('a report over the control port', () => {
  test('GET /report answers the file, without the headers that it names', async () => {
    await using kafka = await startBroker({ topics: ['orders'], controlPort: 0, leftovers: 'ignore' });
    await kafka.produce('orders', { value: 'one', headers: { 'x-key': 'secret-one', 'y-key': 'secret-two' } });
    const answer = await fetch(`${kafka.controlUrl}/report?redact=x-key`);
    expect(answer.headers.get('content-type')).toContain('text/html');
    const html = await answer.text();
    expect(frameIn(html).records.orders[0].value!.text).toBe('one');
    expect(html).not.toContain('secret-one');
    expect(html).toContain('secret-two');
  });

  test('a broker in a thread is reported with the test’s own error and waits', async () => {
    await using kafka = await startBroker({ topics: ['orders'], thread: true, leftovers: 'ignore' });
    const wait = kafka.waitForMessages('orders', 5, { timeout: '60s' }).catch(() => {});
    const { failure, views } = await reportOf(kafka, { error: new Error('too few'), test: 'bills' });
    expect(failure).toMatchObject({ test: 'bills', errors: [{ message: 'too few' }] });
    expect((views.test as TestFrame).waiting.map(({ what }) => what).join()).toContain("5 messages in 'orders'");
    await expect(kafka.report(join(folder, 'x.html'), { redact: () => '' })).rejects.toThrow('name headers');
    await kafka.stop();
    await wait;
  });
});

test('the page gives the same file to keep', async () => {
  await using kafka = await startBroker({ topics: ['orders'], leftovers: 'ignore' });
  await kafka.produce('orders', 'one');
  const answer = await fetch(`${await kafka.openPage()}/report`);
  expect(answer.headers.get('content-disposition')).toBe('attachment; filename="ottla-report.html"');
  expect(frameIn(await answer.text()).records.orders).toHaveLength(1);
});
