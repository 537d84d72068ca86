/**
 * What clients are told of metrics they might push (KIP-714): that none are wanted. Kafka counts a client that asks again too
 * early all the same, and so does this; a client that has not been heard of for long is forgotten.
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
  /** Set by a push under a wrong subscription: it may ask again at once. */
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

  /** A client asks what is wanted of it. Answers its id, or why it is not told now. */
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

  /** A client pushes; nobody takes it. Answers an error code. */
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
    // At the end of the map stand those that were heard of last.
    this.#instances.delete(id);
    this.#instances.set(id, instance);
    return instance;
  }
}

/** Of every client another one, and the same whenever it asks. */
function subscriptionOf(clientInstanceId: string): number {
  return crc32c(Buffer.from(clientInstanceId), 0, clientInstanceId.length) | 0;
}
