import {
  AlterConfigs,
  DescribeConfigs,
  IncrementalAlterConfigs,
  ListConfigResources,
} from '../../protocol/apis/index.ts';
import type { Api } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import type { Side } from './side.ts';

type DescribeSide = typeof DescribeConfigs extends Api<infer Req, infer Res> ? Side<Req, Res> : never;
type AlterSide = typeof AlterConfigs extends Api<infer Req, infer Res> ? Side<Req, Res> : never;
type IncrementalSide = typeof IncrementalAlterConfigs extends Api<infer Req, infer Res> ? Side<Req, Res> : never;

const TOPIC = 2;
const BROKER = 4;
const LOGGER = 8;
const METRICS = 16;
const GROUP = 32;
const [SET, DELETE, APPEND, SUBTRACT] = [0, 1, 2, 3];

const describe =
  (resourceType: number, resourceName: string, configurationKeys: string[] | null = null, more: object = {}) =>
  (side: DescribeSide) =>
    side.ask({ resources: [{ resourceType, resourceName, configurationKeys }], ...more });

/** Of a topic with a configuration of its own. */
const ofTopic =
  (configurationKeys: string[] | null, more: object = {}) =>
  async (side: DescribeSide) => {
    const { name } = await side.topic('topic', { configs: { 'retention.ms': '1000', 'cleanup.policy': 'compact' } });
    await side.settled();
    await side.ask({ resources: [{ resourceType: TOPIC, resourceName: name, configurationKeys }], ...more });
  };

differential(DescribeConfigs, {
  'a topic': ofTopic(null),
  'a topic, with synonyms': ofTopic(null, { includeSynonyms: true }),
  'a topic, with documentation': ofTopic(['retention.ms'], { includeDocumentation: true }),
  'one key': ofTopic(['retention.ms']),
  'a key that is none': ofTopic(['no.such.key']),
  'a key twice': ofTopic(['retention.ms', 'retention.ms']),
  'no keys': ofTopic([]),
  'a topic that is not there': (side) =>
    side.ask({ resources: [{ resourceType: TOPIC, resourceName: side.name('none'), configurationKeys: null }] }),
  'a topic without a name': describe(TOPIC, ''),
  'an impossible topic': describe(TOPIC, 'a b'),
  'some keys of the broker': describe(BROKER, '1', [
    'log.retention.hours',
    'num.partitions',
    'compression.type',
    'message.max.bytes',
    'log.cleaner.threads',
  ]),
  'the same with synonyms': describe(
    BROKER,
    '1',
    ['log.retention.hours', 'num.partitions', 'log.retention.ms', 'min.insync.replicas'],
    { includeSynonyms: true },
  ),
  'the names of all keys of the broker': async (side) => {
    const answer = await side.look({
      resources: [{ resourceType: BROKER, resourceName: '1', configurationKeys: null }],
    });
    side.record(
      answer?.results[0].configs.map(({ name, readOnly, isSensitive, configType }) => ({
        name,
        readOnly,
        isSensitive,
        configType,
        configSource: 0,
      })),
    );
  },
  'all brokers': describe(BROKER, ''),
  'another broker': describe(BROKER, '77'),
  'a broker that is no number': describe(BROKER, 'one'),
  'a group': async (side) =>
    side.ask({
      resources: [{ resourceType: GROUP, resourceName: side.name('group'), configurationKeys: null }],
      includeSynonyms: true,
    }),
  'a group without a name': describe(GROUP, ''),
  'client metrics': async (side) =>
    side.ask({ resources: [{ resourceType: METRICS, resourceName: side.name('metrics'), configurationKeys: null }] }),
  'client metrics without a name': describe(METRICS, ''),
  'a logger of another broker': describe(LOGGER, '77'),
  'a resource of type 0': describe(0, 'x'),
  'a resource of type 1': describe(1, 'x'),
  'a resource of type 99': describe(99, 'x'),
  'a resource of type -1': describe(-1, 'x'),
  'a resource twice': async (side) => {
    const resource = {
      resourceType: TOPIC,
      resourceName: (await side.topic()).name,
      configurationKeys: ['retention.ms'],
    };
    await side.ask({ resources: [resource, resource] });
  },
  nothing: (side) => side.ask({ resources: [] }),
});

