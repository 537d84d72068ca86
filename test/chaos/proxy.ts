/**
 * A TCP proxy on this machine that can hold back everything, or one direction: both sides see a network that is cut, and no connection
 * closed. Where nobody listens behind it, nobody listens at it.
 */
import { once } from 'node:events';
import { createServer, connect, type Server, type Socket } from 'node:net';

/** What is held back: what clients send to the target, what it answers, or both. */
export type Direction = 'requests' | 'answers' | 'both';

export class Proxy {
  readonly port: number;
  readonly #server: Server;
  /** Client, target. */
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #cut: Direction | null = null;

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
    this.#hold(pair);
  }

  #hold([client, target]: readonly [Socket, Socket]): void {
    if (this.#cut === 'requests' || this.#cut === 'both') client.pause();
    if (this.#cut === 'answers' || this.#cut === 'both') target.pause();
  }

  /** From now on nothing passes, until `heal`: then all that was sent meanwhile comes. */
  cut(direction: Direction = 'both'): void {
    this.#cut = direction;
    for (const pair of this.#pairs) this.#hold(pair);
  }

  heal(): void {
    this.#cut = null;
    for (const pair of this.#pairs) for (const socket of pair) socket.resume();
  }

  /** Whether connections are refused: the target does not run. */
  setDown(isDown: boolean): void {
    if (this.#server.listening !== isDown) return;
    if (isDown) this.#server.close();
    else this.#server.listen(this.port, '127.0.0.1');
  }

  close(): void {
    this.#server.close();
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }
}
