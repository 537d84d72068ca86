/**
 * Which brokers are heard of, as the active controller sees it (KIP-631): time and events go in, decisions come out. PURE: it
 * reads no clock, opens no connection and changes no cluster; who asks it does.
 *
 * A broker lives as long as its heartbeats come. What casts doubt on that is answered by a connection attempt to it, a probe:
 *
 *     heard ──▶ its connection closed · nothing for two intervals · nothing for 500 ms after a new controller took over · it is
 *               in the process of the controller before
 *                  └──▶ probe ──refused──▶ nobody listens there: fence at once
 *                         └──accepted, or no answer──▶ broker.session.timeout.ms since it was heard decides
 *
 * Where that is to be decided of most brokers at the same time, the network of the controller is in doubt: see `isCutOff`.
 */
import type { BrokerImage, ClusterImage } from './image.ts';
import { nextPartitionOn } from './replica-index.ts';

export interface HeartbeatTimes {
  /** broker.session.timeout.ms */
  readonly sessionTimeoutMs: number;
  /** broker.heartbeat.interval.ms */
  readonly intervalMs: number;
}

/** As request 63 brings it. */
export interface Heartbeat {
  readonly brokerId: number;
  readonly brokerEpoch: number;
  /** How far the broker has read the metadata log. */
  readonly currentMetadataOffset: number;
  readonly wantFence: boolean;
  readonly wantShutDown: boolean;
}

export type BrokerChange = 'fence' | 'unfence' | 'begin-controlled-shutdown';

export interface HeartbeatReply {
  readonly isCaughtUp: boolean;
  readonly isFenced: boolean;
  readonly shouldShutDown: boolean;
}

export interface HeartbeatDecision {
  /** What is to be committed before the reply is sent; null: nothing. */
  readonly change: BrokerChange | null;
  readonly reply: HeartbeatReply;
}

/** `probe`: connect to where the broker listens, and report by `probed`. `fence`: commit that. */
export interface DueAction {
  readonly action: 'probe' | 'fence';
  readonly brokerId: number;
  readonly brokerEpoch: number;
}

export type ProbeOutcome = 'refused' | 'accepted' | 'silent';

/** A process whose claim to be the active controller has run out: as far as etcd knows it has said nothing for so long. */
export interface SilentProcess {
  readonly nodeId: number;
  readonly silentMs: number;
}

/** How long a new controller waits for a broker's first word before it looks whether the broker is there. */
const AFTER_TAKEOVER_MS = 500;
const SILENT_INTERVALS = 2;
const NOTHING_READ = -1;
const NOTHING_HEARD: ReadonlyMap<number, number> = new Map();

interface Session {
  readonly brokerId: number;
  readonly brokerEpoch: number;
  readonly listeners: BrokerImage['listeners'];
  heardAtMs: number;
  /** From what: that it was not fenced when this controller took over, its registration, or a heartbeat. */
  known: 'presumed' | 'registered' | 'heard';
  metadataOffset: number;
  /** When doubt is due to be settled by a probe, unless it is heard of before. */
  probeAtMs: number;
  isProbing: boolean;
  /** A probe has settled nothing since it was heard of. */
  isInDoubt: boolean;
  /** By evidence: nobody listens where it did, or its connection is closed and another process has come under its id. */
  isRefused: boolean;
  isClosed: boolean;
  /** It has been told to stop: that it goes is no news. */
  isLeaving: boolean;
  /** All other brokers must have read so far before it may stop; null: it does not stop. */
  controlledShutdownOffset: number | null;
}

export class BrokerHeartbeats {
  readonly #times: () => HeartbeatTimes;
  readonly #readUpTo: (brokerId: number) => number;
  readonly #sessions = new Map<number, Session>();

  /**
   * `times` is read at each use. `readUpTo`: the revision up to which a broker has read the metadata log, as its fetches tell, which come
   * sooner than its heartbeats; -1 where it has not fetched.
   */
  constructor(times: () => HeartbeatTimes, readUpTo: (brokerId: number) => number = () => NOTHING_READ) {
    this.#times = times;
    this.#readUpTo = readUpTo;
  }

  /**
   * A new controller takes over: every broker that is not fenced is taken to have been heard of just now. The one in the process of
   * the controller before is not: where both hang together, its session would begin anew only because that controller hangs too. And
   * most controllers are followed because their process is no more: that broker is looked for at once.
   * `heard`: when brokers were heard of, by their epochs, where this controller follows itself.
   */
  begin(
    image: ClusterImage,
    nowMs: number,
    before: SilentProcess | null = null,
    heard: ReadonlyMap<number, number> = NOTHING_HEARD,
  ): void {
    this.#sessions.clear();
    for (const broker of image.brokers.values()) {
      if (broker.fenced) continue;
      const session = this.#open(broker, heard.get(broker.epoch) ?? nowMs);
      session.known = 'presumed';
      session.probeAtMs = nowMs + AFTER_TAKEOVER_MS;
      if (broker.id === before?.nodeId) {
        session.heardAtMs -= this.#creditOf(before);
        session.probeAtMs = nowMs;
      }
      if (broker.inControlledShutdown) session.controlledShutdownOffset = image.revision;
    }
  }

