/** What requests that change partitions ask of their client's quota (controller_mutation_rate, KIP-599). */
import type { TakePermits } from '../cluster/create-topics.ts';
import type { Parts } from './broker-parts.ts';
import type { RequestContext } from './request-context.ts';

interface Asked {
  /** Nothing to ask where there is no quota. */
  readonly takePermits: TakePermits | undefined;
  /** Has the connection throttled for what was taken; the response tells for how many milliseconds. */
  readonly settle: () => number;
}

export function mutationQuota(
  { quotas }: Parts<'quotas'>,
  { session, clientId, apiVersion, throttle }: RequestContext,
  apiName: string,
  strictSince: number,
): Asked {
  const quota = quotas.mutations(session, clientId, apiName, apiVersion >= strictSince);
  if (quota === null) return { takePermits: undefined, settle: () => 0 };
  const settle = (): number => {
    const throttleTimeMs = quota.throttleTimeMs();
    throttle.add(throttleTimeMs);
    return throttleTimeMs;
  };
  return { takePermits: quota.take, settle };
}
