/** The broker that a page looks at, and what looking at it may change. */
import type { RunningBroker } from '../broker/broker.ts';
import { doorOf, type BrokerDoor } from '../testing/broker-door.ts';
import { recentOf, type BrokerView } from '../testing/broker-view.ts';
import type { BrokerShown, ShownTest } from '../testing/test-page.ts';
import type { Faults } from '../testing/faults.ts';
import type { Traffic } from '../testing/traffic.ts';

export interface PageBroker {
  readonly view: BrokerView;
  readonly door: BrokerDoor;
  /** Tells what waits for changes that there was one. */
  readonly changed: () => void;
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
export type PageTest = ShownTest['test'];

/** The broker of `ottla start` as it is now: it may begin anew from a snapshot. `shown`: where it has a control port, which tests drive. */
export function pageBrokerOf(current: () => RunningBroker, shown: (() => BrokerShown) | null = null): PageBroker {
  const view: BrokerView = {
    get parts() {
      return current().parts;
    },
    get listeners() {
      return current().listeners;
    },
    deliveries: () => [current().parts.share.loaded?.view ?? []].flat(),
    ...recentOf(current),
  };
  const { bootstrap, parts } = current();
  const nodes = {
    get running() {
      return [current()];
    },
    get any() {
      return current();
    },
    get image() {
      return current().parts.metadata.image;
    },
    get: (nodeId: number) => (nodeId === current().parts.nodeId ? current() : undefined),
  };
  const version = process.env.OTTLA_VERSION ?? 'from source';
  return {
    view,
    door: doorOf(nodes),
    changed: () => shown?.().changed(),
    bootstrap,
    nodeId: parts.nodeId,
    version,
    get traffic() {
      return shown?.().traffic ?? null;
    },
    get faults() {
      return shown?.().faults ?? null;
    },
    clockIsVirtual: false,
    test: shown === null ? null : testOf(shown),
  };
}

/** Nothing holds it: whoever drives it is elsewhere. */
function testOf(shown: () => BrokerShown): PageTest {
  return {
    waiting: () => shown().hands.waiting(),
    isPaused: () => false,
    goOn: () => {},
    addFault: (spec) => shown().hands.addFault(spec),
    removeFault: (id) => shown().hands.removeFault(id),
    advance: (duration) => shown().hands.advance(duration),
    reset: () => shown().hands.reset(),
    snapshot: () => shown().hands.snapshot(),
  };
}
