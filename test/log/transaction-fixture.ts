/** Transactional batches and the markers that end them, as a coordinator writes them. */
import { endTxnMarker } from '../../protocol/records/control.ts';
import { encodeBatch } from '../../protocol/records/encode.ts';

export function marker(
  type: 'ABORT' | 'COMMIT',
  producerId: number,
  facts: { epoch?: number; coordinatorEpoch?: number; at?: number } = {},
): Buffer {
  const { epoch = 0, coordinatorEpoch = 0, at = 2000 } = facts;
  return encodeBatch({
    records: [endTxnMarker(type, coordinatorEpoch, at)],
    producerId,
    producerEpoch: epoch,
    baseSequence: -1,
    isTransactional: true,
    isControl: true,
  });
}
