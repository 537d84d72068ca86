import { describe, expect, test } from 'vitest';
import {
  ConfigSource,
  describeBroker,
  describeClientMetrics,
  describeClusterDefaults,
  describeGroup,
  describeTopic,
} from '../../src/config/describe.ts';
import type { DescribeOptions, DescribedConfig } from '../../src/config/describe.ts';
import type { BrokerLayers } from '../../src/config/layers.ts';

const map = (values: Record<string, string> = {}) => new Map(Object.entries(values));
const layers = (
  given: { broker?: Record<string, string>; cluster?: Record<string, string>; static?: Record<string, string> } = {},
): BrokerLayers => ({ broker: map(given.broker), cluster: map(given.cluster), static: map(given.static) });
const all: DescribeOptions = { configurationKeys: null, includeSynonyms: true, includeDocumentation: true };

const SOURCES = new Map<number, string>(Object.entries(ConfigSource).map(([name, id]) => [id, name]));
/** As kafka-configs prints it: value, source, synonyms. */
const line = (rows: readonly DescribedConfig[], name: string): string | undefined => {
  const row = rows.find((one) => one.name === name);
  return (
    row &&
    `${row.value} ${SOURCES.get(row.configSource)} {${row.synonyms
      .map((synonym) => `${SOURCES.get(synonym.source)}:${synonym.name}=${synonym.value}`)
      .join(', ')}}`
  );
};

describe('a topic', () => {
  test('has all 37 keys that Kafka lists, and the internal one when it is set', () => {
    expect(describeTopic(map(), layers(), all)).toHaveLength(37);
    expect(line(describeTopic(map({ 'internal.segment.bytes': '999' }), layers(), all), 'internal.segment.bytes')).toBe(
      '999 DYNAMIC_TOPIC_CONFIG {DYNAMIC_TOPIC_CONFIG:internal.segment.bytes=999}',
    );
  });

  test('names its own value first, then every layer of the broker', () => {
    const rows = describeTopic(
      map({ 'max.message.bytes': '1' }),
      layers({
        broker: { 'message.max.bytes': '2' },
        cluster: { 'message.max.bytes': '3' },
        static: { 'message.max.bytes': '4' },
      }),
      all,
    );
    expect(line(rows, 'max.message.bytes')).toBe(
      '1 DYNAMIC_TOPIC_CONFIG {DYNAMIC_TOPIC_CONFIG:max.message.bytes=1, ' +
        'DYNAMIC_BROKER_CONFIG:message.max.bytes=2, DYNAMIC_DEFAULT_BROKER_CONFIG:message.max.bytes=3, ' +
        'STATIC_BROKER_CONFIG:message.max.bytes=4, DEFAULT_CONFIG:message.max.bytes=1048588}',
    );
  });

  test('has no synonyms of retention.ms unless log.retention.ms is set, as in Kafka', () => {
    expect(line(describeTopic(map(), layers({ static: { 'log.retention.hours': '1' } }), all), 'retention.ms')).toBe(
      '3600000 DEFAULT_CONFIG {}',
    );
    expect(line(describeTopic(map(), layers({ cluster: { 'log.retention.ms': '777' } }), all), 'retention.ms')).toBe(
      '777 DYNAMIC_DEFAULT_BROKER_CONFIG {DYNAMIC_DEFAULT_BROKER_CONFIG:log.retention.ms=777, ' +
        'DEFAULT_CONFIG:log.retention.hours=168}',
    );
  });

  test('prints longs with all their digits', () => {
    expect(line(describeTopic(map(), layers(), all), 'flush.ms')).toBe('9223372036854775807 DEFAULT_CONFIG {}');
    expect(line(describeTopic(map({ 'retention.ms': '09007199254740993' }), layers(), all), 'retention.ms')).toMatch(
      /^9007199254740993 /,
    );
  });

  test('answers only the keys asked for, without what was not asked for', () => {
    const rows = describeTopic(map(), layers(), {
      configurationKeys: ['retention.ms', 'foo'],
      includeSynonyms: false,
      includeDocumentation: false,
    });
    expect(rows).toEqual([
      {
        name: 'retention.ms',
        value: '604800000',
        readOnly: false,
        configSource: ConfigSource.DEFAULT_CONFIG,
        isSensitive: false,
        synonyms: [],
        configType: 5,
        documentation: null,
      },
    ]);
    expect(describeTopic(map(), layers(), { ...all, configurationKeys: [] })).toHaveLength(37);
  });
});

