/** Gives a broker a block of producer ids that nobody has had (KIP-730). */
import { AllocateProducerIds } from '../../../protocol/apis/67-allocate-producer-ids.ts';
import { ErrorCode } from '../../../protocol/errors.ts';
import type { Parts } from '../broker-parts.ts';
import { handler } from '../handler.ts';
import { clusterAction } from '../../security/needs.ts';

export const allocateProducerIds = handler(AllocateProducerIds, {
  needs: () => clusterAction,
  handle: async ({ brokerId, brokerEpoch }, _context, { controller }: Parts<'controller'>) => {
    if (controller.image.brokers.get(brokerId)?.epoch !== brokerEpoch) return failed(ErrorCode.STALE_BROKER_EPOCH);
    const { first, size } = await controller.allocateProducerIds(brokerId);
    return { errorCode: ErrorCode.NONE, producerIdStart: first, producerIdLen: size };
  },
  refuse: (_request, errorCode) => failed(errorCode),
});

function failed(errorCode: number) {
  return { errorCode, producerIdStart: 0, producerIdLen: 0 };
}
