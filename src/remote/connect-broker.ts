/** A broker that runs elsewhere, as one of this process. */
import { checkKeys, type KeysOf } from '../testing/known-keys.ts';
import type { TestBroker } from '../testing/test-broker.ts';
import type { ConnectOptions } from './connect-options.ts';
import { ControlPort } from './control-port.ts';
import { RemoteBroker } from './remote-broker.ts';

const CONNECT: KeysOf<ConnectOptions> = { leftovers: true };

/**
 * A broker in another process, on another machine or in Docker: what `startBroker({ thread: true })`, `startBroker({ controlPort:
 * 0 })` and `ottla start --control-port` give the address of. It goes on when this is stopped; `fork()` gives one of your own.
 */
export async function connectBroker(url: string, options: ConnectOptions = {}): Promise<TestBroker> {
  checkKeys('connectBroker', options, CONNECT);
  const port = new ControlPort(url);
  await port.call('GET', '/ready');
  return new RemoteBroker(port.url, options);
}
