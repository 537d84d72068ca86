/**
 * Keeps a lease alive from this side, and knows how long ago that last succeeded. etcd may keep it alive without us, or end it
 * whatever we do (its own leader's changes): nothing is ever safe because of a lease.
 *
 *     alive ──no answer for SILENCE_MS, or the stream ends──▶ stream opened at the next member ──answer──▶ alive
 *       └────────────── etcd answers a time-to-live of 0 ──▶ gone            stop ──▶ no keepalive is sent any more
 */
import type { Clock, Timer } from '../platform/clock.ts';
import type { Channel, EtcdId, Stream } from './channel.ts';
import type { EtcdClient } from './client.ts';

/** A stream that is silent for so long is opened anew elsewhere: its member hangs, or is cut off. */
const SILENCE_MS = 1000;
/** So many keepalives go out in the time that the lease lives. */
const PER_TTL = 6;

export interface LeaseKeeperOptions {
  readonly client: EtcdClient;
  readonly clock: Clock;
  readonly leaseId: EtcdId;
  readonly ttlMs: number;
  /** Called once: etcd does not know the lease any more. */
  readonly gone: () => void;
}

export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  /** Of the monotonic clock: when the keepalive was sent that was answered last. */
  #confirmedMs: number;
  #sentMs = 0;
  #channel: Channel | null = null;
  #stream: Stream<EtcdId> | null = null;
  #timer: Timer | null = null;
  #isOver = false;

  /** The lease was granted just now. */
  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
    this.#confirmedMs = options.clock.monotonic();
    this.#beat();
  }

  /** How long ago the newest keepalive was sent that etcd has answered. */
  get silentMs(): number {
    return this.#options.clock.monotonic() - this.#confirmedMs;
  }

  /** Before the lease is revoked, or left to run out: a process that acts no longer must not keep its lease alive. */
  stop(): void {
    this.#isOver = true;
    this.#timer?.cancel();
    this.#stream?.close();
    this.#stream = null;
  }

  #beat(): void {
    if (this.#isOver) return;
    const { clock, leaseId } = this.#options;
    if (this.#stream === null) this.#open();
    else if (this.#sentMs > this.#confirmedMs && clock.monotonic() - this.#sentMs >= SILENCE_MS) this.#reopen();
    if (this.#sentMs <= this.#confirmedMs) {
      this.#sentMs = clock.monotonic();
      this.#stream!.send(leaseId);
    }
    this.#beatLater();
  }

  #beatLater(): void {
    const { clock, ttlMs } = this.#options;
    this.#timer?.cancel();
    this.#timer = clock.after(Math.min(SILENCE_MS, ttlMs / PER_TTL), () => this.#beat());
  }

  #open(): void {
    const { client, gone } = this.#options;
    const { channel } = client;
    let isCurrent = true;
    this.#channel = channel;
    this.#sentMs = -1;
    const stream = channel.keepAlive({
      received: ({ ttl }) => {
        if (this.#isOver || !isCurrent) return;
        if (ttl > 0) {
          this.#confirmedMs = this.#sentMs;
          return;
        }
        this.stop();
        gone();
      },
      ended: () => {
        isCurrent = false;
        if (this.#isOver || this.#stream !== stream) return;
        client.rotate(channel);
        this.#stream = null;
        this.#beatLater();
      },
    });
    this.#stream = stream;
  }

  #reopen(): void {
    this.#options.client.rotate(this.#channel!);
    this.#stream?.close();
    this.#open();
  }
}
