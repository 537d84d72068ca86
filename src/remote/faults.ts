/** Rules by which a broker elsewhere misbehaves. */
import { checkApiName, type ApiName } from '../testing/api-names.ts';
import { checkFilter, checkSpec } from '../testing/fault-rule.ts';
import type { EffectName, Fault, FaultFilter, FaultSpec, RequestFault } from '../testing/fault-spec.ts';
import { FaultBuilder, type DiskErrorCode, type DiskFaults, type Faults } from '../testing/faults.ts';
import type { Duration } from '../testing/duration.ts';
import type { HandshakeEffect, HandshakeFaults, HandshakeFilter } from '../testing/handshake-faults.ts';
import { ControlError, type ControlPort } from './control-port.ts';
import { patternIn, patternToJson } from './json.ts';

interface FaultJson {
  readonly id: number;
  readonly description: string;
  readonly effect: EffectName;
  readonly fired: number;
  readonly seen: number;
  readonly spec: Readonly<Record<string, unknown>>;
}

interface DamageJson {
  readonly description: string;
  readonly fired: number;
}

interface FaultsJson {
  readonly faults: readonly FaultJson[];
  readonly disk: readonly DamageJson[];
  readonly handshakes: readonly DamageJson[];
  readonly unused: readonly string[];
}

export class RemoteFaults implements Faults {
  readonly disk: DiskFaults;
  readonly #port: ControlPort;

  constructor(port: ControlPort) {
    this.#port = port;
    this.disk = new RemoteDiskFaults(port);
  }

  on<Name extends ApiName>(api: Name | readonly Name[], filter: FaultFilter<Name> = {}): FaultBuilder<Name> {
    ([api].flat() as Name[]).forEach(checkApiName);
    checkFilter('a fault', filter);
    return new FaultBuilder((effect) => this.add({ on: api, ...filter, ...effect }));
  }

