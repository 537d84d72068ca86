import { InitProducerId } from '../../protocol/apis/index.ts';
import type { Api } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import type { Side } from './side.ts';
import { begin, contents, described, end, over, transactor, write, type Transactor } from './transactions.ts';

const CONCURRENT_TRANSACTIONS = 51;
const RESUMES_SINCE = 3;

type InitSide = typeof InitProducerId extends Api<infer Req, infer Res> ? Side<Req, Res> : never;

/** Of a producer without transactions; which id it gets is the broker's business. */
const init =
  (producerId = -1, producerEpoch = -1, transactionTimeoutMs = 1000) =>
  async (side: InitSide) => {
    const answer = await side.look({ transactionalId: null, transactionTimeoutMs, producerId, producerEpoch });
    if (answer !== null) side.record({ ...answer, producerId: answer.producerId >= 0 ? 'some' : answer.producerId });
  };

/** Of a client with a transactional id. What is under way is ended first, for which Kafka has it ask again. */
async function initTransactions(side: InitSide, own: Partial<Transactor>, transactionTimeoutMs = 60_000) {
  const draft = { transactionalId: side.name('id'), transactionTimeoutMs, ...own };
  let answer = await side.look(draft);
  while (answer?.errorCode === CONCURRENT_TRANSACTIONS) {
    await over(side, draft.transactionalId);
    answer = await side.look(draft);
  }
  if (answer === null) return;
  side.knowProducer(answer.producerId);
  side.record(answer);
}

/** What a client says that goes on with what it has; before KIP-360 it cannot. */
const known = (side: InitSide, { producerId, producerEpoch }: Transactor, above = 0) =>
  side.version >= RESUMES_SINCE ? { producerId, producerEpoch: producerEpoch + above } : {};

differential(InitProducerId, {
  'a new producer': init(),
  'a time-out of 0': init(-1, -1, 0),
  'a time-out of -1': init(-1, -1, -1),
  'a known id': init(5, 0),
  'an id without an epoch': init(5, -1),
  'an epoch without an id': init(-1, 3),
  'an id of -2': init(-2, -1),
  'an epoch of -2': init(5, -2),
  'an empty transactional id': (side) => side.ask({ transactionalId: '', transactionTimeoutMs: 1000 }),
  'a new transactional id, and again': async (side) => {
    for (let turn = 0; turn < 3; turn++) await initTransactions(side, {});
    await described(side, { transactionalId: side.name('id') });
  },
  'a transactional id, with a time-out of 0': (side) => initTransactions(side, {}, 0),
  'a transactional id, with a time-out of -1': (side) => initTransactions(side, {}, -1),
  'a transactional id, with the longest time-out': (side) => initTransactions(side, {}, 900_000),
  'a transactional id, with a time-out too long': (side) => initTransactions(side, {}, 900_001),
  'a transactional id, with an id of nobody': (side) =>
    initTransactions(side, { producerId: 4_000_000, producerEpoch: 0 }),
  'going on': async (side) => {
    const self = await transactor(side);
    await initTransactions(side, known(side, self));
    await initTransactions(side, known(side, self));
    await initTransactions(side, known(side, self, 1));
  },
  'going on with an older epoch': async (side) => {
    await transactor(side);
    await transactor(side);
    const self = await transactor(side);
    await initTransactions(side, known(side, self, -1));
    await initTransactions(side, known(side, self, -2));
  },
  'going on with the epoch after': async (side) => initTransactions(side, known(side, await transactor(side), 1)),
  'going on with another producer id': async (side) => {
    const self = await transactor(side);
    await initTransactions(side, known(side, { ...self, producerId: self.producerId + 4_000_000 }));
  },
  'a transaction under way': async (side) => {
    const self = await transactor(side);
    const topic = await side.topic();
    await begin(side, self, topic);
    await write(side, self, topic);
    await initTransactions(side, {});
    await described(side, self);
    await contents(side, topic);
  },
  'a transaction of version 1 under way': async (side) => {
    const self = await transactor(side);
    const topic = await side.topic();
    await begin(side, self, topic, 1);
    await write(side, self, topic, { version: 11 });
    await initTransactions(side, {});
    await described(side, self);
    await contents(side, topic);
  },
  'going on in the middle of a transaction': async (side) => {
    const self = await transactor(side);
    const topic = await side.topic();
    await begin(side, self, topic);
    await write(side, self, topic);
    await initTransactions(side, known(side, self));
    await described(side, self);
    await contents(side, topic);
  },
  'after a commit': async (side) => {
    const self = await transactor(side);
    const topic = await side.topic();
    await begin(side, self, topic);
    const next = await end(side, self);
    await initTransactions(side, known(side, self));
    await initTransactions(side, known(side, next));
    await described(side, self);
  },
});
