/** How a test makes its broker misbehave: rules by request, and a disk that is full, slow or broken. */
import type { ErrorName } from '../../protocol/errors.ts';
import type { ApiName } from './api-names.ts';
import type { Duration } from './duration.ts';
import type { HandshakeFaults, HandshakeFilter } from './handshake-faults.ts';
import type { Fault, FaultEffect, FaultFilter, FaultSpec, RequestFault, Rewrite } from './fault-spec.ts';

/** What shall happen to the requests named in `faults.on(…)`; each begins at once and answers the rule. */
export class FaultBuilder<Name extends ApiName> {
  readonly #make: (effect: FaultEffect<Name>) => RequestFault<Name>;

  constructor(make: (effect: FaultEffect<Name>) => RequestFault<Name>) {
    this.#make = make;
  }

  /** Answers this error instead of serving the request; of several partitions, for those that the filter names. */
  reply(error: ErrorName): RequestFault<Name> {
    return this.#make({ reply: error });
  }

  /** Serves the request so much later, by the broker's clock. */
  delay(duration: Duration): RequestFault<Name> {
    return this.#make({ delay: duration });
  }

  /** Serves the request when the rule is removed, and not before. */
  hold(): RequestFault<Name> {
    return this.#make({ hold: true });
  }

  /** Serves the request and keeps the answer back: the client does not know that it was applied. */
  dropResponse(): RequestFault<Name> {
    return this.#make({ dropResponse: true });
  }

  /** Ends the connection: `before` the request is served, or `after` it was and without an answer. */
  disconnect(when: 'before' | 'after' = 'before'): RequestFault<Name> {
    return this.#make({ disconnect: when });
  }

  /** Tells the client to wait so long before its next request (throttle_time_ms). */
  throttle(duration: Duration): RequestFault<Name> {
    return this.#make({ throttle: duration });
  }

  /** Damages record batches: a Produce is refused with CORRUPT_MESSAGE, a consumer finds a wrong checksum. */
  corruptCrc(): RequestFault<Name> {
    return this.#make({ corruptCrc: true });
  }

  /** Changes what is answered, in any way: the function gets the decoded response and the request. */
  rewrite(change: Rewrite<Name>): RequestFault<Name> {
    return this.#make({ rewrite: change });
  }
}

/** What a broken disk says: it is full (ENOSPC, EDQUOT), it fails (EIO), it may only be read (EROFS). */
export type DiskErrorCode = 'ENOSPC' | 'EIO' | 'EROFS' | 'EDQUOT';

/** The broker's disk, which lies in memory. */
export interface DiskFaults {
  /**
   * Nothing can be written until the fault is removed (ENOSPC): producers are told KAFKA_STORAGE_ERROR and stay connected,
   * readers go on.
   */
  full(): Fault;
  /** The disk fails (EIO): the broker takes its log directory offline at the first write, as Kafka does. */
  fail(code?: DiskErrorCode): Fault;
  /** Requests that write are answered so much later. */
  slow(duration: Duration): Fault;
  list(): readonly Fault[];
  clear(): void;
}

export interface Faults {
  readonly disk: DiskFaults;
  /**
   * Begins a rule: `faults.on('Produce', { topic: 'orders' }).reply('NOT_LEADER_OR_FOLLOWER').times(2)`. Requests are named
   * as in Kafka: Produce, Fetch, Metadata, FindCoordinator, JoinGroup, Heartbeat, OffsetCommit, EndTxn, …
   */
  on<Name extends ApiName>(api: Name | readonly Name[], filter?: FaultFilter<Name>): FaultBuilder<Name>;
  /** The same as one object, which may come from a JSON file. */
  add<Name extends ApiName>(spec: FaultSpec<Name>): RequestFault<Name>;
  /** The next handshakes of TLS: `faults.handshake({ times: 1 }).expired()`. */
  handshake(filter?: HandshakeFilter): HandshakeFaults;
  /** A partition that stands still: consumers get nothing from it and producers no answer, until the rule is removed. */
  pause(place: { readonly topic: string; readonly partition?: number }): RequestFault;
  /** Each member of the group has to join again, at its next heartbeat or commit: `fired` counts them. */
  rebalance(group: string): RequestFault;
  /** The rules in force, in the order in which they are tried. */
  list(): readonly RequestFault[];
  /** Removes every rule, and mends the disk. */
  clear(): void;
  /** Rules that never struck, removed ones included: each may be a test that does not test what it says. */
  readonly unused: readonly Fault[];
}
