/** Records of the metadata log: brokers and controllers come, change and go. */
import { array, bool, int16, int32, int53, int8, message, string, uint16, uuid } from '../schema.ts';

// v1 controlled shutdown; v2 migration from ZooKeeper; v3 log directories (KIP-858); v4 cordoned directories
// (KIP-1066)
export const RegisterBrokerRecord = message(
  'RegisterBrokerRecord',
  { apiKey: 0, versions: '0-4', flexible: '0+' },
  {
    brokerId: int32,
    isMigratingZkBroker: bool.versions('2+').default(false),
    /** New with every start of the broker's process. */
    incarnationId: uuid,
    /** The offset of this record. */
    brokerEpoch: int53,
    endPoints: array({
      name: string,
      host: string,
      port: uint16,
      /** 0 PLAINTEXT, 1 SSL, 2 SASL_PLAINTEXT, 3 SASL_SSL. */
      securityProtocol: int16,
    }),
    features: array({ name: string, minSupportedVersion: int16, maxSupportedVersion: int16 }),
    rack: string.nullable(),
    fenced: bool.default(true),
    inControlledShutdown: bool.versions('1+').default(false),
    logDirs: array(uuid).versions('3+').tagged(0),
    cordonedLogDirs: array(uuid).versions('4+').nullable().tagged(1).default(null),
  },
);

export const UnregisterBrokerRecord = message(
  'UnregisterBrokerRecord',
  { apiKey: 1, versions: '0', flexible: '0+' },
  {
    brokerId: int32,
    brokerEpoch: int53,
  },
);

/** Up to metadata.version 3.3-IV1; BrokerRegistrationChangeRecord took its place. */
export const FenceBrokerRecord = message(
  'FenceBrokerRecord',
  { apiKey: 7, versions: '0', flexible: '0+' },
  {
    id: int32,
    epoch: int53,
  },
);

/** Up to metadata.version 3.3-IV1; BrokerRegistrationChangeRecord took its place. */
export const UnfenceBrokerRecord = message(
  'UnfenceBrokerRecord',
  { apiKey: 8, versions: '0', flexible: '0+' },
  {
    id: int32,
    epoch: int53,
  },
);

// v1 controlled shutdown; v2 log directories (KIP-858); v3 cordoned directories (KIP-1066)
export const BrokerRegistrationChangeRecord = message(
  'BrokerRegistrationChangeRecord',
  {
    apiKey: 17,
    versions: '0-3',
    flexible: '0+',
  },
  {
    brokerId: int32,
    brokerEpoch: int53,
    /** -1 no longer, 0 unchanged, 1 from now on. */
    fenced: int8.tagged(0),
    /** 0 unchanged, 1 from now on. */
    inControlledShutdown: int8.versions('1+').tagged(1),
    /** null: unchanged. */
    logDirs: array(uuid).versions('2+').tagged(2),
    cordonedLogDirs: array(uuid).versions('3+').nullable().tagged(3).default(null),
  },
);

export const UnregisterControllerRecord = message(
  'UnregisterControllerRecord',
  { apiKey: 29, versions: '0', flexible: '0+' },
  {
    controllerId: int32,
  },
);

export const RegisterControllerRecord = message(
  'RegisterControllerRecord',
  {
    apiKey: 27,
    versions: '0',
    flexible: '0+',
  },
  {
    controllerId: int32,
    incarnationId: uuid,
    zkMigrationReady: bool,
    endPoints: array({
      name: string,
      host: string,
      port: uint16,
      /** 0 PLAINTEXT, 1 SSL, 2 SASL_PLAINTEXT, 3 SASL_SSL. */
      securityProtocol: int16,
    }),
    features: array({ name: string, minSupportedVersion: int16, maxSupportedVersion: int16 }),
  },
);
