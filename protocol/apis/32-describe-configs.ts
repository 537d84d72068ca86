import { api, array, bool, int16, int32, int8, string } from '../schema.ts';

/** Shows the configuration of topics, brokers, groups and client metrics, and where each value comes from. */
export const DescribeConfigs = api(32, 'DescribeConfigs', {
  versions: '1-4', // v1 synonyms (KIP-226); v3 types and documentation (KIP-569); v4 flexible
  flexible: '4+',
  request: {
    resources: array({
      /** 2 topic, 4 broker, 8 broker logger, 16 client metrics, 32 group. */
      resourceType: int8,
      resourceName: string,
      /** null: all. */
      configurationKeys: array(string).nullable(),
    }),
    includeSynonyms: bool.default(false),
    includeDocumentation: bool.versions('3+').default(false),
  },
  response: {
    throttleTimeMs: int32.default(0),
    results: array({
      errorCode: int16,
      errorMessage: string.nullable(),
      resourceType: int8,
      resourceName: string,
      configs: array({
        name: string,
        value: string.nullable(),
        readOnly: bool,
        /**
         * 1 topic, 2 dynamic broker, 3 dynamic default, 4 static broker, 5 default, 6 logger, 7 client metrics, 8
         * group.
         */
        configSource: int8.default(-1),
        isSensitive: bool,
        synonyms: array({ name: string, value: string.nullable(), source: int8 }),
        /** 1 boolean, 2 string, 3 int, 4 short, 5 long, 6 double, 7 list, 8 class, 9 password. */
        configType: int8.versions('3+').default(0),
        documentation: string.versions('3+').nullable().default(''),
      }),
    }),
  },
});
