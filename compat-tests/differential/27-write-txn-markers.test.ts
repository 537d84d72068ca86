import { DescribeProducers, WriteTxnMarkers } from '../../protocol/apis/index.ts';
import type { Api } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import type { Side } from './side.ts';
import { begin, contents, transactor, write } from './transactions.ts';

type MarkSide = typeof WriteTxnMarkers extends Api<infer Req, infer Res> ? Side<Req, Res> : never;

interface Mark {
  /** Above the epoch that has written. */
  readonly above?: number;
  readonly coordinatorEpoch?: number;
  readonly transactionVersion?: number;
  readonly committed?: boolean;
}

/** Markers into a partition where a transaction is under way, one after the other. */
const marks =
  (...all: Mark[]) =>
  async (side: MarkSide) => {
    await transactor(side);
    const self = await transactor(side); // of epoch 1
    const topic = await side.topic();
    await begin(side, self, topic);
    await write(side, self, topic);
    const topics = [{ name: topic.name, partitionIndexes: [0] }];
    for (const { above = 1, coordinatorEpoch = 5, transactionVersion, committed = false } of all) {
      const producerEpoch = self.producerEpoch + above;
      const version = side.version >= 2 && transactionVersion !== undefined ? { transactionVersion } : {};
      const { producerId } = self;
      await side.ask({
        markers: [{ producerId, producerEpoch, transactionResult: committed, topics, coordinatorEpoch, ...version }],
      });
    }
    await contents(side, topic);
    await side.askOf(DescribeProducers, 0, { topics });
  };

const fresh = { producerId: 4_000_001, producerEpoch: 3, transactionResult: true, coordinatorEpoch: 0 };

differential(WriteTxnMarkers, {
  'an abort': marks({}),
  'a commit': marks({ committed: true }),
  'of the same epoch': marks({ above: 0 }),
  'of the same epoch, in version 2': marks({ above: 0, transactionVersion: 2 }),
  'of the next epoch, in version 2': marks({ above: 1, transactionVersion: 2 }),
  'of the next epoch twice, in version 2': marks({ transactionVersion: 2 }, { transactionVersion: 2 }),
  'of an older epoch': marks({ above: -1 }),
  'of an older epoch, in version 2': marks({ above: -1, transactionVersion: 2 }),
  'of an epoch of -1': marks({ above: -2 }),
  'of an epoch far ahead': marks({ above: 100 }, { above: 99 }),
  twice: marks({}, {}),
  'a commit after an abort': marks({}, { committed: true }),
  'of an older coordinator': marks({}, { coordinatorEpoch: 4 }),
  'of a younger coordinator': marks({}, { coordinatorEpoch: 6 }),
  'of a coordinator epoch of -1': marks({ coordinatorEpoch: -1 }),
  'an unknown version': marks({ transactionVersion: 7 }),
  'a producer that has not written': async (side) => {
    const topic = await side.topic();
    await side.ask({ markers: [{ ...fresh, topics: [{ name: topic.name, partitionIndexes: [0] }] }] });
    await contents(side, topic);
  },
  'an unknown topic': (side) =>
    side.ask({ markers: [{ ...fresh, topics: [{ name: side.name('nowhere'), partitionIndexes: [0] }] }] }),
  'an unknown partition beside a known one': async (side) => {
    const topic = await side.topic();
    await side.ask({ markers: [{ ...fresh, topics: [{ name: topic.name, partitionIndexes: [0, 7, -1] }] }] });
    await contents(side, topic);
  },
  'no markers': (side) => side.ask({ markers: [] }),
  'a marker for no topics': (side) => side.ask({ markers: [{ ...fresh, topics: [] }] }),
  'a topic without partitions': async (side) => {
    const topic = await side.topic();
    await side.ask({ markers: [{ ...fresh, topics: [{ name: topic.name, partitionIndexes: [] }] }] });
  },
  'a producer id of -1': async (side) => {
    const topic = await side.topic();
    const topics = [{ name: topic.name, partitionIndexes: [0] }];
    await side.ask({ markers: [{ ...fresh, producerId: -1, topics }] });
    await contents(side, topic);
  },
  'two producers in one request': async (side) => {
    const topic = await side.topic();
    const topics = [{ name: topic.name, partitionIndexes: [0] }];
    await side.ask({
      markers: [
        { ...fresh, topics },
        { ...fresh, producerId: 4_000_002, topics },
      ],
    });
    await contents(side, topic);
  },
});
