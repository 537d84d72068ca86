/** Gives a producer the id and epoch under which its batches are counted (idempotence, KIP-98). */
import { InitProducerId } from '../../protocol/apis/22-init-producer-id.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { handler } from './handler.ts';

const NO_PRODUCER = { producerId: -1, producerEpoch: -1 };

export const initProducerId = handler(InitProducerId, {
  handle: async ({ transactionalId, producerId, producerEpoch }, { broker }) => {
    const isHalf = (producerId === -1) !== (producerEpoch === -1); // an id means nothing without its epoch
    if (transactionalId === '' || isHalf) return { errorCode: ErrorCode.INVALID_REQUEST, ...NO_PRODUCER };
    // Transactions have no coordinator yet, as FindCoordinator says too.
    if (transactionalId !== null) return { errorCode: ErrorCode.COORDINATOR_NOT_AVAILABLE, ...NO_PRODUCER };
    return { errorCode: ErrorCode.NONE, producerId: await broker.producerIds.next(), producerEpoch: 0 };
  },
  refuse: (_request, errorCode) => ({ errorCode, ...NO_PRODUCER }),
});
