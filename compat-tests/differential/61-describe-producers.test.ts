import { DescribeProducers, Produce } from '../../protocol/apis/index.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';
import { differential } from './differential.ts';
import { plain } from './records.ts';
import { begin, end, transactor, write } from './transactions.ts';

differential(DescribeProducers, {
  'a transaction under way, and after it': async (side) => {
    const self = await transactor(side);
    const topic = await side.topic('topic', { partitions: 2 });
    const asked = { topics: [{ name: topic.name, partitionIndexes: [0, 1] }] };
    await begin(side, self, topic, 2, [0, 1]);
    await side.ask(asked);
    await write(side, self, topic);
    await side.ask(asked);
    const next = await end(side, self, false);
    await side.ask(asked);
    await begin(side, next, topic);
    await write(side, next, topic);
    await side.ask(asked);
  },
  'a transaction of version 1, and after it': async (side) => {
    const self = await transactor(side);
    const topic = await side.topic();
    await begin(side, self, topic, 1);
    await write(side, self, topic, { version: 11 });
    await end(side, self, true, 1);
    await side.ask({ topics: [{ name: topic.name, partitionIndexes: [0] }] });
  },
  'an idempotent producer': async (side) => {
    const producerId = await side.producerId();
    const topic = await side.topic();
    const records = encodeBatch({ ...plain(side, 3), producerId, producerEpoch: 2, baseSequence: 0 });
    await side.askOf(Produce, 12, {
      acks: -1,
      timeoutMs: 1000,
      topicData: [{ name: topic.name, partitionData: [{ index: 0, records }] }],
    });
    await side.ask({ topics: [{ name: topic.name, partitionIndexes: [0] }] });
  },
  'a partition without producers': async (side) =>
    side.ask({ topics: [{ name: (await side.topic()).name, partitionIndexes: [0] }] }),
  'an unknown topic': (side) => side.ask({ topics: [{ name: side.name('nowhere'), partitionIndexes: [0] }] }),
  'an unknown partition': async (side) =>
    side.ask({ topics: [{ name: (await side.topic()).name, partitionIndexes: [0, 5, -1] }] }),
  'an empty name': (side) => side.ask({ topics: [{ name: '', partitionIndexes: [0] }] }),
  'an impossible name': (side) => side.ask({ topics: [{ name: 'not a name', partitionIndexes: [0] }] }),
  'no topics': (side) => side.ask({ topics: [] }),
  'a topic without partitions': async (side) =>
    side.ask({ topics: [{ name: (await side.topic()).name, partitionIndexes: [] }] }),
});
