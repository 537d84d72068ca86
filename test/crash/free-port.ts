/**
 * Ports nobody listens on at the moment; a broker keeps its own over all its lives. They lie below those that the system gives to
 * connections: between two lives of a broker a connection of somebody else would take one of them.
 */
import { createServer } from 'node:net';

const [LEAST, MOST] = [10_000, 32_000];

/** The first of so many in a row. */
export async function freePort(inARow = 1): Promise<number> {
  for (;;) {
    const first = LEAST + Math.floor(Math.random() * (MOST - LEAST - inARow));
    const all = await Promise.all(Array.from({ length: inARow }, (_, i) => isFree(first + i)));
    if (all.every(Boolean)) return first;
  }
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
      .once('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => void server.close(() => resolve(true)));
  });
}
