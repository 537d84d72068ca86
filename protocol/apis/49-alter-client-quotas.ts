import { api, array, bool, float64, int16, int32, string } from '../schema.ts';

/** Sets and removes client quotas (KIP-546). */
export const AlterClientQuotas = api(49, 'AlterClientQuotas', {
  versions: '0-1',
  flexible: '1+',
  request: {
    entries: array({
      entity: array({
        entityType: string,
        /** null: the default of its type. */
        entityName: string.nullable(),
      }),
      ops: array({ key: string, value: float64, remove: bool }),
    }),
    validateOnly: bool,
  },
  response: {
    throttleTimeMs: int32.default(0),
    entries: array({
      errorCode: int16,
      errorMessage: string.nullable(),
      entity: array({ entityType: string, entityName: string.nullable() }),
    }),
  },
});
