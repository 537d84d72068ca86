/** A test of who may connect, in a line: users, certificates, tokens, and when each of them ends. */
import { Kafka, logLevel } from 'kafkajs';
import { afterEach, expect, test } from 'vitest';
import { Metadata } from '../../protocol/apis/index.ts';
import { connect } from '../../protocol/client.ts';
import { oauthBearerClient, plainClient, signIn } from '../../protocol/sasl/client.ts';
import { Cluster } from '../../src/cli/client/cluster.ts';
import { connecting } from '../../src/cli/kafka-tools/command-config.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { startBroker, type ClientChoice, type StartOptions, type TestBroker } from '../../src/testing/index.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function start(options: StartOptions): Promise<TestBroker> {
  const kafka = await startBroker({ topics: ['orders'], ...options });
  ends.push(() => kafka.stop());
  return kafka;
}

/** As kafkajs does it. */
async function topicsSeenBy(kafka: TestBroker, user?: string, choice?: ClientChoice): Promise<string[]> {
  const client = new Kafka({ ...kafka.clientOptions(user, choice), logLevel: logLevel.NOTHING, retry: { retries: 0 } });
  const admin = client.admin();
  await admin.connect();
  ends.push(() => admin.disconnect());
  return admin.listTopics();
}

test('users sign in over TLS by each mechanism, and nobody else does', async () => {
  const kafka = await start({
    tls: true,
    users: { alice: 'secret', 'o"dd\\': { password: 'p"\\;', superUser: true } },
    oauth: true,
  });
  for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const) {
    expect(await topicsSeenBy(kafka, 'alice', { mechanism })).toEqual(['orders']);
  }
  expect(await topicsSeenBy(kafka, 'o"dd\\')).toEqual(['orders']);
  expect(await topicsSeenBy(kafka, 'only a token')).toEqual(['orders']);
  await expect(topicsSeenBy(kafka)).rejects.toThrow(/closed|ended/i);
  expect(() => kafka.clientOptions('bob', { mechanism: 'PLAIN' })).toThrow("there is no user 'bob' (there are: alice");
});

test('properties are those of Java’s clients, which our tools read too', async () => {
  const kafka = await start({ tls: { clientAuth: 'required' }, users: { alice: 'secret' }, oauth: true });
  for (const mechanism of ['SCRAM-SHA-512', 'OAUTHBEARER'] as const) {
    const properties = kafka.properties('alice', { mechanism });
    const { security } = await connecting(new Map(Object.entries(properties)));
    const brokers = kafka.bootstrapServers;
    const cluster = new Cluster({ brokers, clock: systemClock, timeoutMs: 5000, security });
    expect((await cluster.metadata(null)).topics.map(({ name }) => name)).toEqual(['orders']);
    await cluster.close();
  }
});

test('users come and go', async () => {
  const kafka = await start({ users: { alice: 'secret' }, mechanisms: ['PLAIN', 'SCRAM-SHA-256'] });
  await kafka.users.add('bob', 'hush');
  for (const mechanism of ['PLAIN', 'SCRAM-SHA-256'] as const) {
    expect(await topicsSeenBy(kafka, 'bob', { mechanism })).toEqual(['orders']);
  }
  const before = kafka.clientOptions('bob');
  await kafka.users.setPassword('bob', 'other');
  const old = new Kafka({ ...before, logLevel: logLevel.NOTHING, retry: { retries: 0 } }).admin();
  await expect(old.connect()).rejects.toThrow('Invalid username or password');
  expect(await topicsSeenBy(kafka, 'bob')).toEqual(['orders']);
  await kafka.users.remove('bob');
  expect(kafka.users.names).toEqual(['alice']);
  await kafka.reset();
  expect(await topicsSeenBy(kafka, 'alice', { mechanism: 'SCRAM-SHA-256' })).toEqual(['orders']);
  const fork = await kafka.fork();
  ends.push(() => fork.stop());
  expect(await topicsSeenBy(fork, 'alice')).toEqual(['orders']);
});

