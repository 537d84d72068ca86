import { api, array, bool, int16, int32, int53, string, uint16, uuid } from '../schema.ts';

/** Makes a broker known to the controller, which gives it its epoch (KIP-631). */
export const BrokerRegistration = api(62, 'BrokerRegistration', {
  // v2 log directories (KIP-858); v3 the epoch of a clean shutdown (KIP-966); v4 features may begin at 0
  versions: '0-4',
  flexible: '0+',
  request: {
    brokerId: int32,
    clusterId: string,
    /** New with every start of the broker's process. */
    incarnationId: uuid,
    listeners: array({
      name: string,
      host: string,
      port: uint16,
      securityProtocol: int16,
    }),
    features: array({ name: string, minSupportedVersion: int16, maxSupportedVersion: int16 }),
    rack: string.nullable(),
    isMigratingZkBroker: bool.versions('1+').default(false),
    logDirs: array(uuid).versions('2+').default([]),
    /** Of the last clean shutdown; -1: there was none. */
    previousBrokerEpoch: int53.versions('3+').default(-1),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    brokerEpoch: int53.default(-1),
  },
});
