import { api, int16, int32, int53, string } from '../schema.ts';

/** Gives a producer its id and epoch; with a transactional id, fences and ends what an earlier instance left open. */
export const InitProducerId = api(22, 'InitProducerId', {
  // v2 flexible; v3 resumes a known id (KIP-360); v4 PRODUCER_FENCED; v5 TRANSACTION_ABORTABLE (KIP-890)
  versions: '0-5',
  flexible: '2+',
  request: {
    /** null for producers that are idempotent only. */
    transactionalId: string.nullable(),
    transactionTimeoutMs: int32,
    /** The id to go on with, or -1. */
    producerId: int53.versions('3+').default(-1),
    producerEpoch: int16.versions('3+').default(-1),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    producerId: int53.default(-1),
    producerEpoch: int16,
  },
});