  add<Name extends ApiName>(spec: FaultSpec<Name>): RequestFault<Name> {
    ([spec.on].flat() as Name[]).forEach(checkApiName);
    checkSpec(spec);
    const { topic, clientId, ...rest } = spec;
    if ('rewrite' in rest) {
      throw new TypeError('rewrite is a function, which cannot travel to a broker in another process: start one here');
    }
    refuseFunctions(rest.request);
    const said = {
      ...rest,
      ...(topic === undefined ? {} : { topic: patternToJson(topic) }),
      ...(clientId === undefined ? {} : { clientId: patternToJson(clientId) }),
    };
    return new RemoteFault(this.#port, this.#port.callNow<FaultJson>('POST', '/faults', said));
  }

  handshake(filter: HandshakeFilter = {}): HandshakeFaults {
    const begin = (effect: HandshakeEffect) => (): Fault => {
      this.#port.callNow('POST', '/faults/handshake', { effect, ...filter });
      return damageAt(this.#port, 'handshake', this.#told.handshakes.length - 1);
    };
    return {
      close: begin('close'),
      hold: begin('hold'),
      expired: begin('expired'),
      unknownAuthority: begin('unknownAuthority'),
    };
  }

  pause(place: { readonly topic: string; readonly partition?: number }): RequestFault {
    return this.add<ApiName>({ on: ['Produce', 'Fetch'], ...place, pause: true });
  }

  rebalance(group: string): RequestFault {
    const told = this.#port.callNow<FaultJson>('POST', '/faults/rebalance', { group });
    return new RemoteFault(this.#port, told);
  }

  list(): readonly RequestFault[] {
    return this.#told.faults.map((told) => new RemoteFault(this.#port, told));
  }

  clear(): void {
    this.#port.callNow('DELETE', '/faults');
  }

  get unused(): readonly Fault[] {
    return this.#told.unused.map((description) => ({ description, fired: 0, remove: () => {} }));
  }

  get #told(): FaultsJson {
    return this.#port.get('/faults');
  }
}

/** @throws {TypeError} for what JSON cannot say */
function refuseFunctions(request: unknown): void {
  if (
    typeof request === 'function' ||
    request instanceof RegExp ||
    (request as { asymmetricMatch?: unknown })?.asymmetricMatch
  ) {
    throw new TypeError('the request of a fault is plain data where the broker is in another process');
  }
  if (typeof request === 'object' && request !== null) Object.values(request).forEach(refuseFunctions);
}

class RemoteFault<Name extends ApiName> implements RequestFault<Name> {
  readonly id: number;
  readonly effect: EffectName;
  readonly #port: ControlPort;
  #last: FaultJson;
  #isRemoved = false;

  constructor(port: ControlPort, told: FaultJson) {
    this.#port = port;
    this.#last = told;
    this.id = told.id;
    this.effect = told.effect;
  }

  get fired(): number {
    return this.#now.fired;
  }

  get seen(): number {
    return this.#now.seen;
  }

  get description(): string {
    return this.#now.description;
  }

  get isRemoved(): boolean {
    void this.#now;
    return this.#isRemoved;
  }

  get spec(): FaultSpec<Name> {
    const { topic, clientId, ...rest } = this.#last.spec;
    const patterns = { ...patternIn('topic', topic), ...patternIn('clientId', clientId) };
    return { ...rest, ...patterns } as unknown as FaultSpec<Name>;
  }

  times(count: number): this {
    return this.#limit({ times: count });
  }

  once(): this {
    return this.times(1);
  }

  nth(place: number): this {
    return this.#limit({ nth: place });
  }

  remove(): void {
    if (this.#isRemoved) return;
    this.#isRemoved = true;
    try {
      this.#last = this.#port.callNow('DELETE', `/faults/${this.id}`);
    } catch (error) {
      if (!isGone(error)) throw error; // clear() or a reset has removed it
    }
  }

  toString(): string {
    return this.description;
  }

  #limit(how: { readonly times?: number; readonly nth?: number }): this {
    this.#last = this.#port.callNow('PATCH', `/faults/${this.id}`, how);
    return this;
  }

  /** As it is; as it was last where it is no more. */
  get #now(): FaultJson {
    if (this.#isRemoved) return this.#last;
    try {
      this.#last = this.#port.get(`/faults/${this.id}`);
    } catch (error) {
      if (!isGone(error)) throw error;
      this.#isRemoved = true;
    }
    return this.#last;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof ControlError && error.status === 404;
}

class RemoteDiskFaults implements DiskFaults {
  readonly #port: ControlPort;

  constructor(port: ControlPort) {
    this.#port = port;
  }

  full(): Fault {
    return this.#damage({ full: true });
  }

  fail(code: DiskErrorCode = 'EIO'): Fault {
    return this.#damage({ fail: code });
  }

  slow(duration: Duration): Fault {
    return this.#damage({ slow: duration });
  }

  list(): readonly Fault[] {
    return this.#port.get<FaultsJson>('/faults').disk.map((_, index) => this.#at(index));
  }

  clear(): void {
    this.#port.callNow('DELETE', '/faults/disk');
  }

  #damage(how: object): Fault {
    this.#port.callNow('POST', '/faults/disk', how);
    return this.#at(this.#port.get<FaultsJson>('/faults').disk.length - 1);
  }

  #at(index: number): Fault {
    return damageAt(this.#port, 'disk', index);
  }
}

/** A fault that its description names. How often it has struck may stand there, too. */
function damageAt(port: ControlPort, kind: 'disk' | 'handshake', index: number): Fault {
  const all = (): readonly DamageJson[] => {
    const { disk, handshakes } = port.get<FaultsJson>('/faults');
    return kind === 'disk' ? disk : handshakes;
  };
  const nameOf = ({ description }: DamageJson): string => description.replace(/ \(fired \d+\)$/, '');
  let last = all()[index];
  const name = nameOf(last);
  const now = (): DamageJson => (last = all().find((one) => nameOf(one) === name) ?? last);
  return {
    get description() {
      return last.description;
    },
    get fired() {
      return now().fired;
    },
    remove: () => {
      const { description } = now();
      port.callNow('DELETE', `/faults/${kind}?description=${encodeURIComponent(description)}`);
    },
  };
}