/** Configurations of a topic, and what it has then. */
const alter =
  (configs: [string, string | null][], validateOnly = false) =>
  async (side: AlterSide) => {
    const { name } = await side.topic('topic', { configs: { 'retention.ms': '1000' } });
    const resource = { resourceType: TOPIC, resourceName: name };
    await side.ask({
      resources: [{ ...resource, configs: configs.map(([key, value]) => ({ name: key, value })) }],
      validateOnly,
    });
    await side.settled();
    await side.askOf(DescribeConfigs, 4, {
      resources: [{ ...resource, configurationKeys: ['retention.ms', 'cleanup.policy'] }],
    });
  };
const alterOf =
  (resourceType: number, resourceName: string, configs: [string, string | null][] = []) =>
  (side: AlterSide) =>
    side.ask({
      resources: [{ resourceType, resourceName, configs: configs.map(([name, value]) => ({ name, value })) }],
      validateOnly: true,
    });

differential(AlterConfigs, {
  'another value': alter([['retention.ms', '5']]),
  'another key': alter([['cleanup.policy', 'compact']]),
  'no keys': alter([]),
  'only checked': alter([['retention.ms', '5']], true),
  'a key twice': alter([
    ['retention.ms', '5'],
    ['retention.ms', '6'],
  ]),
  'a key that is none': alter([['no.such.key', '5']]),
  'a wrong value': alter([['retention.ms', 'x']]),
  null: alter([['retention.ms', null]]),
  'a topic that is not there': alterOf(TOPIC, 'no-such-topic'),
  'a topic without a name': alterOf(TOPIC, ''),
  'another broker': alterOf(BROKER, '77', [['log.cleaner.threads', '2']]),
  'a broker that is no number': alterOf(BROKER, 'one', [['log.cleaner.threads', '2']]),
  'a key of the broker that cannot be changed': alterOf(BROKER, '1', [['log.dirs', '/tmp']]),
  'a group': alterOf(GROUP, 'g', [['consumer.session.timeout.ms', '50000']]),
  'a group, too short': alterOf(GROUP, 'g', [['consumer.session.timeout.ms', '1']]),
  'a group without a name': alterOf(GROUP, '', [['consumer.session.timeout.ms', '50000']]),
  'client metrics': alterOf(METRICS, 'm', [['interval.ms', '1000']]),
  'client metrics, too often': alterOf(METRICS, 'm', [['interval.ms', '1']]),
  'client metrics, a wrong match': alterOf(METRICS, 'm', [['match', 'x']]),
  'a resource of type 0': alterOf(0, 'x'),
  'a resource of type 99': alterOf(99, 'x'),
  'a resource twice': async (side) => {
    const resource = { resourceType: TOPIC, resourceName: (await side.topic()).name, configs: [] };
    await side.ask({ resources: [resource, resource], validateOnly: true });
  },
  nothing: (side) => side.ask({ resources: [], validateOnly: true }),
});

type Step = [string, number, string | null];
const step = ([name, configOperation, value]: Step) => ({ name, configOperation, value });
const change =
  (steps: Step[], validateOnly = false) =>
  async (side: IncrementalSide) => {
    const { name } = await side.topic('topic', { configs: { 'retention.ms': '1000', 'cleanup.policy': 'compact' } });
    const resource = { resourceType: TOPIC, resourceName: name };
    await side.ask({ resources: [{ ...resource, configs: steps.map(step) }], validateOnly });
    await side.settled();
    await side.askOf(DescribeConfigs, 4, {
      resources: [{ ...resource, configurationKeys: ['retention.ms', 'cleanup.policy'] }],
    });
  };
const changeOf =
  (resourceType: number, resourceName: string, ...steps: Step[]) =>
  (side: IncrementalSide) =>
    side.ask({ resources: [{ resourceType, resourceName, configs: steps.map(step) }], validateOnly: true });

