/** Tells a client that it need not push any metrics (KIP-714). As in Kafka without a receiver, ApiVersions does not list it. */
import { GetTelemetrySubscriptions } from '../../protocol/apis/71-get-telemetry-subscriptions.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { ZERO_UUID, type ResponseDraft } from '../../protocol/schema.ts';
import { PUSH_INTERVAL_MS } from './client-telemetry.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';

/** zstd, lz4, gzip, snappy: Kafka's order of preference. */
const COMPRESSION_TYPES = [4, 3, 1, 2];

export const getTelemetrySubscriptions = {
  ...handler(GetTelemetrySubscriptions, {
    open: 'everybody may; ApiVersions does not list it',
    handle: ({ clientInstanceId }, _context, { telemetry, config }: Parts<'telemetry' | 'config'>) => {
      const told = telemetry.ask(clientInstanceId);
      if ('errorCode' in told) return refused(told.errorCode);
      return {
        ...told,
        errorCode: ErrorCode.NONE,
        acceptedCompressionTypes: COMPRESSION_TYPES,
        pushIntervalMs: PUSH_INTERVAL_MS,
        telemetryMaxBytes: config['telemetry.max.bytes'],
        deltaTemporality: true,
        requestedMetrics: [],
      };
    },
    refuse: (_request, errorCode) => refused(errorCode),
  }),
  advertised: null,
};

function refused(errorCode: number): ResponseDraft<typeof GetTelemetrySubscriptions> {
  return {
    errorCode,
    clientInstanceId: ZERO_UUID,
    subscriptionId: 0,
    acceptedCompressionTypes: [],
    pushIntervalMs: 0,
    telemetryMaxBytes: 0,
    deltaTemporality: false,
    requestedMetrics: [],
  };
}
