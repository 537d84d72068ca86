/**
 * The brokers of this process's tests that run now: entries for test runners tell of them when a test fails. Those are bundles of
 * their own, so the list is on globalThis, where all of them find the same.
 */
import type { TestBroker } from './test-broker.ts';

type Shown = Pick<TestBroker, 'describe' | 'report'>;

const KEY = Symbol.for('ottla.running-brokers');

export function runningBrokers(): Set<Shown> {
  const known = globalThis as { [KEY]?: Set<Shown> };
  return (known[KEY] ??= new Set());
}
