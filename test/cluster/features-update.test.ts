import { describe, expect, test } from 'vitest';
import { wouldLoseMetadata } from '../../src/cluster/features.ts';
import { updateFeatures } from '../../src/cluster/features-update.ts';
import { replay } from '../../src/cluster/image-replay.ts';
import { Cluster } from './cluster-fixture.ts';

const { image } = (await Cluster.registered()).controller;
const [UPGRADE, SAFE, UNSAFE] = [1, 2, 3];
const update = (feature: string, maxVersionLevel: number, upgradeType = UPGRADE) =>
  updateFeatures([{ feature, maxVersionLevel, upgradeType }], image);

test('a new cluster begins at the levels that Kafka 4.4 finalizes', () => {
  expect(Object.fromEntries(image.features)).toEqual({
    'metadata.version': 33,
    'kraft.version': 1,
    'share.version': 2,
    'streams.version': 1,
    'group.version': 1,
    'transaction.version': 2,
    'eligible.leader.replicas.version': 1,
  });
});

test.each([
  ['group.version', 0, SAFE],
  ['transaction.version', 1, UNSAFE],
  ['eligible.leader.replicas.version', 0, SAFE],
])('%s can become %i', (name, featureLevel, type) => {
  const { errorCode, records } = update(name, featureLevel, type);
  expect(errorCode).toBe(0);
  expect(records).toEqual([{ type: 'FeatureLevelRecord', name, featureLevel }]);
});

test.each([
  ['group.version', 0, UPGRADE, 'downgrade'],
  ['group.version', 2, UPGRADE, '0 to 1'],
  ['group.version', 1, 9, 'type 9'],
  ['metadata.version', 34, UPGRADE, '7 to 33'],
  ['metadata.version', 32, SAFE, 'would be lost'],
  ['metadata.version', 30, UNSAFE, 'would be lost'],
  ['kraft.version', 0, SAFE, 'never'],
  ['no.such.version', 0, UPGRADE, 'ApiVersions'],
])('%s cannot become %i by type %i', (name, level, type, why) => {
  const { errorCode, errorMessage, records } = update(name, level, type);
  expect([errorCode, records]).toEqual([95, []]);
  expect(errorMessage).toContain(why);
});

test.each([
  [33, 33, false],
  [33, 32, true],
  [32, 31, true],
  [31, 30, false],
  [30, 29, true],
  [29, 24, false],
  [24, 22, true],
])('from metadata.version %i to %i metadata is lost: %s', (from, to, isLost) => {
  expect(wouldLoseMetadata(from, to)).toBe(isLost);
});

describe('a release, as kafka-features --release-version asks for it', () => {
  const release = (metadataVersion: number, upgradeType: number) =>
    Object.entries({
      'metadata.version': metadataVersion,
      'kraft.version': 1,
      'group.version': 1,
      'transaction.version': 2,
      'eligible.leader.replicas.version': 1,
      'share.version': 2,
      'streams.version': 1,
    }).map(([feature, maxVersionLevel]) => ({ feature, maxVersionLevel, upgradeType }));

  test('raises all that is lower', () => {
    const levels = [
      { type: 'FeatureLevelRecord', name: 'metadata.version', featureLevel: 30 },
      { type: 'FeatureLevelRecord', name: 'eligible.leader.replicas.version', featureLevel: 0 },
      { type: 'FeatureLevelRecord', name: 'streams.version', featureLevel: 0 },
    ] as const;
    const old = replay(image, levels, image.revision + 1);
    expect(updateFeatures(release(33, UPGRADE), old)).toEqual({
      errorCode: 0,
      errorMessage: null,
      records: [
        { type: 'FeatureLevelRecord', name: 'metadata.version', featureLevel: 33 },
        { type: 'FeatureLevelRecord', name: 'eligible.leader.replicas.version', featureLevel: 1 },
        { type: 'FeatureLevelRecord', name: 'streams.version', featureLevel: 1 },
      ],
    });
  });

  test('is not lowered where that loses metadata, and the message says so', () => {
    const { errorCode, errorMessage, records } = updateFeatures(release(30, SAFE), image);
    expect([errorCode, records]).toEqual([95, []]);
    expect(errorMessage).toContain('metadata.version cannot be lowered from 33 to 30');
  });
});

test('what is as it was is no change', () => {
  expect(update('group.version', 1, SAFE)).toEqual({ errorCode: 0, errorMessage: null, records: [] });
});

test('one update that cannot be leaves all as they were', () => {
  const updates = [
    { feature: 'group.version', maxVersionLevel: 0, upgradeType: SAFE },
    { feature: 'nope', maxVersionLevel: 1, upgradeType: UPGRADE },
  ];
  expect(updateFeatures(updates, image)).toMatchObject({ errorCode: 95, records: [] });
});

test('a broker that starts again keeps the features as they were updated', async () => {
  const cluster = await Cluster.registered();
  const lower = { feature: 'group.version', maxVersionLevel: 0, upgradeType: SAFE };
  await cluster.controller.updateFeatures([lower], { validateOnly: true });
  expect(cluster.controller.image.features.get('group.version')).toBe(1);
  await cluster.controller.updateFeatures([lower], { validateOnly: false });
  await cluster.controller.close();
  const again = await Cluster.registered({}, cluster.files);
  expect([...again.controller.image.features.keys()]).not.toContain('group.version');
  expect(again.controller.image.features.get('transaction.version')).toBe(2);
});