test('a reset brings back the users of the start', async () => {
  const kafka = await start({ users: { alice: 'secret' }, mechanisms: ['PLAIN', 'SCRAM-SHA-256'] });
  await kafka.users.add('bob', 'hush');
  const ofBob = (['PLAIN', 'SCRAM-SHA-256'] as const).map((mechanism) => kafka.clientOptions('bob', { mechanism }));
  await kafka.users.remove('alice');
  await kafka.reset();
  expect(kafka.users.names).toEqual(['alice']);
  for (const mechanism of ['PLAIN', 'SCRAM-SHA-256'] as const) {
    expect(await topicsSeenBy(kafka, 'alice', { mechanism })).toEqual(['orders']);
  }
  for (const options of ofBob) {
    const admin = new Kafka({ ...options, logLevel: logLevel.NOTHING, retry: { retries: 0 } }).admin();
    await expect(admin.connect()).rejects.toThrow(/nvalid/);
  }
});

test('a certificate of the broker ends, and is made anew', async () => {
  const kafka = await start({ tls: true });
  expect(await topicsSeenBy(kafka)).toEqual(['orders']);
  await kafka.certificates.expire();
  await expect(topicsSeenBy(kafka)).rejects.toThrow('certificate has expired');
  await kafka.certificates.rotate();
  expect(await topicsSeenBy(kafka)).toEqual(['orders']);
});

test('clients’ certificates and tokens end by the broker’s clock', async () => {
  const kafka = await start({ tls: { clientAuth: 'required' }, clock: 'virtual' });
  await kafka.certificates.issue('carol', { expiresIn: '1h' });
  const { ca, cert, key } = kafka.clientOptions('carol').ssl!;
  const dial = async () => {
    const client = await connect({
      host: '127.0.0.1',
      port: Number(kafka.bootstrapServers.split(':')[1]),
      tls: { ca, cert, key },
    });
    ends.push(() => client.close());
    return client.send(Metadata, 9, { topics: [] });
  };
  expect((await dial()).brokers).toHaveLength(1);
  await kafka.clock.advance('2h');
  await expect(dial()).rejects.toThrow(/closed/);
});

test('a token ends its session by the broker’s clock', async () => {
  const kafka = await start({ oauth: true, clock: 'virtual' });
  const client = await connect({ host: '127.0.0.1', port: Number(kafka.bootstrapServers.split(':')[1]) });
  ends.push(() => client.close());
  const token = kafka.oauth.token('alice', { expiresIn: '5m' });
  const lifetimeMs = await signIn(client, oauthBearerClient(token), 2);
  expect(lifetimeMs).toBeGreaterThan(298_000);
  await client.send(Metadata, 9, { topics: [] });
  await kafka.clock.advance('6m');
  await expect(client.send(Metadata, 9, { topics: [] })).rejects.toThrow('closed the connection');
  const again = await connect({ host: '127.0.0.1', port: Number(kafka.bootstrapServers.split(':')[1]) });
  ends.push(() => again.close());
  await expect(signIn(again, oauthBearerClient(token), 2)).rejects.toThrow(/invalid_token/);
});

test('forged tokens are refused', async () => {
  const kafka = await start({ oauth: true });
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const [header, claims, signature] = kafka.oauth.token('alice').split('.');
  const forged = [
    `${part({ alg: 'none' })}.${claims}.`,
    `${part({ alg: 'HS256', kid: 'test' })}.${claims}.${signature}`,
    `${header}.${part({ ...JSON.parse(Buffer.from(claims, 'base64url').toString()), sub: 'admin' })}.${signature}`,
    `${part({ alg: 'ES256', kid: 'another' })}.${claims}.${signature}`,
    `${header}.${claims}.`,
  ];
  for (const token of forged) {
    const client = await connect({ host: '127.0.0.1', port: Number(kafka.bootstrapServers.split(':')[1]) });
    ends.push(() => client.close());
    await expect(signIn(client, oauthBearerClient(token), 2)).rejects.toThrow('{"status":"invalid_token"}');
  }
});

test('what the broker was not started with says so', async () => {
  const kafka = await start({});
  expect(kafka.clientOptions()).toEqual({ brokers: kafka.bootstrapBrokers });
  expect(() => kafka.users).toThrow('write startBroker({ users: … })');
  const tls = await start({ tls: true });
  expect(() => tls.oauth.token('alice')).toThrow('start it with oauth: true');
  await expect(startBroker({ acls: {}, brokers: 2 })).rejects.toThrow('add users, or tls');
  const plain = await start({ users: { alice: 'x' }, mechanisms: ['PLAIN'] });
  expect(() => plain.clientOptions('alice', { mechanism: 'SCRAM-SHA-256' })).toThrow('add it to mechanisms');
  const client = await connect({ host: '127.0.0.1', port: Number(plain.bootstrapServers.split(':')[1]) });
  ends.push(() => client.close());
  await expect(signIn(client, { ...plainClient('a', 'b'), mechanism: 'SCRAM-SHA-256' }, 2)).rejects.toThrow(
    'it offers PLAIN',
  );
});