describe('a broker', () => {
  test('has all 350 keys that Kafka lists, each with a description', () => {
    const rows = describeBroker(layers(), all);
    expect(rows).toHaveLength(350);
    expect(rows.filter(({ documentation }) => !documentation)).toEqual([]);
  });

  test('says which keys can change while it runs', () => {
    const rows = describeBroker(layers(), all);
    expect(rows.find(({ name }) => name === 'node.id')?.readOnly).toBe(true);
    expect(rows.find(({ name }) => name === 'message.max.bytes')?.readOnly).toBe(false);
  });

  test('hides secrets, and what it does not know', () => {
    const rows = describeBroker(layers({ static: { 'ssl.key.password': 'p', 'foo.x': 'q' } }), all);
    for (const name of ['ssl.key.password', 'foo.x']) {
      expect(rows.find((row) => row.name === name)).toMatchObject({
        value: null,
        isSensitive: true,
        synonyms: [{ name, value: null, source: ConfigSource.STATIC_BROKER_CONFIG }],
      });
    }
  });

  test("falls back from a listener's key to the key itself", () => {
    const name = 'listener.name.plaintext.max.connections';
    const rows = describeBroker(layers({ broker: { [name]: '7' } }), all);
    expect(line(rows, name)).toBe(
      `7 DYNAMIC_BROKER_CONFIG {DYNAMIC_BROKER_CONFIG:${name}=7, DEFAULT_CONFIG:max.connections=2147483647}`,
    );
    expect(rows.find((row) => row.name === name)?.readOnly).toBe(true);
  });

  test('shows the value as it is read and the synonym as it was written', () => {
    const rows = describeBroker(
      layers({ static: { 'message.max.bytes': '0002000', 'num.network.threads': '4' } }),
      all,
    );
    expect(line(rows, 'message.max.bytes')).toBe(
      '2000 STATIC_BROKER_CONFIG {STATIC_BROKER_CONFIG:message.max.bytes=0002000, ' +
        'DEFAULT_CONFIG:message.max.bytes=1048588}',
    );
  });

  test('of the empty name has what is set for the whole cluster', () => {
    const rows = describeClusterDefaults(map({ 'message.max.bytes': '5', 'foo.x': 'q' }), all);
    expect(rows.map(({ name, value, readOnly }) => [name, value, readOnly])).toEqual([
      ['message.max.bytes', '5', false],
      ['foo.x', null, true],
    ]);
  });
});

test("a group falls back to the broker's keys, and to defaults where the broker has none", () => {
  const rows = describeGroup(
    map({ 'share.isolation.level': 'read_committed' }),
    layers({ static: { 'group.consumer.session.timeout.ms': '46000' } }),
    all,
  );
  expect(rows).toHaveLength(21);
  expect(line(rows, 'consumer.session.timeout.ms')).toBe(
    '46000 STATIC_BROKER_CONFIG {' +
      'STATIC_BROKER_CONFIG:group.consumer.session.timeout.ms=46000, DEFAULT_CONFIG:group.consumer.session.timeout.ms=45000}',
  );
  expect(line(rows, 'share.isolation.level')).toBe(
    'read_committed DYNAMIC_GROUP_CONFIG {' +
      'DYNAMIC_GROUP_CONFIG:share.isolation.level=read_committed, DEFAULT_CONFIG:share.isolation.level=read_uncommitted}',
  );
});

test('a client metrics subscription has three keys, whether it exists or not', () => {
  const rows = describeClientMetrics(map({ 'interval.ms': '1000' }), all);
  expect(rows.map(({ name, value }) => [name, value])).toEqual([
    ['interval.ms', '1000'],
    ['match', ''],
    ['metrics', ''],
  ]);
});
