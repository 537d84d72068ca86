/** A broker whose listener asks for SASL: how sessions end, what holds memory, and what is refused at start. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ApiVersions, Metadata, Produce, SaslAuthenticate, SaslHandshake } from '../../protocol/apis/index.ts';
import { connect, ConnectionClosed, type Client } from '../../protocol/client.ts';
import { oauthBearerClient, plainClient, signIn } from '../../protocol/sasl/client.ts';
import { ScramClient } from '../../protocol/sasl/scram-client.ts';
import { saltedPassword } from '../../protocol/sasl/scram.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { connectPeer } from '../../src/peers/peer-client.ts';
import { signedInNetwork } from '../../src/peers/signed-in-network.ts';
import { lineLogger } from '../../src/platform/logger.ts';
import { nodeNetwork } from '../../src/platform/network.ts';
import { RawTalk, requestOf } from './raw-talk.ts';
import { SASL_SETTINGS } from './sasl-settings.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const PLAIN = 'org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="secret" user_bob="secret";';

async function start(settings: Record<string, string> = {}, clock?: VirtualClock) {
  const lines: string[] = [];
  const broker = await startBroker({
    memory: true,
    settings: { ...SASL_SETTINGS, listeners: 'SASL_PLAINTEXT://127.0.0.1:0', ...settings },
    logger: lineLogger(
      'warn',
      (line) => void lines.push(line),
      () => 0,
    ),
    ...(clock === undefined ? {} : { clock }),
  });
  ends.push(() => broker.stop());
  return { broker, port: portOf(broker), lines };
}

const portOf = (broker: RunningBroker): number => Number(broker.bootstrap.split(':')[1]);

async function dial(port: number): Promise<Client> {
  const client = await connect({ host: '127.0.0.1', port });
  ends.push(() => client.close());
  return client;
}

const brokersSeenBy = async (client: Client) => (await client.send(Metadata, 9, { topics: [] })).brokers.length;

test('each mechanism signs in, and requests are the user’s', async () => {
  const { broker, port } = await start();
  const salt = Buffer.from('salt');
  const salted = saltedPassword('SCRAM-SHA-256', 'secret', salt, 4096);
  await broker.parts.controller.alterScramCredentials(
    [],
    [{ name: 'alice', mechanism: 1, iterations: 4096, salt, saltedPassword: salted }],
  );
  const claims = Buffer.from(JSON.stringify({ sub: 'alice', exp: 4_000_000_000, scope: 'kafka' })).toString(
    'base64url',
  );
  for (const sasl of [
    plainClient('alice', 'secret'),
    new ScramClient('SCRAM-SHA-256', { user: 'alice', password: 'secret' }, 'nonce'),
    oauthBearerClient(`${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`),
  ]) {
    const client = await dial(port);
    await signIn(client, sasl, 2);
    expect(await brokersSeenBy(client)).toBe(1);
  }
  await expect(signIn(await dial(port), plainClient('alice', 'wrong'), 2)).rejects.toThrow(
    'Authentication failed: Invalid username or password',
  );
  await expect(signIn(await dial(port), { ...plainClient('a', 'b'), mechanism: 'GSSAPI' }, 2)).rejects.toThrow(
    'it offers PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER',
  );
});

describe('sessions that end', () => {
  const reauth = { 'connections.max.reauth.ms': '10000', 'listener.name.sasl_plaintext.plain.sasl.jaas.config': PLAIN };

  test('a client that signs in again in time goes on, three times', async () => {
    const clock = new VirtualClock();
    const { port } = await start(reauth, clock);
    const client = await dial(port);
    for (let again = 0; again < 4; again++) {
      expect(await signIn(client, plainClient('alice', 'secret'), 1)).toBe(10_000);
      expect(await brokersSeenBy(client)).toBe(1);
      await clock.advance(9000);
    }
  });

  test.each([
    ['1000000000000', 1e12],
    ['1000000000001', 0],
    ['9223372036854775807', 0],
  ])('one of %s ms is told as %d, for longer ones Java’s clients cannot count', async (longest, told) => {
    const { port } = await start({ ...reauth, 'connections.max.reauth.ms': longest }, new VirtualClock());
    const client = await dial(port);
    expect(await signIn(client, plainClient('alice', 'secret'), 1)).toBe(told);
    expect(await brokersSeenBy(client)).toBe(1);
  });

  test('one that does not is closed at its next request, even one that is pipelined', async () => {
    const clock = new VirtualClock();
    const { broker, port } = await start(reauth, clock);
    const client = await dial(port);
    await signIn(client, plainClient('alice', 'secret'), 2);
    await clock.advance(10_000);
    expect(await brokersSeenBy(client)).toBe(1);
    await clock.advance(1);
    const answers = await Promise.allSettled([
      client.send(Produce, 9, { transactionalId: null, acks: 1, timeoutMs: 1000, topicData: [] }),
      client.send(Metadata, 9, { topics: [] }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(broker.listeners.counts.of('SASL_PLAINTEXT')).toMatchObject({ authenticated: 1, failed: 0, expired: 1 });
  });

  test('one of another broker signs in again by itself in good time, and what it asks meanwhile waits', async () => {
    const clock = new VirtualClock();
    const { broker, port } = await start(reauth, clock);
    const network = signedInNetwork(nodeNetwork(), { clock, login: () => plainClient('alice', 'secret') });
    const client = await connectPeer(network, { host: '127.0.0.1', port, timeoutMs: 5000 });
    ends.push(() => client.close());
    const asked = vi.spyOn(client, 'closed', 'get'); // what waits for its end is kept until then
    for (let again = 0; again < 4; again++) {
      await clock.advance(8499);
      expect(await brokersSeenBy(client)).toBe(1);
      await clock.advance(1);
      const order: number[] = [];
      await Promise.all([0, 1, 2].map(async (at) => brokersSeenBy(client).then(() => order.push(at))));
      expect(order).toEqual([0, 1, 2]);
      expect(broker.listeners.counts.of('SASL_PLAINTEXT')).toMatchObject({ reauthenticated: again + 1, expired: 0 });
    }
    expect(asked).not.toHaveBeenCalled();
  });

  test('one of another broker that may not sign in again is closed', async () => {
    const clock = new VirtualClock();
    const { port } = await start({ ...reauth, 'connection.failed.authentication.delay.ms': '0' }, clock);
    let password = 'secret';
    const network = signedInNetwork(nodeNetwork(), { clock, login: () => plainClient('alice', password) });
    const client = await connectPeer(network, { host: '127.0.0.1', port, timeoutMs: 5000 });
    password = 'another';
    await clock.advance(8500);
    await expect(brokersSeenBy(client)).rejects.toBeInstanceOf(ConnectionClosed);
    await client.closed;
  });

  test('limits the size of what a client sends while it signs in, first and again, and of nothing else', async () => {
    const clock = new VirtualClock();
    const small = { 'sasl.server.max.receive.size': '1000', 'connection.failed.authentication.delay.ms': '0' };
    const { port } = await start({ ...reauth, ...small }, clock);
    const client = await dial(port);
    await signIn(client, plainClient('alice', 'secret'), 2);
    const topics = Array.from({ length: 200 }, (_, at) => ({ name: `not-there-${at}` }));
    const { topics: found } = await client.send(Metadata, 9, { topics, allowAutoTopicCreation: false });
    expect(found.length).toBe(200);
    await clock.advance(2000);
    expect((await client.send(SaslHandshake, 1, { mechanism: 'PLAIN' })).errorCode).toBe(0);
    const again = client.send(SaslAuthenticate, 2, { authBytes: Buffer.alloc(1000) });
    await expect(again).rejects.toBeInstanceOf(ConnectionClosed);
  });

  test('as another user, and by another mechanism, it may not go on', async () => {
    const clock = new VirtualClock();
    const { port } = await start({ ...reauth, 'connection.failed.authentication.delay.ms': '0' }, clock);
    const other = await dial(port);
    await signIn(other, plainClient('alice', 'secret'), 2);
    await clock.advance(2000);
    const refused = signIn(other, plainClient('bob', 'secret'), 2);
    await expect(refused).rejects.toThrow(
      'Cannot change principals during re-authentication from User.alice: User.bob',
    );
    const mechanism = await dial(port);
    await signIn(mechanism, plainClient('alice', 'secret'), 2);
    await clock.advance(2000);
    expect((await mechanism.send(SaslHandshake, 1, { mechanism: 'SCRAM-SHA-256' })).errorCode).toBe(0);
    const ending = mechanism.send(SaslAuthenticate, 2, { authBytes: Buffer.from('n,,n=alice,r=abc') });
    await expect(ending).rejects.toThrow('closed the connection');
  });

  test('more than once a second it is told that it is signed in already', async () => {
    const clock = new VirtualClock();
    const { port } = await start(reauth, clock);
    const client = await dial(port);
    await signIn(client, plainClient('alice', 'secret'), 2);
    await signIn(client, plainClient('alice', 'secret'), 2);
    await clock.advance(999);
    expect(await client.send(SaslHandshake, 1, { mechanism: 'PLAIN' })).toEqual({ errorCode: 34, mechanisms: [] });
    expect(await brokersSeenBy(client)).toBe(1);
  });

  test('a token ends its session, or the broker does, whichever comes first', async () => {
    const clock = new VirtualClock(1_000_000_000);
    const { port } = await start({ ...reauth, 'connections.max.reauth.ms': '60000' }, clock);
    const token = (exp: number) => {
      const claims = Buffer.from(JSON.stringify({ sub: 'alice', exp, scope: 'kafka' })).toString('base64url');
      return oauthBearerClient(`${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`);
    };
    expect(await signIn(await dial(port), token(1_000_005), 2)).toBe(5000);
    expect(await signIn(await dial(port), token(1_000_500), 2)).toBe(60_000);
  });
});

describe('connections that have not authenticated', () => {
  test('have so long a time', async () => {
    const clock = new VirtualClock();
    const { port } = await start({ 'ottla.authentication.timeout.ms': '5000' }, clock);
    const client = await dial(port);
    await client.send(ApiVersions, 0, {});
    await clock.advance(4999);
    expect(client.isClosed).toBe(false);
    await clock.advance(1);
    await client.closed;
  });

  test('are only so many: the oldest goes, and those that are in stay', async () => {
    const { port } = await start({ 'ottla.unauthenticated.connections.max': '3' });
    const inside = await dial(port);
    await signIn(inside, plainClient('alice', 'secret'), 2);
    const clients: Client[] = [];
    for (let i = 0; i < 5; i++) {
      clients.push(await dial(port));
      await clients.at(-1)!.send(ApiVersions, 0, {});
    }
    await Promise.all([clients[0].closed, clients[1].closed]);
    expect(clients.map(({ isClosed }) => isClosed)).toEqual([true, true, false, false, false]);
    expect(await brokersSeenBy(inside)).toBe(1);
  });

  test('what failed is in the log, without the password, ten times a second', async () => {
    const { port, lines } = await start({ 'connection.failed.authentication.delay.ms': '0' });
    for (let i = 0; i < 15; i++) {
      const talk = await RawTalk.open(port);
      talk.send(requestOf(ApiVersions, 3, { clientSoftwareName: 'my-client', clientSoftwareVersion: '2' }));
      await talk.next();
      talk.send(requestOf(SaslHandshake, 1, { mechanism: 'PLAIN' }));
      await talk.next();
      talk.send(requestOf(SaslAuthenticate, 2, { authBytes: Buffer.from('\0alice\0hunter2') }));
      await talk.next();
      talk.end();
    }
    const failed = lines.filter((line) => line.includes('authentication-failed'));
    expect(failed.length).toBeLessThanOrEqual(12);
    expect(failed[0]).toMatch(
      /from=127.0.0.1 listener=SASL_PLAINTEXT mechanism=PLAIN user=alice software="my-client 2"/,
    );
    expect(lines.join('')).not.toContain('hunter2');
  });
});

describe('refused at start', () => {
  const refusals: readonly (readonly [string, Record<string, string>, string])[] = [
    [
      'GSSAPI alone',
      { 'sasl.enabled.mechanisms': 'GSSAPI' },
      'set listener.name.sasl_plaintext.sasl.enabled.mechanisms to',
    ],
    ['an unknown mechanism', { 'sasl.enabled.mechanisms': 'PLAIN,CRAM-MD5' }, 'there is no SASL mechanism CRAM-MD5'],
    [
      'Kerberos',
      {
        'listener.name.sasl_plaintext.plain.sasl.jaas.config':
          'com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true;',
      },
      'is for Kerberos, which Ottla does not serve',
    ],
    [
      'another login module',
      { 'listener.name.sasl_plaintext.plain.sasl.jaas.config': 'my.Module required;' },
      'the login module my.Module is not served there: write org.apache.kafka.common.security.plain.PlainLoginModule',
    ],
    [
      'a text that is none',
      { 'listener.name.sasl_plaintext.plain.sasl.jaas.config': 'x' },
      'listener.name.sasl_plaintext.plain.sasl.jaas.config: Login module control flag not specified',
    ],
    [
      'a class of one’s own',
      { 'listener.name.sasl_plaintext.plain.sasl.server.callback.handler.class': 'my.Handler' },
      'sasl.server.callback.handler.class=my.Handler: Ottla runs no Java classes',
    ],
    [
      'a class that says who clients are',
      { 'principal.builder.class': 'my.Builder' },
      'principal.builder.class=my.Builder: Ottla runs no Java classes: remove it, or write org.apache.kafka',
    ],
    [
      'the same on a listener of plain text',
      { listeners: 'PLAINTEXT://127.0.0.1:0', 'listener.name.plaintext.principal.builder.class': 'my.Builder' },
      'principal.builder.class=my.Builder: Ottla runs no Java classes',
    ],
    [
      'a class that decides on quotas',
      { 'client.quota.callback.class': 'my.Callback' },
      'client.quota.callback.class=my.Callback: Ottla runs no Java classes: remove it',
    ],
    [
      'signed tokens of any issuer',
      { 'listener.name.sasl_plaintext.oauthbearer.sasl.oauthbearer.jwks.endpoint.url': 'http://127.0.0.1:1/keys' },
      'set sasl.oauthbearer.expected.issuer',
    ],
  ];
  test.each(refusals)('%s', async (_what, settings, complaint) => {
    await expect(start(settings)).rejects.toThrow(complaint);
  });

  test('PLAIN without users', async () => {
    const refused = startBroker({
      memory: true,
      settings: { listeners: 'SASL_PLAINTEXT://127.0.0.1:0', 'sasl.enabled.mechanisms': 'PLAIN' },
    });
    await expect(refused).rejects.toThrow(
      'offers PLAIN and has no users: set listener.name.sasl_plaintext.plain.sasl.jaas.config',
    );
  });
});

test('the environment has one character for dots, underscores and dashes', async () => {
  const broker = await startBroker({
    memory: true,
    settings: {
      listeners: 'MY_SECURE://127.0.0.1:0',
      'listener.security.protocol.map': 'MY_SECURE:SASL_PLAINTEXT',
      'listener.name.my.secure.sasl.enabled.mechanisms': 'PLAIN',
      'listener.name.my.secure.plain.sasl.jaas.config': PLAIN,
    },
  });
  ends.push(() => broker.stop());
  expect(await signIn(await dial(portOf(broker)), plainClient('bob', 'secret'), 2)).toBe(0);
});
