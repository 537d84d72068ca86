import { api, bool, bytes, int16, int32, int8, uuid } from '../schema.ts';

/** Brings a client's metrics (KIP-714). */
export const PushTelemetry = api(72, 'PushTelemetry', {
  versions: '0',
  flexible: '0+',
  request: {
    clientInstanceId: uuid,
    subscriptionId: int32,
    /** The client closes: this is its last push. */
    terminating: bool,
    compressionType: int8,
    /** OpenTelemetry's MetricsData, compressed. */
    metrics: bytes,
  },
  response: { throttleTimeMs: int32.default(0), errorCode: int16 },
});
