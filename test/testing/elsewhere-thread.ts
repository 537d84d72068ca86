/** Runs in a thread: starts brokers for tests that drive them from another, each with a control port. */
import { parentPort } from 'node:worker_threads';
import { startBroker } from '../../src/broker/broker.ts';
import { serveBroker } from '../../src/control/server.ts';
import { BrokerSnapshot } from '../../src/testing/broker-snapshot.ts';
import { begin, type Doors } from '../../src/testing/test-start.ts';
import type { StartOptions } from '../../src/testing/index.ts';
import type { Told } from './backends.ts';

interface Order {
  readonly id: number;
  readonly options: StartOptions;
  readonly from: Uint8Array | undefined;
}

async function start({ options, from }: Order): Promise<Omit<Told, 'id'>> {
  try {
    const snapshot = from === undefined ? {} : { from: BrokerSnapshot.parse(Buffer.from(from)) };
    const all = { ...options, ...snapshot, controlPort: 0, leftovers: 'ignore' } as const;
    const { controlUrl } = await begin({ start: startBroker, serve }, all, [], { frames: '', at: '' });
    return { url: controlUrl! };
  } catch (error) {
    return { error: { name: (error as Error).name, message: (error as Error).message } };
  }
}

const serve: Doors['serve'] = async (test, port) => (await serveBroker(test, { port, mayStop: true })).url;

parentPort!.on('message', (order: Order) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
  void start(order).then((told) => parentPort!.postMessage({ id: order.id, ...told }));
});
