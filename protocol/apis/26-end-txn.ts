import { api, bool, int16, int32, int53, string } from '../schema.ts';

/** Commits or aborts a transaction. */
export const EndTxn = api(26, 'EndTxn', {
  versions: '0-5', // v3 flexible; v4 TRANSACTION_ABORTABLE; v5 the epoch rises with each transaction (KIP-890)
  flexible: '3+',
  request: {
    transactionalId: string,
    producerId: int53,
    producerEpoch: int16,
    /** true commits, false aborts. */
    committed: bool,
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    /** What the producer goes on with; -1 on an error. */
    producerId: int53.versions('5+').default(-1),
    producerEpoch: int16.versions('5+').default(-1),
  },
});
