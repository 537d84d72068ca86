/** What runs in the thread of `startBroker({ thread: true })`: a broker, and the control port through which the test drives it. */
import { startBroker as start } from '../broker/broker.ts';
import { tellStarter, threadData } from '../platform/thread.ts';
import { BrokerSnapshot } from './broker-snapshot.ts';
import type { CallPlace } from './call-place.ts';
import type { StartOptions } from './start-options.ts';
import { begin, type Doors } from './test-start.ts';

export interface BrokerThreadData {
  readonly options: StartOptions;
  /** The snapshot to begin from. */
  readonly from: Uint8Array | undefined;
  /** Where the test started it. */
  readonly place: CallPlace;
}

export function runBrokerThread(): void {
  void tellStarter(serve(threadData() as BrokerThreadData));
}

/** Answers the URL of the control port. */
async function serve({ options, from, place }: BrokerThreadData): Promise<string> {
  const { serveBroker } = await import('../control/server.ts');
  const doors: Doors = {
    start,
    serve: async (test, port) => (await serveBroker(test, { port, mayStop: true })).url,
    loadShow: async (shown) => (await import('../page/server.ts')).showOf(shown, true),
  };
  const snapshot = from === undefined ? {} : { from: BrokerSnapshot.parse(Buffer.from(from)) };
  // The test delivers what is left, when it stops the broker.
  const all = { controlPort: 0, ...options, ...snapshot, leftovers: 'ignore' } as const;
  return (await begin(doors, all, [], place)).controlUrl!;
}
