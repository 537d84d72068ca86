/** A rule by which the broker misbehaves: on which requests, how, how often; and how often it did. */
import type { ErrorName } from '../../protocol/errors.ts';
import { seededRandom, type Random } from '../platform/random.ts';
import type { ApiName, Part, RequestBody, ResponseBody } from './api-names.ts';
import type { Duration } from './duration.ts';
import type { Exchange } from './exchange.ts';
import { isLike } from './likeness.ts';
import type { Spoken } from './request-parts.ts';
import { fits } from './traffic.ts';

/** Which requests a rule is about; all that is said must hold. */
export interface FaultFilter<Name extends ApiName = ApiName> {
  /** Where a request names several topics or partitions, a `reply` concerns those that fit and the rest is served. */
  readonly topic?: string | RegExp;
  readonly partition?: number;
  readonly group?: string;
  readonly transactionalId?: string;
  /** The client.id that the client was given. */
  readonly clientId?: string | RegExp;
  /** Node id of the broker that is asked. */
  readonly broker?: number;
  /** What the request must say, as far as it is written here. */
  readonly request?: Part<RequestBody<Name>>;
  /** Strikes the nth request that fits (the first is 1), and as many after it as `times` says: 1 unless given. */
  readonly nth?: number;
  /** Strikes so many times at most; without end unless given. */
  readonly times?: number;
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

const EFFECTS = [
  'reply',
  'delay',
  'hold',
  'pause',
  'dropResponse',
  'disconnect',
  'throttle',
  'corruptCrc',
  'rewrite',
] as const;

type EffectName = (typeof EFFECTS)[number];

export class FaultRule<Name extends ApiName = ApiName> implements Fault {
  /** From 1, in the order in which the rules were made. */
  readonly id: number;
  readonly apis: readonly Name[];
  readonly effect: EffectName;
  /** Requests that fitted, struck or not. */
  seen = 0;
  fired = 0;
  #spec: FaultSpec<Name>;
  readonly #random: Random;
  readonly #gone: (rule: FaultRule<Name>) => void;
  readonly #released = new Set<() => void>();
  #isRemoved = false;

  constructor(id: number, spec: FaultSpec<Name>, gone: (rule: FaultRule<Name>) => void) {
    this.id = id;
    this.#spec = spec;
    this.apis = [spec.on].flat() as Name[];
    this.effect = effectOf(spec);
    this.#gone = gone;
    this.#random = seededRandom(spec.seed ?? 1);
  }

  get spec(): FaultSpec<Name> {
    return this.#spec;
  }

  get isRemoved(): boolean {
    return this.#isRemoved;
  }

  /** Strikes so many times at most. */
  times(count: number): this {
    this.#spec = { ...this.#spec, times: count };
    return this;
  }

  once(): this {
    return this.times(1);
  }

  /** Strikes the nth request that fits, the first being 1. */
  nth(place: number): this {
    this.#spec = { ...this.#spec, nth: place };
    return this;
  }

  /** Ends the rule; requests that it holds go on. */
  remove(): void {
    if (this.#isRemoved) return;
    this.#isRemoved = true;
    for (const release of this.#released) release();
    this.#released.clear();
    this.#gone(this);
  }

  /** Only the broker's own: called when the rule is removed. */
  onRemoved(release: () => void): void {
    if (this.#isRemoved) release();
    else this.#released.add(release);
  }

  /** Only the broker's own: whether it strikes this request; counts. */
  strikes(exchange: Exchange): boolean {
    if (this.#isRemoved || !this.#fits(exchange as Exchange<Name>)) return false;
    this.seen++;
    const { nth = 1, times = this.#spec.nth === undefined ? Infinity : 1, probability = 1 } = this.#spec;
    if (this.seen < nth || this.fired >= times) return false;
    if (probability < 1 && this.#random.float() >= probability) return false;
    this.fired++;
    exchange.faults.push(`fault ${this.id}: ${this.effect}`);
    return true;
  }

  /** Whether the rule is about requests as a whole, not about some partitions of theirs. */
  get isWhole(): boolean {
    return this.#spec.topic === undefined && this.#spec.partition === undefined;
  }

  isAbout({ topic, partition }: Spoken): boolean {
    const { topic: wanted, partition: index } = this.#spec;
    return (wanted === undefined || fits(topic, wanted)) && (index === undefined || index === partition);
  }

  get description(): string {
    return String(this);
  }

  toString(): string {
    const { on, nth, times, probability, ...rest } = this.#spec;
    const value = (rest as Partial<Record<EffectName, unknown>>)[this.effect];
    const does = value === true || typeof value === 'function' ? this.effect : `${this.effect} ${String(value)}`;
    const about = Object.entries(rest)
      .filter(([key]) => key !== this.effect && key !== 'seed')
      .map(([key, wanted]) => ` ${key} ${wanted instanceof RegExp ? String(wanted) : JSON.stringify(wanted)}`);
    const limits = [
      nth === undefined ? '' : `, request ${nth}`,
      times === undefined ? '' : `, ${times} times at most`,
      probability === undefined ? '' : `, probability ${probability}`,
    ];
    return `fault ${this.id}: on ${[on].flat().join(', ')}${about.join('')}: ${does}${limits.join('')} (fired ${this.fired}, fitted ${this.seen})`;
  }

  #fits(exchange: Exchange<Name>): boolean {
    const { topic, partition, group, transactionalId, clientId, broker, request } = this.#spec;
    if (!this.apis.includes(exchange.api)) return false;
    if (broker !== undefined && broker !== exchange.broker) return false;
    if (clientId !== undefined && !fits(exchange.clientId, clientId)) return false;
    if (group !== undefined && !exchange.groups.includes(group)) return false;
    if (transactionalId !== undefined && !exchange.transactionalIds.includes(transactionalId)) return false;
    if ((topic !== undefined || partition !== undefined) && !exchange.topics.some((one) => this.isAbout(one))) {
      return false;
    }
    return request === undefined || isLike(exchange.request, request);
  }
}

function effectOf(spec: object): EffectName {
  const said = EFFECTS.filter((effect) => effect in spec);
  if (said.length === 1) return said[0];
  throw new TypeError(
    `a fault does exactly one thing, and this one says ${said.length === 0 ? 'none' : said.join(' and ')}: ` +
      `give one of ${EFFECTS.join(', ')}; make two faults for two effects`,
  );
}
