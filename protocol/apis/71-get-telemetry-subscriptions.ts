import { api, array, bool, int16, int32, int8, string, uuid } from '../schema.ts';

/** Tells a client which of its metrics the cluster wants (KIP-714). */
export const GetTelemetrySubscriptions = api(71, 'GetTelemetrySubscriptions', {
  versions: '0',
  flexible: '0+',
  request: {
    /** All zero on the first request: the broker gives one. */
    clientInstanceId: uuid,
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    clientInstanceId: uuid,
    subscriptionId: int32,
    acceptedCompressionTypes: array(int8),
    pushIntervalMs: int32,
    telemetryMaxBytes: int32,
    deltaTemporality: bool,
    /** Prefixes of names. Empty: none are wanted; one empty string: all. */
    requestedMetrics: array(string),
  },
});
