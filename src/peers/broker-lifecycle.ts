/**
 * A broker's life in its cluster, as the active controller is told of it (KIP-631):
 *
 *     starting ──registered──▶ fenced ──ready, caught up──▶ running ──leave──▶ in controlled shutdown ──may stop──▶ stopped
 *                                 ▲          heartbeats         │
 *                                 └──── not heard of for long ──┘
 *
 * Heartbeats go over a connection of their own: that it ends is the first that a controller hears of a broker's death.
 */
import { BrokerRegistration } from '../../protocol/apis/62-broker-registration.ts';
import { BrokerHeartbeat } from '../../protocol/apis/63-broker-heartbeat.ts';
import { errorName, ErrorCode } from '../../protocol/errors.ts';
import type { ResponseOf } from '../../protocol/schema.ts';
import { supportedFeatures } from '../cluster/features.ts';
import type { ClusterImage } from '../cluster/image.ts';
import type { RegistrationRequest } from '../cluster/registration.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { ControllerRequests } from './controller-requests.ts';

export interface LifecycleSettings {
  /** broker.heartbeat.interval.ms */
  readonly intervalMs: number;
  /** broker.session.timeout.ms */
  readonly sessionTimeoutMs: number;
  /** initial.broker.registration.timeout.ms */
  readonly registrationTimeoutMs: number;
}

export interface BrokerLifecycleOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Over a connection of its own. */
  readonly requests: ControllerRequests;
  readonly image: () => ClusterImage;
  readonly settings: () => LifecycleSettings;
  /** Ids of log directories that have failed: the controller has others lead what lies there (KIP-858). */
  readonly offlineLogDirectories: () => readonly string[];
  /** Why no controller can be reached, as far as that is known. */
  readonly trouble: () => string | null;
}

/** The cluster does not take this broker; the message says what to do. */
export class RegistrationError extends Error {
  override readonly name = 'RegistrationError';
}

export type LifecycleState = 'starting' | 'fenced' | 'running' | 'leaving' | 'stopped';

const AGAIN_MS = 100;
const LONGEST_LEAVING_MS = 300_000;
/** So long a controller may say no, or nothing, to a broker that wants to leave: supervisors give a process ten seconds, as a rule. */
const LONGEST_REFUSED_MS = 5000;
const HEARTBEAT_VERSION = 1;
const REGISTRATION_VERSION = 4;

type Beat = ResponseOf<typeof BrokerHeartbeat>;

export class BrokerLifecycle {
  readonly #options: BrokerLifecycleOptions;
  readonly #waiters = new Set<(beat: Beat) => void>();
  #registration: RegistrationRequest | null = null;
  #state: LifecycleState = 'starting';
  #brokerEpoch = -1;
  #wantFence = true;
  #wantShutDown = false;
  #timer: Timer | null = null;
  #isBeating = false;
  #isBeatAsked = false;
  #told: number = ErrorCode.NONE;

  constructor(options: BrokerLifecycleOptions) {
    this.#options = options;
  }

  get state(): LifecycleState {
    return this.#state;
  }

  /** -1 until it is registered. */
  get brokerEpoch(): number {
    return this.#brokerEpoch;
  }

  /**
   * Registers the broker, fenced; from then on heartbeats are sent.
   * @throws {RegistrationError}
   */
  async register(registration: RegistrationRequest): Promise<void> {
    const { clock, settings } = this.#options;
    const startedMs = clock.monotonic();
    const tried = { errorCode: ErrorCode.REQUEST_TIMED_OUT as number };
    for (;;) {
      const pastMs = clock.monotonic() - startedMs;
      const { registrationTimeoutMs, sessionTimeoutMs } = settings();
      const limitMs =
        tried.errorCode === ErrorCode.DUPLICATE_BROKER_REGISTRATION
          ? Math.min(registrationTimeoutMs, sessionTimeoutMs + AGAIN_MS) // the session of a dead one has ended by then
          : registrationTimeoutMs;
      if (pastMs >= limitMs) throw this.#refusal(registration, tried.errorCode);
      const answer = await this.#tryRegister(registration, limitMs - pastMs);
      if (answer.errorCode === ErrorCode.NONE) return this.#registered(registration, answer.brokerEpoch);
      tried.errorCode = answer.errorCode;
      if (FATAL.has(answer.errorCode)) throw this.#refusal(registration, answer.errorCode);
      await this.#pause(AGAIN_MS);
    }
  }

