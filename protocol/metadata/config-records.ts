/** Records of the metadata log: configuration, quotas and features. */
import { array, bool, float64, int16, int8, message, string } from '../schema.ts';

export const ConfigRecord = message(
  'ConfigRecord',
  { apiKey: 4, versions: '0', flexible: '0+' },
  {
    /** 2 topic, 4 broker, 16 client metrics, 32 group. */
    resourceType: int8,
    resourceName: string,
    name: string,
    /** null removes the key. */
    value: string.nullable(),
  },
);

export const ClientQuotaRecord = message(
  'ClientQuotaRecord',
  { apiKey: 14, versions: '0', flexible: '0+' },
  {
    entity: array({
      entityType: string,
      /** null: the default of its type. */
      entityName: string.nullable(),
    }),
    key: string,
    value: float64,
    remove: bool,
  },
);

/** Stays at v0: it is the first that an old reader must understand. */
export const FeatureLevelRecord = message(
  'FeatureLevelRecord',
  { apiKey: 12, versions: '0', flexible: '0+' },
  {
    name: string,
    /** 0 removes the feature. */
    featureLevel: int16,
  },
);
