/** Checks a push of client metrics and discards it: no subscription asks for any (KIP-714). */
import { PushTelemetry } from '../../protocol/apis/72-push-telemetry.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';

export const pushTelemetry = {
  ...handler(PushTelemetry, {
    open: 'everybody may; ApiVersions does not list it',
    handle: (request, _context, { telemetry, config }: Parts<'telemetry' | 'config'>) => ({
      errorCode: telemetry.push(request, config['telemetry.max.bytes']),
    }),
    refuse: (_request, errorCode) => ({ errorCode }),
  }),
  advertised: null,
};
