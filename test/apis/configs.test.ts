import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CreateTopics } from '../../protocol/apis/19-create-topics.ts';
import { DescribeConfigs } from '../../protocol/apis/32-describe-configs.ts';
import { AlterConfigs } from '../../protocol/apis/33-alter-configs.ts';
import { IncrementalAlterConfigs } from '../../protocol/apis/44-incremental-alter-configs.ts';
import { ListConfigResources } from '../../protocol/apis/74-list-config-resources.ts';
import { connect, type Client } from '../../protocol/client.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';
import { kafkaLoggers } from '../../src/platform/kafka-loggers.ts';

const [TOPIC, BROKER, LOGGER, METRICS, GROUP] = [2, 4, 8, 16, 32];
const [SET, DELETE, APPEND] = [0, 1, 2];

let broker: RunningBroker;
let client: Client;
let topic: string;
let topics = 0;

beforeAll(async () => {
  broker = await startBroker({
    memory: true,
    settings: { listeners: 'PLAINTEXT://127.0.0.1:0', 'node.id': '7', 'log.retention.hours': '2' },
  });
  client = await connect({ host: '127.0.0.1', port: Number(broker.bootstrap.split(':').at(-1)) });
});

afterAll(async () => {
  await client.close();
  await broker.stop();
});

beforeEach(async () => {
  topic = `t${topics++}`;
  const made = { name: topic, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  const { topics: results } = await client.send(CreateTopics, 5, { topics: [made], timeoutMs: 5000 });
  if (results[0].errorCode !== ErrorCode.NONE) throw new Error(`creating ${topic}: ${results[0].errorMessage}`);
});

const describeOne = async (
  resourceType: number,
  resourceName: string,
  configurationKeys: string[] | null = null,
  version = 4,
) => {
  const resources = [{ resourceType, resourceName, configurationKeys }];
  const draft = { resources, includeSynonyms: true, includeDocumentation: version >= 3 };
  return (await client.send(DescribeConfigs, version, draft)).results[0];
};
const valueOf = async (resourceType: number, resourceName: string, key: string) =>
  (await describeOne(resourceType, resourceName, [key])).configs.map(({ value }) => value);

type Change = [operation: number, name: string, value?: string | null];
const alter = async (resourceType: number, resourceName: string, changes: Change[], validateOnly = false) => {
  const configs = changes.map(([configOperation, name, value = null]) => ({ configOperation, name, value }));
  const draft = { resources: [{ resourceType, resourceName, configs }], validateOnly };
  const { errorCode, errorMessage } = (await client.send(IncrementalAlterConfigs, 1, draft)).responses[0];
  return [errorCode, errorMessage];
};
const OK = [ErrorCode.NONE, null];

describe('DescribeConfigs', () => {
  test.each([1, 2, 3, 4])('v%i answers every key of a topic with its source and synonyms', async (version) => {
    const { errorCode, configs } = await describeOne(TOPIC, topic, null, version);
    expect(errorCode).toBe(ErrorCode.NONE);
    expect(configs).toHaveLength(37);
    expect(configs.find(({ name }) => name === 'max.message.bytes')).toMatchObject({
      value: '1048588',
      readOnly: false,
      configSource: 5,
      isSensitive: false,
      synonyms: [{ name: 'message.max.bytes', value: '1048588', source: 5 }],
    });
    expect(configs.filter(({ documentation }) => documentation === '')).toHaveLength(version >= 3 ? 0 : 37);
  });

  test('answers keys that were asked for and exist', async () => {
    const { configs } = await describeOne(TOPIC, topic, ['retention.ms', 'foo']);
    expect(configs.map(({ name, value }) => [name, value])).toEqual([['retention.ms', '7200000']]);
  });

  test('tells what was given at start from defaults', async () => {
    const { configs } = await describeOne(BROKER, '7', ['node.id', 'num.partitions']);
    expect(configs.map(({ value, configSource, readOnly }) => [value, configSource, readOnly])).toEqual([
      ['7', 4, true],
      ['1', 5, true],
    ]);
    expect((await describeOne(BROKER, '7')).configs).toHaveLength(350);
  });

  test('of the broker without a name answers what is set for the whole cluster', async () => {
    expect((await describeOne(BROKER, '')).configs).toEqual([]);
    await alter(BROKER, '', [[SET, 'max.connections', '77']]);
    const { configs } = await describeOne(BROKER, '');
    expect(configs.map(({ name, value, configSource }) => [name, value, configSource])).toEqual([
      ['max.connections', '77', 3],
    ]);
    await alter(BROKER, '', [[DELETE, 'max.connections']]);
  });

  test('answers groups and subscriptions that nobody has set', async () => {
    expect((await describeOne(GROUP, 'nobody')).configs).toHaveLength(21);
    expect((await describeOne(METRICS, 'none')).configs).toHaveLength(3);
    const loggers = (await describeOne(LOGGER, '7')).configs.map(({ name }) => name);
    expect(loggers).toEqual(['root', ...kafkaLoggers]);
  });

  test.each([
    [TOPIC, 'nope', ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ''],
    [TOPIC, 'a/b', ErrorCode.INVALID_TOPIC_EXCEPTION, 'Topic name is invalid'],
    [
      BROKER,
      '5',
      ErrorCode.INVALID_REQUEST,
      'This is broker 7: ask broker 5 for its configuration, or give an empty name for all brokers',
    ],
    [BROKER, 'x', ErrorCode.INVALID_REQUEST, "'x' is not a broker id: give a number"],
    [LOGGER, '', ErrorCode.INVALID_REQUEST, 'Give the id of a broker to describe its loggers'],
    [LOGGER, '5', ErrorCode.INVALID_REQUEST, 'This is broker 7: ask broker 5 for its loggers'],
    [METRICS, '', ErrorCode.INVALID_REQUEST, 'Give the name of a client metrics subscription'],
    [GROUP, '', ErrorCode.INVALID_REQUEST, 'Give the name of a group'],
    [99, 'x', ErrorCode.INVALID_REQUEST, 'Resource type 99 is unknown: use 2, 4, 8, 16, 32'],
  ])('refuses resource type %i named "%s"', async (type, name, errorCode, message) => {
    const refused = await describeOne(type, name);
    expect(refused).toMatchObject({ errorCode, resourceType: type, resourceName: name, configs: [] });
    expect(refused.errorMessage).toContain(message);
  });
});

describe('IncrementalAlterConfigs', () => {
  test('sets, appends and deletes', async () => {
    expect(
      await alter(TOPIC, topic, [
        [SET, 'retention.ms', '5'],
        [APPEND, 'cleanup.policy', 'compact'],
      ]),
    ).toEqual(OK);
    expect(await valueOf(TOPIC, topic, 'retention.ms')).toEqual(['5']);
    expect(await valueOf(TOPIC, topic, 'cleanup.policy')).toEqual(['delete,compact']);
    expect(await alter(TOPIC, topic, [[DELETE, 'retention.ms']])).toEqual(OK);
    expect(await valueOf(TOPIC, topic, 'retention.ms')).toEqual(['7200000']);
    expect(await valueOf(TOPIC, topic, 'cleanup.policy')).toEqual(['delete,compact']);
  });

  test.each(['7 ', '7.0', '0x7', '7e0', ' '])(
    'takes "%s" for no broker, which Java reads as no number',
    async (name) => {
      const [code, message] = await alter(BROKER, name, [[SET, 'log.cleaner.threads', '2']]);
      expect([code, message]).toEqual([ErrorCode.INVALID_REQUEST, `'${name}' is not a broker id: give a number`]);
    },
  );

  test('changes nothing when it is only to validate', async () => {
    expect(await alter(TOPIC, topic, [[SET, 'retention.ms', '5']], true)).toEqual(OK);
    expect(await valueOf(TOPIC, topic, 'retention.ms')).toEqual(['7200000']);
    expect((await alter(TOPIC, topic, [[SET, 'retention.ms', 'x']], true))[0]).toBe(ErrorCode.INVALID_CONFIG);
  });

  test('refuses one resource and changes the other', async () => {
    const configs = [{ configOperation: SET, name: 'retention.ms', value: '6' }];
    const { responses } = await client.send(IncrementalAlterConfigs, 0, {
      resources: [
        { resourceType: TOPIC, resourceName: topic, configs },
        { resourceType: TOPIC, resourceName: 'no', configs },
      ],
      validateOnly: false,
    });
    expect(responses.map(({ errorCode }) => errorCode)).toEqual([0, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]);
    expect(await valueOf(TOPIC, topic, 'retention.ms')).toEqual(['6']);
  });

  test('refuses a resource that is named twice', async () => {
    const resource = { resourceType: TOPIC, resourceName: topic, configs: [] };
    const { responses } = await client.send(IncrementalAlterConfigs, 1, {
      resources: [resource, resource],
      validateOnly: false,
    });
    expect(responses.map(({ errorCode }) => errorCode)).toEqual([ErrorCode.INVALID_REQUEST, ErrorCode.INVALID_REQUEST]);
  });

  test('of a broker reaches the topics that say nothing else', async () => {
    expect(await alter(BROKER, '', [[SET, 'message.max.bytes', '3000']])).toEqual(OK);
    expect(await alter(BROKER, '7', [[SET, 'message.max.bytes', '2000']])).toEqual(OK);
    expect(broker.parts.config['message.max.bytes']).toBe(2000);
    expect(await valueOf(TOPIC, topic, 'max.message.bytes')).toEqual(['2000']);
    await alter(BROKER, '7', [[DELETE, 'message.max.bytes']]);
    expect(await valueOf(TOPIC, topic, 'max.message.bytes')).toEqual(['3000']);
    await alter(BROKER, '', [[DELETE, 'message.max.bytes']]);
    expect(await valueOf(TOPIC, topic, 'max.message.bytes')).toEqual(['1048588']);
  });

  test('keeps secrets to itself', async () => {
    const key = 'listener.name.plaintext.ssl.keystore.password';
    expect(await alter(BROKER, '7', [[SET, key, 'secret']])).toEqual(OK);
    const { configs } = await describeOne(BROKER, '7', [key]);
    expect(configs).toMatchObject([{ value: null, isSensitive: true, synonyms: [{ name: key, value: null }] }]);
    await alter(BROKER, '7', [[DELETE, key]]);
  });

  test.each<[number, string, Change, number, string]>([
    [TOPIC, '', [SET, 'retention.ms', '1'], ErrorCode.INVALID_REQUEST, 'Default topic resources are not allowed.'],
    [
      BROKER,
      '5',
      [SET, 'max.connections', '1'],
      ErrorCode.INVALID_REQUEST,
      'This is broker 7: send the request to broker 5',
    ],
    [
      BROKER,
      '7',
      [SET, 'node.id', '1'],
      ErrorCode.INVALID_REQUEST,
      'Cannot update these configs dynamically: [node.id]',
    ],
    [
      LOGGER,
      '7',
      [SET, 'root', 'DEBUG'],
      ErrorCode.INVALID_REQUEST,
      'This broker uses the logger of the program that runs it: set the level there',
    ],
    [GROUP, 'g', [SET, 'foo', '1'], ErrorCode.INVALID_CONFIG, 'Unknown group config name: foo'],
    [METRICS, '', [SET, 'interval.ms', '500'], ErrorCode.INVALID_REQUEST, "Subscription name can't be empty"],
    [99, 'x', [SET, 'a', 'b'], ErrorCode.INVALID_REQUEST, 'Resource type 99 is unknown: use 2, 4, 8, 16 or 32'],
  ])('of type %i named "%s" is refused: %o', async (type, name, change, errorCode, message) => {
    expect(await alter(type, name, [change])).toEqual([errorCode, message]);
  });
});

test('AlterConfigs takes away what it does not name', async () => {
  await alter(TOPIC, topic, [
    [SET, 'retention.ms', '5'],
    [SET, 'segment.ms', '6'],
  ]);
  const configs = [{ name: 'segment.ms', value: '9' }];
  const draft = { resources: [{ resourceType: TOPIC, resourceName: topic, configs }], validateOnly: false };
  for (const version of [0, 1, 2]) {
    expect((await client.send(AlterConfigs, version, draft)).responses[0]).toMatchObject({
      errorCode: 0,
      resourceName: topic,
    });
  }
  expect(await valueOf(TOPIC, topic, 'retention.ms')).toEqual(['7200000']);
  expect(await valueOf(TOPIC, topic, 'segment.ms')).toEqual(['9']);
});

describe('ListConfigResources', () => {
  const list = async (version: number, resourceTypes: number[]) => {
    const { errorCode, configResources } = await client.send(ListConfigResources, version, { resourceTypes });
    return [errorCode, configResources.map(({ resourceType, resourceName }) => `${resourceType}:${resourceName}`)];
  };

  test('lists groups and subscriptions that were set, and all brokers and topics', async () => {
    await alter(GROUP, 'g', [[SET, 'consumer.session.timeout.ms', '50000']]);
    await alter(METRICS, 'm', [[SET, 'interval.ms', '500']]);
    expect(await list(1, [GROUP, METRICS, BROKER, LOGGER])).toEqual([0, ['32:g', '16:m', '8:7', '4:7']]);
    expect((await list(1, []))[1]).toContain(`2:${topic}`);
    expect(await list(0, [])).toEqual([0, ['16:m']]);
  });

  test('refuses types that do not exist', async () => {
    expect(await list(1, [TOPIC, 99])).toEqual([ErrorCode.UNSUPPORTED_VERSION, []]);
  });
});
