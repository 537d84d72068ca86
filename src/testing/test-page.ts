/**
 * What is shown of a test's broker: a page, opened when the test asks and closed with the broker, which may hold the test until
 * somebody says go on; and reports of it.
 */
import type { BrokerDoor } from './broker-door.ts';
import type { BrokerView } from './broker-view.ts';
import type { Duration } from './duration.ts';
import type { FaultSpec } from './fault-spec.ts';
import type { FaultRules } from './fault-rules.ts';
import { checkKeys, type KeysOf } from './known-keys.ts';
import type { WaitingFor } from './pending-waits.ts';
import type { ReportWishes } from './report.ts';
import type { TrafficLog } from './traffic-log.ts';

export interface PageOptions {
  /** Any free one unless given. */
  readonly port?: number;
  /** An address to listen on; 127.0.0.1 unless given. */
  readonly host?: string;
  /** Holds the test until “Go on” is pressed on the page's Test view; the address is told on stderr meanwhile. */
  readonly pause?: boolean;
}

const OPTIONS: KeysOf<PageOptions> = { port: true, host: true, pause: true };

/** What a page shows of a broker that a test has started. */
export interface BrokerShown {
  readonly view: BrokerView;
  readonly bootstrap: string;
  readonly traffic: TrafficLog;
  readonly faults: FaultRules;
  readonly clockIsVirtual: boolean;
  readonly door: BrokerDoor;
  /** Has everything that waits look again. */
  readonly changed: () => void;
  readonly hands: TestHands;
}

/** The same with what may hold the test. */
export interface ShownTest extends Omit<BrokerShown, 'hands'> {
  readonly test: TestHands & { isPaused(): boolean; goOn(): void };
}

/** What a page shows and changes of the test itself. */
export interface TestHands {
  /** What it waits for now. */
  waiting(): readonly WaitingFor[];
  /** Answers what it does, in words. */
  addFault(spec: FaultSpec): string;
  /** False where there is none. */
  removeFault(id: number): boolean;
  advance(duration: Duration): Promise<void>;
  reset(): Promise<void>;
  snapshot(): Uint8Array;
}

export interface ServedPage {
  readonly url: string;
  close(): Promise<void>;
}

/** One broker, as it is shown. */
export interface BrokerShow {
  /** @throws {Error} when the port is taken */
  serve(port: number, host: string): Promise<ServedPage>;
  /** The HTML of a report. */
  report(wishes: ReportWishes): Promise<string>;
}

/** What shows brokers; loaded when a test asks for it. */
export type LoadShow = (shown: ShownTest) => Promise<BrokerShow>;

export class TestPage {
  readonly #load: LoadShow;
  readonly #shown: BrokerShown;
  #show: Promise<BrokerShow> | null = null;
  #served: Promise<ServedPage> | null = null;
  #goOn: (() => void) | null = null;

  constructor(load: LoadShow, shown: BrokerShown) {
    this.#load = load;
    this.#shown = shown;
  }

  /** The second time it answers where the page is already. */
  async open(options: PageOptions, tell: (text: string) => void, isAt: (url: string) => void): Promise<string> {
    checkKeys('openPage', options, OPTIONS);
    this.#served ??= this.#serve(options.port ?? 0, options.host ?? '127.0.0.1');
    const { url } = await this.#served;
    isAt(url);
    if (options.pause !== true) return url;
    tell(`the test waits: look at ${url}/#/test, and press “Go on” there\n`);
    await new Promise<void>((resolve) => (this.#goOn = resolve));
    return url;
  }

  async report(wishes: ReportWishes): Promise<string> {
    return (await this.#loaded()).report(wishes);
  }

  /** Where it cannot be there, the next call tries again. */
  async #serve(port: number, host: string): Promise<ServedPage> {
    try {
      return await (await this.#loaded()).serve(port, host);
    } catch (error) {
      this.#served = null;
      const { code, message } = error as NodeJS.ErrnoException;
      const why = code === 'EADDRINUSE' ? 'the port is taken' : message;
      throw new Error(`no page on ${host}:${port} (${why}): open it with another port`, { cause: error });
    }
  }

  /** The same for page and reports: what it has seen happen is in both. */
  #loaded(): Promise<BrokerShow> {
    const { hands, ...shown } = this.#shown;
    const test = {
      ...hands,
      isPaused: () => this.#goOn !== null,
      goOn: () => this.goOn(),
    };
    return (this.#show ??= this.#load({ ...shown, test }));
  }

  goOn(): void {
    this.#goOn?.();
    this.#goOn = null;
  }

  async close(): Promise<void> {
    this.goOn();
    const served = await this.#served?.catch(() => null); // whoever opened it was told
    await served?.close();
  }
}
