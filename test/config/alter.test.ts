import { describe, expect, test } from 'vitest';
import {
  APPEND,
  DELETE,
  INVALID_CONFIG,
  INVALID_REQUEST,
  SET,
  SUBTRACT,
  applyOperations,
  replaceAll,
  validateBrokerConfig,
  validateClientMetricsConfig,
  validateGroupConfig,
  validateTopicConfig,
} from '../../src/config/alter.ts';
import type { Definition, Table } from '../../src/config/definition.ts';
import { serverConfig } from '../../src/config/server.ts';
import { topicKeys } from '../../src/config/topic.ts';

const map = (values: Record<string, string>) => new Map(Object.entries(values));
const broker = serverConfig();
const rowOf = (name: string): Definition | undefined => (topicKeys as Table)[name];
const apply = (current: Record<string, string>, ...operations: [number, string, (string | null)?][]) => {
  const result = applyOperations(
    map(current),
    operations.map(([configOperation, name, value = null]) => ({ configOperation, name, value })),
    rowOf,
    () => 'delete',
  );
  return 'refusal' in result ? result.refusal : Object.fromEntries(result.values);
};

describe('operations', () => {
  test('set, delete, append and subtract', () => {
    expect(apply({ a: '1', b: '2' }, [SET, 'a', '3'], [DELETE, 'b'], [DELETE, 'c'])).toEqual({ a: '3' });
    expect(apply({ 'cleanup.policy': 'compact' }, [APPEND, 'cleanup.policy', 'delete'])).toEqual({
      'cleanup.policy': 'compact,delete',
    });
    expect(apply({ 'cleanup.policy': 'compact,delete' }, [SUBTRACT, 'cleanup.policy', 'compact'])).toEqual({
      'cleanup.policy': 'delete',
    });
    expect(apply({ 'cleanup.policy': 'delete' }, [SUBTRACT, 'cleanup.policy', 'delete'])).toEqual({
      'cleanup.policy': '',
    });
  });

  test('append what is not there yet, to the value in force when there is no own one', () => {
    expect(apply({}, [APPEND, 'cleanup.policy', 'delete,compact'])).toEqual({ 'cleanup.policy': 'delete,compact' });
  });

  test('leave the settings they were given as they are', () => {
    const current = map({ 'cleanup.policy': 'compact' });
    applyOperations(current, [{ name: 'cleanup.policy', configOperation: DELETE, value: null }], rowOf, () => null);
    expect([...current]).toEqual([['cleanup.policy', 'compact']]);
  });

  test.each<[[number, string, (string | null)?][], number, string]>([
    [
      [
        [SET, 'a', '1'],
        [SET, 'a', '2'],
      ],
      INVALID_REQUEST,
      'Error due to duplicate config keys',
    ],
    [[[SET, 'a', null]], INVALID_REQUEST, 'Null value not supported for : a'],
    [[[APPEND, 'retention.ms', '1']], INVALID_CONFIG, "Can't APPEND to key retention.ms because its type is not LIST."],
    [[[SUBTRACT, 'foo', '1']], INVALID_CONFIG, "Can't SUBTRACT to key foo because its type is not LIST."],
    [[[9, 'a', '1']], INVALID_REQUEST, 'Unknown operation 9: 0 sets, 1 deletes, 2 appends, 3 subtracts'],
  ])('that cannot be are refused as Kafka does: %#', (operations, errorCode, errorMessage) => {
    expect(apply({}, ...operations)).toEqual({ errorCode, errorMessage });
  });
});

test('AlterConfigs replaces all settings', () => {
  expect(replaceAll([{ name: 'a', value: '1' }])).toEqual({ values: map({ a: '1' }) });
  expect(replaceAll([{ name: 'a', value: null }])).toMatchObject({ refusal: { errorCode: INVALID_REQUEST } });
});

describe('topic settings', () => {
  test.each([
    [{ foo: '1' }, 'Unknown topic config name: foo'],
    [{ toString: '1' }, 'Unknown topic config name: toString'],
    [{ 'retention.ms': 'x' }, 'Invalid value x for configuration retention.ms: Not a number of type LONG'],
    [
      { 'min.compaction.lag.ms': '100', 'max.compaction.lag.ms': '50' },
      'conflict topic config setting min.compaction.lag.ms (100) > max.compaction.lag.ms (50)',
    ],
  ] as [Record<string, string>, string][])('%o are an invalid config', (values, errorMessage) => {
    expect(validateTopicConfig(map(values), broker)).toEqual({ errorCode: INVALID_CONFIG, errorMessage });
  });

  test('may not ask for tiered storage', () => {
    expect(validateTopicConfig(map({ 'remote.storage.enable': 'true' }), broker)?.errorCode).toBe(INVALID_CONFIG);
    expect(
      validateTopicConfig(map({ 'remote.storage.enable': 'false', 'retention.ms': '-1' }), broker),
    ).toBeUndefined();
  });
});

