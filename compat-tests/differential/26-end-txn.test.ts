import { EndTxn } from '../../protocol/apis/index.ts';
import type { Api } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import type { Side, Topic } from './side.ts';
import { begin, contents, described, over, transactor, write, type Transactor } from './transactions.ts';

type EndSide = typeof EndTxn extends Api<infer Req, infer Res> ? Side<Req, Res> : never;

/** Ends as the case's version does, and waits until it is over; answers with whom to go on. */
async function ended(side: EndSide, self: Transactor, committed: boolean): Promise<Transactor> {
  const answer = await side.ask({ ...self, committed });
  await over(side, self.transactionalId);
  if (answer === null || answer.errorCode !== 0 || answer.producerId < 0) return self;
  return { ...self, producerId: answer.producerId, producerEpoch: answer.producerEpoch };
}

/** A transactor with a transaction under way, begun as clients of version 1 or 2 do. */
async function started(side: EndSide, version: 1 | 2): Promise<{ self: Transactor; topic: Topic }> {
  const self = await transactor(side);
  const topic = await side.topic();
  await begin(side, self, topic, version);
  await write(side, self, topic, { version: version === 1 ? 11 : 12 });
  return { self, topic };
}

const ends =
  (version: 1 | 2, ...committed: boolean[]) =>
  async (side: EndSide) => {
    const { self, topic } = await started(side, version);
    for (const each of committed) await ended(side, self, each);
    await described(side, self);
    await contents(side, topic);
  };

const empty =
  (...committed: boolean[]) =>
  async (side: EndSide) => {
    let self = await transactor(side);
    for (const each of committed) self = await ended(side, self, each);
    await described(side, self);
  };

const as =
  (change: (self: Transactor) => Partial<Transactor>, committed = true) =>
  async (side: EndSide) => {
    const { self } = await started(side, 2);
    await ended(side, { ...self, ...change(self) }, committed);
    await described(side, self);
  };

differential(EndTxn, {
  'a commit, begun in version 1': ends(1, true),
  'a commit, begun in version 2': ends(2, true),
  'an abort, begun in version 1': ends(1, false),
  'an abort, begun in version 2': ends(2, false),
  'a commit twice, begun in version 1': ends(1, true, true),
  'a commit twice, begun in version 2': ends(2, true, true),
  'an abort twice, begun in version 1': ends(1, false, false),
  'an abort twice, begun in version 2': ends(2, false, false),
  'an abort after a commit, begun in version 1': ends(1, true, false),
  'an abort after a commit, begun in version 2': ends(2, true, false),
  'a commit after an abort, begun in version 1': ends(1, false, true),
  'a commit after an abort, begun in version 2': ends(2, false, true),
  'a commit thrice, begun in version 2': ends(2, true, true, true),
  'a commit of nothing': empty(true),
  'an abort of nothing': empty(false),
  'an abort of nothing twice, going on': empty(false, false),
  'an abort of nothing, then a commit of it': empty(false, true),
  'the epoch after': as(({ producerEpoch }) => ({ producerEpoch: producerEpoch + 1 })),
  'an epoch of -1': as(() => ({ producerEpoch: -1 })),
  'an epoch far away': as(() => ({ producerEpoch: 32_767 }), false),
  'a producer id that is not its own': as(({ producerId }) => ({ producerId: producerId + 4_000_000 })),
  'a producer id of -1': as(() => ({ producerId: -1 }), false),
  'an unknown transactional id': as(({ transactionalId }) => ({ transactionalId: `${transactionalId}-unknown` })),
  'an empty transactional id': as(() => ({ transactionalId: '' })),
  'of a fenced instance': async (side) => {
    const { self } = await started(side, 2);
    await transactor(side);
    for (const committed of [true, false]) await ended(side, self, committed);
    await described(side, self);
  },
  'late, in the middle of the transaction after it': async (side) => {
    const { self, topic } = await started(side, 2);
    const next = await ended(side, self, true);
    await begin(side, next, topic);
    await ended(side, self, true);
    await ended(side, self, false);
    await described(side, next);
  },
  'after transactions in both ways': async (side) => {
    const { self, topic } = await started(side, 1);
    let next = await ended(side, self, true);
    await begin(side, next, topic, 2);
    next = await ended(side, next, false);
    await begin(side, next, topic, 1);
    next = await ended(side, next, true);
    await described(side, next);
    await contents(side, topic);
  },
});
