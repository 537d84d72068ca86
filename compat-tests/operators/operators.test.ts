/**
 * `npm run test:operators`: Apache Kafka's own tools on three brokers of Ottla and on three of Apache Kafka. What they print is the
 * same, but for what known-differences.ts explains. Needs Java and an etcd; without them there is one test that says so.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { etcds } from '../../scripts/etcd/install.ts';
import { javaVersion } from '../brokers/kafka.ts';
import { kafkaBrokers, ottlaBrokers, type ThreeBrokers } from './clusters.ts';
import { knownDifferences } from './known-differences.ts';
import { Story, type Told } from './story.ts';

const JAVA_MIN = 17;
const [etcd] = etcds();
const isPossible = (javaVersion() ?? 0) >= JAVA_MIN && etcd !== undefined;
const directory = mkdtempSync(join(tmpdir(), 'ottla-operators-'));

afterAll(() => rmSync(directory, { recursive: true, force: true }));

test.skipIf(isPossible)(`there is no Java ${JAVA_MIN} here, or no etcd`, () => {
  expect.fail('nothing was compared');
});

async function toldBy(cluster: ThreeBrokers): Promise<readonly Told[]> {
  try {
    return await new Story(cluster, directory).tell();
  } finally {
    await cluster.stop();
  }
}

describe.skipIf(!isPossible)('what operators are told', () => {
  test('is the same on both', async () => {
    const kafka = await toldBy(await kafkaBrokers(join(directory, 'kafka')));
    const ottla = await toldBy(await ottlaBrokers(etcd.path, join(directory, 'ottla')));
    expect(ottla.map(({ step }) => step)).toEqual(kafka.map(({ step }) => step));
    const differences = ottla.filter((told, at) => JSON.stringify(told) !== JSON.stringify(kafka[at]));
    const unknown = differences.filter(({ step }) => !Object.hasOwn(knownDifferences, step));
    expect(unknown).toEqual(kafka.filter(({ step }) => unknown.some((each) => each.step === step)));
    expect(Object.keys(knownDifferences).filter((step) => !differences.some((each) => each.step === step))).toEqual([]);
  });
});
