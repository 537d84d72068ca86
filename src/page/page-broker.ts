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

/** A broker of `ottla start`, which is looked at and otherwise left alone. */
export function pageBrokerOf(broker: RunningBroker): PageBroker {
  const version = process.env.OTTLA_VERSION ?? 'from source';
  const { parts, listeners, bootstrap } = broker;
  const view: BrokerView = { parts, listeners, deliveries: () => [parts.share.loaded?.view ?? []].flat() };
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
