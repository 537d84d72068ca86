/**
 * Brokers as the active controller hears of them, from a closed connection to the record that fences (src/cluster/broker-heartbeats.ts
 * decides, this asks it in time, and does what it says):
 *
 *     heartbeat ──▶ decided ──▶ committed, where something changes ──▶ answered
 *     closed, silent ──▶ due: probe ──▶ connection attempt ──▶ due: fence ──▶ committed
 *     most are silent ──▶ cut off: another controller may hear them
 */
import {
  BrokerHeartbeats,
  type DueAction,
  type Heartbeat,
  type HeartbeatReply,
  type ProbeOutcome,
  type SilentProcess,
} from '../cluster/broker-heartbeats.ts';
import type { Controller } from '../cluster/controller.ts';
import type { BrokerImage } from '../cluster/image.ts';
import type { RegistrationRequest, RegistrationResult } from '../cluster/registration.ts';
import type { ServerConfig } from '../config/server.ts';
import { ErrorCode } from '../../protocol/errors.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';

export interface BrokerSessionsOptions {
  readonly controller: Controller;
  readonly config: () => ServerConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A connection attempt to a broker. */
  readonly probe: (broker: BrokerImage) => Promise<ProbeOutcome>;
  /** The process of the controller before; null where there was none, or it is this one. */
  readonly before: SilentProcess | null;
  /** When brokers were heard of in this process's term before, where that has just ended; see BrokerHeartbeats.begin. */
  readonly heard?: ReadonlyMap<number, number>;
  /** See BrokerHeartbeats. */
  readonly readUpTo: (brokerId: number) => number;
  /** Told, again and again, while most brokers are silent: see BrokerHeartbeats.isCutOff. */
  readonly cutOff: () => void;
}

/** What is due is looked at so often, whatever the sessions say. */
const LOOK_MS = { least: 1, whileFencing: 100, most: 1000 };

export class BrokerSessions {
  readonly #options: BrokerSessionsOptions;
  readonly #heartbeats: BrokerHeartbeats;
  /** By the connection that its last heartbeat came by. */
  readonly #connections = new Map<number, Pick<Heartbeat, 'brokerId' | 'brokerEpoch'>>();
  readonly #fencing = new Set<number>();
  #timer: Timer | null = null;
  #isOver = false;

  constructor(options: BrokerSessionsOptions) {
    this.#options = options;
    const { controller, clock, config, before, heard, readUpTo } = options;
    const times = () => ({
      sessionTimeoutMs: config()['broker.session.timeout.ms'],
      intervalMs: config()['broker.heartbeat.interval.ms'],
    });
    this.#heartbeats = new BrokerHeartbeats(times, readUpTo);
    this.#heartbeats.begin(controller.image, clock.monotonic(), before, heard);
    this.#lookLater();
  }

  stop(): void {
    this.#isOver = true;
    this.#timer?.cancel();
  }

  /** When brokers were heard of, by their epochs. */
  get heard(): ReadonlyMap<number, number> {
    return this.#heartbeats.heard();
  }

  async register(request: RegistrationRequest): Promise<RegistrationResult> {
    const { controller, clock } = this.#options;
    const isHeardOf = (): boolean => this.#heartbeats.hasLiveSession(request, clock.monotonic());
    const result = await controller.registerBroker(request, isHeardOf);
    const broker = controller.image.brokers.get(request.id);
    if (result.errorCode === ErrorCode.NONE && broker !== undefined) {
      this.#heartbeats.registered(broker, clock.monotonic());
      this.#look();
    }
    return result;
  }

  /** Null: the broker is not registered under that epoch. `offline`: ids of its log directories that have failed. */
  async heartbeat(
    heartbeat: Heartbeat,
    connectionId: number,
    offline: readonly string[] = [],
  ): Promise<HeartbeatReply | null> {
    const { controller, clock, logger } = this.#options;
    const { brokerId, brokerEpoch } = heartbeat;
    if (controller.image.brokers.get(brokerId)?.epoch !== brokerEpoch) return null;
    // Before anything is waited for: the connection may have closed by then.
    this.#connections.set(connectionId, { brokerId, brokerEpoch });
    if (offline.length > 0) {
      await controller.loseDirectories(brokerId, brokerEpoch, offline);
      if (!this.#connections.has(connectionId)) return null; // nobody is there any more to be answered
    }
    const decision = this.#heartbeats.heartbeat(heartbeat, controller.image, clock.monotonic());
    if (decision === null) return null;
    const { change, reply } = decision;
    if (change === null) return reply;
    if (!(await controller.changeBroker(brokerId, brokerEpoch, change))) return null;
    this.#heartbeats.committed(brokerId, change, controller.image.revision);
    logger.info('broker-changed', { broker: brokerId, change });
    return reply;
  }

  connectionClosed(connectionId: number): void {
    const of = this.#connections.get(connectionId);
    if (of === undefined) return;
    this.#connections.delete(connectionId);
    for (const { brokerId } of this.#connections.values()) if (brokerId === of.brokerId) return; // it has another one
    const isDoubtful = this.#heartbeats.connectionClosed(of.brokerId, of.brokerEpoch, this.#options.clock.monotonic());
    if (isDoubtful) this.#look();
  }

  #lookLater(): void {
    if (this.#isOver) return;
    this.#timer?.cancel();
    const { clock, controller } = this.#options;
    const waitMs = this.#heartbeats.nextDueMs(controller.image) - clock.monotonic();
    const leastMs = this.#fencing.size > 0 ? LOOK_MS.whileFencing : LOOK_MS.least;
    this.#timer = clock.after(Math.min(LOOK_MS.most, Math.max(leastMs, waitMs)), () => this.#look());
  }

  #look(): void {
    if (this.#isOver) return;
    const { controller, clock, cutOff } = this.#options;
    if (this.#heartbeats.isCutOff(controller.image, clock.monotonic())) cutOff();
    if (this.#isOver) return; // its term has ended with that
    for (const due of this.#heartbeats.due(controller.image, clock.monotonic())) {
      if (due.action === 'probe') void this.#probe(due);
      else void this.#fence(due);
    }
    this.#lookLater();
  }

  async #probe({ brokerId, brokerEpoch }: DueAction): Promise<void> {
    const { controller, clock, probe } = this.#options;
    const broker = controller.image.brokers.get(brokerId);
    const outcome = broker === undefined ? 'silent' : await probe(broker);
    this.#heartbeats.probed(brokerId, brokerEpoch, outcome, clock.monotonic());
    this.#look();
  }

  async #fence({ brokerId, brokerEpoch }: DueAction): Promise<void> {
    if (this.#fencing.has(brokerId)) return;
    this.#fencing.add(brokerId);
    const { controller, logger } = this.#options;
    try {
      if (!(await controller.changeBroker(brokerId, brokerEpoch, 'fence'))) return;
      this.#heartbeats.committed(brokerId, 'fence', controller.image.revision);
      logger.warn('broker-fenced', {
        broker: brokerId,
        next: 'its partitions are led by others until it is heard of again',
      });
    } catch (error) {
      if (!this.#isOver) logger.warn('broker-not-fenced', { broker: brokerId, error: (error as Error).message });
    } finally {
      this.#fencing.delete(brokerId);
      this.#lookLater();
    }
  }
}
