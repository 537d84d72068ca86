import { AddPartitionsToTxn } from '../../protocol/apis/index.ts';
import type { Api } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import type { Side } from './side.ts';
import { begin, described, end, transactor, type Transactor } from './transactions.ts';

type AddSide = typeof AddPartitionsToTxn extends Api<infer Req, infer Res> ? Side<Req, Res> : never;
type Topics = { name: string; partitions: number[] }[];

const BATCHED_SINCE = 4;

/** One transaction, as the version says it. */
function add(side: AddSide, { transactionalId, producerId, producerEpoch }: Transactor, topics: Topics) {
  if (side.version >= BATCHED_SINCE) {
    return side.ask({ transactions: [{ transactionalId, producerId, producerEpoch, topics }] });
  }
  return side.ask({
    v3AndBelowTransactionalId: transactionalId,
    v3AndBelowProducerId: producerId,
    v3AndBelowProducerEpoch: producerEpoch,
    v3AndBelowTopics: topics,
  });
}

/** A transactor, changed, that adds partition 0 of a topic. */
const as = (change: (self: Transactor) => Partial<Transactor>) => async (side: AddSide) => {
  const self = await transactor(side);
  const { name } = await side.topic();
  await add(side, { ...self, ...change(self) }, [{ name, partitions: [0] }]);
  await described(side, self);
};

const verify =
  (change: (self: Transactor) => Partial<Transactor>, partitions = [0]) =>
  async (side: AddSide) => {
    const self = await transactor(side);
    const topic = await side.topic('topic', { partitions: 2 });
    await begin(side, self, topic);
    const { name } = topic;
    await side.ask({ transactions: [{ ...self, ...change(self), verifyOnly: true, topics: [{ name, partitions }] }] });
  };

differential(AddPartitionsToTxn, {
  'a partition': as(() => ({})),
  'the epoch after': as(({ producerEpoch }) => ({ producerEpoch: producerEpoch + 1 })),
  'an epoch of -1': as(() => ({ producerEpoch: -1 })),
  'a producer id that is not its own': as(({ producerId }) => ({ producerId: producerId + 4_000_000 })),
  'a producer id of -1': as(() => ({ producerId: -1 })),
  'an unknown transactional id': as(({ transactionalId }) => ({ transactionalId: `${transactionalId}-unknown` })),
  'an empty transactional id': as(() => ({ transactionalId: '' })),
  'the epoch before': async (side) => {
    const old = await transactor(side);
    await transactor(side);
    await add(side, old, [{ name: (await side.topic()).name, partitions: [0] }]);
  },
  'the same partition again': async (side) => {
    const self = await transactor(side);
    const topics = [{ name: (await side.topic()).name, partitions: [0] }];
    await add(side, self, topics);
    await add(side, self, topics);
    await described(side, self);
  },
  'two topics, and then one more partition': async (side) => {
    const self = await transactor(side);
    const one = await side.topic('one', { partitions: 2 });
    const two = await side.topic('two');
    await add(side, self, [
      { name: one.name, partitions: [0] },
      { name: two.name, partitions: [0] },
    ]);
    await add(side, self, [{ name: one.name, partitions: [1] }]);
    await described(side, self);
  },
  'an unknown topic': async (side) => {
    const self = await transactor(side);
    await add(side, self, [{ name: side.name('nowhere'), partitions: [0] }]);
    await described(side, self);
  },
  'an unknown topic beside a known one': async (side) => {
    const self = await transactor(side);
    await add(side, self, [
      { name: side.name('nowhere'), partitions: [0, 1] },
      { name: (await side.topic()).name, partitions: [0] },
    ]);
    await described(side, self);
  },
  'an unknown partition beside a known one': async (side) => {
    const self = await transactor(side);
    await add(side, self, [{ name: (await side.topic()).name, partitions: [0, 9, -1] }]);
    await described(side, self);
  },
  'no topics': async (side) => {
    const self = await transactor(side);
    await add(side, self, []);
    await described(side, self);
  },
  'a topic without partitions': async (side) => {
    const self = await transactor(side);
    await add(side, self, [{ name: (await side.topic()).name, partitions: [] }]);
    await described(side, self);
  },
  'after a commit': async (side) => {
    const self = await transactor(side);
    const topic = await side.topic();
    await begin(side, self, topic);
    const next = await end(side, self);
    await add(side, self, [{ name: topic.name, partitions: [0] }]);
    await add(side, next, [{ name: topic.name, partitions: [0] }]);
    await described(side, self);
  },
  'after a commit of version 1': async (side) => {
    const self = await transactor(side);
    const topic = await side.topic();
    await begin(side, self, topic, 1);
    await end(side, self, true, 1);
    await add(side, self, [{ name: topic.name, partitions: [0] }]);
    await described(side, self);
  },
  'no transactions': (side) => (side.version < BATCHED_SINCE ? side.ask({}) : side.ask({ transactions: [] })),
  'two transactions': async (side) => {
    const { name } = await side.topic();
    const topics = [{ name, partitions: [0] }];
    const one = await transactor(side, 'one');
    const two = await transactor(side, 'two');
    await side.ask({
      transactions: [
        { ...one, topics },
        { ...two, producerEpoch: 7, topics },
      ],
    });
  },
  'to verify a partition that is in it': verify(() => ({})),
  'to verify one that is not': verify(() => ({}), [1]),
  'to verify one that is and one that is not': verify(() => ({}), [0, 1]),
  'to verify one that does not exist': verify(() => ({}), [7]),
  'to verify one that does not exist beside one that is': verify(() => ({}), [0, 7]),
  'to verify with the epoch after': verify(({ producerEpoch }) => ({ producerEpoch: producerEpoch + 1 })),
  'to verify with another producer id': verify(({ producerId }) => ({ producerId: producerId + 4_000_000 })),
  'to verify an unknown transactional id': verify(({ transactionalId }) => ({
    transactionalId: `${transactionalId}-unknown`,
  })),
  'to verify an empty transactional id': verify(() => ({ transactionalId: '' })),
  'to verify after the end': async (side) => {
    const self = await transactor(side);
    const topic = await side.topic();
    await begin(side, self, topic);
    const next = await end(side, self);
    const topics = [{ name: topic.name, partitions: [0] }];
    await side.ask({ transactions: [{ ...self, verifyOnly: true, topics }] });
    await side.ask({ transactions: [{ ...next, verifyOnly: true, topics }] });
  },
});
