/**
 * The only door to TCP. Bytes are read straight into buffers that the receiver gives (`onread`): 3 to 5 times less CPU
 * than 'data' events, which allocate per read. Node documents `onread` for outgoing sockets only, so an accepted handle is
 * wrapped anew; where a runtime does not allow that, 'data' events serve, at their cost.
 */
import type { X509Certificate } from 'node:crypto';
import { Socket as NodeSocket, connect as openSocket, createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';

/** Of an outgoing connection: its buffer is asked for before its receiver is there. */
const FIRST_READ_BYTES = 1 << 12;

/** One connection, as its receiver sees it. */
export interface Socket {
  /** The peer's address as text, without port or zone; IPv4-mapped addresses as IPv4. */
  readonly remoteHost: string;
  readonly remotePort: number;
  /** Of what is sent piece by piece, how much at a time serves best; as much as there is unless given. */
  readonly pieceBytes?: number;
  /**
   * True: the kernel took every byte and `data` may be used again. False: it is kept until `drained` is called, or the
   * connection is gone and `closed` follows.
   */
  send(data: Uint8Array): boolean;
  /** No more bytes are asked for until `resume`. */
  pause(): void;
  resume(): void;
  /** Lets what was sent leave, then closes. */
  end(): void;
  /** Closes at once. */
  destroy(): void;
}

/** What a connection does with its bytes; called by the network, never concurrently. */
export interface Receiver {
  /** Where the next bytes shall go; asked before every read. */
  buffer(): Uint8Array;
  /** So many bytes stand at the start of the buffer given last. */
  received(count: number): void;
  /** All that `send` kept has left. */
  drained(): void;
  /** Over TLS: the handshake is done, with the certificate that the peer has shown. Before that no bytes come. */
  secured?(certificate: X509Certificate | null): void;
  /** The connection is gone, for whatever reason; called once. */
  closed(): void;
}

export interface Listener {
  /** As bound: of use when port 0 was asked for. */
  readonly port: number;
  /** Stops accepting and destroys every open connection; resolves when all are gone. */
  close(): Promise<void>;
}

export interface Network {
  /**
   * Listens on `host` ('' means every interface, IPv4 and IPv6). Rejects with node's error, whose `code` is EADDRINUSE for
   * a taken port, EADDRNOTAVAIL for a host that is not this machine's.
   */
  listen(host: string, port: number, accept: (socket: Socket) => Receiver): Promise<Listener>;
  /**
   * Opens a connection to `host`. Rejects with node's error, whose `code` is ECONNREFUSED where nobody listens, ENOTFOUND for a
   * name that is none, ETIMEDOUT when it takes longer than `timeoutMs`.
   */
  connect(host: string, port: number, timeoutMs: number, opened: (socket: Socket) => Receiver): Promise<void>;
}

interface RawHandle {
  readStart?: unknown;
  readStop?: unknown;
}

class TcpSocket implements Socket {
  readonly remoteHost: string;
  readonly remotePort: number;
  #socket: NodeSocket;
  #receiver: Receiver | null = null;

  constructor(accepted: NodeSocket) {
    this.#socket = accepted;
    this.remoteHost = remoteHostOf(accepted);
    this.remotePort = accepted.remotePort ?? 0;
  }

  /** The wrapped handle asks for its first buffer while it is made: so the receiver comes first, the socket after. */
  attach(receiver: Receiver, socket: NodeSocket): void {
    this.#receiver = receiver;
    this.#socket = socket;
  }

  send(data: Uint8Array): boolean {
    const socket = this.#socket;
    // A dead socket never drains: its receiver makes no more answers for it, and `closed` follows.
    if (socket.destroyed || socket.errored !== null) return false;
    let all = false;
    socket.write(data, (error) => {
      if (error || all || socket.destroyed || socket.writableLength > 0) return;
      this.#receiver?.drained();
    });
    // Node hands small writes to the kernel at once; nothing is left here when the kernel had room.
    all = socket.writableLength === 0;
    return all;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.destroySoon();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** Reads into the receiver's own buffers, or null where this runtime cannot. */
function wrapHandle(accepted: NodeSocket, receiver: Receiver): NodeSocket | null {
  const inside = accepted as unknown as { _handle: RawHandle | null };
  const handle = inside._handle;
  if (handle === null || typeof handle?.readStart !== 'function' || typeof handle.readStop !== 'function') return null;
  inside._handle = null;
  accepted.destroy(); // an empty shell now; the server counts it as a connection until it is gone
  return new NodeSocket({
    handle,
    onread: {
      buffer: () => receiver.buffer(),
      callback: (count: number) => {
        receiver.received(count);
        return true;
      },
    },
  } as unknown as ConstructorParameters<typeof NodeSocket>[0]);
}

/** The way of every runtime: chunks arrive in buffers of Node's and are copied into the receiver's. */
function readByEvents(socket: NodeSocket, receiver: Receiver): void {
  socket.on('data', (chunk: Buffer) => copyInto(receiver, chunk, () => socket.destroyed));
}

/** Hands a receiver bytes that lie elsewhere, as many at a time as it has room for. */
export function copyInto(receiver: Receiver, chunk: Uint8Array, isGone: () => boolean = () => false): void {
  for (let at = 0; at < chunk.length && !isGone();) {
    const into = receiver.buffer();
    const count = Math.min(into.length, chunk.length - at);
    into.set(chunk.subarray(at, at + count));
    at += count;
    receiver.received(count);
  }
}

/**
 * TCP through node:net. `reading: 'events'` forces the fallback (for its test); in the background neither ports nor
 * connections keep the process alive.
 */
export function nodeNetwork(options: { reading?: 'onread' | 'events'; inBackground?: boolean } = {}): Network {
  return {
    listen(host, port, accept) {
      const open = new Set<NodeSocket>();
      const server: Server = createServer({ pauseOnConnect: true, noDelay: true }, (accepted) => {
        const tcp = new TcpSocket(accepted);
        const receiver = accept(tcp);
        const wrapped = options.reading === 'events' ? null : wrapHandle(accepted, receiver);
        const socket = wrapped ?? accepted;
        tcp.attach(receiver, socket);
        open.add(socket);
        socket.on('error', () => {}); // 'close' follows, and says all that the receiver needs
        socket.on('close', () => {
          open.delete(socket);
          receiver.closed();
        });
        if (wrapped === null) readByEvents(socket, receiver);
        if (options.inBackground === true) socket.unref();
        socket.resume();
      });
      return listenOn(server, host, port, options.inBackground === true, async () => {
        const gone = [...open].map((socket) => new Promise((closed) => socket.once('close', closed)));
        for (const socket of open) socket.destroy();
        await new Promise((closed) => server.close(closed));
        await Promise.all(gone);
      });
    },

    connect: (host, port, timeoutMs, opened) =>
      connectTcp({ host, port }, timeoutMs, opened, options.inBackground === true),
  };
}

/** Has a server listen, which `close` closes. */
export function listenOn(
  server: Server,
  host: string,
  port: number,
  inBackground: boolean,
  close: Listener['close'],
): Promise<Listener> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: host === '' ? undefined : host, backlog: 511 }, () => {
      server.off('error', reject);
      if (inBackground) server.unref();
      server.on('error', () => {}); // a failed accept (EMFILE) concerns that connection alone
      resolve({ port: (server.address() as AddressInfo).port, close });
    });
  });
}

