/** The page of a test's broker: opened when the test asks, closed with the broker; it may hold the test until somebody says go on. */
import type { BrokerView } from './broker-view.ts';
import type { FaultRules } from './fault-rules.ts';
import { checkKeys, type KeysOf } from './known-keys.ts';
import type { TrafficLog } from './traffic-log.ts';

export interface PageOptions {
  /** Any free one unless given. */
  readonly port?: number;
  /** Holds the test until “Go on” is pressed on the page's Test view; the address is told on stderr meanwhile. */
  readonly pause?: boolean;
}

const OPTIONS: KeysOf<PageOptions> = { port: true, pause: true };

/** What a page shows of a test. */
export interface ShownTest {
  readonly view: BrokerView;
  readonly bootstrap: string;
  readonly traffic: TrafficLog;
  readonly faults: FaultRules;
  readonly clockIsVirtual: boolean;
  readonly test: { waiting(): readonly string[]; isPaused(): boolean; goOn(): void };
}

/** Serves a page; loaded when it is asked for. */
export type ServePage = (shown: ShownTest, port: number) => Promise<{ readonly url: string; close(): Promise<void> }>;

export class TestPage {
  readonly #serve: ServePage;
  readonly #shown: Omit<ShownTest, 'test'>;
  readonly #waiting: () => readonly string[];
  #served: ReturnType<ServePage> | null = null;
  #goOn: (() => void) | null = null;

  constructor(serve: ServePage, shown: Omit<ShownTest, 'test'>, waiting: () => readonly string[]) {
    this.#serve = serve;
    this.#shown = shown;
    this.#waiting = waiting;
  }

  /** The second time it answers where the page is already. */
  async open(options: PageOptions, tell: (text: string) => void): Promise<string> {
    checkKeys('openPage', options, OPTIONS);
    const test = {
      waiting: this.#waiting,
      isPaused: () => this.#goOn !== null,
      goOn: () => this.goOn(),
    };
    this.#served ??= this.#serve({ ...this.#shown, test }, options.port ?? 0);
    const { url } = await this.#served;
    if (options.pause !== true) return url;
    tell(`the test waits: look at ${url}/#/test, and press “Go on” there\n`);
    await new Promise<void>((resolve) => (this.#goOn = resolve));
    return url;
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
