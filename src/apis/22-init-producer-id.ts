/** Gives a producer its id and epoch (KIP-98), and fences the earlier producer of its transactional id. */
import { InitProducerId } from '../../protocol/apis/22-init-producer-id.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { fencedBefore } from './transaction-errors.ts';
import { anyOf, idempotentWrite, orElse, write } from '../security/needs.ts';

const FENCED_SINCE = 4;
const NO_PRODUCER = { producerId: -1, producerEpoch: -1 };

export const initProducerId = handler(InitProducerId, {
  needs: ({ transactionalId }) =>
    transactionalId === null
      ? orElse(ErrorCode.CLUSTER_AUTHORIZATION_FAILED, anyOf(idempotentWrite, write.someTopic()))
      : write.transactionalId(transactionalId),
  handle: async (
    { transactionalId, transactionTimeoutMs: timeoutMs, producerId, producerEpoch },
    { apiVersion },
    { producerIds, transactions, logger }: Parts<'producerIds' | 'transactions' | 'logger'>,
  ) => {
    const isHalf = (producerId === -1) !== (producerEpoch === -1); // an id means nothing without its epoch
    if (transactionalId === '' || isHalf) return { errorCode: ErrorCode.INVALID_REQUEST, ...NO_PRODUCER };
    if (transactionalId === null) {
      try {
        return { errorCode: ErrorCode.NONE, producerId: await producerIds.next(), producerEpoch: 0 };
      } catch (error) {
        logger.error('producer-id.not-allocated', { error: String(error) });
        return { errorCode: ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, ...NO_PRODUCER }; // every client tries again after it
      }
    }
    const expected = producerId === -1 ? null : { producerId, producerEpoch };
    const answer = await transactions.init({ transactionalId, timeoutMs, expected });
    return { ...answer, errorCode: fencedBefore(FENCED_SINCE, apiVersion, answer.errorCode) };
  },
  refuse: (_request, errorCode) => ({ errorCode, ...NO_PRODUCER }),
});
