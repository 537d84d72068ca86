/** What a test shows people of a broker in its own process: its page, and reports of it. */
import { whyNoPage } from '../insight/page-refusal.ts';
import type { Activity } from './activity.ts';
import { doorOf } from './broker-door.ts';
import type { BrokerView } from './broker-view.ts';
import type { FaultRules } from './fault-rules.ts';
import { LocalWaits } from './local-waits.ts';
import type { Nodes } from './nodes.ts';
import type { PendingWaits } from './pending-waits.ts';
import { reportWishes, type ReportOptions, type ReportWishes } from './report.ts';
import { writeReport } from './report-place.ts';
import type { Snapshot } from './snapshot.ts';
import type { TestClock } from './test-clock.ts';
import { TestPage, type BrokerShown, type LoadShow, type PageOptions, type TestHands } from './test-page.ts';
import { currentTest } from './test-runner.ts';
import type { TrafficLog } from './traffic-log.ts';

export interface ShowParts {
  readonly view: BrokerView;
  readonly nodes: Nodes;
  readonly activity: Activity;
  readonly pending: PendingWaits;
  readonly warn: (text: string) => void;
  /** Undefined where the broker is shown otherwise. */
  readonly loadShow: LoadShow | undefined;
}

export abstract class LocalShow extends LocalWaits {
  protected abstract readonly showParts: ShowParts;
  abstract readonly faults: FaultRules;
  abstract readonly traffic: TrafficLog;
  abstract readonly clock: TestClock;
  abstract readonly bootstrapServers: string;
  #page: TestPage | null = null;

  abstract reset(): Promise<void>;
  abstract snapshot(): Snapshot;

  async openPage(options: PageOptions = {}): Promise<string> {
    const { nodes, warn } = this.showParts;
    const refusal = whyNoPage(nodes.any.listeners.people);
    if (refusal !== null) throw new Error(`no page: ${refusal}`);
    return this.#opened().open(options, warn, (url) => {
      for (const { listeners } of nodes.running) listeners.pageUrl = url; // browsers that ask there are sent to it
    });
  }

  async report(path: string, options: ReportOptions = {}): Promise<string> {
    const wishes = reportWishes(options, currentTest());
    return writeReport(path, await this.reportHtml(wishes));
  }

  /** The same as text: for the control port. */
  reportHtml(wishes: ReportWishes): Promise<string> {
    return this.#opened().report(wishes);
  }

  /** What is shown of it, and what people may do to it. */
  get shown(): BrokerShown {
    const { view, nodes, activity } = this.showParts;
    return {
      view,
      traffic: this.traffic,
      faults: this.faults,
      door: doorOf(nodes),
      changed: () => activity.notify(),
      bootstrap: this.bootstrapServers,
      clockIsVirtual: this.clock.isVirtual,
      hands: this.#hands(),
    };
  }

  protected async closePage(): Promise<void> {
    await this.#page?.close();
  }

  #opened(): TestPage {
    const { loadShow } = this.showParts;
    if (loadShow === undefined)
      throw new Error('this broker cannot be shown: open the page of the one it was made from');
    return (this.#page ??= new TestPage(loadShow, this.shown));
  }

  #hands(): TestHands {
    return {
      waiting: () => this.showParts.pending.list,
      addFault: (spec) => this.faults.add(spec).description,
      removeFault: (id) => {
        const found = this.faults.list().find((rule) => rule.id === id);
        found?.remove();
        return found !== undefined;
      },
      advance: (duration) => this.clock.advance(duration),
      reset: () => this.reset(),
      snapshot: () => this.snapshot().bytes(),
    };
  }
}
