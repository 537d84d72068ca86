/**
 * `npm run test:operators`: what changes and shows a cluster, asked of three brokers of Ottla and of three of Apache Kafka: as
 * requests, field by field, and by Apache Kafka's own tools, line by line. The answers are the same, but for what known-differences.ts
 * explains. Needs Java and an etcd; without them there is one test that says so.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { etcds } from '../../scripts/etcd/install.ts';
import { ToolServer } from '../../scripts/kafka/index.ts';
import { javaVersion } from '../brokers/kafka.ts';
import { differences } from '../differential/compare.ts';
import { kafkaBrokers, ottlaBrokers, type ThreeBrokers } from './clusters.ts';
import { isKnown, knownDifferences } from './known-differences.ts';
import { Requests, type Answered } from './requests.ts';
import { Story, type Told } from './story.ts';

const JAVA_MIN = 17;
const [etcd] = etcds();
const isPossible = (javaVersion() ?? 0) >= JAVA_MIN && etcd !== undefined;
const directory = mkdtempSync(join(tmpdir(), 'ottla-operators-'));

interface Seen {
  readonly answered: readonly Answered[];
  readonly told: readonly Told[];
}

afterAll(() => rmSync(directory, { recursive: true, force: true }));

test.skipIf(isPossible)(`there is no Java ${JAVA_MIN} here, or no etcd`, () => {
  expect.fail('nothing was compared');
});

async function seenAt(name: string, tools: ToolServer, start: (place: string) => Promise<ThreeBrokers>): Promise<Seen> {
  const place = join(directory, name);
  mkdirSync(place);
  const cluster = await start(place);
  try {
    const answered = await new Requests(cluster).ask();
    return { answered, told: await new Story(cluster, place, tools).tell() };
  } finally {
    await cluster.stop();
  }
}

describe.skipIf(!isPossible)('what operators ask', () => {
  let kafka: Seen;
  let ottla: Seen;
  const found: string[] = [];

  beforeAll(async () => {
    const tools = await ToolServer.start();
    try {
      kafka = await seenAt('kafka', tools, kafkaBrokers);
      ottla = await seenAt('ottla', tools, (place) => ottlaBrokers(etcd.path, place));
    } finally {
      tools.stop();
    }
  }, 3_600_000);

  const unknown = (all: readonly string[]): string[] => {
    found.push(...all);
    return all.filter((sentence) => !isKnown(sentence));
  };

  test('is answered the same by requests', () => {
    expect(ottla.answered.map(({ step }) => step)).toEqual(kafka.answered.map(({ step }) => step));
    const all = ottla.answered.flatMap(({ step, answer }, at) =>
      differences(answer, kafka.answered[at].answer, `${step}: `),
    );
    expect(unknown(all)).toEqual([]);
  });

  test('is told the same by tools', () => {
    expect(ottla.told.map(({ step }) => step)).toEqual(kafka.told.map(({ step }) => step));
    const all = ottla.told.flatMap(({ step, code, lines }, at) =>
      differences(
        { code, lines: [...lines] },
        { code: kafka.told[at].code, lines: [...kafka.told[at].lines] },
        `${step}: `,
      ),
    );
    expect(unknown(all)).toEqual([]);
  });

  test('has no known difference that is none', () => {
    const always = knownDifferences.filter(({ isByChance }) => isByChance !== true);
    const idle = always.filter(({ where }) => !found.some((sentence) => where.test(sentence)));
    expect(idle.map(({ why }) => why)).toEqual([]);
  });
});
