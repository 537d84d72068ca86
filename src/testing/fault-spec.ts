/** A rule by which a broker misbehaves, as tests say it: on which requests, how, how often. */
import type { ErrorName } from '../../protocol/errors.ts';
import type { ApiName, Part, RequestBody, ResponseBody } from './api-names.ts';
import type { Duration } from './duration.ts';

/** Which requests a rule is about; all that is said must hold. */
export interface FaultFilter<Name extends ApiName = ApiName> {
  /** Where a request names several topics or partitions, a `reply` concerns those that match and the rest is served. */
  readonly topic?: string | RegExp;
  readonly partition?: number;
  /** An offset that a share consumer acknowledges (ShareFetch, ShareAcknowledge). */
  readonly offset?: number;
  readonly group?: string;
  readonly transactionalId?: string;
  /** The client.id that the client was given. */
  readonly clientId?: string | RegExp;
  /** Who has signed in: 'alice'. */
  readonly user?: string;
  /** Node id of the broker that is asked. */
  readonly broker?: number;
  /** What the request must say, as far as it is written here. */
  readonly request?: Part<RequestBody<Name>>;
  /** Strikes the nth request that matches (the first is 1), and as many after it as `times` says: 1 unless given. */
  readonly nth?: number;
  /** Strikes so many times at most; without end unless given. */
  readonly times?: number;
  /** Strikes each member of a group once. */
  readonly perMember?: boolean;
  /** Strikes a request with this probability, 0 to 1: the same requests for the same seed. */
  readonly probability?: number;
  readonly seed?: number;
}

/** Changes a response in place, or answers another. */
export type Rewrite<Name extends ApiName> = (
  response: ResponseBody<Name>,
  request: RequestBody<Name>,
) => ResponseBody<Name> | void;

/** What a rule does. All but `rewrite` is plain data. */
export type FaultEffect<Name extends ApiName = ApiName> =
  | { readonly reply: ErrorName }
  | { readonly delay: Duration }
  | { readonly hold: true }
  | { readonly pause: true }
  | { readonly dropResponse: true }
  | { readonly disconnect: 'before' | 'after' }
  | { readonly throttle: Duration }
  | { readonly corruptCrc: true }
  | { readonly rewrite: Rewrite<Name> };

export type EffectName = FaultEffect extends infer Effect ? (Effect extends unknown ? keyof Effect : never) : never;

/** A rule in one object, as `faults.add` takes it: `{ on: 'Produce', topic: 'orders', reply: 'NOT_LEADER_OR_FOLLOWER' }`. */
export type FaultSpec<Name extends ApiName = ApiName> = { readonly on: Name | readonly Name[] } & FaultFilter<Name> &
  FaultEffect<Name>;

/** A fault in force; `remove()` ends it. */
export interface Fault {
  /** What it does, in words. */
  readonly description: string;
  /** How often it has struck. */
  readonly fired: number;
  remove(): void;
}

/** A fault of requests. */
export interface RequestFault<Name extends ApiName = ApiName> extends Fault {
  /** From 1, in the order in which the rules were made. */
  readonly id: number;
  readonly effect: EffectName;
  /** Requests that matched, struck or not. */
  readonly seen: number;
  readonly spec: FaultSpec<Name>;
  readonly isRemoved: boolean;
  /** Strikes so many times at most. */
  times(count: number): this;
  once(): this;
  /** Strikes the nth request that matches, the first being 1. */
  nth(place: number): this;
  toString(): string;
}
