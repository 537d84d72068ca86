/** A connection to another broker or controller, over the network that the platform gives: real, or simulated. */
import { ApiVersions } from '../../protocol/apis/18-api-versions.ts';
import { Client, type ExchangeOptions, type Transport, type TransportListener } from '../../protocol/client.ts';
import type { AnyApi } from '../../protocol/schema.ts';
import type { Network, Receiver, Socket } from '../platform/network.ts';
import { SocketPair } from '../platform/socket-pair.ts';
import { sessionKeepers } from './session.ts';

export interface PeerOptions extends ExchangeOptions {
  readonly host: string;
  readonly port: number;
  /** Until the connection is there. */
  readonly timeoutMs: number;
}

/** What a connection is given to come about: its peer may be elsewhere by now, and who connects may have to stop. */
export const CONNECT_MS = 1000;

/** The newest version of `api` that the peer has too; `oldest` where it does not say. `answer` waits for what is sent. */
export async function newestVersion(
  client: Client,
  { key, versions }: AnyApi,
  oldest: number,
  answer: <T>(response: Promise<T>) => Promise<T>,
): Promise<number> {
  const asked = { clientSoftwareName: 'ottla', clientSoftwareVersion: '1' };
  const { apiKeys } = await answer(client.send(ApiVersions, 3, asked));
  const most = apiKeys.find(({ apiKey }) => apiKey === key)?.maxVersion ?? oldest;
  return Math.min(most, versions.last);
}

/** A connection begins with little: most of what peers ask of each other is answered in a few bytes. */
const READ_BYTES = { first: 1 << 12, most: 1 << 16 };

/** Rejects with node's error: ECONNREFUSED where nobody listens, ETIMEDOUT where nobody answers. */
export async function connectPeer(
  network: Network,
  { host, port, timeoutMs, ...options }: PeerOptions,
): Promise<Client> {
  let client: Client | null = null;
  await network.connect(host, port, timeoutMs, (socket) => {
    const connection = new PeerTransport(socket);
    client = new Client(connection, options);
    sessionKeepers.get(socket)?.(client);
    return connection;
  });
  return client!;
}

/** A client of what this process itself serves. */
export function connectWithin(host: string, accept: (socket: Socket) => Receiver, options: ExchangeOptions): Client {
  let client: Client | null = null;
  new SocketPair(host).begin(accept, (socket) => {
    const connection = new PeerTransport(socket);
    client = new Client(connection, options);
    return connection;
  });
  return client!;
}

class PeerTransport implements Transport, Receiver {
  readonly #socket: Socket;
  #listener!: TransportListener;
  #buffer = Buffer.allocUnsafe(READ_BYTES.first);
  /** Of the listener's, where the next bytes go. */
  #room: Buffer | null = null;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  listen(listener: TransportListener): void {
    this.#listener = listener;
  }

  write(bytes: Uint8Array): void {
    this.#socket.send(bytes);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  buffer(): Uint8Array {
    this.#room = this.#listener.room();
    return this.#room ?? this.#buffer;
  }

  /** What was read is the listener's; the next read goes behind it, or into memory of its own. */
  received(count: number): void {
    if (this.#room !== null) return this.#listener.received(this.#room.subarray(0, count));
    const piece = this.#buffer.subarray(0, count);
    this.#buffer = count < this.#buffer.length ? this.#buffer.subarray(count) : Buffer.allocUnsafe(READ_BYTES.most);
    this.#listener.received(piece);
  }

  drained(): void {}

  closed(): void {
    this.#listener.closed();
  }
}
