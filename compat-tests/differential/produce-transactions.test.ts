import { Produce } from '../../protocol/apis/index.ts';
import { encodeBatch, type BatchDraft } from '../../protocol/records/encode.ts';
import type { Api } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import { plain } from './records.ts';
import type { Side, Topic } from './side.ts';
import { begin, contents, described, end, transactor, type Transactor } from './transactions.ts';

type ProduceSide = typeof Produce extends Api<infer Req, infer Res> ? Side<Req, Res> : never;

const IMPLICIT_SINCE = 12;

function produce(
  side: ProduceSide,
  { transactionalId, ...producer }: Transactor | (Omit<Transactor, 'transactionalId'> & { transactionalId: null }),
  topic: Topic,
  draft: Partial<BatchDraft> = {},
  index = 0,
) {
  const records = encodeBatch({ ...plain(side, 2), ...producer, baseSequence: 0, isTransactional: true, ...draft });
  const topicData = [{ ...topic, partitionData: [{ index, records }] }];
  return side.ask({ transactionalId, acks: -1, timeoutMs: 1000, topicData });
}

/** Of the client whose version of Produce it is. */
const versionOf = ({ version }: ProduceSide) => (version >= IMPLICIT_SINCE ? 2 : 1);

/** A batch in a transaction of which the broker knows, with something changed. */
const as =
  (change: (self: Transactor) => Partial<Transactor>, draft: Partial<BatchDraft> = {}, added = true) =>
  async (side: ProduceSide) => {
    const self = await transactor(side);
    const topic = await side.topic();
    if (added) await begin(side, self, topic, versionOf(side));
    await produce(side, { ...self, ...change(self) }, topic, draft);
    await described(side, self);
    await contents(side, topic);
  };

differential(Produce, {
  'in a transaction': as(() => ({})),
  'in a transaction, without its partition': as(() => ({}), {}, false),
  'in a transaction, with the epoch after': as(({ producerEpoch }) => ({ producerEpoch: producerEpoch + 1 })),
  'in a transaction, with a producer id not its own': as(({ producerId }) => ({ producerId: producerId + 4_000_000 })),
  'in a transaction, with an unknown transactional id': as(({ transactionalId }) => ({
    transactionalId: `${transactionalId}-unknown`,
  })),
  'in a transaction, with an empty transactional id': as(() => ({ transactionalId: '' })),
  'in a transaction, with a batch that is not': as(() => ({}), { isTransactional: false }),
  'in a transaction, not from sequence 0': as(() => ({}), { baseSequence: 5 }),
  'in a transaction, without a producer id': as(() => ({ producerId: -1, producerEpoch: -1 }), { baseSequence: -1 }),
  'a transactional batch without a transactional id': async (side) => {
    const self = await transactor(side);
    const topic = await side.topic();
    await begin(side, self, topic, versionOf(side));
    await produce(side, { ...self, transactionalId: null }, topic);
    await contents(side, topic);
  },
  'a batch outside of the transaction that is under way': async (side) => {
    const self = await transactor(side);
    const topic = await side.topic();
    await begin(side, self, topic, versionOf(side));
    await produce(side, self, topic);
    await produce(side, { ...self, transactionalId: null }, topic, { baseSequence: 2, isTransactional: false });
    await contents(side, topic);
  },
  'with the epoch before, in a transaction': async (side) => {
    const old = await transactor(side);
    const topic = await side.topic();
    await begin(side, old, topic, versionOf(side));
    await produce(side, old, topic);
    const young = await transactor(side);
    await produce(side, old, topic, { baseSequence: 2 });
    await begin(side, young, topic, versionOf(side));
    await produce(side, young, topic);
    await produce(side, old, topic, { baseSequence: 2 });
    await contents(side, topic);
  },
  'late, after the end of the transaction': async (side) => {
    const self = await transactor(side);
    const topic = await side.topic();
    const version = versionOf(side);
    await begin(side, self, topic, version);
    await produce(side, self, topic);
    const next = await end(side, self, true, version);
    await produce(side, self, topic, { baseSequence: 2 });
    await begin(side, next, topic, version);
    await produce(side, next, topic, { baseSequence: version === 1 ? 2 : 0 });
    await contents(side, topic);
  },
  'in another partition than the one of the transaction': async (side) => {
    const self = await transactor(side);
    const topic = await side.topic('topic', { partitions: 2 });
    await begin(side, self, topic, versionOf(side));
    await produce(side, self, topic);
    await produce(side, self, topic, {}, 1);
    await described(side, self);
    await contents(side, topic, 1);
  },
  'in a transaction, to an unknown topic': async (side) => {
    const self = await transactor(side);
    await produce(side, self, { name: side.name('nowhere'), topicId: 'bm9uZW5vbmVub25lbm9uZQ' });
    await described(side, self);
  },
  'a duplicate in a transaction, and after it': async (side) => {
    const self = await transactor(side);
    const topic = await side.topic();
    const version = versionOf(side);
    await begin(side, self, topic, version);
    await produce(side, self, topic);
    await produce(side, self, topic);
    await end(side, self, false, version);
    await produce(side, self, topic);
    await contents(side, topic);
  },
});