/** Calls `use` at the event that says the connection is there; rejects where that is not within `timeoutMs`. */
export function connected(
  socket: NodeSocket,
  event: 'connect' | 'secureConnect',
  timeoutMs: number,
  use: () => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = (): void =>
      void socket.destroy(Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' }));
    socket.setTimeout(timeoutMs, late);
    socket.once('error', reject);
    socket.once(event, () => {
      socket.off('error', reject);
      socket.off('timeout', late);
      socket.setTimeout(0);
      use();
      socket.on('error', () => {}); // 'close' follows, and says all that the receiver needs
      resolve();
    });
  });
}

/** Without zone; IPv4-mapped addresses as IPv4. */
export function remoteHostOf({ remoteAddress = '' }: NodeSocket): string {
  return remoteAddress.replace(/^::ffff:/, '').replace(/%.*$/, '');
}

/** `onread` is documented for outgoing sockets; it is asked for its buffer before the connection is there. */
function connectTcp(
  to: { readonly host: string; readonly port: number },
  timeoutMs: number,
  opened: (socket: Socket) => Receiver,
  inBackground: boolean,
): Promise<void> {
  let receiver: Receiver | null = null;
  const first = Buffer.allocUnsafe(FIRST_READ_BYTES);
  const socket: NodeSocket = openSocket({
    ...to,
    noDelay: true,
    onread: {
      buffer: () => receiver?.buffer() ?? first,
      callback: (count, read) => {
        if (read === first) copyInto(receiver!, first.subarray(0, count));
        else receiver!.received(count);
        return true;
      },
    },
  });
  return connected(socket, 'connect', timeoutMs, () => {
    if (inBackground) socket.unref();
    const tcp = new TcpSocket(socket);
    receiver = opened(tcp);
    tcp.attach(receiver, socket);
    socket.on('close', () => receiver!.closed());
  });
}
