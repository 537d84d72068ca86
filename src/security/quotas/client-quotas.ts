/** Holds clients to the quotas of the cluster: bytes, the broker's time, and changes of partitions (KIP-13, KIP-124, KIP-599). */
import type { AnyApi } from '../../../protocol/schema.ts';
import type { ClusterImage } from '../../cluster/image.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Session } from '../session.ts';
import { NOT_TIMED, type RequestQuotas } from '../stages.ts';
import type { QuotaName } from '../../config/quota-names.ts';
import { limitOf, QuotaCount, type Limit } from './entities.ts';
import { SampledRate, type RateWindows } from './sampled-rate.ts';
import { AverageThrottle } from './throttle-time.ts';
import { TokenBucket } from './token-bucket.ts';

export interface ClientQuotasOptions {
  readonly clock: Clock;
  /** The cluster as of now. */
  readonly image: () => ClusterImage;
  /** quota.window.num and quota.window.size.seconds. */
  readonly windows: RateWindows;
  /** controller.quota.window.num and controller.quota.window.size.seconds. */
  readonly mutationWindows: RateWindows;
}

/** Told of each throttle: tests and metrics. */
export interface Throttled {
  readonly session: Session;
  readonly clientId: string | null;
  readonly apiName: string;
  readonly quota: QuotaName;
  readonly throttleTimeMs: number;
}

/** Of one user, client id or pair, for one quota. */
interface Meter {
  readonly quota: QuotaName;
  /** Whose it is; null: of any. */
  readonly user: string | null;
  readonly clientId: string | null;
  readonly rate: SampledRate;
  readonly permits: TokenBucket | null;
  readonly throttles: AverageThrottle;
  usedMs: number;
}

/** What is shown of it. */
export interface Metered extends Pick<Meter, 'quota' | 'user' | 'clientId'> {
  readonly perSecond: number;
  /** On average, where there were throttles lately. */
  readonly throttleTimeMs: number;
}

interface Limited {
  readonly bound: number;
  readonly meter: Meter;
}

type Quotas = ClusterImage['quotas'];

/** What was looked up for a session: it stands while nothing of it changes. */
interface Looked {
  readonly quotas: Quotas;
  readonly clientId: string | null;
  readonly limits: Record<QuotaName, Limited | null | undefined>;
}

/** What is used no more is forgotten. */
const FORGET_AFTER_MS = 3_600_000;
const MOST_METERS = 100_000;
const MOST_SHOWN = 100;
const PER_CENT = 100;
/** Exempt, for it comes from other brokers. */
const WRITE_TXN_MARKERS = 27;

export class ClientQuotas implements RequestQuotas {
  readonly #options: ClientQuotasOptions;
  readonly #meters = new Map<string, Meter>();
  readonly #listeners: ((throttled: Throttled) => void)[] = [];
  readonly #timed = new QuotaCount('request_percentage');
  #sweptMs = 0;

  constructor(options: ClientQuotasOptions) {
    this.#options = options;
  }

  onThrottled(listener: (throttled: Throttled) => void): void {
    this.#listeners.push(listener);
  }

  /** No quota is set: nothing is counted. */
  get isOff(): boolean {
    return this.#options.image().quotas.size === 0;
  }

  begin(): number {
    return !this.isOff && this.#isTimed() ? this.#options.clock.monotonic() : NOT_TIMED;
  }

  account(session: Session, clientId: string | null, api: AnyApi, producedBytes: number, begun: number): number {
    if (this.isOff || api.key === WRITE_TXN_MARKERS) return 0;
    const nowMs = this.#options.clock.monotonic();
    const ofBytes =
      producedBytes === 0 ? 0 : this.#record('producer_byte_rate', session, clientId, api.name, producedBytes, nowMs);
    return begun === NOT_TIMED
      ? ofBytes
      : Math.max(ofBytes, this.#accountTime(session, clientId, api.name, nowMs - begun, nowMs));
  }

  /** Bytes of an answer to Fetch; they are not counted where the answer is not sent, for the client is throttled. */
  accountFetched(session: Session, clientId: string | null, bytes: number, begun: number): number {
    if (this.isOff) return 0;
    const nowMs = this.#options.clock.monotonic();
    const ofTime = begun === NOT_TIMED ? 0 : this.#accountTime(session, clientId, 'Fetch', nowMs - begun, nowMs);
    const limited = this.#limited('consumer_byte_rate', session, clientId, nowMs);
    if (limited === null) return ofTime;
    const { bound, meter } = limited;
    meter.rate.record(bytes, nowMs);
    const throttleTimeMs = meter.rate.excessMs(bound, nowMs);
    if (throttleTimeMs > 0 || ofTime > 0) meter.rate.record(-bytes, nowMs);
    if (throttleTimeMs > 0)
      this.#tell({ session, clientId, apiName: 'Fetch', quota: 'consumer_byte_rate', throttleTimeMs }, meter, nowMs);
    return Math.max(throttleTimeMs, ofTime);
  }

  /** More than that in one answer would be above the quota for all windows together. */
  mostFetchedBytes(session: Session, clientId: string | null): number {
    if (this.isOff) return Infinity;
    const limited = this.#limited('consumer_byte_rate', session, clientId, this.#options.clock.monotonic());
    const { count, sizeMs } = this.#options.windows;
    return limited === null ? Infinity : Math.floor((limited.bound * (count - 1) * sizeMs) / 1000);
  }

  /**
   * For a request that changes partitions. Where it `isStrict`, what there are no permits for is not done; otherwise it is, and the
   * client throttled.
   */
  mutations(session: Session, clientId: string | null, apiName: string, isStrict: boolean): MutationQuota | null {
    if (this.isOff) return null;
    const { clock } = this.#options;
    const limited = this.#limited('controller_mutation_rate', session, clientId, clock.monotonic());
    if (limited === null) return null;
    const { bound, meter } = limited;
    const permits = meter.permits!;
    let isExceeded = false;
    return {
      take: (count) => {
        const nowMs = clock.monotonic();
        if (isStrict && permits.waitMs(bound, nowMs) > 0) {
          isExceeded = true;
          return false;
        }
        permits.take(count, bound, nowMs);
        meter.rate.record(count, nowMs);
        // A strict client learns of what it owes when it asks for more.
        isExceeded ||= !isStrict;
        return true;
      },
      throttleTimeMs: () => {
        const nowMs = clock.monotonic();
        const throttleTimeMs = isExceeded ? permits.waitMs(bound, nowMs) : 0;
        const quota = 'controller_mutation_rate';
        if (throttleTimeMs > 0) this.#tell({ session, clientId, apiName, quota, throttleTimeMs }, meter, nowMs);
        return throttleTimeMs;
      },
    };
  }

  #accountTime(session: Session, clientId: string | null, apiName: string, spentMs: number, nowMs: number): number {
    // Per cent of one thread: a millisecond is a tenth of a per cent of a second.
    const throttled = this.#record(
      'request_percentage',
      session,
      clientId,
      apiName,
      (spentMs / 1000) * PER_CENT,
      nowMs,
    );
    return Math.min(throttled, this.#options.windows.sizeMs);
  }

