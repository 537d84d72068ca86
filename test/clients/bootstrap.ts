/** Gives each file of client tests a broker: Ottla in this process, or the one at OTTLA_TEST_BOOTSTRAP (host:port). */
import { afterAll, beforeAll } from 'vitest';
import { startBroker, type RunningBroker } from '../../src/broker/broker.ts';

const elsewhere = process.env.OTTLA_TEST_BOOTSTRAP;

/** An object whose `address` is set before the first test of the file runs. */
export function useBroker(settings: Record<string, string> = {}): { address: string } {
  const bootstrap = { address: elsewhere ?? '' };
  if (elsewhere !== undefined) return bootstrap;
  let broker: RunningBroker | undefined;
  beforeAll(async () => {
    broker = await startBroker({
      memory: true,
      settings: { listeners: 'PLAINTEXT://127.0.0.1:0', 'group.initial.rebalance.delay.ms': '0', ...settings },
    });
    bootstrap.address = broker.bootstrap;
  });
  afterAll(() => broker?.stop());
  return bootstrap;
}

let serial = 0;

/** A name nobody had before, on a broker of our own as on one that has seen many runs. */
export function freshName(prefix: string): string {
  return `${prefix}-${Date.now().toString(36)}-${serial++}`;
}
