import { api, array, bool, int16, int32, int53, uuid } from '../schema.ts';

/** Keeps a broker's registration alive, and agrees on fencing and shutting down (KIP-631). */
export const BrokerHeartbeat = api(63, 'BrokerHeartbeat', {
  versions: '0-2', // v1 offline directories (KIP-858); v2 cordoned directories (KIP-1066)
  flexible: '0+',
  request: {
    brokerId: int32,
    brokerEpoch: int53.default(-1),
    /** How far the broker has read the metadata log. */
    currentMetadataOffset: int53,
    wantFence: bool,
    wantShutDown: bool,
    offlineLogDirs: array(uuid).versions('1+').tagged(0),
    cordonedLogDirs: array(uuid).versions('2+').nullable().tagged(1).default(null),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    isCaughtUp: bool.default(false),
    isFenced: bool.default(true),
    shouldShutDown: bool,
  },
});
