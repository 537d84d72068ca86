import { api, array, bool, float64, int16, int32, int8, string } from '../schema.ts';

/** Shows client quotas (KIP-546). */
export const DescribeClientQuotas = api(48, 'DescribeClientQuotas', {
  versions: '0-1',
  flexible: '1+',
  request: {
    components: array({
      entityType: string,
      /** 0 this name, 1 the default, 2 any name. */
      matchType: int8,
      match: string.nullable(),
    }),
    /** Leaves out entities that have parts not asked for. */
    strict: bool,
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable(),
    entries: array({
      entity: array({
        entityType: string,
        /** null: the default of its type. */
        entityName: string.nullable(),
      }),
      values: array({ key: string, value: float64 }),
    }).nullable(),
  },
});