test('a broker in a thread has them too', async () => {
  const kafka = await start({
    thread: true,
    tls: true,
    users: { alice: 'secret', admin: { password: 'x', superUser: true } },
    oauth: true,
    acls: { alice: ['read topic orders'] },
  });
  expect(await topicsSeenBy(kafka, 'alice')).toEqual(['orders']);
  expect(await topicsSeenBy(kafka, 'admin', { mechanism: 'OAUTHBEARER' })).toEqual(['orders']);
  await kafka.users.setPassword('alice', 'other');
  expect(kafka.properties('alice')['sasl.jaas.config']).toContain('password="other"');
  expect(await topicsSeenBy(kafka, 'alice')).toEqual(['orders']);
  await kafka.acls.remove('alice', 'read topic orders');
  expect(kafka.acls.explain('alice', 'read', { topic: 'orders' })).toEqual({
    allowed: false,
    reason: 'no line of acls allows it',
  });
  const producer = new Kafka({ ...kafka.clientOptions('alice'), logLevel: logLevel.NOTHING, retry: { retries: 0 } });
  const sender = producer.producer();
  await sender.connect();
  ends.push(() => sender.disconnect());
  await expect(sender.send({ topic: 'orders', messages: [{ value: 'x' }] })).rejects.toThrow(/uthoriz/);
  const denied = await kafka.waitForDenied({ user: 'alice', topic: 'orders' });
  expect(denied.allow).toContain('alice');
  expect(kafka.refusals.denials).toContainEqual(denied);
  await kafka.certificates.expire();
  await expect(topicsSeenBy(kafka, 'admin')).rejects.toThrow(/expired/);
  await kafka.certificates.rotate();
  expect(await topicsSeenBy(kafka, 'admin')).toEqual(['orders']);
});

test('three brokers have them, and sign in at one another', async () => {
  const kafka = await start({
    brokers: 3,
    minIsr: 3,
    tls: true,
    users: { alice: 'secret' },
    acls: { alice: ['all topic orders', 'read group billing'] },
  });
  const client = new Kafka({ ...kafka.clientOptions('alice'), logLevel: logLevel.NOTHING });
  const producer = client.producer();
  await producer.connect();
  ends.push(() => producer.disconnect());
  await producer.send({ topic: 'orders', acks: -1, messages: [{ value: 'x' }] });
  await kafka.waitForIsr('orders', 0, 3);
  const consumer = client.consumer({ groupId: 'billing' });
  await consumer.connect();
  ends.push(() => consumer.disconnect());
  await consumer.subscribe({ topic: 'orders', fromBeginning: true });
  const value = await new Promise<string>((resolve) => {
    void consumer.run({ eachMessage: ({ message }) => Promise.resolve(resolve(String(message.value))) });
  });
  expect(value).toBe('x');
  await kafka.users.add('bob', 'his');
  await kafka.brokers[1].stop();
  await kafka.brokers[1].start();
  await kafka.waitForIsr('orders', 0, 3);
  expect(kafka.refusals.denials).toEqual([]);
  expect(await topicsSeenBy(kafka, 'bob', { mechanism: 'PLAIN' })).toEqual([]);
});

test.each([0, 1, 2])('a sign-in by version %i is shown, without the password', async (version) => {
  const kafka = await start({ users: { alice: 'secret' } });
  const [host, port] = kafka.bootstrapServers.split(':');
  const client = await connect({ host, port: Number(port) });
  ends.push(() => client.close());
  await signIn(client, plainClient('alice', 'secret'), version);
  const [{ request }] = kafka.traffic.of('SaslAuthenticate');
  expect(request.authBytes).toHaveLength(0);
  expect(kafka.traffic.toString()).toContain(`SaslAuthenticate v${version} → ok`);
  expect(kafka.why('billing')[0].cause).toBe('no-such-group');
});
