/** What /metrics says of the authorizer, of quotas and of those who sign in. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as apis from '../../protocol/apis/index.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { VirtualClock } from '../../src/platform/clock.ts';
import { AverageThrottle } from '../../src/security/quotas/throttle-time.ts';
import { createTopic } from '../running-broker.ts';
import { SecuredBroker } from '../security/secured-broker.ts';

const clock = new VirtualClock();
let broker: SecuredBroker;
let said: string;

const valueOf = (series: string): number | undefined => {
  const line = said.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length));
};

beforeAll(async () => {
  const settings = { 'ottla.metrics.port': '0', 'connection.failed.authentication.delay.ms': '0' };
  broker = await SecuredBroker.start(settings, { clock });
  const admin = await broker.as('admin');
  await createTopic(admin, 'orders');
  const entity = [{ entityType: 'user', entityName: 'alice' }];
  const ops = [{ key: 'producer_byte_rate', value: 100, remove: false }];
  await broker.parts.controller.alterClientQuotas([{ entity, ops }], { validateOnly: false });
  await broker.allow({ principal: 'User:alice', operation: 4 });
  const alice = await broker.as('alice');
  const records = encodeBatch({ records: [{ key: null, value: Buffer.alloc(5_000), timestamp: 1 }] });
  await alice.send(apis.Produce, 9, {
    transactionalId: null,
    acks: 1,
    timeoutMs: 5000,
    topicData: [{ name: 'orders', partitionData: [{ index: 0, records }] }],
  });
  const bob = await broker.as('bob');
  await bob.send(apis.FindCoordinator, 4, { keyType: 0, coordinatorKeys: ['group'] });
  await broker.as('bob', 'wrong').catch(() => {});
  said = await (await fetch(`http://127.0.0.1:${broker.metricsPort}/metrics`)).text();
});
afterAll(() => broker.stop());

const AUTHORIZER = '{config="authorizer.class.name",class="StandardAuthorizer",role="broker"}';

test.each([
  ['kafka_server_socket_server_metrics_connection_creation_total{listener="SASL_PLAINTEXT"}', 4],
  ['kafka_server_socket_server_metrics_connection_close_total{listener="SASL_PLAINTEXT"}', 1],
  ['kafka_server_socket_server_metrics_successful_authentication_total{listener="SASL_PLAINTEXT"}', 3],
  ['kafka_server_socket_server_metrics_successful_reauthentication_total{listener="SASL_PLAINTEXT"}', 0],
  ['kafka_server_socket_server_metrics_failed_authentication_total{listener="SASL_PLAINTEXT"}', 1],
  ['kafka_server_socket_server_metrics_expired_connections_killed_count{listener="SASL_PLAINTEXT"}', 0],
  [`kafka_server_plugins_acls_total_count${AUTHORIZER}`, 1],
  [`kafka_server_plugins_authorization_denied_total${AUTHORIZER}`, 1],
])('%s is %d', (series, value) => {
  expect(valueOf(series)).toBe(value);
});

test('what is allowed and what is denied are what was asked', () => {
  const [asked, allowed, denied] = ['request', 'allowed', 'denied'].map((what) =>
    valueOf(`kafka_server_plugins_authorization_${what}_total${AUTHORIZER}`),
  );
  expect(allowed).toBeGreaterThan(0);
  expect(asked).toBe(allowed! + denied!);
});

test('a client above its quota has its rate and its throttle', () => {
  expect(valueOf('kafka_server_produce_byte_rate{user="alice"}')).toBeGreaterThan(500);
  expect(valueOf('kafka_server_produce_throttle_time{user="alice"}')).toBeGreaterThan(30_000);
  expect(said).not.toContain('kafka_server_fetch_byte_rate{');
});

test('throttles of the last minute are averaged, older ones forgotten', () => {
  const average = new AverageThrottle();
  expect(average.at(0)).toBe(0);
  average.record(100, 0);
  average.record(300, 29_999);
  expect(average.at(29_999)).toBe(200);
  average.record(800, 30_000);
  expect(average.at(30_000)).toBe(400);
  expect(average.at(60_000)).toBe(800);
  expect(average.at(90_000)).toBe(0);
});
