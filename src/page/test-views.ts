/** What only the broker of a test can show: its faults, its clock, what the test waits for. */
import type { TestFrame } from './frames.ts';
import type { PageBroker, PageTest } from './page-broker.ts';

export function testFrame({ view, faults, clockIsVirtual }: PageBroker, test: PageTest): TestFrame {
  return {
    clockMs: view.parts.clock.now(),
    clockIsVirtual,
    faults: [
      ...(faults?.list() ?? []).map(({ id, description, fired }) => ({ id, description, fired })),
      ...(faults?.disk.list() ?? []).map(({ description, fired }) => ({ id: null, description, fired })),
    ],
    waiting: test.waiting(),
    isPaused: test.isPaused(),
  };
}
