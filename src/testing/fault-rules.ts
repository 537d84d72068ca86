/** The rules in force in a broker. */
import { checkApiName, type ApiName } from './api-names.ts';
import type { MemoryDiskFaults } from './disk-faults.ts';
import { checkFilter, FaultRule } from './fault-rule.ts';
import type { Fault, FaultFilter, FaultSpec } from './fault-spec.ts';
import { FaultBuilder, type Faults } from './faults.ts';
import type { HandshakeFaults, HandshakeFilter, HandshakeRules } from './handshake-faults.ts';
import type { RecordedExchange } from './recorded-exchange.ts';

export class FaultRules implements Faults {
  readonly disk: MemoryDiskFaults;
  readonly handshakes: HandshakeRules;
  readonly #rules: FaultRule[] = [];
  readonly #unused: Fault[] = [];
  #count = 0;

  readonly #typeOfGroup: (group: string) => string | null;

  /** `typeOfGroup`: 'classic', 'consumer', …; null where there is no such group. */
  constructor(disk: MemoryDiskFaults, handshakes: HandshakeRules, typeOfGroup: (group: string) => string | null) {
    this.disk = disk;
    this.handshakes = handshakes;
    this.#typeOfGroup = typeOfGroup;
  }

  handshake(filter?: HandshakeFilter): HandshakeFaults {
    return this.handshakes.begin(filter);
  }

  on<Name extends ApiName>(api: Name | readonly Name[], filter: FaultFilter<Name> = {}): FaultBuilder<Name> {
    ([api].flat() as Name[]).forEach(checkApiName);
    checkFilter('a fault', filter);
    return new FaultBuilder((effect) => this.add({ on: api, ...filter, ...effect }));
  }

  add<Name extends ApiName>(spec: FaultSpec<Name>): FaultRule<Name> {
    ([spec.on].flat() as Name[]).forEach(checkApiName);
    const rule = new FaultRule<Name>(++this.#count, spec, (gone) => this.#forget(gone as unknown as FaultRule));
    this.#rules.push(rule as unknown as FaultRule);
    return rule;
  }

  pause(place: { readonly topic: string; readonly partition?: number }): FaultRule {
    return this.add<ApiName>({ on: ['Produce', 'Fetch'], ...place, pause: true });
  }

  rebalance(group: string): FaultRule {
    const type = this.#typeOfGroup(group);
    if (type === null) throw new Error(`there is no group '${group}' to rebalance: wait for it first (waitForGroup)`);
    if (type === 'streams') {
      return this.add<ApiName>({ on: 'StreamsGroupHeartbeat', group, reply: 'FENCED_MEMBER_EPOCH', perMember: true });
    }
    if (type !== 'consumer') {
      return this.add<ApiName>({
        on: ['Heartbeat', 'OffsetCommit'],
        group,
        reply: 'REBALANCE_IN_PROGRESS',
        perMember: true,
      });
    }
    return this.add<ApiName>({ on: 'ConsumerGroupHeartbeat', group, reply: 'FENCED_MEMBER_EPOCH', perMember: true });
  }

  list(): readonly FaultRule[] {
    return [...this.#rules];
  }

  clear(): void {
    for (const rule of Array.from(this.#rules)) rule.remove();
    this.disk.clear();
    this.handshakes.clear();
  }

  get unused(): readonly Fault[] {
    return [
      ...this.#unused,
      ...this.#rules.filter(({ fired }) => fired === 0),
      ...this.disk.unused,
      ...this.handshakes.unused,
    ];
  }

  /** Only the broker's own: the rules that strike this request. */
  strike(exchange: RecordedExchange): FaultRule[] {
    if (this.#rules.length === 0) return [];
    return this.#rules.filter((rule) => rule.strikes(exchange));
  }

  #forget(rule: FaultRule): void {
    this.#rules.splice(this.#rules.indexOf(rule), 1);
    if (rule.fired === 0) this.#unused.push(rule);
  }
}
