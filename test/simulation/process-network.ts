/** The network as one process has it: what it opens is never opened for it once it is dead, and waits while it is stopped. */
import type { Network, Receiver, Socket } from '../../src/platform/network.ts';
import type { SimulatedProcess } from './simulated-process.ts';

export function networkOf(process: SimulatedProcess, network: Network): Network {
  return {
    listen: (address, port, accept) => network.listen(address, port, accept),
    connect: (host, port, timeoutMs, opened) =>
      new Promise((resolve, reject) => {
        const attach = (socket: Socket): Receiver => {
          if (process.isAlive) return opened(socket);
          socket.destroy();
          return NOBODY;
        };
        network.connect(host, port, timeoutMs, attach).then(
          () => process.deliver(resolve),
          (error: unknown) => process.deliver(() => reject(error)),
        );
      }),
  };
}

const NOBODY: Receiver = {
  buffer: () => new Uint8Array(1),
  received: () => {},
  drained: () => {},
  closed: () => {},
};
