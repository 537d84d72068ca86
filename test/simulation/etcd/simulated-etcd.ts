/**
 * An etcd cluster in virtual time: one store, members that answer for it or hang, a leader that changes, leases that live as
 * etcd's do. `npm run test:etcd` holds its answers to those of real ones.
 *
 * What of etcd matters here, and is so: a change needs a leader and a majority; each change of the leader gives every lease its
 * whole time again; a request that gets no answer may have happened, may never happen, or happens later; a watch may lose an
 * event; the stream of a member that hangs is silent, that of one that dies ends.
 */
import {
  Code,
  RpcError,
  type Calls,
  type Channel,
  type EtcdId,
  type Method,
  type Stream,
  type StreamListener,
  type WatchRequest,
  type WatchResponse,
} from '../../../src/etcd/channel.ts';
import type { Clock } from '../../../src/platform/clock.ts';
import type { Random } from '../../../src/platform/random.ts';
import { NO_FAULTS, type EtcdFaults } from './etcd-faults.ts';
import { EtcdPace, type EtcdCosts } from './etcd-pace.ts';
import { ELECTION_MS, Leases } from './leases.ts';
import { RevisionStore } from './revision-store.ts';

export interface SimulatedEtcdOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly members?: number;
  /** A few milliseconds, whatever is written, unless given. */
  readonly costs?: EtcdCosts;
  /** See RevisionStore. */
  readonly forgets?: boolean;
}

/** The leader looks for leases that have run out this often. */
const EXPIRY_CHECK_MS = 500;
const LATE_MS = { least: 800, spread: 3000 };
/** A member without a leader for so long refuses requests that demand one. */
const LEADERLESS_MS = 3000;

type MemberState = 'up' | 'hung' | 'down';

interface Watch {
  readonly request: WatchRequest;
  readonly tell: (response: WatchResponse) => void;
  nextRevision: number;
}

/** A stream's end on the side of a member. */
interface Connected {
  readonly member: number;
  readonly caller: string;
  readonly end: (error: RpcError | null) => void;
}

export class SimulatedEtcd {
  readonly endpoints: readonly string[];
  faults: EtcdFaults = NO_FAULTS;
  readonly store: RevisionStore;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #members: MemberState[];
  readonly #leases = new Leases();
  readonly #watches = new Set<Watch>();
  readonly #streams = new Set<Connected>();
  readonly #cuts = new Set<string>();
  #leader: number | null = 0;
  #term = 2;
  #leaderlessSinceMs = 0;
  readonly pace: EtcdPace;

  constructor({ clock, random, members = 3, costs, forgets = false }: SimulatedEtcdOptions) {
    this.#clock = clock;
    this.#random = random;
    this.pace = new EtcdPace(clock, random, costs ?? null);
    this.endpoints = Array.from({ length: members }, (_, i) => `etcd-${i}:2379`);
    this.#members = this.endpoints.map(() => 'up');
    this.store = new RevisionStore(this.endpoints[0], forgets);
    this.#expireLater();
  }

  get leader(): number | null {
    return this.#leader;
  }

  /** As `caller` reaches a member; see `cut`. */
  channel(endpoint: string, caller = 'client'): Channel {
    const member = this.endpoints.indexOf(endpoint);
    const streams = new Set<Connected>();
    return {
      endpoint,
      call: (method, request, deadlineMs) => this.#call(member, caller, method, request, deadlineMs),
      keepAlive: (listener) => this.#keepAlive(member, caller, listener, streams),
      watch: (listener) => this.#watch(member, caller, listener, streams),
      close: () => {
        for (const { end } of streams) end(null);
      },
    };
  }

  /** etcdctl move-leader: another member that is up leads at once, and gives all leases their whole time. */
  moveLeader(): void {
    const others = this.#members.flatMap((state, i) => (state === 'up' && i !== this.#leader ? [i] : []));
    if (others.length > 0) this.#promote(others[Math.floor(this.#random.float() * others.length)]);
  }

  kill(member: number): void {
    this.#members[member] = 'down';
    for (const stream of this.#streams) {
      if (stream.member === member) stream.end(this.#error(member, Code.unavailable, 'connection closed'));
    }
    if (this.#leader === member) this.#elect();
  }

  /** SIGSTOP: it answers nothing, and closes nothing. */
  hang(member: number): void {
    this.#members[member] = 'hung';
    if (this.#leader === member) this.#elect();
  }

  start(member: number): void {
    this.#members[member] = 'up';
    if (this.#leader === null) this.#elect();
  }

  /** Nothing passes between a caller and any member, until `heal`. */
  cut(caller: string): void {
    this.#cuts.add(caller);
  }

  heal(caller: string): void {
    this.#cuts.delete(caller);
  }

  get #hasQuorum(): boolean {
    return this.#members.filter((state) => state === 'up').length * 2 > this.#members.length;
  }

  #isReached(member: number, caller: string): boolean {
    return this.#members[member] === 'up' && !this.#cuts.has(caller);
  }

  #elect(): void {
    this.#leader = null;
    this.#leaderlessSinceMs = this.#clock.monotonic();
    this.#clock.after(ELECTION_MS * (1 + this.#random.float()), () => {
      if (this.#leader !== null || !this.#hasQuorum) return;
      this.#promote(this.#members.indexOf('up'));
    });
  }

