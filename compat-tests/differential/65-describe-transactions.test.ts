import { DescribeTransactions } from '../../protocol/apis/index.ts';
import { differential } from './differential.ts';
import { begin, end, transactor, write } from './transactions.ts';

differential(DescribeTransactions, {
  'in every state': async (side) => {
    const self = await transactor(side, 'id', 30_000);
    const { transactionalId } = self;
    const topic = await side.topic('topic', { partitions: 3 });
    await side.ask({ transactionalIds: [transactionalId] });
    await begin(side, self, topic, 2, [0, 2]);
    await side.ask({ transactionalIds: [transactionalId] });
    await write(side, self, topic);
    await side.ask({ transactionalIds: [transactionalId] });
    const next = await end(side, self, true);
    await side.ask({ transactionalIds: [transactionalId] });
    await begin(side, next, topic);
    await end(side, next, false);
    await side.ask({ transactionalIds: [transactionalId] });
    await transactor(side, 'id', 40_000);
    await side.ask({ transactionalIds: [transactionalId] });
  },
  'in every state of version 1': async (side) => {
    const self = await transactor(side);
    const { transactionalId } = self;
    const topic = await side.topic();
    for (const committed of [true, false]) {
      await begin(side, self, topic, 1);
      await side.ask({ transactionalIds: [transactionalId] });
      await end(side, self, committed, 1);
      await side.ask({ transactionalIds: [transactionalId] });
    }
  },
  'of a fenced instance': async (side) => {
    const self = await transactor(side);
    await begin(side, self, await side.topic());
    await transactor(side);
    await side.ask({ transactionalIds: [self.transactionalId] });
  },
  'an unknown one': (side) => side.ask({ transactionalIds: [side.name('nobody')] }),
  'an unknown one beside a known one': async (side) => {
    const { transactionalId } = await transactor(side);
    await side.ask({ transactionalIds: [side.name('nobody'), transactionalId] });
  },
  'an empty one': (side) => side.ask({ transactionalIds: [''] }),
  none: (side) => side.ask({ transactionalIds: [] }),
  'one twice': async (side) => {
    const { transactionalId } = await transactor(side);
    await side.ask({ transactionalIds: [transactionalId, transactionalId] });
  },
});
