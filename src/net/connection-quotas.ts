/**
 * Limits the number of connections and the rate of new ones (KIP-402, KIP-612). A connection above the limit of its address
 * is closed: above its rate, once that would have allowed it. One above the limit of its listener or of the broker is accepted but not read from, until another connection
 * closes or the rate allows it; in Kafka it would wait before the acceptor.
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

/** An accepted connection that the limits have not admitted yet. */
export interface PendingConnection {
  readonly listener: string;
  readonly address: string;
  /** Reads nothing from it until `admit`. */
  hold(): void;
  admit(): void;
}

/** Why a connection is to be closed, and when: so long nothing is read from it. */
export interface Refusal {
  readonly reason: string;
  readonly afterMs: number;
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
  /** In the order of their arrival. */
  readonly #held = new Set<PendingConnection>();
  #timer: Timer | null = null;

  constructor(clock: Clock, limits: LimitsInForce) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Null: the connection is admitted, now or later. One that is refused is not counted. */
  enter(pending: PendingConnection): Refusal | null {
    const { address } = pending;
    const { maxConnections, creationRate } = this.#limits.ofAddress(address);
    const count = this.#byAddress.get(address) ?? 0;
    if (count >= maxConnections) {
      return { reason: `${address} has ${count} connections, max.connections.per.ip allows no more`, afterMs: 0 };
    }
    const waitSeconds = this.#secondsUntil(`ip ${address}`, creationRate);
    if (waitSeconds > 0) {
      const reason = `${address} connects more often than its quota connection_creation_rate of ${creationRate} allows`;
      return { reason, afterMs: Math.ceil(waitSeconds * 1000) };
    }
    this.#take(`ip ${address}`, creationRate);
    this.#byAddress.set(address, count + 1);
    this.#held.add(pending);
    this.#admitSome();
    if (this.#held.has(pending)) pending.hold();
    return null;
  }

  /** A connection that `enter` did not refuse has closed. */
  leave(pending: PendingConnection): void {
    const { address, listener } = pending;
    decrement(this.#byAddress, address);
    if (!this.#held.delete(pending)) decrement(this.#byListener, listener);
    this.#admitSome();
  }

  /** The limits may have changed. */
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
    for (const pending of this.#held) {
      const seconds = this.#secondsFor(pending.listener);
      if (seconds > 0) {
        soonest = Math.min(soonest, seconds);
        continue;
      }
      this.#take('broker', this.#limits.ofBroker().creationRate);
      this.#take(`listener ${pending.listener}`, this.#limits.ofListener(pending.listener).creationRate);
      this.#held.delete(pending);
      this.#byListener.set(pending.listener, (this.#byListener.get(pending.listener) ?? 0) + 1);
      pending.admit();
    }
    this.#timer?.cancel();
    this.#timer = soonest === Infinity ? null : this.#clock.after(Math.ceil(soonest * 1000), () => this.#admitSome());
  }

  /** How long until the rates allow another connection. 0: now. Infinity: only once another connection closes. */
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
