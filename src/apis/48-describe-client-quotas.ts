/** Shows the quotas of users, client ids and IP addresses that match a filter (KIP-546). */
import { DescribeClientQuotas } from '../../protocol/apis/48-describe-client-quotas.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { mapInPieces } from '../platform/pieces.ts';
import { matchingQuotas } from '../cluster/client-quotas.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { describeConfigs } from '../security/needs.ts';

export const describeClientQuotas = handler(DescribeClientQuotas, {
  needs: () => describeConfigs.cluster(),
  *handle({ components, strict }, _context, { metadata }: Parts<'metadata'>) {
    const found = yield* matchingQuotas(metadata.image.quotas.values(), components, strict);
    if (!Array.isArray(found)) return { ...found, entries: null };
    const entries = yield* mapInPieces(found, ({ entity, values }) => ({
      entity,
      values: [...values].map(([key, value]) => ({ key, value })),
    }));
    return { errorCode: ErrorCode.NONE, errorMessage: '', entries };
  },
  refuse: (_request, errorCode) => ({ errorCode, errorMessage: null, entries: null }),
});
