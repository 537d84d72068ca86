import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** A port of 127.0.0.1 that nobody listens on; COMPAT_PORTS=22500-22999 says where to look. */
export async function freePort(): Promise<number> {
  const [first, last] = (process.env.COMPAT_PORTS ?? '0-0').split('-').map(Number);
  for (let turn = 0; turn < 50; turn++) {
    const wanted = first === 0 ? 0 : first + Math.floor(Math.random() * (last - first + 1));
    const server = createServer();
    try {
      server.listen(wanted, '127.0.0.1');
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    } catch {
      // taken: another one
    } finally {
      server.close();
    }
  }
  throw new Error(`no free port in COMPAT_PORTS=${process.env.COMPAT_PORTS}`);
}

/** As many, each another one. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  while (found.size < count) found.add(await freePort());
  return [...found];
}
