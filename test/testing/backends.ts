/**
 * What the tests of a TestBroker start: a broker of their own thread, or, in elsewhere.test.ts, one of another that they reach
 * over its control port alone.
 */
import { Worker } from 'node:worker_threads';
import { endThroughPort, RemoteBroker } from '../../src/remote/remote-broker.ts';
import { BrokerSnapshot } from '../../src/testing/broker-snapshot.ts';
import { startBroker as startHere, type StartOptions, type TestBroker } from '../../src/testing/index.ts';
import { checkStartOptions } from '../../src/testing/start-checks.ts';

export interface Told {
  readonly id: number;
  readonly url?: string;
  readonly error?: { readonly name: string; readonly message: string };
}

let host: Worker | null = null;
let count = 0;

/** From now on brokers run in another thread. */
export function runElsewhere(): void {
  host = new Worker(new URL('elsewhere-thread.ts', import.meta.url), { stdout: false });
  host.setMaxListeners(100);
}

export async function endElsewhere(): Promise<void> {
  await host!.terminate();
}

/** Whether the tests reach their brokers over the control port. */
export const isElsewhere = (): boolean => host !== null;

export async function startBroker(options: StartOptions = {}): Promise<TestBroker> {
  if (host === null) return startHere(options);
  checkStartOptions('startBroker', options);
  const { from, leftovers, ...rest } = options;
  const id = ++count;
  const snapshot = typeof from === 'string' ? BrokerSnapshot.load(from) : from;
  const told = await new Promise<Told>((resolve) => {
    const listener = (answer: Told): void => {
      if (answer.id !== id) return;
      host!.off('message', listener);
      resolve(answer);
    };
    host!.on('message', listener);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
    host!.postMessage({ id, options: rest, from: snapshot?.bytes() });
  });
  if (told.error !== undefined) throw Object.assign(new Error(told.error.message), { name: told.error.name });
  return new RemoteBroker(told.url!, leftovers === undefined ? {} : { leftovers }, endThroughPort);
}
