/** A rule by which the broker misbehaves: whether it strikes a request, and how often it did. */
import { seededRandom, type Random } from '../platform/random.ts';
import type { ApiName } from './api-names.ts';
import type { EffectName, FaultFilter, FaultSpec, RequestFault } from './fault-spec.ts';
import { principalOf } from '../security/acls/lines.ts';
import { checkFault, checkTimes } from './fault-checks.ts';
import { checkCount, checkKeys, type KeysOf } from './known-keys.ts';
import { isLike } from './likeness.ts';
import type { RecordedExchange } from './recorded-exchange.ts';
import type { Spoken } from './request-parts.ts';
import { fits } from './traffic.ts';

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

const FILTER: KeysOf<FaultFilter> = {
  topic: true,
  partition: true,
  offset: true,
  group: true,
  transactionalId: true,
  clientId: true,
  user: true,
  broker: true,
  request: true,
  nth: true,
  times: true,
  perMember: true,
  probability: true,
  seed: true,
};

/** @throws {TypeError} for a field that no filter has */
export function checkFilter(what: string, filter: object): void {
  checkKeys(what, filter, FILTER);
}

/** Answers the effect. @throws {TypeError} for a field that no fault has, a value that means nothing, or unless it does one thing */
export function checkSpec(spec: object): EffectName {
  const effect = effectOf(spec);
  checkKeys('a fault', spec, { on: true, ...FILTER, [effect]: true });
  checkFault(spec as FaultSpec);
  return effect;
}

export class FaultRule<Name extends ApiName = ApiName> implements RequestFault<Name> {
  readonly id: number;
  readonly apis: readonly Name[];
  readonly effect: EffectName;
  seen = 0;
  fired = 0;
  #spec: FaultSpec<Name>;
  readonly #random: Random;
  readonly #gone: (rule: FaultRule<Name>) => void;
  readonly #released = new Set<() => void>();
  /** Those struck, where each is struck once. */
  readonly #members = new Set<string>();
  #isRemoved = false;

  constructor(id: number, spec: FaultSpec<Name>, gone: (rule: FaultRule<Name>) => void) {
    this.id = id;
    this.#spec = spec;
    this.apis = [spec.on].flat() as Name[];
    this.effect = checkSpec(spec);
    this.#gone = gone;
    this.#random = seededRandom(spec.seed ?? 1);
  }

  get spec(): FaultSpec<Name> {
    return this.#spec;
  }

  get isRemoved(): boolean {
    return this.#isRemoved;
  }

  times(count: number): this {
    checkTimes('times', count);
    this.#spec = { ...this.#spec, times: count };
    return this;
  }

  once(): this {
    return this.times(1);
  }

  nth(place: number): this {
    checkCount('nth', place);
    this.#spec = { ...this.#spec, nth: place };
    return this;
  }

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
  strikes(exchange: RecordedExchange): boolean {
    if (this.#isRemoved || !this.#fits(exchange as RecordedExchange<Name>)) return false;
    this.seen++;
    const { nth = 1, times = this.#spec.nth === undefined ? Infinity : 1, probability = 1 } = this.#spec;
    if (this.seen < nth || this.fired >= times || !this.#isNewMember(exchange)) return false;
    if (probability < 1 && this.#random.float() >= probability) return false;
    this.fired++;
    if (this.#spec.perMember === true) this.#members.add(memberOf(exchange));
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
    const { on, nth, times, perMember, probability, ...rest } = this.#spec;
    const value = (rest as Partial<Record<EffectName, unknown>>)[this.effect];
    const does = value === true || typeof value === 'function' ? this.effect : `${this.effect} ${String(value)}`;
    const about = Object.entries(rest)
      .filter(([key]) => key !== this.effect && key !== 'seed')
      .map(([key, wanted]) => ` ${key} ${wanted instanceof RegExp ? String(wanted) : JSON.stringify(wanted)}`);
    const limits = [
      nth === undefined ? '' : `, request ${nth}`,
      times === undefined ? '' : `, ${times === 1 ? 'once' : `${times} times`} at most`,
      perMember === true ? ', each member once' : '',
      probability === undefined ? '' : `, probability ${probability}`,
    ];
    return `fault ${this.id}: on ${[on].flat().join(', ')}${about.join('')}: ${does}${limits.join('')} (fired ${this.fired}, matched ${this.seen})`;
  }

  #isNewMember(exchange: RecordedExchange): boolean {
    return this.#spec.perMember !== true || !this.#members.has(memberOf(exchange));
  }

  #fits(exchange: RecordedExchange<Name>): boolean {
    const { topic, partition, offset, group, transactionalId, clientId, user, broker, request } = this.#spec;
    if (!this.apis.includes(exchange.api) || exchange.unreadable !== null) return false;
    if (broker !== undefined && broker !== exchange.broker) return false;
    if (clientId !== undefined && !fits(exchange.clientId, clientId)) return false;
    if (user !== undefined && principalOf(user) !== exchange.principal) return false;
    if (group !== undefined && !exchange.groups.includes(group)) return false;
    if (transactionalId !== undefined && !exchange.transactionalIds.includes(transactionalId)) return false;
    if ((topic !== undefined || partition !== undefined) && !exchange.topics.some((one) => this.isAbout(one))) {
      return false;
    }
    if (offset !== undefined && !exchange.acknowledges(offset, (spoken) => this.isAbout(spoken))) return false;
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

/** The member that sends the request; '' where the request has none. */
function memberOf({ request }: RecordedExchange): string {
  const { memberId } = request as { memberId?: unknown };
  return typeof memberId === 'string' ? memberId : '';
}
