/**
 * How many connections there may be, and how fast they may come (KIP-402, KIP-612). One too many from an address is closed; one
 * too many for a listener or the broker waits unread, as it would before Kafka's acceptor, until another goes or time passes.
 */
import type { Clock, Timer } from '../platform/clock.ts';

export interface ConnectionLimits {
  /** max.connections, of the broker or of a listener. */
  readonly maxConnections: number;
  /** max.connection.creation.rate, of the broker or of a listener: connections a second. */
  readonly creationRate: number;
}

export interface AddressLimits {
  /** max.connections.per.ip, or its override. */
  readonly maxConnections: number;
  /** The client quota connection_creation_rate: connections a second. */
  readonly creationRate: number;
}

/** Read at every connection: all of them may change while the broker runs. */
export interface LimitsInForce {
  ofBroker(): ConnectionLimits;
  ofListener(listener: string): ConnectionLimits;
  ofAddress(address: string): AddressLimits;
  /** Over how many seconds a rate is averaged: as many connections may come at once. */
  rateWindowSeconds(): number;
}

export interface Visitor {
  readonly listener: string;
  readonly address: string;
  /** It may not be read from yet. */
  hold(): void;
  admit(): void;
}

/** Kafka's default for every limit. */
export const UNLIMITED = 2_147_483_647;
const FORGET_RATES_ABOVE = 10_000;

export class ConnectionQuotas {
  readonly #clock: Clock;
  readonly #limits: LimitsInForce;
  readonly #byAddress = new Map<string, number>();
  readonly #byListener = new Map<string, number>();
  readonly #rates = new Map<string, { tokens: number; at: number }>();
  /** In the order in which they came. */
  readonly #held = new Set<Visitor>();
  #timer: Timer | null = null;

  constructor(clock: Clock, limits: LimitsInForce) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Null: it may stay, at once or later. Else why it has to go; then it was never counted. */
  enter(visitor: Visitor): string | null {
    const { address } = visitor;
    const { maxConnections, creationRate } = this.#limits.ofAddress(address);
    const count = this.#byAddress.get(address) ?? 0;
    if (count >= maxConnections) return `${address} has ${count} connections, max.connections.per.ip allows no more`;
    if (this.#secondsUntil(`ip ${address}`, creationRate) > 0) {
      return `${address} connects more often than its quota connection_creation_rate of ${creationRate} allows`;
    }
    this.#take(`ip ${address}`, creationRate);
    this.#byAddress.set(address, count + 1);
    this.#held.add(visitor);
    this.#admitSome();
    if (this.#held.has(visitor)) visitor.hold();
    return null;
  }

  /** Of one that `enter` let stay. */
  leave(visitor: Visitor): void {
    const { address, listener } = visitor;
    decrement(this.#byAddress, address);
    if (!this.#held.delete(visitor)) decrement(this.#byListener, listener);
    this.#admitSome();
  }

  /** Limits may be others now. */
  limitsChanged(): void {
    this.#admitSome();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#held.clear();
  }

  #admitSome(): void {
    if (this.#held.size === 0) return;
    let soonest = Infinity;
    for (const visitor of this.#held) {
      const seconds = this.#secondsFor(visitor.listener);
      if (seconds > 0) {
        soonest = Math.min(soonest, seconds);
        continue;
      }
      this.#take('broker', this.#limits.ofBroker().creationRate);
      this.#take(`listener ${visitor.listener}`, this.#limits.ofListener(visitor.listener).creationRate);
      this.#held.delete(visitor);
      this.#byListener.set(visitor.listener, (this.#byListener.get(visitor.listener) ?? 0) + 1);
      visitor.admit();
    }
    this.#timer?.cancel();
    this.#timer = soonest === Infinity ? null : this.#clock.after(Math.ceil(soonest * 1000), () => this.#admitSome());
  }

  /** 0: now. Infinity: when another has gone. */
  #secondsFor(listener: string): number {
    const [broker, own] = [this.#limits.ofBroker(), this.#limits.ofListener(listener)];
    let total = 0;
    for (const count of this.#byListener.values()) total += count;
    if (total >= broker.maxConnections || (this.#byListener.get(listener) ?? 0) >= own.maxConnections) return Infinity;
    return Math.max(
      this.#secondsUntil('broker', broker.creationRate),
      this.#secondsUntil(`listener ${listener}`, own.creationRate),
    );
  }

  #secondsUntil(name: string, rate: number): number {
    if (rate >= UNLIMITED) return 0;
    const { tokens } = this.#bucket(name, rate);
    return tokens >= 1 ? 0 : (1 - tokens) / rate;
  }

  #take(name: string, rate: number): void {
    if (rate < UNLIMITED) this.#bucket(name, rate).tokens -= 1;
  }

  #bucket(name: string, rate: number): { tokens: number; at: number } {
    const now = this.#clock.monotonic();
    const most = Math.max(1, rate * this.#limits.rateWindowSeconds());
    let bucket = this.#rates.get(name);
    if (bucket === undefined) {
      if (this.#rates.size > FORGET_RATES_ABOVE) this.#rates.clear();
      bucket = { tokens: most, at: now };
      this.#rates.set(name, bucket);
    }
    bucket.tokens = Math.min(most, bucket.tokens + ((now - bucket.at) / 1000) * rate);
    bucket.at = now;
    return bucket;
  }
}

function decrement(counts: Map<string, number>, key: string): void {
  const count = counts.get(key) ?? 0;
  if (count > 1) counts.set(key, count - 1);
  else counts.delete(key);
}
