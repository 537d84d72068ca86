/** The tests of a broker in this thread again, with one in another: everything goes over its control port. */
import { afterAll } from 'vitest';
import { endElsewhere, runElsewhere } from './backends.ts';

runElsewhere();
afterAll(() => endElsewhere());

await import('./waiters.test.ts');
await import('./why.test.ts');
await import('./faults.test.ts');
await import('./traffic.test.ts');
await import('./clock.test.ts');
await import('./reset.test.ts');
await import('./start-broker.test.ts');
await import('./failure-messages.test.ts');
await import('./nothing-silent.test.ts');
await import('./brokers.test.ts');
await import('./replicas.test.ts');
