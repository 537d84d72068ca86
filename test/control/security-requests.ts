/** Every request about users, ACLs, certificates and tokens, made to a broker that has them. Answers the requests that were made. */
import { Kafka, logLevel } from 'kafkajs';
import { expect, onTestFinished } from 'vitest';
import { startBroker } from '../../src/broker/broker.ts';
import { startControlled } from '../../src/control/server.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { Described, type Problem } from './described.ts';

interface Options {
  readonly ssl: { readonly ca: string[] };
  readonly sasl: { readonly mechanism: 'plain'; readonly username: string; readonly password: string };
}

export async function askForSecurity(): Promise<ReadonlySet<string>> {
  const controlled = await startControlled({
    start: startBroker,
    settings: new Map([
      ['listeners', 'SASL_SSL://127.0.0.1:0'],
      ['authorizer.class.name', 'org.apache.kafka.metadata.authorizer.StandardAuthorizer'],
    ]),
    memory: true,
    logger: silentLogger,
    topics: [{ name: 'orders' }],
    security: { tls: true, users: { alice: 'secret' }, oauth: true, acls: { alice: ['read topic orders'] } },
    controlHost: '127.0.0.1',
    controlPort: 0,
  });
  onTestFinished(() => controlled.stop());
  const port = await Described.at(controlled.url);
  await port.call('POST', '/topics', { name: 'orders' });

  await port.call('POST', '/users', { name: 'bob', password: 'his' });
  expect((await port.call('GET', '/users')).body).toEqual(['alice', 'bob']);
  await port.call('DELETE', '/users/bob');
  const gone = await port.call<Problem>('DELETE', '/users/bob');
  expect([gone.status, gone.body.detail]).toEqual([404, "There is no user 'bob'. Users: alice."]);

  await port.call('POST', '/acls', { user: 'alice', lines: ['describe topic audit'] });
  await port.call('POST', '/acls/remove', { user: 'alice', lines: ['describe topic audit'] });
  expect((await port.call('GET', '/acls')).body).toEqual({ alice: ['read topic orders'] });
  const question = { user: 'alice', operation: 'write', topic: 'orders' };
  expect((await port.call('POST', '/acls/explain', question)).body).toMatchObject({ allowed: false });
  const wrong = await port.call<Problem>('POST', '/acls', { user: 'alice', lines: ['fly topic orders'] });
  expect([wrong.status, wrong.body.detail]).toEqual([400, expect.stringContaining("'fly' is none of")]);

  const { body: authority } = await port.call<{ authority: string }>('GET', '/certificates');
  await port.call('POST', '/certificates', { name: 'carol', expiresIn: '1h' });
  await port.call('POST', '/certificates/expire');
  await port.call('POST', '/certificates/rotate');
  expect((await port.call('POST', '/tokens', { user: 'alice' })).body).toHaveProperty('token');

  const { body: options } = await port.call<Options>('GET', '/client-options?user=alice&mechanism=PLAIN');
  expect(options.ssl.ca).toEqual([authority.authority]);
  expect((await port.call('GET', '/client-properties?user=alice')).body).toMatchObject({
    'security.protocol': 'SASL_SSL',
  });

  const { body: shaken } = await port.call<{ description: string }>('POST', '/faults/handshake', { effect: 'close' });
  expect((await port.call('GET', '/faults')).body).toMatchObject({ handshakes: [shaken] });
  await port.call('DELETE', `/faults/handshake?description=${encodeURIComponent(shaken.description)}`);
  expect((await port.call('GET', '/faults')).body).toMatchObject({ handshakes: [], unused: [shaken.description] });
  const spec = { on: 'SaslAuthenticate', user: 'nobody', reply: 'SASL_AUTHENTICATION_FAILED' };
  expect((await port.call('POST', '/faults', spec)).status).toBe(201);

  const brokers = [controlled.session.broker.bootstrap];
  const kafka = new Kafka({ brokers, ...options, logLevel: logLevel.NOTHING, retry: { retries: 0 } });
  const producer = kafka.producer();
  await producer.connect();
  onTestFinished(() => producer.disconnect());
  await expect(producer.send({ topic: 'orders', messages: [{ value: 'x' }] })).rejects.toThrow(/uthoriz/);
  const { body: denial } = await port.call('POST', '/wait/denied', { user: 'alice', topic: 'orders' });
  expect((await port.call('GET', '/refusals')).body).toMatchObject({ denials: [denial] });
  const never = await port.call<Problem>('POST', '/wait/throttled', { user: 'alice', timeout: 10 });
  expect(never.status).toBe(504);
  return port.seen;
}