  /** A broker has been registered: it counts as heard of. */
  registered(broker: BrokerImage, nowMs: number): void {
    const session = this.#sessions.get(broker.id);
    if (session?.brokerEpoch !== broker.epoch) this.#open(broker, nowMs);
  }

  /**
   * Whether the process is alive that is registered under an id, as far as another one is concerned that wants to be. One that has sent
   * no heartbeat since it registered is not, as in Kafka. After a takeover that is not known of who has said nothing yet; but where
   * the other one listens at the same addresses, it cannot be.
   */
  hasLiveSession({ id, listeners }: Pick<BrokerImage, 'id' | 'listeners'>, nowMs: number): boolean {
    const session = this.#sessions.get(id);
    if (session === undefined || session.isRefused || session.isClosed) return false;
    if (session.known === 'registered') return false;
    if (session.known === 'presumed' && addressesOf(listeners) === addressesOf(session.listeners)) return false;
    return nowMs - session.heardAtMs < this.#times().sessionTimeoutMs;
  }

  /** Null: the broker is not registered under that epoch (STALE_BROKER_EPOCH). */
  heartbeat(heartbeat: Heartbeat, image: ClusterImage, nowMs: number): HeartbeatDecision | null {
    const broker = image.brokers.get(heartbeat.brokerId);
    if (broker === undefined || broker.epoch !== heartbeat.brokerEpoch) return null;
    const found = this.#sessions.get(broker.id);
    const session = found?.brokerEpoch === broker.epoch ? found : this.#open(broker, nowMs);
    session.heardAtMs = nowMs;
    session.known = 'heard';
    session.metadataOffset = heartbeat.currentMetadataOffset;
    session.isInDoubt = false;
    session.probeAtMs = nowMs + SILENT_INTERVALS * this.#times().intervalMs;
    session.isRefused = false;
    session.isClosed = false;
    const decision = this.#decide(heartbeat, broker, session, image);
    session.isLeaving = decision.reply.shouldShutDown;
    if (decision.reply.isFenced) session.controlledShutdownOffset = null;
    return decision;
  }

  /** The change that `heartbeat` asked for is in force. `revision`: of the image that has it. */
  committed(brokerId: number, change: BrokerChange, revision: number): void {
    const session = this.#sessions.get(brokerId);
    if (session === undefined) return;
    if (change === 'begin-controlled-shutdown') session.controlledShutdownOffset ??= revision;
    else session.controlledShutdownOffset = null;
  }

  /** The connection by which a broker's heartbeats came has ended. Answers whether that calls for a probe now: see `due`. */
  connectionClosed(brokerId: number, brokerEpoch: number, nowMs: number): boolean {
    const session = this.#sessions.get(brokerId);
    if (session?.brokerEpoch !== brokerEpoch) return false;
    session.isClosed = true;
    if (session.isLeaving) return false;
    session.probeAtMs = nowMs;
    return true;
  }

  /** What a probe has shown. */
  probed(brokerId: number, brokerEpoch: number, outcome: ProbeOutcome, nowMs: number): void {
    const session = this.#sessions.get(brokerId);
    if (session?.brokerEpoch !== brokerEpoch) return;
    session.isProbing = false;
    if (session.probeAtMs > nowMs) return; // heard of since the probe began
    session.isRefused = outcome === 'refused';
    session.isInDoubt = !session.isRefused;
    session.probeAtMs = nowMs + SILENT_INTERVALS * this.#times().intervalMs;
  }

