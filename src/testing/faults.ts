/** How a test makes its broker misbehave: rules by request, and a disk that is full, slow or broken. */
import { ErrorCode, type ErrorName } from '../../protocol/errors.ts';
import { checkApiName, type ApiName } from './api-names.ts';
import { milliseconds, type Duration } from './duration.ts';
import type { DiskFaults } from './disk-faults.ts';
import type { Exchange } from './exchange.ts';
import {
  FaultRule,
  type Fault,
  type FaultEffect,
  type FaultFilter,
  type FaultSpec,
  type Rewrite,
} from './fault-rule.ts';

/** What shall happen to the requests named in `faults.on(…)`; each begins at once and answers the rule. */
export class FaultBuilder<Name extends ApiName> {
  readonly #make: (effect: FaultEffect<Name>) => FaultRule<Name>;

  constructor(make: (effect: FaultEffect<Name>) => FaultRule<Name>) {
    this.#make = make;
  }

  /** Answers this error instead of serving the request; of several partitions, for those that the filter names. */
  reply(error: ErrorName): FaultRule<Name> {
    if (ErrorCode[error] === undefined) {
      throw new TypeError(`Kafka has no error '${error}': take a name such as NOT_LEADER_OR_FOLLOWER`);
    }
    return this.#make({ reply: error });
  }

  /** Serves the request so much later, by the broker's clock. */
  delay(duration: Duration): FaultRule<Name> {
    milliseconds(duration);
    return this.#make({ delay: duration });
  }

  /** Serves the request when the rule is removed, and not before. */
  hold(): FaultRule<Name> {
    return this.#make({ hold: true });
  }

  /** Serves the request and keeps the answer back: the client does not know that it was applied. */
  dropResponse(): FaultRule<Name> {
    return this.#make({ dropResponse: true });
  }

  /** Ends the connection: `before` the request is served, or `after` it was and without an answer. */
  disconnect(when: 'before' | 'after' = 'before'): FaultRule<Name> {
    return this.#make({ disconnect: when });
  }

  /** Tells the client to wait so long before its next request (throttle_time_ms). */
  throttle(duration: Duration): FaultRule<Name> {
    milliseconds(duration);
    return this.#make({ throttle: duration });
  }

  /** Damages record batches: a Produce is refused with CORRUPT_MESSAGE, a consumer finds a wrong checksum. */
  corruptCrc(): FaultRule<Name> {
    return this.#make({ corruptCrc: true });
  }

  /** Changes what is answered, in any way: the function gets the decoded response and the request. */
  rewrite(change: Rewrite<Name>): FaultRule<Name> {
    return this.#make({ rewrite: change });
  }
}

export class Faults {
  /** The broker's disk, which lies in memory. */
  readonly disk: DiskFaults;
  readonly #rules: FaultRule[] = [];
  readonly #unused: Fault[] = [];
  #count = 0;

  constructor(disk: DiskFaults) {
    this.disk = disk;
  }

  /**
   * Begins a rule: `faults.on('Produce', { topic: 'orders' }).reply('NOT_LEADER_OR_FOLLOWER').times(2)`. Requests are named
   * as in Kafka: Produce, Fetch, Metadata, FindCoordinator, JoinGroup, Heartbeat, OffsetCommit, EndTxn, …
   */
  on<Name extends ApiName>(api: Name | readonly Name[], filter: FaultFilter<Name> = {}): FaultBuilder<Name> {
    ([api].flat() as Name[]).forEach(checkApiName);
    return new FaultBuilder((effect) => this.add({ on: api, ...filter, ...effect }));
  }

  /** The same as one object, which may come from a JSON file. */
  add<Name extends ApiName>(spec: FaultSpec<Name>): FaultRule<Name> {
    ([spec.on].flat() as Name[]).forEach(checkApiName);
    const rule = new FaultRule<Name>(++this.#count, spec, (gone) => this.#forget(gone as unknown as FaultRule));
    this.#rules.push(rule as unknown as FaultRule);
    return rule;
  }

  /** A partition that stands still: consumers get nothing from it and producers no answer, until the rule is removed. */
  pause(place: { readonly topic: string; readonly partition?: number }): FaultRule<'Produce' | 'Fetch'> {
    return this.add({ on: ['Produce', 'Fetch'], ...place, pause: true });
  }

  /** The rules in force, in the order in which they are tried. */
  list(): readonly FaultRule[] {
    return [...this.#rules];
  }

  /** Removes every rule, and mends the disk. */
  clear(): void {
    for (const rule of Array.from(this.#rules)) rule.remove();
    this.disk.clear();
  }

  /** Rules that never struck, removed ones included: each may be a test that does not test what it says. */
  get unused(): readonly Fault[] {
    return [...this.#unused, ...this.#rules.filter(({ fired }) => fired === 0), ...this.disk.unused];
  }

  /** Only the broker's own: the rules that strike this request. */
  strike(exchange: Exchange): FaultRule[] {
    if (this.#rules.length === 0) return [];
    return this.#rules.filter((rule) => rule.strikes(exchange));
  }

  #forget(rule: FaultRule): void {
    this.#rules.splice(this.#rules.indexOf(rule), 1);
    if (rule.fired === 0) this.#unused.push(rule);
  }
}
