/**
 * How the brokers of one test reach one another: by connections in memory, each of which a test can cut. Clients come through the
 * network outside, and are not touched by that. Nothing goes from here to any other broker than those of the same test.
 *
 *     connect ──cut?──▶ waits until it is mended
 *        └────────────▶ open ──cut, or a broker ends──▶ closed at both ends
 */
import type { Listener, Network, Receiver, Socket } from '../platform/network.ts';
import { SocketPair } from '../platform/socket-pair.ts';

/** The address of a broker, as its peers see it. */
export const PEER_HOST = 'in-process';

interface Door {
  readonly nodeId: number;
  readonly accept: (socket: Socket) => Receiver;
}

interface Caller {
  readonly from: number;
  readonly to: number;
  readonly go: () => void;
  readonly refuse: (error: Error) => void;
}

export class BrokerNetworks {
  readonly #outside: Network;
  /** By port. */
  readonly #doors = new Map<number, Door>();
  readonly #open = new Set<Connection>();
  readonly #cut = new Set<string>();
  /** Who connects where it is cut. */
  #callers: readonly Caller[] = [];

  constructor(outside: Network) {
    this.#outside = outside;
  }

  /** As this broker sees it. */
  of(nodeId: number): Network {
    return {
      listen: (host, port, accept) => this.#listen(nodeId, host, port, accept),
      connect: (_host, port, _timeoutMs, opened) => this.#connect(nodeId, port, opened),
    };
  }

  isCut(one: number, other: number): boolean {
    return this.#cut.has(pair(one, other));
  }

  /** Ends the connections between two brokers; those that they ask for from now on come about when it is mended. */
  cut(one: number, other: number): void {
    this.#cut.add(pair(one, other));
    this.#close((from, to) => pair(from, to) === pair(one, other));
  }

  mend(one: number, other: number): void {
    this.#cut.delete(pair(one, other));
    const callers = this.#callers;
    this.#callers = callers.filter(({ from, to }) => this.isCut(from, to));
    for (const caller of callers) if (!this.isCut(caller.from, caller.to)) caller.go();
  }

  /** A broker ends: so do its connections, and what it asks for. */
  leave(nodeId: number): void {
    this.#close((from, to) => from === nodeId || to === nodeId);
    const callers = this.#callers;
    this.#callers = callers.filter(({ from }) => from !== nodeId);
    for (const { from, refuse } of callers) if (from === nodeId) refuse(refused());
  }

  async #listen(nodeId: number, host: string, port: number, accept: (socket: Socket) => Receiver): Promise<Listener> {
    const listener = await this.#outside.listen(host, port, accept);
    this.#doors.set(listener.port, { nodeId, accept });
    return {
      port: listener.port,
      close: () => {
        this.#doors.delete(listener.port);
        this.leave(nodeId);
        return listener.close();
      },
    };
  }

  /** To the broker behind this port, which may be another one by the time that a cut is mended. */
  async #connect(from: number, port: number, opened: (socket: Socket) => Receiver): Promise<void> {
    const door = this.#doors.get(port);
    if (door === undefined) throw refused();
    const to = door.nodeId;
    if (this.isCut(from, to)) {
      await new Promise<void>((go, refuse) => (this.#callers = [...this.#callers, { from, to, go, refuse }]));
      return this.#connect(from, port, opened);
    }
    const connection = new Connection(from, to, (closed) => this.#open.delete(closed));
    this.#open.add(connection);
    connection.begin(door.accept, opened);
  }

  #close(isMeant: (from: number, to: number) => boolean): void {
    for (const connection of this.#open) if (isMeant(connection.from, connection.to)) connection.close();
  }
}

class Connection extends SocketPair {
  readonly from: number;
  readonly to: number;

  constructor(from: number, to: number, closed: (connection: Connection) => void) {
    super(PEER_HOST, () => closed(this));
    this.from = from;
    this.to = to;
  }
}

function pair(one: number, other: number): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}

function refused(): Error {
  return Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
}
