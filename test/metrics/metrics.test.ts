/** /metrics as Prometheus sees it, beside a broker that works. */
import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from '../../protocol/client.ts';
import { Fetch, Heartbeat } from '../../protocol/apis/index.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import type { BrokerParts } from '../../src/apis/broker-parts.ts';
import { registerBrokerMetrics } from '../../src/metrics/broker-metrics.ts';
import { RequestTimes } from '../../src/metrics/request-times.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { ConnectionCounts } from '../../src/net/connection-counts.ts';
import { consume, createTopic, dial, produce } from '../running-broker.ts';

const listeners = 'PLAINTEXT://127.0.0.1:0';
let broker: RunningBroker;
let client: Client;
let said: string;

const at = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${broker.metricsPort}${path}`, { method });
const valueOf = (series: string): number | undefined => {
  const line = said.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length));
};

beforeAll(async () => {
  broker = await startBroker({ memory: true, settings: { listeners, 'ottla.metrics.port': '0' } });
  client = await dial(broker.bootstrap);
  await createTopic(client, 'orders', 2);
  await produce(client, 'orders', 0, ['a', 'b', 'c']);
  await consume(client, 'orders', 0);
  await client.send(Heartbeat, 4, { groupId: 'g', generationId: 1, memberId: 'm' });
  const nowhere = { topic: 'none', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 }] };
  await client.send(Fetch, 12, { maxWaitMs: 0, minBytes: 1, topics: [nowhere] });
  said = await (await at('/metrics')).text();
});
afterAll(async () => {
  await client.close();
  await broker.stop();
});

test.each([
  ['kafka_server_brokertopicmetrics_messagesin_total', 3],
  ['kafka_server_brokertopicmetrics_messagesin_total{topic="orders"}', 3],
  ['kafka_server_brokertopicmetrics_totalproducerequests_total', 1],
  ['kafka_server_brokertopicmetrics_failedproducerequests_total', 0],
  ['kafka_server_brokertopicmetrics_failedfetchrequests_total', 1],
  ['kafka_network_requestmetrics_requests_total{request="Produce",version="9"}', 1],
  ['kafka_network_requestmetrics_requests_total{request="Heartbeat",version="4"}', 1],
  ['ottla_request_duration_seconds_count{request="Heartbeat"}', 1],
  ['ottla_request_duration_seconds_bucket{le="+Inf",request="Produce"}', 1],
  ['kafka_log_log_logendoffset{topic="orders",partition="0"}', 3],
  ['kafka_log_log_logstartoffset{topic="orders",partition="1"}', 0],
  ['kafka_log_log_numlogsegments{topic="orders",partition="1"}', 1],
  ['kafka_server_replicamanager_partitioncount', 2],
  ['kafka_server_replicamanager_leadercount', 2],
  ['kafka_server_replicamanager_underreplicatedpartitions', 0],
  ['kafka_controller_kafkacontroller_activecontrollercount', 1],
  ['kafka_controller_kafkacontroller_offlinepartitionscount', 0],
  ['kafka_controller_controllerstats_uncleanleaderelections_total', 0],
  ['kafka_server_replicamanager_isrshrinks_total', 0],
  ['kafka_server_replicamanager_atminisrpartitioncount', 2],
  ['kafka_server_replicafetchermanager_maxlag{clientId="Replica"}', 0],
  ['kafka_controller_kafkacontroller_globaltopiccount', 1],
  ['kafka_server_socket_server_metrics_connection_count{listener="PLAINTEXT"}', 1],
  ['kafka_server_kafkaserver_brokerstate', 3],
])('%s is %i', (series, value) => {
  expect(valueOf(series)).toBe(value);
});

test('bytes that came in are those that lie in the log, and went out as often as they were read', () => {
  const size = valueOf('kafka_log_log_size{topic="orders",partition="0"}');
  expect(size).toBeGreaterThan(60);
  expect(valueOf('kafka_server_brokertopicmetrics_bytesin_total{topic="orders"}')).toBe(size);
  expect(valueOf('kafka_server_brokertopicmetrics_bytesout_total{topic="orders"}')).toBe(size);
});

test('the process and its event loop are measured too', () => {
  expect(valueOf('process_resident_memory_bytes')).toBeGreaterThan(0);
  expect(said).toMatch(/^nodejs_eventloop_lag_p99_seconds \d/m);
});

test('counters grow, and are not counted twice when they are looked at again', async () => {
  await produce(client, 'orders', 1, ['d']);
  await at('/metrics');
  said = await (await at('/metrics')).text();
  expect(valueOf('kafka_server_brokertopicmetrics_messagesin_total')).toBe(4);
});

test('every metric says what it is, and is of one type', () => {
  const types = [...said.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name]) => name);
  const helps = [...said.matchAll(/^# HELP (\S+) \S/gm)].map(([, name]) => name);
  expect(new Set(types).size).toBe(types.length);
  expect(helps.sort()).toEqual(types.sort());
});

test('other paths and methods are told what there is', async () => {
  expect((await at('/')).status).toBe(404);
  expect((await at('/metrics', 'POST')).status).toBe(405);
  const answer = await at('/metrics?x=1');
  expect(answer.headers.get('content-type')).toContain('text/plain');
  expect(answer.status).toBe(200);
});

test('a broker without the setting opens no second port, and one whose port is taken says which flag to change', async () => {
  const other = await startBroker({ memory: true, settings: { listeners } });
  expect(other.metricsPort).toBeNull();
  await other.stop();
  const settings = { listeners, 'ottla.metrics.port': String(broker.metricsPort) };
  await expect(startBroker({ memory: true, settings })).rejects.toThrow(/--metrics-port/);
});

test('a broker of a cluster counts what it leads, and never asks for the controller that it is not', async () => {
  const { metadata, nodeId } = broker.parts;
  const [topic] = metadata.image.topicsById.values();
  const [first, second] = topic.partitions;
  const partitions = [
    { ...first, replicas: [nodeId, 9] },
    { ...second, leader: 9, replicas: [9, nodeId], isr: [9] },
  ];
  const controllers = new Map([[9, { id: 9, incarnationId: ZERO_UUID, listeners: [] }]]);
  const image = { ...metadata.image, controllers, topicsById: new Map([[topic.id, { ...topic, partitions }]]) };
  const member = Object.create(broker.parts, {
    metadata: { value: { image, onChange: () => {} } },
    controller: {
      get() {
        throw new Error('it is elsewhere');
      },
    },
  }) as BrokerParts;
  const registry = new Registry();
  const requests = new RequestTimes(broker.parts.clock, [registry]);
  registerBrokerMetrics(registry, {
    parts: member,
    requests,
    connections: () => new Map(),
    counts: new ConnectionCounts(),
    isActiveController: null,
  });
  const metrics = await registry.metrics();
  expect(metrics).toContain('kafka_server_replicamanager_leadercount 1\n');
  expect(metrics).toContain('kafka_server_replicamanager_underreplicatedpartitions 1\n');
  expect(metrics).not.toMatch(/^kafka_controller_kafkacontroller_activecontrollercount /m);
});

test('when the broker stops, so does /metrics', async () => {
  const other = await startBroker({ memory: true, settings: { listeners, 'ottla.metrics.port': '0' } });
  const url = `http://127.0.0.1:${other.metricsPort}/metrics`;
  expect((await fetch(url)).status).toBe(200);
  await other.stop();
  await expect(fetch(url)).rejects.toThrow(/fetch failed/);
});
