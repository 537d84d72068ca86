/** A TCP proxy on this machine that can hold back everything: both sides see a network that is cut, and no connection closed. */
import { once } from 'node:events';
import { createServer, connect, type Server, type Socket } from 'node:net';

export class Proxy {
  readonly port: number;
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #isCut = false;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** Listens on a port of its own for who wants to reach `target`. */
  static async to(target: { readonly host: string; readonly port: () => number }): Promise<Proxy> {
    const server = createServer({ allowHalfOpen: false });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new Proxy(server, (server.address() as { port: number }).port);
    server.on('connection', (client) => proxy.#accept(client, target.host, target.port()));
    return proxy;
  }

  #accept(client: Socket, host: string, port: number): void {
    const server = connect(port, host);
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    for (const [from, to] of [pair, [server, client] as const]) {
      from.setNoDelay(true);
      from.on('error', () => from.destroy());
      from.on('close', () => {
        this.#pairs.delete(pair);
        to.destroy();
      });
      from.pipe(to);
    }
    if (this.#isCut) for (const socket of pair) socket.pause();
  }

  /** From now on nothing passes, until `heal`: then all that was sent meanwhile comes. */
  cut(): void {
    this.#isCut = true;
    for (const pair of this.#pairs) for (const socket of pair) socket.pause();
  }

  heal(): void {
    this.#isCut = false;
    for (const pair of this.#pairs) for (const socket of pair) socket.resume();
  }

  close(): void {
    this.#server.close();
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }
}