differential(IncrementalAlterConfigs, {
  set: change([['retention.ms', SET, '5']]),
  delete: change([['retention.ms', DELETE, null]]),
  'delete with a value': change([['retention.ms', DELETE, '5']]),
  'delete what is not set': change([['segment.ms', DELETE, null]]),
  'delete what is none': change([['no.such.key', DELETE, null]]),
  append: change([['cleanup.policy', APPEND, 'delete']]),
  'append what is there': change([['cleanup.policy', APPEND, 'compact']]),
  'append to no list': change([['retention.ms', APPEND, '5']]),
  'append a wrong word': change([['cleanup.policy', APPEND, 'shred']]),
  subtract: change([['cleanup.policy', SUBTRACT, 'compact']]),
  'subtract what is not there': change([['cleanup.policy', SUBTRACT, 'delete']]),
  'subtract from no list': change([['retention.ms', SUBTRACT, '5']]),
  'append to a default': change([['follower.replication.throttled.replicas', APPEND, '0:1']]),
  'operation 9': change([['retention.ms', 9, '5']]),
  'operation -1': change([['retention.ms', -1, '5']]),
  'set to null': change([['retention.ms', SET, null]]),
  'append null': change([['cleanup.policy', APPEND, null]]),
  'a key twice': change([
    ['retention.ms', SET, '5'],
    ['retention.ms', SET, '6'],
  ]),
  'a key that is none': change([['no.such.key', SET, '5']]),
  'a wrong value': change([['retention.ms', SET, 'x']]),
  'one right, one wrong': change([
    ['retention.ms', SET, '5'],
    ['cleanup.policy', SET, 'shred'],
  ]),
  'only checked': change([['retention.ms', SET, '5']], true),
  'no keys': change([]),
  'a topic that is not there': changeOf(TOPIC, 'no-such-topic', ['retention.ms', SET, '5']),
  'another broker': changeOf(BROKER, '77', ['log.cleaner.threads', SET, '2']),
  'a broker that is no number': changeOf(BROKER, 'one', ['log.cleaner.threads', SET, '2']),
  'all brokers': changeOf(BROKER, '', ['log.cleaner.threads', SET, '2']),
  'all brokers, a key that is none': changeOf(BROKER, '', ['no.such.key', SET, '2']),
  'a key of the broker that cannot be changed': changeOf(BROKER, '1', ['log.dirs', SET, '/tmp']),
  'a wrong value for the broker': changeOf(BROKER, '1', ['log.cleaner.threads', SET, 'x']),
  // Each value is allowed, but not by all that the broker asks of its values.
  'segments of no time': changeOf(BROKER, '1', ['log.roll.ms', SET, '0']),
  'segments of no time, for all brokers': changeOf(BROKER, '', ['log.roll.ms', SET, '0']),
  'retention of no time': changeOf(BROKER, '1', ['log.retention.ms', SET, '0']),
  'too little memory for each thread': changeOf(BROKER, '1', ['log.cleaner.dedupe.buffer.size', SET, '1000000']),
  'a group': changeOf(GROUP, 'g', ['consumer.session.timeout.ms', SET, '50000']),
  'a group, too short': changeOf(GROUP, 'g', ['consumer.session.timeout.ms', SET, '1']),
  'a group without a name': changeOf(GROUP, '', ['consumer.session.timeout.ms', SET, '50000']),
  'client metrics': changeOf(METRICS, 'm', ['metrics', SET, '*'], ['match', SET, 'client_id=a.*']),
  'client metrics without a name': changeOf(METRICS, '', ['interval.ms', SET, '1000']),
  'a logger of another broker': changeOf(LOGGER, '77', ['root', SET, 'INFO']),
  'a logger': changeOf(LOGGER, '1', ['root', SET, 'INFO']),
  'a level that is none': changeOf(LOGGER, '1', ['root', SET, 'LOUD']),
  'a level in small letters': changeOf(LOGGER, '1', ['root', SET, 'debug']),
  'a logger that is none': changeOf(LOGGER, '1', ['no.such.logger', SET, 'INFO']),
  'a level appended': changeOf(LOGGER, '1', ['root', APPEND, 'INFO']),
  'the level of all removed': changeOf(LOGGER, '1', ['root', DELETE, null]),
  'a resource of type 0': changeOf(0, 'x', ['a', SET, 'b']),
  'a resource of type 99': changeOf(99, 'x', ['a', SET, 'b']),
  nothing: (side) => side.ask({ resources: [], validateOnly: true }),
});

differential(ListConfigResources, {
  ...Object.fromEntries(
    [[2], [4], [8], [16], [32], [16, 32], [2, 2], [0], [1], [99], [-1]].map((resourceTypes) => [
      `of types ${resourceTypes.join(', ')}`,
      async (side: Side) => {
        await side.topic();
        await side.ask({ resourceTypes });
      },
    ]),
  ),
  'of every type': (side) => side.ask({}),
});
