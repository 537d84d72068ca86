/**
 * `npm run test:apache-cluster`: a broker of Ottla among brokers of Apache Kafka, under a controller of Apache Kafka. Partitions have
 * replicas of both kinds, leaders of either kind are killed, and the files of all replicas are compared byte for byte. Needs Java;
 * without it there is one test that says so.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { batches, decodeBatch } from '../../protocol/records/decode.ts';
import { runTool } from '../../scripts/kafka/index.ts';
import { javaVersion } from '../brokers/kafka.ts';
import { JAVA, MixedCluster, OTTLA } from './mixed-cluster.ts';

const JAVA_MIN = 17;
const hasJava = (javaVersion() ?? 0) >= JAVA_MIN;
const POLLED = { timeout: 180_000, interval: 300 };
const [FIRST, SECOND] = JAVA;
const ALL = [FIRST, SECOND, OTTLA];
const RECORDS = 300;
const MINUTE_MS = 60_000;

test.skipIf(hasJava)(`there is no Java ${JAVA_MIN} here`, () => {
  expect.fail('nothing was compared');
});

describe.skipIf(!hasJava)('a broker of Ottla among brokers of Apache Kafka', () => {
  const directory = mkdtempSync(join(tmpdir(), 'ottla-apache-cluster-'));
  const cluster = new MixedCluster(directory);

  beforeAll(() => cluster.start());
  afterAll(async () => {
    await cluster.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const values = (word: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${word} ${i}`);
  const inSync = async (topic: string) => (await cluster.stateOf(topic)).map(({ isr }) => isr.length);

  /** Null for a flag without a value. */
  function tool(name: string, flags: Readonly<Record<string, string | null>>) {
    const args = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, ...(value === null ? [] : [value])]);
    return runTool(name, args, { timeoutMs: 5 * MINUTE_MS });
  }

  function recordsIn(log: Buffer): string[] {
    return [...batches(log)].flatMap((at) => decodeBatch(log, at).records.map(({ value }) => String(value)));
  }

  /** Once all replicas have all, their files are the same. */
  async function expectEqualLogs(topic: string, partitions: number): Promise<void> {
    for (let partition = 0; partition < partitions; partition++) {
      const logs = (): Buffer[] => ALL.map((nodeId) => cluster.rawLog(nodeId, topic, partition));
      await expect.poll(() => logs().every((log) => log.equals(logs()[0])), POLLED).toBe(true);
    }
  }

  test('replicas of both kinds follow leaders of both kinds, and their files are the same', async () => {
    const assignment = [
      [OTTLA, FIRST, SECOND],
      [FIRST, SECOND, OTTLA],
      [SECOND, OTTLA, FIRST],
    ];
    await cluster.create('mixed', assignment, { 'min.insync.replicas': '2' });
    await expect.poll(() => inSync('mixed'), POLLED).toEqual([3, 3, 3]);
    for (const partition of [0, 1, 2]) {
      await cluster.produce('mixed', partition, values(`to ${partition}`, RECORDS));
      await cluster.produce('mixed', partition, values(`more to ${partition}`, RECORDS));
    }
    await expectEqualLogs('mixed', 3);
    for (const partition of [0, 1, 2]) {
      // What is not answered in time is sent again, and may be there twice then.
      expect(new Set(recordsIn(cluster.rawLog(OTTLA, 'mixed', partition))).size).toBe(2 * RECORDS);
    }
  });

  test.each([
    ['Ottla', OTTLA, 0],
    ['Apache Kafka', FIRST, 1],
  ])(
    'a leader of %s is killed: another kind leads, nothing is lost, and it catches up',
    async (_, nodeId, partition) => {
      await cluster.kill(nodeId);
      await cluster.produce('mixed', partition, values(`without ${nodeId}`, RECORDS));
      const [{ leader }] = [(await cluster.stateOf('mixed'))[partition]];
      expect([leader === nodeId, ALL.includes(leader)]).toEqual([false, true]);
      await cluster.comeBack(nodeId);
      await expect.poll(() => inSync('mixed'), POLLED).toEqual([3, 3, 3]);
      await expectEqualLogs('mixed', 3);
      const kept = new Set(recordsIn(cluster.rawLog(nodeId, 'mixed', partition)));
      const sent = [...values(`to ${partition}`, RECORDS), ...values(`without ${nodeId}`, RECORDS)];
      expect(sent.filter((value) => !kept.has(value))).toEqual([]);
    },
  );

  test('a partition moves from Apache Kafka to Ottla, and back to the other one', async () => {
    await cluster.create('moving', [[FIRST]]);
    await cluster.produce('moving', 0, values('before', RECORDS));
    const bytes = cluster.rawLog(FIRST, 'moving', 0);
    for (const to of [OTTLA, SECOND]) {
      await cluster.move('moving', 0, [to]);
      await expect.poll(() => cluster.stateOf('moving'), POLLED).toEqual([{ leader: to, isr: [to], replicas: [to] }]);
      expect(cluster.rawLog(to, 'moving', 0).equals(bytes)).toBe(true);
    }
    await cluster.produce('moving', 0, values('after', 1));
    expect(recordsIn(cluster.rawLog(SECOND, 'moving', 0))).toEqual([...values('before', RECORDS), 'after 0']);
  });

  test("Java's transactions read, write and commit over brokers of both kinds, exactly once", async () => {
    await cluster.create('input', [[FIRST, OTTLA, SECOND]]);
    await cluster.create('output', [
      [OTTLA, FIRST, SECOND],
      [FIRST, SECOND, OTTLA],
      [SECOND, OTTLA, FIRST],
    ]);
    await cluster.produce('input', 0, values('record', RECORDS));
    const copied = await tool('transactional-message-copier', {
      'transactional-id': 'copier',
      'consumer-group': 'copiers',
      'broker-list': cluster.bootstrap,
      'input-topic': 'input',
      'input-partition': '0',
      'output-topic': 'output',
      'max-messages': String(RECORDS),
      'transaction-size': '50',
      'enable-random-aborts': null,
    });
    expect(copied).toMatchObject({ code: 0 });
    const read = await tool('console-consumer', {
      'bootstrap-server': cluster.bootstrap,
      topic: 'output',
      'from-beginning': null,
      'isolation-level': 'read_committed',
      'max-messages': String(RECORDS),
      'timeout-ms': '60000',
    });
    const lines = read.output.split('\n').filter((line) => line.startsWith('record '));
    expect(lines.toSorted()).toEqual(values('record', RECORDS).toSorted());
    await expectEqualLogs('output', 3);
  });
});