  /** What is below is opened, and requests are answered: resolves when the controller has unfenced the broker. */
  async unfence(): Promise<void> {
    this.#wantFence = false;
    await this.#until((beat) => beat.errorCode === ErrorCode.NONE && !beat.isFenced);
    this.#state = 'running';
  }

  /**
   * Controlled shutdown: resolves when the controller has moved what this broker led, and lets it go. False: it has not, and what is
   * led here is led by nobody for a while: no controller has agreed for some seconds (etcd is full, or away), or it took too long.
   */
  async leave(): Promise<boolean> {
    const { clock, settings } = this.#options;
    if (this.#brokerEpoch < 0) return true;
    this.#state = 'leaving';
    this.#wantShutDown = true;
    const refusedMs = Math.min(LONGEST_REFUSED_MS, settings().sessionTimeoutMs);
    const startedMs = clock.monotonic();
    let heardMs = startedMs;
    for (;;) {
      const beat = await this.#beat();
      const nowMs = clock.monotonic();
      if (beat?.errorCode === ErrorCode.NONE) heardMs = nowMs;
      if (beat?.errorCode === ErrorCode.NONE && beat.shouldShutDown) return true;
      if (beat !== null && GONE.has(beat.errorCode)) return true; // it is fenced, or unregistered: nothing is left to move
      if (nowMs - heardMs > refusedMs || nowMs - startedMs > LONGEST_LEAVING_MS) return false;
      await this.#pause(AGAIN_MS);
    }
  }

  stop(): void {
    this.#state = 'stopped';
    this.#timer?.cancel();
    this.#timer = null;
    this.#options.requests.close();
    this.#waiters.clear();
  }

  async #tryRegister(
    request: RegistrationRequest,
    timeoutMs: number,
  ): Promise<Pick<ResponseOf<typeof BrokerRegistration>, 'errorCode' | 'brokerEpoch'>> {
    const { id, clusterId, incarnationId, rack, listeners, features, logDirectoryIds, previousBrokerEpoch } = request;
    const draft = { brokerId: id, clusterId, incarnationId, rack, previousBrokerEpoch };
    const lists = { listeners: [...listeners], features: [...features], logDirs: [...logDirectoryIds] };
    try {
      return await this.#options.requests.send(
        BrokerRegistration,
        REGISTRATION_VERSION,
        { ...draft, ...lists },
        timeoutMs,
      );
    } catch {
      return { errorCode: ErrorCode.REQUEST_TIMED_OUT, brokerEpoch: -1 };
    }
  }

  #registered(registration: RegistrationRequest, brokerEpoch: number): void {
    this.#registration = registration;
    this.#brokerEpoch = brokerEpoch;
    this.#state = 'fenced';
    this.#options.logger.info('registered', { node: registration.id, epoch: brokerEpoch });
    this.beatSoon();
  }

  /** A heartbeat at once, and not with the next interval: something has changed that the controller waits for. */
  beatSoon(): void {
    if (this.#state === 'starting' || this.#state === 'stopped' || this.#state === 'leaving') return;
    if (this.#isBeating) {
      this.#isBeatAsked = true;
      return;
    }
    this.#timer?.cancel();
    this.#isBeating = true;
    void this.#beatOnce();
  }

  async #beatOnce(): Promise<void> {
    await this.#beat();
    this.#isBeating = false;
    const delayMs = this.#isBeatAsked ? 0 : this.#options.settings().intervalMs;
    this.#isBeatAsked = false;
    if (this.#state !== 'stopped') this.#timer = this.#options.clock.after(delayMs, () => this.beatSoon());
  }

  /** Null where no controller has answered. */
  async #beat(): Promise<Beat | null> {
    const { requests, settings, image, offlineLogDirectories } = this.#options;
    const draft = {
      brokerId: this.#registration!.id,
      brokerEpoch: this.#brokerEpoch,
      currentMetadataOffset: image().revision,
      wantFence: this.#wantFence,
      wantShutDown: this.#wantShutDown,
      offlineLogDirs: [...offlineLogDirectories()],
    };
    try {
      const beat = await requests.send(BrokerHeartbeat, HEARTBEAT_VERSION, draft, settings().intervalMs);
      this.#heard(beat);
      return beat;
    } catch {
      return null; // the fetcher of metadata says so
    }
  }

  #heard(beat: Beat): void {
    const { logger } = this.#options;
    const { errorCode, isFenced } = beat;
    if (errorCode !== this.#told && errorCode !== ErrorCode.NONE) {
      const next = 'it is sent again; a broker that was unregistered is started again';
      logger.warn('heartbeat-refused', { error: errorName(errorCode), next });
    }
    this.#told = errorCode;
    if (errorCode === ErrorCode.NONE && this.#state === 'running' && isFenced) {
      logger.warn('fenced', { next: 'the controller has not heard of this broker for long; it asks to be unfenced' });
      this.#state = 'fenced';
    } else if (errorCode === ErrorCode.NONE && this.#state === 'fenced' && !this.#wantFence && !isFenced) {
      this.#state = 'running';
    }
    for (const waiter of this.#waiters) waiter(beat);
  }

  #until(isOver: (beat: Beat) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const waiter = (beat: Beat): void => {
        // While it is fenced the controller is asked again soon: it may wait for this broker to read on.
        if (!isOver(beat)) return void this.#options.clock.after(AGAIN_MS, () => this.beatSoon());
        this.#waiters.delete(waiter);
        resolve();
      };
      this.#waiters.add(waiter);
      this.beatSoon();
    });
  }

  #refusal({ id, clusterId, features }: RegistrationRequest, errorCode: number): RegistrationError {
    const image = this.#options.image();
    switch (errorCode) {
      case ErrorCode.INCONSISTENT_CLUSTER_ID:
        return new RegistrationError(
          `The log directories belong to cluster ${clusterId}, and the controllers to another one; use other log.dirs, ` +
            'or correct controller.quorum.bootstrap.servers.',
        );
      case ErrorCode.DUPLICATE_BROKER_REGISTRATION: {
        const owner = image.brokers.get(id)?.listeners.map(({ host, port }) => `${host}:${port}`) ?? [];
        return new RegistrationError(
          `node.id ${id} is in use by the broker at ${owner.join(', ') || 'an unknown address'}; give this one another node.id, or stop that one.`,
        );
      }
      case ErrorCode.UNSUPPORTED_VERSION: {
        const wanted = features.flatMap(({ name, minSupportedVersion: min, maxSupportedVersion: max }) => {
          const level = image.features.get(name);
          return level === undefined || (level >= min && level <= max)
            ? []
            : [`${name} ${level} (this broker: ${min} to ${max})`];
        });
        const unknown = [...image.features].flatMap(([name, level]) =>
          supportedFeatures.some((each) => each.name === name) ? [] : [`${name} ${level} (this broker: none)`],
        );
        return new RegistrationError(
          `The cluster has features that this version does not support: ${[...wanted, ...unknown].join(', ') || 'unknown'}; start a newer version.`,
        );
      }
      case ErrorCode.INVALID_REGISTRATION:
        return new RegistrationError(
          `The controller refuses broker ${id} with INVALID_REGISTRATION: another broker has registered one of its log directories; ` +
            'give each broker log.dirs of its own, and copy none.',
        );
      default: {
        const { registrationTimeoutMs } = this.#options.settings();
        const why = errorCode === ErrorCode.REQUEST_TIMED_OUT ? this.#options.trouble() : errorName(errorCode);
        return new RegistrationError(
          `No controller has taken broker ${id} within initial.broker.registration.timeout.ms=${registrationTimeoutMs}` +
            `${why === null ? '' : ` (${why})`}; start the controllers, or correct controller.quorum.bootstrap.servers.`,
        );
      }
    }
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#options.clock.after(delayMs, resolve));
  }
}

/** What another try does not mend. */
const FATAL: ReadonlySet<number> = new Set([
  ErrorCode.INCONSISTENT_CLUSTER_ID,
  ErrorCode.INVALID_REGISTRATION,
  ErrorCode.UNSUPPORTED_VERSION,
]);

/** Of a heartbeat: the controller knows this life of the broker no more. */
const GONE: ReadonlySet<number> = new Set([ErrorCode.STALE_BROKER_EPOCH, ErrorCode.BROKER_ID_NOT_REGISTERED]);
