/** Limits on connections, set while a real broker runs and felt by real sockets. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  AlterClientQuotas,
  ApiVersions,
  DescribeConfigs,
  IncrementalAlterConfigs,
  Produce,
} from '../../protocol/apis/index.ts';
import type { Client } from '../../protocol/client.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { lineLogger, type LeveledLogger } from '../../src/platform/logger.ts';
import { dial } from '../running-broker.ts';

const [BROKER, LOGGER] = [4, 8];
const software = { clientSoftwareName: 'test', clientSoftwareVersion: '1' };
const lines: string[] = [];
let broker: RunningBroker;
let admin: Client;
let logger: LeveledLogger;
let others: Client[] = [];

beforeEach(async () => {
  logger = lineLogger(
    'warn',
    (line) => lines.push(line),
    () => 0,
  );
  broker = await startBroker({
    memory: true,
    logger,
    settings: { listeners: 'PLAINTEXT://127.0.0.1:0', 'node.id': '1' },
  });
  admin = await dial(broker.bootstrap);
  others = [];
  await set({ 'max.connections': '1000' }); // the first request: the connection stands
});
afterEach(async () => {
  await Promise.all([admin, ...others].map((client) => client.close()));
  await broker.stop();
});

/** null removes a value. */
async function set(values: Record<string, string | null>, resourceType = BROKER): Promise<number> {
  const configs = Object.entries(values).map(([name, value]) => ({
    name,
    value,
    configOperation: value === null ? 1 : 0,
  }));
  const resources = [{ resourceType, resourceName: '1', configs }];
  const { responses } = await admin.send(IncrementalAlterConfigs, 1, { resources, validateOnly: false });
  return responses[0].errorCode;
}
async function another(): Promise<Client> {
  const client = await dial(broker.bootstrap);
  others.push(client);
  return client;
}
const ask = async (client: Client) => (await client.send(ApiVersions, 3, software)).errorCode;

test('max.connections: one too many is answered when it is raised', async () => {
  await set({ 'max.connections': '1' });
  let isAnswered = false;
  const waiting = ask(await another()).then((code) => {
    isAnswered = true;
    return code;
  });
  await ask(admin);
  await ask(admin);
  expect(isAnswered).toBe(false);
  await set({ 'max.connections': '2' });
  expect(await waiting).toBe(0);
});

test('max.connections: one too many is answered when another has gone', async () => {
  await set({ 'max.connections': '2' });
  const second = await another();
  await ask(second);
  const waiting = ask(await another());
  await second.close();
  expect(await waiting).toBe(0);
});

test('max.connections.per.ip and its overrides: one too many is closed', async () => {
  await set({ 'max.connections.per.ip': '1' });
  await expect(ask(await another())).rejects.toThrow(/closed|reset/i);
  await set({ 'max.connections.per.ip.overrides': '127.0.0.1:2' });
  expect(await ask(await another())).toBe(0);
  await expect(ask(await another())).rejects.toThrow(/closed|reset/i);
});

test('the quota connection_creation_rate of an address: one too many is closed', async () => {
  const entity = [{ entityType: 'ip', entityName: '127.0.0.1' }];
  const ops = [{ key: 'connection_creation_rate', value: 1, remove: false }];
  await admin.send(AlterClientQuotas, 1, { entries: [{ entity, ops }], validateOnly: false });
  const outcomes = await Promise.allSettled(Array.from({ length: 15 }, async () => ask(await another())));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
});

test('connections.max.idle.ms: a quiet connection is closed, one that speaks or waits is not', async () => {
  await admin.close();
  await broker.stop();
  const settings = { listeners: 'PLAINTEXT://127.0.0.1:0', 'node.id': '1', 'connections.max.idle.ms': '200' };
  broker = await startBroker({ memory: true, logger, settings });
  admin = await dial(broker.bootstrap);
  const quiet = await another();
  await ask(quiet);
  while (!quiet.isClosed) expect(await ask(admin)).toBe(0);
  expect(admin.isClosed).toBe(false);
});

test('connections.max.idle.ms: a connection that is throttled for longer is closed, gone as its client may be', async () => {
  await admin.close();
  await broker.stop();
  const settings = { listeners: 'PLAINTEXT://127.0.0.1:0', 'node.id': '1', 'connections.max.idle.ms': '200' };
  broker = await startBroker({ memory: true, logger, settings });
  admin = await dial(broker.bootstrap);
  const ops = [{ key: 'producer_byte_rate', value: 1, remove: false }];
  const entity = [{ entityType: 'client-id', entityName: null }];
  await admin.send(AlterClientQuotas, 1, { entries: [{ entity, ops }], validateOnly: false });
  const throttled = await another();
  const topicData = [{ name: 'none', partitionData: [{ index: 0, records: Buffer.alloc(10_000) }] }];
  const { throttleTimeMs } = await throttled.send(Produce, 9, {
    transactionalId: null,
    acks: 1,
    timeoutMs: 1000,
    topicData,
  });
  expect(throttleTimeMs).toBeGreaterThan(60_000);
  while (!throttled.isClosed) expect(await ask(admin)).toBe(0);
});

test('a level of the log that is set applies at once, and is shown', async () => {
  const level = async () => {
    const resources = [{ resourceType: LOGGER, resourceName: '1', configurationKeys: null }];
    const draft = { resources, includeSynonyms: false, includeDocumentation: false };
    const { configs } = (await admin.send(DescribeConfigs, 4, draft)).results[0];
    const levels = new Map(configs.map(({ name, value }) => [name, value]));
    return ['root', 'kafka.server.KafkaApis', 'org.apache.kafka.storage.internals.log.LogCleaner'].map((name) =>
      levels.get(name),
    );
  };
  expect(await level()).toEqual(['WARN', 'WARN', 'WARN']);
  expect(await set({ 'kafka.server.KafkaApis': 'ERROR' }, LOGGER)).toBe(0);
  expect(await set({ root: 'DEBUG' }, LOGGER)).toBe(0);
  expect(await level()).toEqual(['DEBUG', 'ERROR', 'DEBUG']);
  lines.length = 0;
  logger.debug('spoken');
  expect(lines.join('')).toContain('DEBUG spoken');
  expect(await set({ root: 'LOUD' }, LOGGER)).toBe(40);
  expect(await set({ 'kafka.server': 'INFO' }, LOGGER)).toBe(40);
  lines.length = 0;
  logger.warn('response-too-large');
  expect(lines).toEqual([]);
  expect(await set({ 'kafka.server.KafkaApis': null }, LOGGER)).toBe(0);
  logger.warn('response-too-large');
  expect(lines.join('')).toContain('WARN response-too-large');
  expect(await set({ root: null }, LOGGER)).toBe(42);
  expect(logger.level).toBe('debug');
});

test('a setting that changes nothing here is taken, and told once', async () => {
  lines.length = 0;
  expect(await set({ 'num.io.threads': '4' })).toBe(0);
  expect(await set({ 'num.io.threads': '6', 'max.connections': '900' })).toBe(0);
  const told = lines.filter((line) => line.includes('num.io.threads'));
  expect(told).toHaveLength(1);
  expect(told[0]).toContain('without effect');
});
