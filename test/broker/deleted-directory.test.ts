/** The log directory is deleted under a running broker: as soon as that is noticed, nothing is acknowledged from it any more. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Produce } from '../../protocol/apis/00-produce.ts';
import type { Client } from '../../protocol/client.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { createTopic, dial } from '../running-broker.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

interface Setting {
  readonly broker: RunningBroker;
  readonly client: Client;
  readonly said: string[];
  readonly directories: readonly string[];
}

async function start(count: number, settings: Readonly<Record<string, string>> = {}): Promise<Setting> {
  const directories = Array.from({ length: count }, () => mkdtempSync(join(tmpdir(), 'ottla-deleted-')));
  const said: string[] = [];
  const broker = await startBroker({
    settings: { listeners: 'PLAINTEXT://127.0.0.1:0', 'log.dirs': directories.join(), ...settings },
    logger: { ...silentLogger, error: (event) => void said.push(event) },
  });
  ends.push(() => directories.forEach((path) => rmSync(path, { recursive: true, force: true })));
  ends.push(() => broker.stop());
  const client = await dial(broker.bootstrap);
  ends.push(() => client.close());
  await createTopic(client, 't', 4);
  return { broker, client, said, directories };
}

const records = encodeBatch({ records: [{ key: null, value: Buffer.from('v'), timestamp: Date.now() }] });

async function produce(client: Client, index: number): Promise<number> {
  const topicData = [{ name: 't', partitionData: [{ index, records }] }];
  const { responses } = await client.send(Produce, 9, { transactionalId: null, acks: -1, timeoutMs: 5000, topicData });
  return responses[0].partitionResponses[0].errorCode;
}

test('a checkpoint that finds the only directory gone ends acknowledgements, and the broker', async () => {
  const { broker, client, said, directories } = await start(1, { 'log.flush.offset.checkpoint.interval.ms': '200' });
  expect(await produce(client, 0)).toBe(ErrorCode.NONE);
  rmSync(directories[0], { recursive: true });
  await broker.failed;
  expect(said).toContain('log-dir.offline');
  expect(said).toContain('all-log-dirs-offline');
  expect(broker.isWhole).toBe(false);
});

test('a checkpoint that misses a deleted directory takes it offline, and no other', async () => {
  const { broker, client, directories } = await start(2);
  const { partitions } = broker.parts;
  const homeOf = (index: number) => partitions.directoryOf(partitions.get('t', index)!)!.path;
  const all = [0, 1, 2, 3];
  for (const index of all) expect(await produce(client, index)).toBe(ErrorCode.NONE);
  rmSync(directories[0], { recursive: true });
  expect(() => partitions.checkpoint()).toThrow('ENOENT');
  for (const index of all) {
    const isGone = homeOf(index) === directories[0];
    expect(await produce(client, index)).toBe(isGone ? ErrorCode.KAFKA_STORAGE_ERROR : ErrorCode.NONE);
  }
});

test('a broker that is stopped before it has noticed does not say that all is well', async () => {
  const { broker, directories } = await start(1);
  rmSync(directories[0], { recursive: true });
  await broker.stop();
  expect(broker.isWhole).toBe(false);
});
