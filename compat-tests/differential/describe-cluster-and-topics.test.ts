import { DescribeCluster, DescribeLogDirs, DescribeTopicPartitions } from '../../protocol/apis/index.ts';
import { differential } from './differential.ts';
import { plain } from './records.ts';

differential(DescribeCluster, {
  brokers: (side) => side.ask({ includeClusterAuthorizedOperations: false }),
  operations: (side) => side.ask({ includeClusterAuthorizedOperations: true }),
  controllers: (side) => side.ask({ includeClusterAuthorizedOperations: false, endpointType: 2 }),
  'endpoint type 0': (side) => side.ask({ includeClusterAuthorizedOperations: false, endpointType: 0 }),
  'endpoint type 9': (side) => side.ask({ includeClusterAuthorizedOperations: false, endpointType: 9 }),
  'fenced brokers': (side) => side.ask({ includeClusterAuthorizedOperations: false, includeFencedBrokers: true }),
});

differential(DescribeLogDirs, {
  all: async (side) => {
    const topic = await side.topic('topic', { partitions: 2 });
    await side.append(topic, 1, plain(side, 2));
    const answer = await side.look({ topics: null });
    side.record(answer?.results.flatMap(({ topics }) => topics.filter(({ name }) => name === topic.name)));
  },
  'a partition': async (side) => {
    const topic = await side.topic('topic', { partitions: 2 });
    await side.append(topic, 1, plain(side, 2));
    await side.ask({ topics: [{ topic: topic.name, partitions: [1] }] });
  },
  'partitions that are not there': async (side) =>
    side.ask({ topics: [{ topic: (await side.topic()).name, partitions: [0, 5, -1] }] }),
  'no partitions': async (side) => side.ask({ topics: [{ topic: (await side.topic()).name, partitions: [] }] }),
  'a topic that is not there': (side) => side.ask({ topics: [{ topic: side.name('none'), partitions: [0] }] }),
  'a partition twice': async (side) => side.ask({ topics: [{ topic: (await side.topic()).name, partitions: [0, 0] }] }),
  nothing: (side) => side.ask({ topics: [] }),
});

differential(DescribeTopicPartitions, {
  'two topics': async (side) => {
    const names = [await side.topic('b', { partitions: 2 }), await side.topic('a', { partitions: 3 })].map(
      ({ name }) => ({ name }),
    );
    await side.ask({ topics: names });
    for (const responsePartitionLimit of [1, 2, 3, 4, 5, 0, -1, 5000])
      await side.ask({ topics: names, responsePartitionLimit });
  },
  cursors: async (side) => {
    const [a, b] = [await side.topic('a', { partitions: 3 }), await side.topic('b', { partitions: 2 })];
    const topics = [{ name: a.name }, { name: b.name }];
    for (const [topicName, partitionIndex] of [
      [a.name, 0],
      [a.name, 2],
      [a.name, 3],
      [b.name, 0],
      [b.name, 1],
      [b.name, 7],
    ] as const) {
      await side.ask({ topics, responsePartitionLimit: 2, cursor: { topicName, partitionIndex } });
    }
  },
  'a cursor on a topic that was not asked for': async (side) => {
    const { name } = await side.topic('b');
    await side.ask({ topics: [{ name }], cursor: { topicName: side.name('a'), partitionIndex: 0 } });
    await side.ask({ topics: [{ name }], cursor: { topicName: side.name('c'), partitionIndex: 0 } });
  },
  'a cursor with a negative partition': async (side) => {
    const { name } = await side.topic();
    await side.ask({ topics: [{ name }], cursor: { topicName: name, partitionIndex: -1 } });
  },
  'a topic twice': async (side) => {
    const { name } = await side.topic();
    await side.ask({ topics: [{ name }, { name }] });
  },
  'a topic that is not there': (side) => side.ask({ topics: [{ name: side.name('none') }] }),
  'impossible names': (side) => side.ask({ topics: [{ name: '' }, { name: 'a b' }, { name: '..' }] }),
  'the offsets topic': (side) => side.ask({ topics: [{ name: '__consumer_offsets' }], responsePartitionLimit: 3 }),
});