describe('group settings', () => {
  const refusal = (values: Record<string, string>) => validateGroupConfig(map(values), broker);

  test.each([
    [{ foo: '1' }, 'Unknown group config name: foo'],
    [
      { 'consumer.session.timeout.ms': '1' },
      'consumer.session.timeout.ms must be in the range 45000 to 60000 inclusive.',
    ],
    [
      { 'consumer.session.timeout.ms': '9999999' },
      'consumer.session.timeout.ms must be in the range 45000 to 60000 inclusive.',
    ],
    [{ 'streams.num.standby.replicas': '5' }, 'streams.num.standby.replicas must be less than or equal to 2'],
    [
      { 'share.record.lock.duration.ms': '1' },
      'Invalid value 1 for configuration share.record.lock.duration.ms: Value must be at least 1000',
    ],
  ] as [Record<string, string>, string][])('%o are an invalid config', (values, errorMessage) => {
    expect(refusal(values)).toEqual({ errorCode: INVALID_CONFIG, errorMessage });
  });

  test("within the broker's bounds are taken", () => {
    expect(
      refusal({ 'consumer.heartbeat.interval.ms': '15000', 'consumer.session.timeout.ms': '45000' }),
    ).toBeUndefined();
  });

  test('a session must outlast a heartbeat', () => {
    const lenient = serverConfig(map({ 'group.consumer.min.session.timeout.ms': '1' }));
    expect(validateGroupConfig(map({ 'consumer.session.timeout.ms': '5000' }), lenient)?.errorMessage).toBe(
      'consumer.session.timeout.ms must be greater than consumer.heartbeat.interval.ms',
    );
  });
});

describe('dynamic broker settings', () => {
  const PRINCIPAL_BUILDER = 'org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder';

  test.each([
    [{ 'node.id': '5' }, true, 'Cannot update these configs dynamically: [node.id]'],
    [
      { 'log.retention.ms': 'x' },
      true,
      'Invalid value x for configuration log.retention.ms: Not a number of type LONG',
    ],
    [
      { 'log.segment.bytes': '5' },
      false,
      'Invalid value 5 for configuration log.segment.bytes: Value must be at least 1048576',
    ],
    [
      { 'ssl.keystore.type': 'PEM' },
      true,
      'These security configs can be dynamically updated only per-listener using the listener prefix: [ssl.keystore.type]',
    ],
    [
      { 'cordoned.log.dirs': '/a' },
      false,
      'Cannot update these configs at default cluster level, broker id must be specified: [cordoned.log.dirs]',
    ],
    [
      { 'listener.name.plaintext.ssl.keystore.type': 'PEM' },
      false,
      'Cannot update these configs at default cluster level, ' +
        'broker id must be specified: [listener.name.plaintext.ssl.keystore.type]',
    ],
    ...['principal.builder.class', 'listener.name.plaintext.principal.builder.class'].map((key) => [
      { [key]: 'my.Builder' },
      true,
      `${key}=my.Builder: Ottla runs no Java classes: remove it, or write ${PRINCIPAL_BUILDER}`,
    ]),
  ] as [Record<string, string>, boolean, string][])('%o are an invalid request', (values, perBroker, errorMessage) => {
    expect(validateBrokerConfig(map(values), perBroker)).toEqual({ errorCode: INVALID_REQUEST, errorMessage });
  });

  test('listeners are opened at start only', () => {
    expect(validateBrokerConfig(map({ listeners: 'PLAINTEXT://:1' }), true)?.errorMessage).toMatch(/restart$/);
  });

  test('that may change are taken, and so are keys of plugins', () => {
    const values = map({
      'message.max.bytes': '5',
      'foo.bar': 'x',
      'listener.name.plaintext.ssl.keystore.password': 'p',
      'ssl.protocol': 'TLSv1.3',
      'principal.builder.class': PRINCIPAL_BUILDER,
    });
    expect(validateBrokerConfig(values, true)).toBeUndefined();
    expect(validateBrokerConfig(map({ 'max.connections': '5' }), false)).toBeUndefined();
  });
});

describe('client metrics subscriptions', () => {
  test.each([
    [{ foo: '1' }, INVALID_REQUEST, 'Unknown client metrics configuration: foo'],
    [
      { 'interval.ms': '50' },
      INVALID_REQUEST,
      'Invalid value 50 for interval.ms, interval must be between 100 and 3600000 (1 hour)',
    ],
    [{ match: 'client_id=.*,foo=1' }, INVALID_CONFIG, 'Illegal client matching pattern: foo=1'],
    [{ match: 'client_id=[a' }, INVALID_CONFIG, 'Illegal client matching pattern: client_id=[a'],
  ] as [Record<string, string>, number, string][])('%o are refused', (values, errorCode, errorMessage) => {
    expect(validateClientMetricsConfig(map(values))).toEqual({ errorCode, errorMessage });
  });

  test('with an interval, patterns and names are taken', () => {
    const values = map({ 'interval.ms': '100', match: 'client_id=a.*,client_software_name=b', metrics: 'org.a,org.b' });
    expect(validateClientMetricsConfig(values)).toBeUndefined();
  });
});