  #record(
    quota: QuotaName,
    session: Session,
    clientId: string | null,
    apiName: string,
    amount: number,
    nowMs: number,
  ): number {
    const limited = this.#limited(quota, session, clientId, nowMs);
    if (limited === null) return 0;
    const { bound, meter } = limited;
    meter.rate.record(amount, nowMs);
    const throttleTimeMs = meter.rate.excessMs(bound, nowMs);
    if (throttleTimeMs > 0) this.#tell({ session, clientId, apiName, quota, throttleTimeMs }, meter, nowMs);
    return throttleTimeMs;
  }

  /** Those who share a quota, and what they have used of it lately. */
  *metered(nowMs: number): Generator<Metered, void, void> {
    for (const { quota, user, clientId, rate, throttles } of this.#meters.values()) {
      yield { quota, user, clientId, perSecond: rate.perSecond(nowMs), throttleTimeMs: throttles.at(nowMs) };
    }
  }

  #tell(throttled: Throttled, { throttles }: Meter, nowMs: number): void {
    throttles.record(throttled.throttleTimeMs, nowMs);
    for (const listener of this.#listeners) listener(throttled);
  }

  #limited(quota: QuotaName, session: Session, clientId: string | null, nowMs: number): Limited | null {
    const { limits } = this.#looked(session, clientId);
    let limited = limits[quota];
    if (limited === undefined) limits[quota] = limited = this.#lookUp(quota, session, clientId, nowMs);
    if (limited !== null) limited.meter.usedMs = nowMs;
    return limited;
  }

  #looked(session: Session, clientId: string | null): Looked {
    const { memo } = session;
    const { quotas } = this.#options.image();
    const looked = memo.quotas as Looked | null;
    if (looked !== null && looked.quotas === quotas && looked.clientId === clientId) return looked;
    return (memo.quotas = { quotas, clientId, limits: nothingLookedUp() });
  }

  #lookUp(quota: QuotaName, session: Session, clientId: string | null, nowMs: number): Limited | null {
    const limit = limitOf(this.#options.image().quotas, quota, session.principal.name, clientId ?? '');
    return limit === null ? null : { bound: limit.bound, meter: this.#meterOf(quota, limit, nowMs) };
  }

  #meterOf(quota: QuotaName, { sharedBy, user, clientId }: Limit, nowMs: number): Meter {
    const key = `${quota} ${sharedBy}`;
    let meter = this.#meters.get(key);
    if (meter !== undefined) return meter;
    this.#sweep(nowMs);
    const { windows, mutationWindows } = this.#options;
    const burstSeconds = (mutationWindows.count * mutationWindows.sizeMs) / 1000;
    const permits = quota === 'controller_mutation_rate' ? new TokenBucket(burstSeconds) : null;
    meter = {
      quota,
      user: shown(user),
      clientId: shown(clientId),
      rate: new SampledRate(windows),
      permits,
      throttles: new AverageThrottle(),
      usedMs: nowMs,
    };
    this.#meters.set(key, meter);
    return meter;
  }

  /** Client ids are text that anybody makes up. */
  #sweep(nowMs: number): void {
    if (this.#meters.size >= MOST_METERS) this.#meters.delete(this.#meters.keys().next().value!);
    if (nowMs - this.#sweptMs < FORGET_AFTER_MS / 10) return;
    this.#sweptMs = nowMs;
    for (const [key, { usedMs }] of this.#meters) if (nowMs - usedMs > FORGET_AFTER_MS) this.#meters.delete(key);
  }

  #isTimed(): boolean {
    return this.#timed.among(this.#options.image().quotas) > 0;
  }
}

/** With all of its fields: a request of each kind finds its own at the same place. */
function nothingLookedUp(): Looked['limits'] {
  return {
    producer_byte_rate: undefined,
    consumer_byte_rate: undefined,
    request_percentage: undefined,
    controller_mutation_rate: undefined,
  };
}

/** Names that clients make up are long, if they like. */
function shown(name: string | null): string | null {
  return name === null || name.length <= MOST_SHOWN ? name : `${name.slice(0, MOST_SHOWN)}…`;
}

/** The permits of one request. */
export interface MutationQuota {
  /** Whether so many partitions may be changed. */
  readonly take: (partitions: number) => boolean;
  /** For how long the client is throttled after that. */
  readonly throttleTimeMs: () => number;
}
