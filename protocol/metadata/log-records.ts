/** Records of the metadata log: the log itself, and producer ids. */
import { int32, int53, int8, message, string } from '../schema.ts';

export const ProducerIdsRecord = message(
  'ProducerIdsRecord',
  { apiKey: 15, versions: '0', flexible: '0+' },
  {
    brokerId: int32,
    brokerEpoch: int53.default(-1),
    /** The first id that has not been given to any broker. */
    nextProducerId: int53,
  },
);

/** Keeps the log moving, so that followers notice a dead leader. */
export const NoOpRecord = message('NoOpRecord', { apiKey: 20, versions: '0', flexible: '0+' }, {});

/** What follows counts only once EndTransaction stands behind it (KIP-868). */
export const BeginTransactionRecord = message(
  'BeginTransactionRecord',
  { apiKey: 23, versions: '0', flexible: '0+' },
  {
    name: string.nullable().tagged(0).default(null),
  },
);

export const EndTransactionRecord = message('EndTransactionRecord', { apiKey: 24, versions: '0', flexible: '0+' }, {});

/** Nothing since BeginTransaction counts. */
export const AbortTransactionRecord = message(
  'AbortTransactionRecord',
  { apiKey: 25, versions: '0', flexible: '0+' },
  {
    reason: string.nullable().tagged(0).default(null),
  },
);

/** Nothing writes it any more; old logs hold it. */
export const ZkMigrationStateRecord = message(
  'ZkMigrationStateRecord',
  { apiKey: 21, versions: '0', flexible: '0+' },
  {
    zkMigrationState: int8,
  },
);
