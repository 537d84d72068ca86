/** The broker that a page looks at, and what looking at it may change. */
import type { RunningBroker } from '../broker/broker.ts';
import type { BrokerView } from '../testing/broker-view.ts';
import type { Faults } from '../testing/faults.ts';
import type { Traffic } from '../testing/traffic.ts';

export interface PageBroker {
  readonly view: BrokerView;
  /** host:port of its first listener. */
  readonly bootstrap: string;
  readonly nodeId: number;
  readonly version: string;
  /** Null where nobody records it: a broker that is not a test's. */
  readonly traffic: Traffic | null;
  readonly faults: Faults | null;
  readonly clockIsVirtual: boolean;
  /** Null for a broker that no test has started. */
  readonly test: PageTest | null;
}

/** The test behind a broker. */
export interface PageTest {
  /** What it waits for now, a sentence each. */
  waiting(): readonly string[];
  /** Whether it goes on only when `goOn` is called. */
  isPaused(): boolean;
  goOn(): void;
}

/** The broker of `ottla start` as it is now, which is looked at and otherwise left alone. It may begin anew from a snapshot. */
export function pageBrokerOf(current: () => RunningBroker): PageBroker {
  const view: BrokerView = {
    get parts() {
      return current().parts;
    },
    get listeners() {
      return current().listeners;
    },
    deliveries: () => [current().parts.share.loaded?.view ?? []].flat(),
  };
  const { bootstrap, parts } = current();
  const version = process.env.OTTLA_VERSION ?? 'from source';
  return {
    view,
    bootstrap,
    nodeId: parts.nodeId,
    version,
    traffic: null,
    faults: null,
    clockIsVirtual: false,
    test: null,
  };
}
