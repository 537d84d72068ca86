/** The client of the control port, against a broker in this process. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startBroker } from '../../src/broker/broker.ts';
import { startControlled, type Controlled } from '../../src/control/server.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { ControlClient, OttlaContainer } from '../../src/testcontainers/index.ts';
import { dial, produce } from '../running-broker.ts';

let controlled: Controlled;
let kafka: ControlClient;

beforeAll(async () => {
  controlled = await startControlled({
    start: startBroker,
    settings: new Map([['listeners', 'PLAINTEXT://127.0.0.1:0']]),
    memory: true,
    logger: silentLogger,
    topics: [],
    controlHost: '127.0.0.1',
    controlPort: 0,
  });
  kafka = new ControlClient(`${controlled.url}/`);
});
afterEach(() => kafka.reset());
afterAll(() => controlled.stop());

test('topics are made, seeded, read and deleted', async () => {
  await kafka.createTopic({ name: 'orders', partitions: 2, messages: [{ key: 'a', value: 'first' }] });
  await kafka.seed({ orders: ['second', { total: 9 }], raw: [Buffer.from([0xff])] });
  await kafka.produce('orders', { value: 'last', partition: 1, timestamp: new Date(5) });
  const values = (await kafka.messages('orders')).map(({ value }) => value);
  expect(new Set(values)).toEqual(new Set(['first', 'second', '{"total":9}', 'last']));
  expect((await kafka.messages('raw'))[0]).toMatchObject({ valueBase64: '/w==' });
  expect(await kafka.messages('orders', { partition: 1, limit: 1 })).toHaveLength(1);
  await kafka.deleteTopic('raw');
  expect(await kafka.topics()).toEqual(['orders']);
});

test('a fault strikes, and tells how often', async () => {
  await kafka.createTopic('orders');
  const fault = await kafka.faults.on('Produce', { topic: /^ord/, times: 1 }).reply('NOT_LEADER_OR_FOLLOWER');
  const client = await dial(controlled.session.broker.bootstrap);
  await produce(client, 'orders', 0, ['refused']).catch(() => {});
  await produce(client, 'orders', 0, ['taken']);
  expect(await fault.refresh()).toMatchObject({ fired: 1, seen: 2 });
  expect(await kafka.traffic({ api: ['Produce'], failed: true })).toHaveLength(1);
  await fault.remove();
  await kafka.faults.pause({ topic: 'orders' });
  expect(await kafka.faults.list()).toHaveLength(1);
  expect(await kafka.faults.unused()).toEqual([expect.stringContaining('pause')]);
  await client.close();
});

test('messages are waited for, and what does not come is a ControlError that says what was seen', async () => {
  const waiting = kafka.waitForMessages('orders', 1, { where: { valueMatches: /^esp/ } });
  await kafka.produce('orders', ['tea', 'espresso']);
  expect((await waiting)[0].value).toBe('espresso');
  await expect(kafka.waitForMessages('orders', 3, { timeout: 20 })).rejects.toMatchObject({
    name: 'ControlError',
    status: 504,
    type: 'urn:ottla:problem:wait-timeout',
    message: expect.stringContaining('tea'),
  });
  await kafka.waitForIdle({ quiet: 10 });
});

test('a snapshot brings back what there was', async () => {
  await kafka.produce('orders', 'kept');
  const snapshot = await kafka.snapshot();
  await kafka.reset({ topics: ['other'] });
  expect(await kafka.topics()).toEqual(['other']);
  await kafka.restore(snapshot);
  expect((await kafka.messages('orders'))[0].value).toBe('kept');
});

test('groups that are not there are an error with a sentence', async () => {
  expect(await kafka.groups()).toEqual([]);
  await expect(kafka.group('billing')).rejects.toThrow("no group 'billing'");
  await expect(kafka.waitForGroup('billing', { members: 1 }, { timeout: 10 })).rejects.toThrow('billing');
});

test('without the package testcontainers the container says what to install', async () => {
  await expect(new OttlaContainer().withTopics('orders').start()).rejects.toThrow(
    'npm install --save-dev testcontainers',
  );
});
