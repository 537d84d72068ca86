import { api, int16, int32, int53, string } from '../schema.ts';

/** Takes a group's offsets into a transaction, before TxnOffsetCommit. */
export const AddOffsetsToTxn = api(25, 'AddOffsetsToTxn', {
  versions: '0-4', // v3 flexible; v4 TRANSACTION_ABORTABLE (KIP-890)
  flexible: '3+',
  request: {
    transactionalId: string,
    producerId: int53,
    producerEpoch: int16,
    groupId: string,
  },
  response: { throttleTimeMs: int32.default(0), errorCode: int16 },
});
