/** The content of a .snapshot file: what a log knows of its producers at an offset; behind a version of 16 bits. */
import { array, int16, int32, int53, message, uint32 } from './schema.ts';

export const ProducerSnapshot = message(
  'ProducerSnapshot',
  { versions: '1', flexible: 'none' },
  {
    /** CRC-32C of all that follows. */
    crc: uint32,
    producerEntries: array({
      producerId: int53,
      epoch: int16,
      lastSequence: int32,
      lastOffset: int53,
      /** Last minus first offset of the last batch. */
      offsetDelta: int32,
      timestamp: int53,
      coordinatorEpoch: int32,
      /** -1: no open transaction. */
      currentTxnFirstOffset: int53,
    }),
  },
);
