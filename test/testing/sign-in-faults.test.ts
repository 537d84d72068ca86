/** What a test does to clients that have not signed in yet: to their handshakes, and to their passwords and tokens. */
import { Kafka, logLevel } from 'kafkajs';
import { afterEach, describe, expect, test } from 'vitest';
import { startBroker, type ClientChoice, type StartOptions, type TestBroker } from '../../src/testing/index.ts';
import { claimedUser } from '../../src/testing/claimed-users.ts';
import { oauthBearerClient } from '../../protocol/sasl/client.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function start(options: StartOptions): Promise<TestBroker> {
  const kafka = await startBroker({ topics: ['orders'], leftovers: 'ignore', ...options });
  ends.push(() => kafka.stop());
  return kafka;
}

async function topicsSeenBy(
  kafka: TestBroker,
  user?: string,
  choice?: ClientChoice,
  connectionTimeout = 20_000,
): Promise<string[]> {
  const client = new Kafka({
    ...kafka.clientOptions(user, choice),
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
    connectionTimeout,
    authenticationTimeout: 20_000,
  });
  const admin = client.admin();
  await admin.connect();
  ends.push(() => admin.disconnect());
  return admin.listTopics();
}

describe.each([false, true])('handshakes, thread: %s', (thread) => {
  test('show bad certificates, end, and go on when the rule is spent or removed', async () => {
    const kafka = await start({ tls: true, thread });
    const expired = kafka.faults.handshake({ times: 1 }).expired();
    await expect(topicsSeenBy(kafka)).rejects.toThrow(/expired/);
    expect(expired.fired).toBe(1);
    expect(await topicsSeenBy(kafka)).toEqual(['orders']);

    const unknown = kafka.faults.handshake().unknownAuthority();
    await expect(topicsSeenBy(kafka)).rejects.toThrow(/issuer|self-signed|unable to/i);
    unknown.remove();
    kafka.faults.handshake({ times: 1 }).close();
    await expect(topicsSeenBy(kafka)).rejects.toThrow(/disconnected|closed|reset|hang up/i);
    expect(await topicsSeenBy(kafka)).toEqual(['orders']);

    const held = kafka.faults.handshake({ times: 1 }).hold();
    await expect(topicsSeenBy(kafka, undefined, {}, 300)).rejects.toThrow(/timeout/i);
    expect(held.description).toContain('handshakes are held, once at most');
    kafka.faults.clear();
    expect(await topicsSeenBy(kafka)).toEqual(['orders']);
  });
});

test('handshakes that are held go on when the rule is removed', async () => {
  const kafka = await start({ tls: true });
  const held = kafka.faults.handshake().hold();
  const waiting = topicsSeenBy(kafka);
  await kafka.waitUntil(() => held.fired === 1);
  held.remove();
  expect(await waiting).toEqual(['orders']);
  const idle = kafka.faults.handshake().close();
  expect(kafka.faults.unused.map(({ description }) => description)).toEqual([idle.description]);
});

test('a broker without TLS has no handshakes', async () => {
  const kafka = await start({});
  expect(() => kafka.faults.handshake()).toThrow('start it with tls: true');
  const secured = await start({ tls: true });
  expect(() => secured.faults.handshake({ times: 0 })).toThrow('from 1 on');
});

describe('signing in', () => {
  const options = { users: { alice: 'secret', bob: 'his' }, oauth: true } as const;

  test.each(['PLAIN', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const)(
    'by %s is refused to the user that is meant',
    async (mechanism) => {
      const kafka = await start(options);
      const rule = kafka.faults.on('SaslAuthenticate', { user: 'alice' }).reply('SASL_AUTHENTICATION_FAILED').times(1);
      expect(await topicsSeenBy(kafka, 'bob', { mechanism })).toEqual(['orders']);
      expect(rule.fired).toBe(0);
      await expect(topicsSeenBy(kafka, 'alice', { mechanism })).rejects.toThrow(/authentication failed/i);
      expect([rule.fired, rule.seen]).toEqual([1, 1]);
      expect(await topicsSeenBy(kafka, 'alice', { mechanism })).toEqual(['orders']);
    },
  );

  test('is held, and its connection ended', async () => {
    const kafka = await start(options);
    const held = kafka.faults.on('SaslAuthenticate', { user: 'alice' }).hold();
    const waiting = topicsSeenBy(kafka, 'alice');
    await kafka.waitUntil(() => held.fired === 1);
    held.remove();
    expect(await waiting).toEqual(['orders']);
    kafka.faults.on('SaslHandshake').disconnect().times(1);
    await expect(topicsSeenBy(kafka, 'alice')).rejects.toThrow(/closed|ended|disconnected/i);
  });

  test('is in the traffic, with who signs in and without the password', async () => {
    const kafka = await start(options);
    await topicsSeenBy(kafka, 'alice', { mechanism: 'SCRAM-SHA-256' });
    const [handshake, first, second, ...rest] = kafka.traffic.all.filter(({ api }) => api !== 'ApiVersions');
    expect([handshake.api, first.api, second.api]).toEqual(['SaslHandshake', 'SaslAuthenticate', 'SaslAuthenticate']);
    expect([first, second].map(({ principal, outcome }) => [principal, outcome])).toEqual([
      ['User:alice', 'answered'],
      ['User:alice', 'answered'],
    ]);
    expect(first.describe()).not.toContain('alice,r=');
    expect(rest.every(({ principal }) => principal === 'User:alice')).toBe(true);
  });

  test('fails with what the broker says, and the connection is closed', async () => {
    const kafka = await start(options);
    const wrong = kafka.clientOptions('alice', { mechanism: 'PLAIN' });
    await kafka.users.setPassword('alice', 'other');
    const admin = new Kafka({ ...wrong, logLevel: logLevel.NOTHING, retry: { retries: 0 } }).admin();
    await expect(admin.connect()).rejects.toThrow('Invalid username or password');
    const failed = kafka.traffic.all.find(({ api }) => api === 'SaslAuthenticate');
    expect(failed?.errors).toEqual([{ about: '', error: 'SASL_AUTHENTICATION_FAILED' }]);
  });
});

test.each([
  [Buffer.from('\0alice\0secret'), 'alice'],
  [Buffer.from('bob\0alice\0secret'), 'alice'],
  [Buffer.from('n,,n=al=2Cice,r=abc'), 'al,ice'],
  [oauthBearerClient(`x.${Buffer.from('{"sub":"carol"}').toString('base64url')}.y`).first(), 'carol'],
  [oauthBearerClient('x.e30.y').first(), null],
  [oauthBearerClient('x.!!.y').first(), null],
  [Buffer.from('c=biws,r=abc,p=dGVzdA=='), null],
  [Buffer.alloc(0), null],
])('the user in %s is %s', (token, user) => expect(claimedUser(token)).toBe(user));
