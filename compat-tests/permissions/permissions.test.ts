/** Each API beside Apache Kafka, under ACLs of every kind: the same answers in the same order, but for ids and times. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apis } from '../../protocol/apis/index.ts';
import { ConnectionClosed } from '../../protocol/client.ts';
import type { AnyApi } from '../../protocol/schema.ts';
import { handlers } from '../../src/apis/index.ts';
import { hasKafka, KafkaBroker, OttlaBroker, type Broker } from './brokers.ts';
import { knownDifference } from './known-differences.ts';
import { shown, sorted, type Shown } from './shown.ts';
import { REQUESTS, VARIANTS, type World } from '../../test/security/requests.ts';
import { worldsOf } from './worlds.ts';

const ottla = new OttlaBroker();
const kafka = new KafkaBroker();
const brokers: readonly Broker[] = [ottla, kafka];
let serial = 0;

/** Answered before anybody is authorised, or about the broker alone. */
const LEFT_OUT = new Set([
  'ApiVersions',
  'SaslHandshake',
  'SaslAuthenticate',
  'GetTelemetrySubscriptions',
  'PushTelemetry',
  'CreateDelegationToken',
  'RenewDelegationToken',
  'ExpireDelegationToken',
  'DescribeDelegationToken',
]);

/** Kafka answers in the order of a hash table, or shuffles. */
const UNORDERED =
  /^(Produce|AddPartitionsToTxn|DescribeUserScramCredentials|ShareAcknowledge|ListOffsets|CreateTopics|DeleteTopics|DeleteRecords|DeleteGroups|CreatePartitions|DescribeTopicPartitions|Metadata|DescribeShareGroupOffsets|AlterShareGroupOffsets|DeleteShareGroupOffsets)\b/;

type Make = (world: World) => Readonly<Record<string, unknown>>;

const cases: (readonly [name: string, api: AnyApi, make: Make])[] = [
  ...Object.entries(REQUESTS).map(([name, make]) => [name, apiOf(name), make] as const),
  ...Object.entries(VARIANTS).map(([name, [api, make]]) => [name, apiOf(api), make] as const),
];

function apiOf(name: string): AnyApi {
  return Object.values(apis).find((api) => api.name === name) as unknown as AnyApi;
}

test('every API has a request', () => {
  const missing = handlers.map(({ api }) => api.name).filter((name) => !(name in REQUESTS) && !LEFT_OUT.has(name));
  expect(missing).toEqual([]);
});

describe.skipIf(!hasKafka)('beside Apache Kafka', () => {
  beforeAll(async () => {
    await Promise.all([ottla.start(), kafka.start()]);
    for (const broker of brokers) await broker.prepare();
  });
  afterAll(async () => {
    await Promise.all([ottla.stop(), kafka.stop()]);
  });

  test.each(cases)('%s', async (name, api, make) => {
    const differing: string[] = [];
    for (const { name: world, acls } of worldsOf(api.name)) {
      await Promise.all(brokers.map((broker) => broker.setAcls(acls)));
      serial++;
      for (const version of new Set([api.versions.first, api.versions.last])) {
        const answers = await Promise.all(brokers.map((broker) => asked(broker, api, version, make)));
        if (answers.includes('unsayable')) continue;
        const ordered = UNORDERED.test(name) ? answers.map(sorted) : answers;
        const [own, theirs] = ordered.map((answer) => JSON.stringify(answer, null, 1));
        if (own === theirs || knownDifference(name, world, version) !== null) continue;
        differing.push(`${name} v${version}, ${world}:\n${difference(own, theirs)}`);
      }
    }
    expect(differing.join('\n')).toBe('');
  });
});

async function asked(broker: Broker, api: AnyApi, version: number, make: Make): Promise<Shown> {
  const { nodeId } = broker;
  const draft = make({ nodeId, idOf: (topic) => broker.idOf(topic), serial });
  try {
    return shown(await broker.client.send(api, version, draft), broker.ids);
  } catch (error) {
    if (!(error instanceof ConnectionClosed)) return 'unsayable';
    await broker.reconnect();
    return 'closed';
  }
}

/** The lines in which they differ. */
function difference(own: string, theirs: string): string {
  const [a, b] = [own.split('\n'), theirs.split('\n')];
  const lines: string[] = [];
  for (let at = 0; at < Math.max(a.length, b.length) && lines.length < 12; at++) {
    if (a[at] !== b[at]) lines.push(`  ${at}: Ottla ${a[at] ?? '–'}   Kafka ${b[at] ?? '–'}`);
  }
  return lines.join('\n');
}
