import { CreateTopics, Metadata } from '../../protocol/apis/index.ts';
import type { Api, RequestDraft } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import type { Side } from './side.ts';

type CreateSide = typeof CreateTopics extends Api<infer Req, infer Res> ? Side<Req, Res> : never;
type Topic = Partial<RequestDraft<typeof CreateTopics>['topics'][number]>;

const PLAIN = { numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };

function create(topic: Topic | ((side: CreateSide) => Topic), validateOnly = false) {
  return async (side: CreateSide) => {
    const name = side.name('topic');
    await side.ask({
      topics: [{ ...PLAIN, name, ...(typeof topic === 'function' ? topic(side) : topic) }],
      timeoutMs: 30_000,
      validateOnly,
    });
    if (!validateOnly) return;
    await side.askOf(Metadata, 12, { topics: [{ name }], allowAutoTopicCreation: false });
  };
}

const config = (name: string, value: string | null) => create({ configs: [{ name, value }] });
const named = (name: string) => create({ name });

differential(CreateTopics, {
  'a topic': create({}),
  'three partitions': create({ numPartitions: 3 }),
  defaults: create({ numPartitions: -1, replicationFactor: -1 }),
  'no partitions': create({ numPartitions: 0 }),
  '-2 partitions': create({ numPartitions: -2 }),
  'replication factor 0': create({ replicationFactor: 0 }),
  'replication factor 2': create({ replicationFactor: 2 }),
  'replication factor -2': create({ replicationFactor: -2 }),
  assigned: create((side) => ({
    numPartitions: -1,
    replicationFactor: -1,
    assignments: [0, 1].map((partitionIndex) => ({ partitionIndex, brokerIds: [side.nodeId] })),
  })),
  'assigned, and a number of partitions': create((side) => ({
    numPartitions: 2,
    replicationFactor: -1,
    assignments: [{ partitionIndex: 0, brokerIds: [side.nodeId] }],
  })),
  'assigned, and a replication factor': create((side) => ({
    numPartitions: -1,
    replicationFactor: 1,
    assignments: [{ partitionIndex: 0, brokerIds: [side.nodeId] }],
  })),
  'assigned to a broker that is not there': create({
    numPartitions: -1,
    replicationFactor: -1,
    assignments: [{ partitionIndex: 0, brokerIds: [99] }],
  }),
  'assigned to one broker twice': create((side) => ({
    numPartitions: -1,
    replicationFactor: -1,
    assignments: [{ partitionIndex: 0, brokerIds: [side.nodeId, side.nodeId] }],
  })),
  'assigned to no broker': create({
    numPartitions: -1,
    replicationFactor: -1,
    assignments: [{ partitionIndex: 0, brokerIds: [] }],
  }),
  'assigned with a gap': create((side) => ({
    numPartitions: -1,
    replicationFactor: -1,
    assignments: [{ partitionIndex: 1, brokerIds: [side.nodeId] }],
  })),
  'assigned twice': create((side) => ({
    numPartitions: -1,
    replicationFactor: -1,
    assignments: [0, 0].map((partitionIndex) => ({ partitionIndex, brokerIds: [side.nodeId] })),
  })),
  'an empty name': named(''),
  'a dot': named('.'),
  'two dots': named('..'),
  'a space': named('a b'),
  'a slash': named('a/b'),
  'an umlaut': named('ä'),
  '250 letters': named('x'.repeat(250)),
  'the offsets topic': named('__consumer_offsets'),
  'a topic that is there': async (side) => {
    const { name } = await side.topic();
    await side.ask({ topics: [{ ...PLAIN, name }], timeoutMs: 30_000 });
  },
  'a topic that is there, only checked': async (side) => {
    const { name } = await side.topic();
    await side.ask({ topics: [{ ...PLAIN, name }], timeoutMs: 30_000, validateOnly: true });
  },
  'a name that differs by a dot only': async (side) => {
    await side.topic('a_b');
    await side.ask({ topics: [{ ...PLAIN, name: side.name('a.b') }], timeoutMs: 30_000 });
  },
  'a topic twice': (side) =>
    side.ask({ topics: [0, 1].map(() => ({ ...PLAIN, name: side.name('topic') })), timeoutMs: 30_000 }),
  'a topic twice and another': (side) =>
    side.ask({
      topics: ['topic', 'topic', 'other'].map((word) => ({ ...PLAIN, name: side.name(word) })),
      timeoutMs: 30_000,
    }),
  'two topics, one impossible': (side) =>
    side.ask({
      topics: [
        { ...PLAIN, name: side.name('fine') },
        { ...PLAIN, name: side.name('not fine') },
      ],
      timeoutMs: 30_000,
    }),
  nothing: (side) => side.ask({ topics: [], timeoutMs: 30_000 }),
  'only checked': create({ numPartitions: 4 }, true),
  'only checked, impossible': create({ numPartitions: 0 }, true),
  'a config': config('retention.ms', '1000'),
  'two configs': create({
    configs: [
      { name: 'cleanup.policy', value: 'compact,delete' },
      { name: 'max.message.bytes', value: '2000' },
    ],
  }),
  'a config twice': create({
    configs: [
      { name: 'retention.ms', value: '1' },
      { name: 'retention.ms', value: '2' },
    ],
  }),
  'a config that is none': config('no.such.config', '1'),
  'a config without a value': config('retention.ms', null),
  'an empty value': config('retention.ms', ''),
  'no number': config('retention.ms', 'soon'),
  'a number too low': config('retention.ms', '-2'),
  'a number with spaces': config('retention.ms', ' 1000 '),
  'a number too large': config('segment.bytes', '99999999999'),
  'an empty list': config('cleanup.policy', ''),
  'a list with a wrong word': config('cleanup.policy', 'compact,shred'),
  'a wrong word': config('compression.type', 'rar'),
  'another letter case': config('compression.type', 'GZIP'),
  'a boolean that is none': config('preallocate', 'maybe'),
  'local retention above retention': create({
    configs: [
      { name: 'retention.ms', value: '10' },
      { name: 'local.retention.ms', value: '20' },
    ],
  }),
  'remote storage': config('remote.storage.enable', 'true'),
  'too small segments': config('segment.bytes', '10'),
  'too small segments, below a megabyte': config('segment.bytes', '1048575'),
});
