/**
 * A directory of metadata.version 4.3, written by the last Ottla that began clusters at that level: a topic `kept` with the
 * records a to e in partition 0.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ApiVersions, UpdateFeatures } from '../../protocol/apis/index.ts';
import { errorName } from '../../protocol/errors.ts';
import type { Client } from '../../protocol/client.ts';
import { startBroker } from '../../src/broker/broker.ts';
import { consume, dial } from '../running-broker.ts';

const [UPGRADE, SAFE_DOWNGRADE, UNSAFE_DOWNGRADE] = [1, 2, 3];
const directory = mkdtempSync(join(tmpdir(), 'upgrade-'));
cpSync(join(import.meta.dirname, 'fixtures/metadata-4.3'), directory, { recursive: true });
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function running(use: (client: Client) => Promise<void>): Promise<void> {
  // The records grow old.
  const settings = { 'log.dirs': directory, listeners: 'PLAINTEXT://127.0.0.1:0', 'log.retention.ms': '-1' };
  const broker = await startBroker({ settings });
  const client = await dial(broker.bootstrap);
  try {
    await use(client);
  } finally {
    await client.close();
    await broker.stop();
  }
}

async function metadataVersion(client: Client): Promise<number | undefined> {
  const software = { clientSoftwareName: 'test', clientSoftwareVersion: '1' };
  const { finalizedFeatures } = await client.send(ApiVersions, 4, software);
  return finalizedFeatures.find(({ name }) => name === 'metadata.version')?.maxVersionLevel;
}

/** As kafka-features --release-version asks for it. */
function setRelease(client: Client, metadataLevel: number, upgradeType: number, validateOnly = false) {
  const levels = {
    'metadata.version': metadataLevel,
    'group.version': 1,
    'transaction.version': 2,
    'share.version': 2,
  };
  const featureUpdates = Object.entries(levels).map(([feature, maxVersionLevel]) => ({
    feature,
    maxVersionLevel,
    upgradeType,
  }));
  return client.send(UpdateFeatures, 2, { timeoutMs: 5000, featureUpdates, validateOnly });
}

test('it opens, keeps its level and its records, and is upgraded when that is asked for', async () => {
  await running(async (client) => {
    expect(await metadataVersion(client)).toBe(30);
    expect(await consume(client, 'kept', 0)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(errorName((await setRelease(client, 33, UPGRADE, true)).errorCode)).toBe('NONE');
    expect(await metadataVersion(client)).toBe(30);
    expect(errorName((await setRelease(client, 33, UPGRADE)).errorCode)).toBe('NONE');
    expect(await metadataVersion(client)).toBe(33);
  });
  await running(async (client) => {
    expect(await metadataVersion(client)).toBe(33);
    expect(await consume(client, 'kept', 0)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });
});

test('a downgrade that loses records of the metadata log is refused, and says so', async () => {
  await running(async (client) => {
    for (const type of [SAFE_DOWNGRADE, UNSAFE_DOWNGRADE]) {
      const { errorCode, errorMessage } = await setRelease(client, 30, type);
      expect(errorName(errorCode)).toBe('INVALID_UPDATE_VERSION');
      expect(errorMessage).toContain('metadata.version cannot be lowered from 33 to 30');
    }
    expect(await metadataVersion(client)).toBe(33);
  });
});
