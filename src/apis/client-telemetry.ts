/**
 * Answers clients that offer their metrics (KIP-714): no subscription asks for any. As in Kafka, a client instance that asks or
 * pushes again too early is throttled. Beyond the limit of instances the one that has been silent longest is forgotten.
 */
import { crc32c } from '../../protocol/records/crc32c.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import type { Clock } from '../platform/clock.ts';
import { randomUuid, type Random } from '../platform/random.ts';

interface Instance {
  askedAt: number;
  pushedAt: number;
  isTerminating: boolean;
  /** Set by a push with an outdated subscription id: the client may ask for the current one at once. */
  mayAsk: boolean;
}

export interface Push {
  readonly clientInstanceId: string;
  readonly subscriptionId: number;
  readonly terminating: boolean;
  readonly compressionType: number;
  readonly metrics: Uint8Array;
}

/** As in Kafka. */
const MOST_INSTANCES = 16_384;
export const PUSH_INTERVAL_MS = 300_000;
const LAST_COMPRESSION_TYPE = 4;

export class ClientTelemetry {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #instances = new Map<string, Instance>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** GetTelemetrySubscriptions: the client's instance id and subscription id, or an error code. */
  ask(asked: string): { clientInstanceId: string; subscriptionId: number } | { errorCode: number } {
    const clientInstanceId = asked === ZERO_UUID ? randomUuid(this.#random) : asked;
    const instance = this.#instance(clientInstanceId);
    const now = this.#clock.now();
    const isEarly = now < Math.max(instance.askedAt, instance.pushedAt) + PUSH_INTERVAL_MS;
    if ((isEarly && !instance.mayAsk) || instance.isTerminating)
      return { errorCode: ErrorCode.THROTTLING_QUOTA_EXCEEDED };
    instance.mayAsk = false;
    instance.askedAt = now;
    return { clientInstanceId, subscriptionId: subscriptionOf(clientInstanceId) };
  }

  /** PushTelemetry: checks the push and discards it. Answers an error code. */
  push({ clientInstanceId, subscriptionId, terminating, compressionType, metrics }: Push, maxBytes: number): number {
    if (clientInstanceId === ZERO_UUID) return ErrorCode.INVALID_REQUEST;
    const instance = this.#instance(clientInstanceId);
    const now = this.#clock.now();
    if (instance.isTerminating) return ErrorCode.INVALID_REQUEST;
    if (!terminating && now < instance.pushedAt + PUSH_INTERVAL_MS) return ErrorCode.THROTTLING_QUOTA_EXCEEDED;
    instance.pushedAt = now;
    instance.isTerminating = terminating;
    if (subscriptionId !== subscriptionOf(clientInstanceId)) {
      instance.mayAsk = true;
      return ErrorCode.UNKNOWN_SUBSCRIPTION_ID;
    }
    if (compressionType < 0 || compressionType > LAST_COMPRESSION_TYPE) return ErrorCode.UNSUPPORTED_COMPRESSION_TYPE;
    return metrics.length > maxBytes ? ErrorCode.TELEMETRY_TOO_LARGE : ErrorCode.NONE;
  }

  #instance(id: string): Instance {
    let instance = this.#instances.get(id);
    if (instance === undefined) {
      instance = { askedAt: -Infinity, pushedAt: -Infinity, isTerminating: false, mayAsk: false };
      const [oldest] = this.#instances.keys();
      if (this.#instances.size >= MOST_INSTANCES) this.#instances.delete(oldest);
    }
    // The map is in the order of the instances' latest requests.
    this.#instances.delete(id);
    this.#instances.set(id, instance);
    return instance;
  }
}

/** Each client instance has its own subscription id, always the same. */
function subscriptionOf(clientInstanceId: string): number {
  return crc32c(Buffer.from(clientInstanceId), 0, clientInstanceId.length) | 0;
}
