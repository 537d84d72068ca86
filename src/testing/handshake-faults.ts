/** What goes wrong before a client has spoken: rules about handshakes of TLS. */
import type { BrokerOptions } from '../broker/broker.ts';
import type { IssuedCertificate } from '../credentials/certificate-authority.ts';
import type { Fault } from './fault-spec.ts';
import { checkKeys } from './known-keys.ts';

type Handshakes = NonNullable<BrokerOptions['handshakes']>;

/** How many handshakes a rule strikes. */
export interface HandshakeFilter {
  /** Strikes so many times at most; without end unless given. */
  readonly times?: number;
}

export type HandshakeEffect = 'close' | 'hold' | 'expired' | 'unknownAuthority';

/** What shall happen to the next handshakes; each begins at once and answers the rule. */
export interface HandshakeFaults {
  /** The connection ends without an answer. */
  close(): Fault;
  /** Nothing is answered until the rule is removed. */
  hold(): Fault;
  /** The broker shows a certificate that has expired. */
  expired(): Fault;
  /** The broker shows a certificate of an authority that clients do not know. */
  unknownAuthority(): Fault;
}

const WORDS: Readonly<Record<HandshakeEffect, string>> = {
  close: 'ended',
  hold: 'held',
  expired: 'shown a certificate that has expired',
  unknownAuthority: 'shown a certificate of an unknown authority',
};

/** Makes the certificates that are shown. */
export interface BadCertificates {
  expired(): Promise<IssuedCertificate>;
  ofUnknownAuthority(): Promise<IssuedCertificate>;
}

interface Rule extends Fault {
  readonly effect: HandshakeEffect;
  fired: number;
  readonly isSpent: boolean;
  /** When it is removed. */
  readonly removed: Promise<void>;
}

/** The rules in force, as a broker's listeners ask for them. */
export class HandshakeRules implements Handshakes {
  readonly #certificates: () => BadCertificates | null;
  readonly #struck: () => void;
  readonly #rules: Rule[] = [];
  readonly #unused: Fault[] = [];

  /** `certificates`: null where the broker speaks no TLS. `struck` is called at each strike. */
  constructor(certificates: () => BadCertificates | null, struck: () => void) {
    this.#certificates = certificates;
    this.#struck = struck;
  }

  /** @throws {TypeError} where the broker has no handshakes */
  begin(filter: HandshakeFilter = {}): HandshakeFaults {
    checkKeys('faults.handshake', filter, { times: true });
    const { times } = filter;
    if (times !== undefined && !(Number.isInteger(times) && times > 0)) {
      throw new TypeError(`faults.handshake: times: ${times}: write a whole number from 1 on`);
    }
    if (this.#certificates() === null) {
      throw new TypeError('faults.handshake: the broker speaks no TLS: start it with tls: true');
    }
    const add = (effect: HandshakeEffect) => (): Fault => this.#add(effect, times ?? Infinity);
    return {
      close: add('close'),
      hold: add('hold'),
      expired: add('expired'),
      unknownAuthority: add('unknownAuthority'),
    };
  }

  next(): ReturnType<Handshakes['next']> {
    const rule = this.#rules.find(({ isSpent }) => !isSpent);
    if (rule === undefined) return null;
    rule.fired++;
    this.#struck();
    return this.#strike(rule);
  }

  list(): readonly Fault[] {
    return [...this.#rules];
  }

  get unused(): readonly Fault[] {
    return [...this.#unused, ...this.#rules.filter(({ fired }) => fired === 0)];
  }

  clear(): void {
    for (const rule of Array.from(this.#rules)) rule.remove();
  }

  async #strike({ effect, removed }: Rule): Promise<'as it is' | IssuedCertificate | 'closed'> {
    switch (effect) {
      case 'close':
        return 'closed';
      case 'hold':
        await removed;
        return 'as it is';
      case 'expired':
        return this.#certificates()!.expired();
      case 'unknownAuthority':
        return this.#certificates()!.ofUnknownAuthority();
    }
  }

  #add(effect: HandshakeEffect, times: number): Fault {
    let release!: () => void;
    const removed = new Promise<void>((resolve) => (release = resolve));
    const limit = times === Infinity ? '' : `, ${times === 1 ? 'once' : `${times} times`} at most`;
    const rule: Rule = {
      effect,
      fired: 0,
      removed,
      get isSpent() {
        return rule.fired >= times;
      },
      get description() {
        return `handshakes are ${WORDS[effect]}${limit} (fired ${rule.fired})`;
      },
      remove: () => {
        const at = this.#rules.indexOf(rule);
        if (at < 0) return;
        this.#rules.splice(at, 1);
        if (rule.fired === 0) this.#unused.push(rule);
        release();
      },
    };
    this.#rules.push(rule);
    return rule;
  }
}
