import { InitProducerId } from '../../protocol/apis/index.ts';
import type { Api } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import type { Side } from './side.ts';

type InitSide = typeof InitProducerId extends Api<infer Req, infer Res> ? Side<Req, Res> : never;

/** Of a producer without transactions; which id it gets is the broker's business. */
const init =
  (producerId = -1, producerEpoch = -1, transactionTimeoutMs = 1000) =>
  async (side: InitSide) => {
    const answer = await side.look({ transactionalId: null, transactionTimeoutMs, producerId, producerEpoch });
    if (answer !== null) side.record({ ...answer, producerId: answer.producerId >= 0 ? 'some' : answer.producerId });
  };

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
});