  /**
   * Whether more than half of the brokers that run have not been heard of for half of their session, though no probe was refused: then it
   * is likely that they cannot reach this controller, and could reach another one.
   */
  isCutOff(image: ClusterImage, nowMs: number): boolean {
    const { sessionTimeoutMs, intervalMs } = this.#times();
    const longMs = Math.max(sessionTimeoutMs / 2, SILENT_INTERVALS * intervalMs);
    const watched = [...this.#sessions.values()].filter((session) => isWatched(session, image));
    const silent = watched.filter(({ isInDoubt, heardAtMs }) => isInDoubt && nowMs - heardAtMs >= longMs);
    return silent.length > watched.length / 2;
  }

  /** When brokers were heard of, by their epochs. */
  heard(): ReadonlyMap<number, number> {
    return new Map(Array.from(this.#sessions.values(), ({ brokerEpoch, heardAtMs }) => [brokerEpoch, heardAtMs]));
  }

  /** What is to be done now. A probe is asked for once until its outcome is told; a fence until the image has it. */
  due(image: ClusterImage, nowMs: number): DueAction[] {
    const actions: DueAction[] = [];
    for (const session of this.#sessions.values()) {
      const action = this.#dueOf(session, image, nowMs);
      if (action === null) continue;
      if (action === 'probe') session.isProbing = true;
      actions.push({ action, brokerId: session.brokerId, brokerEpoch: session.brokerEpoch });
    }
    return actions;
  }

  /** When `due` has something to say next, unless something is heard before; Infinity: never. */
  nextDueMs(image: ClusterImage): number {
    let next = Infinity;
    for (const session of this.#sessions.values()) {
      if (!isWatched(session, image)) continue;
      const expiresAtMs = session.heardAtMs + this.#times().sessionTimeoutMs;
      next = Math.min(next, session.isRefused ? 0 : expiresAtMs, session.isProbing ? Infinity : session.probeAtMs);
    }
    return next;
  }

  #dueOf(session: Session, image: ClusterImage, nowMs: number): 'probe' | 'fence' | null {
    if (!isWatched(session, image)) return null;
    if (session.isRefused || nowMs - session.heardAtMs >= this.#times().sessionTimeoutMs) return 'fence';
    return !session.isProbing && nowMs >= session.probeAtMs ? 'probe' : null;
  }

  /** Half of the session is left in any case: one that lives, and has lost etcd alone, has to find the new controller first. */
  #creditOf({ silentMs }: SilentProcess): number {
    return Math.min(silentMs, this.#times().sessionTimeoutMs / 2);
  }

  #open(broker: BrokerImage, nowMs: number): Session {
    const session: Session = {
      brokerId: broker.id,
      brokerEpoch: broker.epoch,
      listeners: broker.listeners,
      heardAtMs: nowMs,
      known: 'registered',
      metadataOffset: -1,
      probeAtMs: nowMs + SILENT_INTERVALS * this.#times().intervalMs,
      isProbing: false,
      isInDoubt: false,
      isRefused: false,
      isClosed: false,
      isLeaving: false,
      controlledShutdownOffset: null,
    };
    this.#sessions.set(broker.id, session);
    return session;
  }

  #decide(heartbeat: Heartbeat, broker: BrokerImage, session: Session, image: ClusterImage): HeartbeatDecision {
    const isCaughtUp = heartbeat.currentMetadataOffset >= broker.epoch;
    const decide = (change: BrokerChange | null, isFenced: boolean, shouldShutDown = false): HeartbeatDecision => ({
      change,
      reply: { isCaughtUp, isFenced, shouldShutDown },
    });
    if (broker.fenced) {
      if (heartbeat.wantShutDown) return decide(null, true, true);
      return !heartbeat.wantFence && isCaughtUp ? decide('unfence', false) : decide(null, true);
    }
    if (broker.inControlledShutdown)
      return this.#mayStop(session, image) ? decide('fence', true, true) : decide(null, false);
    if (heartbeat.wantFence) return decide('fence', true, heartbeat.wantShutDown);
    if (!heartbeat.wantShutDown) return decide(null, false);
    return leads(image, broker.id) ? decide('begin-controlled-shutdown', false) : decide('fence', true, true);
  }

  /** It leads nothing, and every broker that runs has read who leads instead. */
  #mayStop({ brokerId, controlledShutdownOffset }: Session, image: ClusterImage): boolean {
    if (leads(image, brokerId)) return false;
    const until = controlledShutdownOffset ?? image.revision;
    return [...image.brokers.values()].every(
      ({ id, fenced, inControlledShutdown }) => fenced || inControlledShutdown || this.#hasRead(id, until),
    );
  }

  #hasRead(brokerId: number, revision: number): boolean {
    const told = this.#sessions.get(brokerId)?.metadataOffset ?? NOTHING_READ;
    return Math.max(told, this.#readUpTo(brokerId)) >= revision;
  }
}

function addressesOf(listeners: BrokerImage['listeners']): string {
  return listeners.map(({ name, host, port }) => `${name} ${host}:${port}`).join();
}

/** A fenced broker is neither probed nor fenced. */
function isWatched({ brokerId, brokerEpoch }: Session, image: ClusterImage): boolean {
  const broker = image.brokers.get(brokerId);
  return broker !== undefined && broker.epoch === brokerEpoch && !broker.fenced;
}

function leads({ topicsById }: ClusterImage, brokerId: number): boolean {
  for (const topic of topicsById.values())
    for (let at = nextPartitionOn(topic, brokerId, 0); at >= 0; at = nextPartitionOn(topic, brokerId, at + 1))
      if (topic.partitions[at].leader === brokerId) return true;
  return false;
}