  #promote(member: number): void {
    this.#leader = member;
    this.#term++;
    this.#leases.extendAll(this.#clock.monotonic());
  }

  #expireLater(): void {
    this.#clock.after(EXPIRY_CHECK_MS, () => {
      this.#expireLater();
      if (this.#leader === null || !this.#hasQuorum) return;
      for (const id of this.#leases.expired(this.#clock.monotonic())) {
        this.#leases.revoke(id);
        this.#changed(() => this.store.revoke(id));
      }
    });
  }

  async #call<M extends Method>(
    member: number,
    caller: string,
    method: M,
    request: Calls[M][0],
    deadlineMs: number,
  ): Promise<Calls[M][1]> {
    const isWrite = method === 'txn' || method === 'leaseGrant' || method === 'leaseRevoke' || method === 'compact';
    const deadline = this.#clock.monotonic() + deadlineMs;
    const silence = async (): Promise<never> => {
      await this.#wait(deadline - this.#clock.monotonic());
      throw this.#error(member, Code.deadlineExceeded, 'Deadline exceeded');
    };
    await this.#wait(this.#random.float());
    if (this.#members[member] === 'down' && !this.#cuts.has(caller)) {
      throw this.#error(member, Code.unavailable, 'No connection established');
    }
    if (!this.#isReached(member, caller)) return silence();
    while (this.#leader === null || !this.#hasQuorum) {
      if (this.#clock.monotonic() - this.#leaderlessSinceMs > LEADERLESS_MS) {
        throw this.#error(member, Code.unavailable, 'etcdserver: no leader');
      }
      if (this.#clock.monotonic() >= deadline) return silence();
      await this.#wait(Math.min(50, Math.max(1, deadline - this.#clock.monotonic())));
    }
    if (isWrite) {
      const fate = this.#random.float();
      const { lostRequests, lateRequests, lostResponses } = this.faults;
      if (fate < lostRequests) return silence();
      if (fate < lostRequests + lateRequests) {
        this.#clock.after(LATE_MS.least + this.#random.float() * LATE_MS.spread, () =>
          this.#tryPerform(member, method, request),
        );
        return silence();
      }
      await this.#wait(this.pace.commitMs(request));
      const response = this.#perform(member, method, request);
      return fate < lostRequests + lateRequests + lostResponses || !this.#isReached(member, caller)
        ? silence()
        : response;
    }
    const response = this.#perform(member, method, request);
    await this.#wait(this.pace.readMs(response));
    return this.#isReached(member, caller) ? response : silence();
  }

  #tryPerform<M extends Method>(member: number, method: M, request: Calls[M][0]): void {
    try {
      this.#perform(member, method, request);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
    }
  }

  #perform<M extends Method>(member: number, method: M, request: Calls[M][0]): Calls[M][1] {
    return this.#methods[method](request, member);
  }

  readonly #methods: { readonly [M in Method]: (request: Calls[M][0], member: number) => Calls[M][1] } = {
    range: (request, member) => this.store.range(request, this.#header(member)),
    txn: (request, member) =>
      this.#changed(() => {
        const outcome = this.store.txn(request, () => this.#header(member));
        if (outcome.succeeded) this.pace.note(request.success);
        return { header: this.#header(member), ...outcome };
      }),
    compact: ({ revision }, member) => {
      this.store.compact(revision);
      return { header: this.#header(member) };
    },
    leaseGrant: ({ id, ttl }, member) => {
      if (this.#leases.has(id)) {
        throw this.#error(member, Code.failedPrecondition, 'etcdserver: lease already exists');
      }
      const granted = this.#leases.grant(id, ttl, this.#clock.monotonic());
      this.store.leaseKeys.set(id, new Set());
      return { header: this.#header(member), ttl: granted };
    },
    leaseRevoke: ({ id }, member) => {
      if (!this.#leases.revoke(id)) throw this.#error(member, Code.notFound, 'etcdserver: requested lease not found');
      this.#changed(() => this.store.revoke(id));
      return { header: this.#header(member) };
    },
    leaseTimeToLive: ({ id, keys = false }) => {
      const names = keys ? [...(this.store.leaseKeys.get(id) ?? [])].sort() : [];
      const times = this.#leases.timeToLive(id, this.#clock.monotonic());
      return { ...times, keys: names.map((name) => Buffer.from(name, 'latin1')) };
    },
    status: (_request, member) => ({
      memberId: String(member + 1),
      version: 'simulated',
      leader: this.#leader === null ? '0' : String(this.#leader + 1),
      dbSizeBytes: this.store.mostBytes,
    }),
    authenticate: (_request, member) => {
      throw this.#error(member, Code.failedPrecondition, 'etcdserver: authentication is not enabled');
    },
  };

  #keepAlive(
    member: number,
    caller: string,
    listener: StreamListener<{ readonly ttl: number }>,
    of: Set<Connected>,
  ): Stream<EtcdId> {
    const { connected, isOpen } = this.#connect(member, caller, listener, of);
    const answer = (id: EtcdId): void => {
      if (!isOpen() || !this.#isReached(member, caller) || this.#leader === null || !this.#hasQuorum) return; // silent
      const ttl = this.#leases.renew(id, this.#clock.monotonic());
      this.#clock.after(this.#random.float(), () => {
        if (isOpen() && this.#isReached(member, caller)) listener.received({ ttl });
      });
    };
    return {
      send: (id) => void this.#clock.after(this.#random.float(), () => answer(id)),
      close: () => connected.end(null),
    };
  }

  #watch(
    member: number,
    caller: string,
    listener: StreamListener<WatchResponse>,
    of: Set<Connected>,
  ): Stream<WatchRequest | 'progress'> {
    const watches = new Set<Watch>();
    const { connected, isOpen } = this.#connect(member, caller, listener, of, () => {
      for (const watch of watches) this.#watches.delete(watch);
    });
    // TCP: in order, whatever each takes.
    let lastMs = 0;
    const tell = (response: WatchResponse): void => {
      lastMs = Math.max(lastMs, this.#clock.monotonic() + this.#random.float());
      this.#clock.after(lastMs - this.#clock.monotonic(), () => {
        if (isOpen() && this.#isReached(member, caller)) listener.received(response);
      });
    };
    const create = (request: WatchRequest): void => {
      const { startRevision } = request;
      const from = startRevision === 0 ? this.store.revision + 1 : startRevision;
      const watch: Watch = { request, tell, nextRevision: from };
      tell({ ...this.#watched(member), created: true });
      if (startRevision > 0 && startRevision <= this.store.compactedRevision) {
        const cancelReason = 'etcdserver: mvcc: required revision has been compacted';
        tell({
          ...this.#watched(member),
          canceled: true,
          compactRevision: this.store.compactedRevision,
          cancelReason,
        });
        return;
      }
      watches.add(watch);
      this.#watches.add(watch);
      this.#catchUp(watch, member);
    };
    return {
      send: (request) =>
        void this.#clock.after(this.#random.float(), () => {
          if (!isOpen() || !this.#isReached(member, caller)) return;
          if (request !== 'progress') create(request);
          else if (watches.size > 0) tell(this.#watched(member));
        }),
      close: () => connected.end(null),
    };
  }

  #watched(member: number): WatchResponse {
    const header = this.#header(member);
    return { header, created: false, canceled: false, compactRevision: 0, cancelReason: '', events: [] };
  }

  /** Tells a watch of changes that it does not know yet. */
  #catchUp(watch: Watch, member: number): void {
    const { key, rangeEnd } = watch.request;
    for (const { revision, events } of this.store.changesOf(key, rangeEnd, watch.nextRevision)) {
      watch.nextRevision = revision + 1;
      if (this.#random.float() < this.faults.lostEvents) continue;
      watch.tell({ ...this.#watched(member), header: { ...this.#header(member), revision }, events });
    }
  }

  #changed<T>(change: () => T): T {
    const result = change();
    for (const watch of this.#watches) this.#catchUp(watch, 0);
    return result;
  }

  #connect(
    member: number,
    caller: string,
    listener: StreamListener<never>,
    of: Set<Connected>,
    ended: () => void = () => {},
  ): { connected: Connected; isOpen: () => boolean } {
    let isOpen = true;
    const connected: Connected = {
      member,
      caller,
      end: (error) => {
        if (!isOpen) return;
        isOpen = false;
        this.#streams.delete(connected);
        of.delete(connected);
        ended();
        if (error !== null) this.#clock.after(0, () => listener.ended(error));
      },
    };
    this.#streams.add(connected);
    of.add(connected);
    if (this.#members[member] === 'down' && !this.#cuts.has(caller)) {
      this.#clock.after(1, () => connected.end(this.#error(member, Code.unavailable, 'No connection established')));
    }
    return { connected, isOpen: () => isOpen };
  }

  #header(member: number) {
    return { memberId: String(member + 1), revision: this.store.revision, raftTerm: this.#term };
  }

  #error(member: number, code: number, message: string): RpcError {
    return new RpcError(code, message, this.endpoints[member]);
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.after(Math.max(0, delayMs), resolve));
  }
}
