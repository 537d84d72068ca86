/** How brokers for tests and their clients come to an end: soon, in order, and though somebody forgot. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startBroker } from '../../src/testing/index.ts';
import { client } from './kafkajs-clients.ts';

test('a consumer that waits five seconds for records stops at once', async () => {
  await using kafka = await startBroker({ topics: ['orders'] });
  const consumer = client(kafka).consumer({ groupId: 'billing', maxWaitTimeInMs: 5000 });
  await consumer.connect();
  await consumer.subscribe({ topic: 'orders' });
  await consumer.run({ eachMessage: async () => {} });
  await kafka.waitUntil(() => kafka.traffic.of('Fetch').length > 0);
  await consumer.disconnect();
  const waited = kafka.traffic.of('Fetch').map(({ durationMs }) => durationMs ?? 0);
  expect(Math.max(...waited)).toBeLessThan(2000); // 200 on a machine at rest
  expect(kafka.traffic.of('Fetch')[0].request.maxWaitMs).toBe(5000);
});

test('maxFetchWait: 0 lets a fetch wait as long as it asks', async () => {
  await using kafka = await startBroker({ topics: ['orders'], maxFetchWait: 0 });
  const consumer = client(kafka).consumer({ groupId: 'billing', maxWaitTimeInMs: 600 });
  await consumer.connect();
  await consumer.subscribe({ topic: 'orders' });
  await consumer.run({ eachMessage: async () => {} });
  const first = await kafka.waitUntil(() => kafka.traffic.of('Fetch').find(({ durationMs }) => (durationMs ?? 0) > 0));
  expect(first.durationMs).toBeGreaterThan(500);
  await consumer.disconnect();
});

test('what onStop was given runs before the broker stops, the last first, though one fails', async () => {
  const kafka = await startBroker({ topics: ['orders'] });
  const seen: string[] = [];
  kafka.onStop(() => seen.push('first'));
  kafka.onStop(() => Promise.reject(new Error('the application failed to stop')));
  kafka.onStop(async () => {
    await kafka.produce('orders', 'goodbye');
    seen.push(`last, with ${kafka.messages('orders').length} message`);
  });
  await expect(kafka.stop()).rejects.toThrow('the application failed to stop');
  expect(seen).toEqual(['last, with 1 message', 'first']);
  await expect(fetch(`http://${kafka.bootstrapServers}`)).rejects.toThrow('fetch failed'); // it has stopped
});

/** Runs a file with node; answers how it ended. */
async function run(args: readonly string[], text: string): Promise<{ code: unknown; output: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'ottla-ending-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'forgotten.test.mts');
  writeFileSync(file, text.replace('ottla/testing', new URL('../../src/testing/index.ts', import.meta.url).href));
  const { VITEST: _vitest, NODE_OPTIONS: _options, ...env } = process.env;
  const child = spawn(process.execPath, [...args, file], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += String(chunk)));
  const [code] = (await once(child, 'close')) as [unknown];
  return { code, output };
}

test.each([[['--test']], [[]]])(
  'node %j ends although a test forgot to stop its broker, and names it',
  async (args) => {
    const { code, output } = await run(
      args,
      `import { test } from 'node:test';
     import { startBroker } from 'ottla/testing';
     test('forgets', async () => {
       const kafka = await startBroker({ topics: ['orders'] });
       await kafka.produce('orders', 'a');
       await kafka.waitForMessages('orders');
     });`,
    );
    expect(output).toMatch(/the broker started at .*forgotten\.test\.mts:4 still runs; await kafka\.stop\(\) ends it/);
    expect(code).toBe(0);
  },
);

test('a script that starts a broker goes on until it is stopped', async () => {
  const { code, output } = await run(
    [],
    `import { startBroker } from 'ottla/testing';
     const kafka = await startBroker();
     setTimeout(async () => { console.log('stopping'); await kafka.stop(); }, 50).unref();`,
  );
  expect([code, output]).toEqual([0, 'stopping\n']);
});
