import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBroker, type RunningBroker } from '../../../src/broker/broker.ts';
import { JavaDriver, whyNoJava } from './driver.ts';

const missing = await whyNoJava();
const FEATURES = 'org.apache.kafka.tools.FeatureCommand';
const OF_4_3 = join(import.meta.dirname, '../../../test/broker/fixtures/metadata-4.3');

/** kafka-features on a directory of metadata.version 4.3, with a producer and a consumer at work. */
describe.skipIf(missing !== null)(`a cluster is upgraded${missing === null ? '' : ` (${missing})`}`, () => {
  const directory = mkdtempSync(join(tmpdir(), 'upgrade-'));
  let broker: RunningBroker;
  let java: JavaDriver;

  beforeAll(async () => {
    cpSync(OF_4_3, directory, { recursive: true });
    const settings = {
      'log.dirs': directory,
      listeners: 'PLAINTEXT://127.0.0.1:0',
      'log.retention.ms': '-1', // the records grow old
      'group.initial.rebalance.delay.ms': '0',
    };
    broker = await startBroker({ settings });
    java = await JavaDriver.start(broker.bootstrap);
  });
  afterAll(async () => {
    await java?.stop();
    await broker?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const features = (...words: string[]) => java.tool(FEATURES, '--bootstrap-server', 'BOOTSTRAP', ...words);
  const levelOf = async (feature: string) => {
    const { output } = await features('describe');
    return new RegExp(`Feature: ${feature}.*FinalizedVersionLevel: (\\S+)`).exec(output.join('\n'))?.[1];
  };
  const read = async () => (await java.ask('read')).split(' ').length - 1;

  test('by kafka-features, while clients write and read', async () => {
    expect(await levelOf('metadata.version')).toBe('4.3-IV0');
    await java.ask('join', 'reader', 'kept', 'group.id=readers');
    await java.ask('keep-writing', 'kept');
    await expect.poll(read, { timeout: 30_000 }).toBeGreaterThan(25);

    const { exitCode, output } = await features('upgrade', '--release-version', '4.4');
    expect([exitCode, output.join('\n')]).toEqual([0, expect.stringContaining('metadata.version was upgraded to 33')]);
    expect(await levelOf('metadata.version')).toBe('4.4-IV2');
    expect(await levelOf('share.version')).toBe('2');
    expect(await levelOf('streams.version')).toBe('1');
    const told = [...output.join('\n').matchAll(/^((?!metadata)\S+) was upgraded to (\d+)/gm)].map(([, name, to]) => [
      name,
      to,
    ]);
    expect(told.length).toBeGreaterThan(3);
    for (const [name, level] of told) expect([name, await levelOf(name)]).toEqual([name, level]);
    const before = await read();
    await expect.poll(read, { timeout: 30_000 }).toBeGreaterThan(before);
    const written = Number(await java.ask('stop-writing'));
    await expect.poll(read, { timeout: 30_000 }).toBe(5 + written);
  });

  test('and is not lowered where records of the metadata log would be lost', async () => {
    for (const how of [[], ['--unsafe']]) {
      const { exitCode, output } = await features('downgrade', '--release-version', '4.3', ...how);
      expect(exitCode).toBe(1);
      expect(output.join('\n')).toContain('metadata.version cannot be lowered from 33 to 30');
    }
    expect(await levelOf('metadata.version')).toBe('4.4-IV2');
  });
});
