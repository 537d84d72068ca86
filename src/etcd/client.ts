/**
 * The policy over etcd's members: a deadline for every call, endpoints in turn, and three kinds of outcome.
 *
 *     read   ──▶ response │ Unreachable, when no member has answered
 *     write  ──▶ response │ Refused: etcd has said no, nothing is changed │ Ambiguous: it may have happened, or may yet happen
 *
 * A write is sent once. Who gets Ambiguous reads what has become of it before anything else (docs/decisions/0023).
 */
import {
  Code,
  RpcError,
  type Calls,
  type Channel,
  type EtcdId,
  type LeaseTimeToLive,
  type MemberStatus,
  type Method,
  type RangeRequest,
  type RangeResponse,
  type TxnRequest,
  type TxnResponse,
} from './channel.ts';

export interface EtcdClientOptions {
  /** host:port of each member. */
  readonly endpoints: readonly string[];
  readonly open: (endpoint: string, token: () => string | null) => Channel;
  readonly user?: { readonly name: string; readonly password: string } | null;
  /** For each call. */
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 700;
/** For a password: etcd compares it slowly on purpose. */
const AUTHENTICATE_MS = 5000;
/** Each member is asked so often for a read before it counts as unreachable: one that has just lost its leader finds a new one. */
const ROUNDS = 2;

/** etcd has said no: nothing was changed, and asking again changes nothing. */
export class RefusedError extends Error {
  readonly code: number;

  constructor({ code, message }: RpcError) {
    super(message);
    this.name = 'RefusedError';
    this.code = code;
  }
}

/** Nobody knows whether a write has happened, and it may still happen. */
export class AmbiguousError extends Error {
  constructor(cause: RpcError) {
    super(`${cause.message}; whether it has happened is not known`, { cause });
    this.name = 'AmbiguousError';
  }
}

/** No member has answered. */
export class UnreachableError extends Error {
  constructor(cause: RpcError) {
    super(cause.message, { cause });
    this.name = 'UnreachableError';
  }
}

/** What a member answers where it has understood a request and does not do it. Of all other errors the outcome is open. */
const REFUSALS: ReadonlySet<number> = new Set([
  Code.invalidArgument,
  Code.notFound,
  Code.permissionDenied,
  Code.resourceExhausted,
  Code.failedPrecondition,
  Code.outOfRange,
  Code.unauthenticated,
]);

export class EtcdClient {
  readonly #channels: readonly Channel[];
  readonly #user: { readonly name: string; readonly password: string } | null;
  readonly #deadlineMs: number;
  #current = 0;
  #token: string | null = null;

  constructor({ endpoints, open, user = null, deadlineMs = DEADLINE_MS }: EtcdClientOptions) {
    this.#channels = endpoints.map((endpoint) => open(endpoint, () => this.#token));
    this.#user = user;
    this.#deadlineMs = deadlineMs;
  }

  /** The member that is asked first now. Streams are opened there. */
  get channel(): Channel {
    return this.#channels[this.#current];
  }

  /** To be called when `failed` did not do what it should: the next member is asked first, unless that is so already. */
  rotate(failed: Channel): void {
    if (failed === this.channel) this.#current = (this.#current + 1) % this.#channels.length;
  }

  /** Linearizable unless it says `serializable`. @throws {UnreachableError | RefusedError} */
  range(request: RangeRequest): Promise<RangeResponse> {
    return this.#read('range', request);
  }

  /** @throws {UnreachableError | RefusedError} */
  leaseTimeToLive(id: EtcdId): Promise<LeaseTimeToLive> {
    return this.#read('leaseTimeToLive', { id, keys: true });
  }

  /** Of the first member that answers. @throws {UnreachableError} */
  status(): Promise<MemberStatus> {
    return this.#read('status', {});
  }

  /** @throws {AmbiguousError | RefusedError} */
  txn(request: TxnRequest): Promise<TxnResponse> {
    return this.#write('txn', request);
  }

  /** Answers the seconds granted. The caller chooses the id. @throws {AmbiguousError | RefusedError} */
  async leaseGrant(id: EtcdId, ttl: number): Promise<number> {
    return (await this.#write('leaseGrant', { id, ttl })).ttl;
  }

  /** Done, too, where there is no such lease. @throws {AmbiguousError | RefusedError} */
  async leaseRevoke(id: EtcdId): Promise<void> {
    try {
      await this.#write('leaseRevoke', { id });
    } catch (error) {
      if (!(error instanceof RefusedError && error.code === Code.notFound)) throw error;
    }
  }

  /** Forgets the history before a revision; done where it is forgotten already. @throws {AmbiguousError | RefusedError} */
  async compact(revision: number): Promise<void> {
    try {
      await this.#write('compact', { revision });
    } catch (error) {
      if (!(error instanceof RefusedError && error.code === Code.outOfRange)) throw error;
    }
  }

  close(): void {
    for (const channel of this.#channels) channel.close();
  }

  async #read<M extends Method>(method: M, request: Calls[M][0]): Promise<Calls[M][1]> {
    let last: RpcError | null = null;
    for (let tries = this.#channels.length * ROUNDS; tries > 0; tries--) {
      const outcome = await this.#ask(method, request);
      if (!(outcome instanceof RpcError)) return outcome;
      if (REFUSALS.has(outcome.code)) throw new RefusedError(outcome);
      last = outcome;
    }
    throw new UnreachableError(last!);
  }

  async #write<M extends Method>(method: M, request: Calls[M][0]): Promise<Calls[M][1]> {
    const outcome = await this.#ask(method, request);
    if (!(outcome instanceof RpcError)) return outcome;
    throw REFUSALS.has(outcome.code) ? new RefusedError(outcome) : new AmbiguousError(outcome);
  }

  /** One try, at the member whose turn it is; a token that has run out is got anew, once. */
  async #ask<M extends Method>(method: M, request: Calls[M][0], isAgain = false): Promise<Calls[M][1] | RpcError> {
    const { channel } = this;
    try {
      if (this.#user !== null && this.#token === null) await this.#authenticate(channel, this.#user);
      return await channel.call(method, request, this.#deadlineMs);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      if (isExpiredToken(error) && this.#user !== null && !isAgain) {
        this.#token = null; // the member has refused the request before it looked at it
        return this.#ask(method, request, true);
      }
      if (!REFUSALS.has(error.code)) this.rotate(channel);
      return error;
    }
  }

  async #authenticate(channel: Channel, user: { readonly name: string; readonly password: string }): Promise<void> {
    this.#token = (await channel.call('authenticate', user, Math.max(this.#deadlineMs, AUTHENTICATE_MS))).token;
  }
}

/** etcd's words since 3.0; the code alone is that of a wrong password too. */
function isExpiredToken({ code, message }: RpcError): boolean {
  return code === Code.unauthenticated && message.includes('invalid auth token');
}
