/**
 * A broker of a large simulated cluster, as its controller sees it: it registers, its heartbeats come, it stops in order or is gone. It
 * has read of the metadata log what one that follows by itself has read, and no records of topics at all.
 */
import type { Heartbeat, HeartbeatReply } from '../../../src/cluster/broker-heartbeats.ts';
import { supportedRanges } from '../../../src/cluster/features.ts';
import type { RegistrationRequest } from '../../../src/cluster/registration.ts';
import type { BrokerSessions } from '../../../src/controllers/broker-sessions.ts';
import type { Clock, Timer } from '../../../src/platform/clock.ts';
import type { Listener, Network, Receiver } from '../../../src/platform/network.ts';
import { randomUuid, type Random } from '../../../src/platform/random.ts';
import { ErrorCode } from '../../../protocol/errors.ts';

export interface ModelBrokerOptions {
  readonly id: number;
  readonly rack: string;
  readonly clusterId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  /** Of the active controller; null: there is none. */
  readonly sessions: () => BrokerSessions | null;
  /** How far brokers have read. */
  readonly revision: () => number;
}

export const BROKER_PORT = 9092;
/** broker.heartbeat.interval.ms */
const INTERVAL_MS = 2000;
const AGAIN_MS = 100;
/** None that was stopped in order. */
const NEVER = -1;

export class ModelBroker {
  readonly id: number;
  readonly rack: string;
  readonly host: string;
  epoch = NEVER;
  /** As the last heartbeat was answered. */
  isFenced = true;
  readonly #options: ModelBrokerOptions;
  readonly #directoryId: string;
  #cleanEpoch = NEVER;
  #life = 0;
  #connectionId = 0;
  #wantShutDown = false;
  #listener: Listener | null = null;
  #timer: Timer | null = null;
  #stopped: (() => void) | null = null;

  constructor(options: ModelBrokerOptions) {
    this.id = options.id;
    this.rack = options.rack;
    this.host = `broker-${options.id}`;
    this.#options = options;
    this.#directoryId = randomUuid(options.random);
  }

  get isRunning(): boolean {
    return this.#listener !== null;
  }

  /** Registers until it is taken, and is heard of from then on. */
  async start(): Promise<void> {
    const life = ++this.#life;
    this.isFenced = true;
    this.#wantShutDown = false;
    this.#listener = await this.#options.network.listen(this.host, BROKER_PORT, () => NOBODY);
    const incarnationId = randomUuid(this.#options.random);
    for (;;) {
      const answer = await this.#options
        .sessions()
        ?.register(this.#registration(incarnationId))
        .catch(() => null);
      if (life !== this.#life) return;
      if (answer?.errorCode === ErrorCode.NONE) {
        this.epoch = answer.brokerEpoch;
        break;
      }
      await this.#pause(AGAIN_MS);
    }
    this.#beatAfter(0);
  }

  /** kill -9: its connections close. */
  kill(): void {
    this.#life++;
    this.#cleanEpoch = NEVER;
    this.#end();
  }

  /** SIGTERM: resolves when the controller lets it go. */
  stop(): Promise<void> {
    this.#wantShutDown = true;
    this.#beatAfter(0);
    return new Promise((resolve) => {
      this.#stopped = resolve;
    });
  }

  /** By another process under the same id: connections are to another controller after a while. */
  #end(): void {
    this.#timer?.cancel();
    void this.#listener?.close();
    this.#listener = null;
    this.isFenced = true;
    this.#options.sessions()?.connectionClosed(this.#connectionId);
  }

  #beatAfter(delayMs: number): void {
    const life = this.#life;
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(delayMs, () => void this.#beat(life));
  }

  async #beat(life: number): Promise<void> {
    this.#connectionId = this.id * 10_000 + this.#life;
    const reply = await this.#options
      .sessions()
      ?.heartbeat(this.#heartbeat(), this.#connectionId)
      .catch(() => null);
    if (life !== this.#life) return;
    if (reply !== null && reply !== undefined) this.#heard(reply);
    if (life !== this.#life) return;
    this.#beatAfter(this.#wantShutDown || this.isFenced ? AGAIN_MS : INTERVAL_MS);
  }

  #heard({ isFenced, shouldShutDown }: HeartbeatReply): void {
    this.isFenced = isFenced;
    if (!this.#wantShutDown || !shouldShutDown) return;
    this.#life++;
    this.#cleanEpoch = this.epoch;
    this.#end();
    this.#stopped?.();
  }

  #heartbeat(): Heartbeat {
    return {
      brokerId: this.id,
      brokerEpoch: this.epoch,
      currentMetadataOffset: this.#options.revision(),
      wantFence: false,
      wantShutDown: this.#wantShutDown,
    };
  }

  #registration(incarnationId: string): RegistrationRequest {
    const { clusterId } = this.#options;
    return {
      id: this.id,
      clusterId,
      incarnationId,
      rack: this.rack,
      listeners: [{ name: 'PLAINTEXT', host: this.host, port: BROKER_PORT, securityProtocol: 0 }],
      features: supportedRanges,
      logDirectoryIds: [this.#directoryId],
      previousBrokerEpoch: this.#cleanEpoch,
    };
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#options.clock.after(delayMs, resolve));
  }
}

/** A connection attempt finds somebody, and that is all. */
const NOBODY: Receiver = {
  buffer: () => new Uint8Array(1),
  received: () => {},
  drained: () => {},
  closed: () => {},
};
