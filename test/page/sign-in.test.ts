/** Where the broker asks clients who they are, so does its page, of the same users; the authorizer is asked of all they see and change. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JournalFrame, OverviewFrame, SessionFrame, SettingsFrame, TopicsFrame } from '../../src/page/frames.ts';
import { SignInQueue } from '../../src/page/sign-in-queue.ts';
import { startBroker, type TestBroker } from '../../src/testing/index.ts';

let kafka: TestBroker;
let url: string;

beforeAll(async () => {
  kafka = await startBroker({
    users: { alice: 'secret one', guest: 'secret three', root: 'secret two' },
    topics: ['public', 'audit'],
    acls: {
      alice: ['read topic public', 'write topic public', 'describe group billing', 'read group billing'],
      guest: ['describe cluster'],
      root: ['all cluster', 'all topic *', 'all group *', 'all transactional-id *'],
    },
    leftovers: 'ignore',
  });
  url = await kafka.openPage();
  await kafka.produce('public', 'seen');
  await kafka.produce('audit', 'classified');
});
afterAll(() => kafka.stop());

const json = { 'content-type': 'application/json' };
const post = (path: string, said: unknown, cookie = ''): Promise<Response> =>
  fetch(`${url}${path}`, { method: 'POST', headers: { ...json, cookie }, body: JSON.stringify(said) });

async function cookieOf(user: string, password: string): Promise<string> {
  const answer = await post('/sign-in', { user, password });
  expect(answer.status).toBe(204);
  return answer.headers.get('set-cookie')!.split(';')[0];
}

const get = (path: string, cookie: string): Promise<Response> => fetch(`${url}${path}`, { headers: { cookie } });
const frame = async <Frame>(path: string, cookie: string): Promise<Frame> =>
  (await (await get(path, cookie)).json()) as Frame;

describe('people', () => {
  test('are shown the page, and nothing in it before they sign in', async () => {
    expect((await fetch(`${url}/`)).status).toBe(200);
    expect(await (await fetch(`${url}/session`)).json()).toEqual({
      access: 'test',
      isTest: true,
      asks: true,
      user: null,
    });
    for (const path of [
      '/view/overview?once',
      '/view/topics',
      '/records?topic=public',
      '/report',
      '/snapshot',
      '/message',
    ]) {
      const refused = await fetch(`${url}${path}`);
      expect(refused.status).toBe(401);
      expect(refused.headers.get('www-authenticate')).toContain('Basic');
    }
    expect((await post('/change/create-topic', { name: 'x' })).status).toBe(401);
    expect((await post('/continue', {})).status).toBe(401);
    const inBrowser = await fetch(`${url}/view/overview?once`, { headers: { 'sec-fetch-site': 'same-origin' } });
    expect(inBrowser.headers.get('www-authenticate')).toBeNull();
  });

  test('sign in with their passwords alone, and stay so by a cookie that no code reads', async () => {
    for (const [user, password] of [
      ['alice', 'wrong'],
      ['alice', ''],
      ['', 'secret one'],
      ['nobody-known', 'secret one'],
      ['alice\0', 'secret one'],
      ['alice', 'secret one\0'],
    ]) {
      const refused = await post('/sign-in', { user, password });
      expect(refused.status).toBe(401);
      expect(refused.headers.get('set-cookie')).toBeNull();
    }
    expect((await post('/sign-in', { user: 7, password: [] })).status).toBe(400);
    const form = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' };
    expect((await fetch(`${url}/sign-in`, form)).status).toBe(415);
    const answer = await post('/sign-in', { user: 'alice', password: 'secret one' });
    const cookie = answer.headers.get('set-cookie')!;
    expect(cookie).toMatch(/^ottla-page-\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\//);
    const [own] = cookie.split(';');
    expect(await frame<SessionFrame>('/session', own)).toMatchObject({ user: 'alice' });
    expect((await get('/view/overview?once', own)).status).toBe(200);
    expect((await get('/view/overview?once', `${own}x`)).status).toBe(401);
    await post('/sign-out', {}, own);
    expect((await get('/view/overview?once', own)).status).toBe(401);
  });

  test('see no more of a view that is open when they have signed out', async () => {
    const cookie = await cookieOf('alice', 'secret one');
    const stream = (await get('/view/topics', cookie)).body!.getReader();
    expect((await stream.read()).done).toBe(false);
    await post('/sign-out', {}, cookie);
    while (!(await stream.read()).done);
  });

  test('send a name and a password, and nothing that would fill the memory', async () => {
    expect((await post('/sign-in', { user: 'alice', password: 'x'.repeat(1 << 20) })).status).toBe(413);
  });

  test('who are programs send a password with each request', async () => {
    const basic = (text: string): Record<string, string> => ({
      authorization: `Basic ${Buffer.from(text).toString('base64')}`,
    });
    const ask = async (text: string): Promise<number> =>
      (await fetch(`${url}/view/topics?once`, { headers: basic(text) })).status;
    expect(await ask('alice:secret one')).toBe(200);
    expect(await ask('alice:secret one')).toBe(200);
    expect(await ask('alice:secret two')).toBe(401);
    expect(await ask('alice')).toBe(401);
  });
});

describe('the authorizer', () => {
  test('hides topics, messages and the whole of the broker from those who may not see them', async () => {
    const alice = await cookieOf('alice', 'secret one');
    const { rows, all } = await frame<TopicsFrame>('/view/topics?once&internal', alice);
    expect([rows.map(({ name }) => name), all]).toEqual([['public'], 1]);
    expect(await frame('/view/topic?once&name=audit', alice)).toEqual({ topic: null });
    expect(await frame<OverviewFrame>('/view/overview?once', alice)).toMatchObject({
      totals: { topics: 1, connections: 0 },
      recent: [],
    });
    expect((await get('/records?topic=public', alice)).status).toBe(200);
    expect((await get('/records?topic=audit', alice)).status).toBe(404);
    expect((await get('/message/value?topic=audit&partition=0&offset=0', alice)).status).toBe(404);
    expect(await (await get('/message/value?topic=public&partition=0&offset=0', alice)).text()).toBe('seen');
    for (const view of ['clients', 'storage', 'journal', 'settings', 'traffic', 'test']) {
      const refused = await get(`/view/${view}?once`, alice);
      expect([view, refused.status]).toEqual([view, 403]);
      expect(await refused.json()).toMatchObject({ detail: expect.stringContaining('User:alice may not see this') });
    }
    expect((await get('/snapshot', alice)).status).toBe(403);
    const report = await (await get('/report', alice)).text();
    expect(report).toContain('seen');
    expect(report).not.toMatch(/audit|classified/);
  });

  test('hides from the journal what it hides elsewhere', async () => {
    const change = { of: 'topic', name: 'audit', key: 'retention.ms', value: '98765' };
    const root = await cookieOf('root', 'secret two');
    expect((await post('/change/change-setting', change, root)).status).toBe(200);
    expect(JSON.stringify(await frame('/view/journal?once', root))).toContain('98765');
    const guest = await cookieOf('guest', 'secret three');
    const { all, entries } = await frame<JournalFrame>('/view/journal?once', guest);
    expect(all).toBeGreaterThan(0);
    expect(JSON.stringify(entries)).not.toMatch(/audit|public|98765/);
    expect(JSON.stringify(await frame('/view/overview?once', guest))).not.toMatch(/audit|98765/);
  });

  test('who may describe a topic need not be one who may read it', async () => {
    await kafka.acls.add('alice', 'describe topic audit');
    const alice = await cookieOf('alice', 'secret one');
    expect((await frame<TopicsFrame>('/view/topics?once', alice)).all).toBe(2);
    expect((await get('/records?topic=audit', alice)).status).toBe(403);
    expect((await get('/message?topic=audit&partition=0&offset=0', alice)).status).toBe(403);
    expect(await (await get('/report', alice)).text()).not.toContain('classified');
    expect((await post('/change/produce-again', { topic: 'audit', partition: 0, offset: 0 }, alice)).status).toBe(403);
    await kafka.acls.remove('alice', 'describe topic audit');
    expect((await frame<TopicsFrame>('/view/topics?once', alice)).all).toBe(1);
  });

  test('is asked of every change', async () => {
    const alice = await cookieOf('alice', 'secret one');
    const ask = async (name: string, said: unknown): Promise<number> =>
      (await post(`/change/${name}`, said, alice)).status;
    const message = { key: null, value: { text: 'by alice' }, headers: [] };
    expect(await ask('produce', { topic: 'public', ...message })).toBe(200);
    expect(await ask('produce', { topic: 'audit', ...message })).toBe(404);
    expect(await ask('create-topic', { name: 'made-by-alice' })).toBe(403);
    expect(await ask('delete-topic', { name: 'public' })).toBe(403);
    expect(await ask('empty-topic', { name: 'public' })).toBe(403);
    expect(await ask('alter-topic', { name: 'public', configs: { 'retention.ms': '1' } })).toBe(403);
    expect(await ask('change-setting', { of: 'brokers', key: 'log.retention.ms', value: '1' })).toBe(403);
    expect(await ask('disconnect', { clientId: 'x' })).toBe(403);
    expect(await ask('abort-transaction', { transactionalId: 'x' })).toBe(403);
    expect(await ask('delete-group', { group: 'billing' })).toBe(403);
    expect(await ask('reset', {})).toBe(403);
    expect(await ask('add-fault', { on: 'Produce', hold: true })).toBe(403);
    expect(kafka.topics().toSorted()).toEqual(['audit', 'public']);
    expect(kafka.faults.list()).toEqual([]);
  });

  test('lets those who may see and do everything', async () => {
    const root = await cookieOf('root', 'secret two');
    for (const view of [
      'overview',
      'topics',
      'groups',
      'clients',
      'transactions',
      'storage',
      'journal',
      'settings',
      'traffic',
      'test',
    ]) {
      expect([view, (await get(`/view/${view}?once`, root)).status]).toEqual([view, 200]);
    }
    expect((await post('/change/create-topic', { name: 'by-root' }, root)).status).toBe(200);
    expect((await post('/change/delete-topic', { name: 'by-root' }, root)).status).toBe(200);
    const settings = await frame<SettingsFrame>('/view/settings?once', root);
    expect(JSON.stringify(settings.rows.map(({ value, usual }) => [value, usual]))).not.toContain('secret');
  });

  test('is asked of everybody where no listener asks who they are', async () => {
    await using open = await startBroker({
      acls: { '*': ['read topic public'] },
      topics: ['public', 'audit'],
      leftovers: 'ignore',
    });
    const at = await open.openPage();
    expect(await (await fetch(`${at}/session`)).json()).toMatchObject({ asks: false, user: null });
    const { rows } = (await (await fetch(`${at}/view/topics?once`)).json()) as TopicsFrame;
    expect(rows.map(({ name }) => name)).toEqual(['public']);
    const made = { method: 'POST', headers: json, body: '{"name":"x"}' };
    expect((await fetch(`${at}/change/create-topic`, made)).status).toBe(403);
    expect((await fetch(`${at}/view/clients?once`)).status).toBe(403);
  });
});

test('users of SCRAM sign in, too, and those of certificates and tokens have no page', async () => {
  await using scram = await startBroker({
    users: { alice: 'secret' },
    mechanisms: ['SCRAM-SHA-512'],
    leftovers: 'ignore',
  });
  const at = await scram.openPage();
  const ask = async (password: string): Promise<number> =>
    (await fetch(`${at}/sign-in`, { method: 'POST', headers: json, body: JSON.stringify({ user: 'alice', password }) }))
      .status;
  expect([await ask('wrong'), await ask('secret')]).toEqual([401, 204]);
  await using tokens = await startBroker({ oauth: true, leftovers: 'ignore' });
  await expect(tokens.openPage()).rejects.toThrow(/no page: listener \w+ asks clients who they are by a token/);
  await using certificates = await startBroker({ tls: { clientAuth: 'required' }, leftovers: 'ignore' });
  await expect(certificates.openPage()).rejects.toThrow(
    /no page: listener \w+ asks clients who they are by a certificate/,
  );
});

test('people sign in one after the other, and only so many wait', async () => {
  const queue = new SignInQueue();
  let [most, under] = [0, 0];
  const attempt = async (): Promise<string> => {
    most = Math.max(most, ++under);
    await Promise.resolve();
    under--;
    return 'done';
  };
  const begun = Array.from({ length: 30 }, () => queue.take('10.0.0.7', attempt));
  const outcomes = await Promise.allSettled(begun);
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(20);
  expect(outcomes.at(-1)).toMatchObject({ reason: { status: 429 } });
  expect(most).toBe(1);
  const failed = queue.take('10.0.0.7', () => Promise.reject(new Error('a bug')));
  await expect(failed).rejects.toThrow('a bug');
  const many = Array.from({ length: 120 }, (_, at) => queue.take(`10.0.1.${at}`, attempt));
  expect((await Promise.allSettled(many)).filter(({ status }) => status === 'fulfilled')).toHaveLength(100);
  expect(await queue.take('10.0.0.7', attempt)).toBe('done');
});
