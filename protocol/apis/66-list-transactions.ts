import { api, array, int16, int32, int53, string } from '../schema.ts';

/** Lists the transactions this broker coordinates (KIP-664). */
export const ListTransactions = api(66, 'ListTransactions', {
  versions: '0-2', // v1 by duration (KIP-994); v2 by pattern (KIP-1152)
  flexible: '0+',
  request: {
    stateFilters: array(string),
    producerIdFilters: array(int53),
    /** Those open for longer, in milliseconds; negative: all. */
    durationFilter: int53.versions('1+').default(-1),
    transactionalIdPattern: string.versions('2+').nullable().default(null),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    /** Those of the request that name no state. */
    unknownStateFilters: array(string),
    transactionStates: array({
      transactionalId: string,
      producerId: int53,
      transactionState: string,
    }),
  },
});
