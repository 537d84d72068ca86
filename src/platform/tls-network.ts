/**
 * TLS over TCP: a second Network. A connection is the receiver's from the moment it is accepted; its first bytes come when the
 * handshake is done, and `secured` tells of that.
 *
 * As for TCP, the handle is wrapped anew so that bytes are read into buffers of ours: a third less CPU than 'data' events. The
 * socket that made the handshake stays behind as a shell, since its end would be the handle's. Bytes come one record of TLS at a
 * time; a full one has mostly another behind it, so they are gathered (record-reader.ts).
 */
import type { X509Certificate } from 'node:crypto';
import { createServer, Socket as NodeSocket } from 'node:net';
import { connect as openTls, createSecureContext, getCiphers, TLSSocket } from 'node:tls';
import type { ConnectionOptions, SecureContext, SecureContextOptions } from 'node:tls';
import type { Listener, Network, Receiver, Socket } from './network.ts';
import { isAddress } from './certificates.ts';
import { connected, copyInto, listenOn, remoteHostOf } from './network.ts';
import { RecordReaders, type RecordReader } from './record-reader.ts';

export { createSecureContext, getCiphers };
export type { ConnectionOptions, SecureContext, SecureContextOptions };

export interface TlsServerOptions {
  /** Asked at each connection: the newest. */
  readonly context: () => SecureContext;
  /** The same. */
  readonly clientAuth: () => 'none' | 'requested' | 'required';
  /** Why a handshake did not come about. */
  readonly failed: (remoteHost: string, reason: string) => void;
  /** For tests: null where nothing is to happen, else what is waited for: the context to go on with, or null to end it. */
  readonly interfere?: () => Promise<SecureContext | null> | null;
  /** `events` forces the fallback (for its test). */
  readonly reading?: 'onread' | 'events';
  readonly inBackground?: boolean;
}

export interface TlsClientOptions {
  /** Asked at each connection: the newest. */
  readonly connection: () => ConnectionOptions | Promise<ConnectionOptions>;
  readonly inBackground?: boolean;
}

/** A response that is streamed is encrypted in pieces of so much: more would only lie in memory. */
const PIECE_BYTES = 1 << 16;
/** What has been encrypted, or waits for it, and has not left. */
const MOST_QUEUED_BYTES = 1 << 18;

/** Ports that take TLS; `connect` speaks it too, where `client` says how. */
export function tlsNetwork(
  tcp: Network,
  server: TlsServerOptions | null,
  client: TlsClientOptions | null = null,
): Network {
  return {
    listen: (host, port, accept) =>
      server === null ? tcp.listen(host, port, accept) : listenTls(host, port, accept, server),
    connect: (host, port, timeoutMs, opened) =>
      client === null
        ? tcp.connect(host, port, timeoutMs, opened)
        : connectTls({ host, port }, timeoutMs, opened, client),
  };
}

function listenTls(
  host: string,
  port: number,
  accept: (socket: Socket) => Receiver,
  options: TlsServerOptions,
): Promise<Listener> {
  const open = new Set<ServerConnection>();
  const readers = new RecordReaders();
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (raw) => {
    if (options.inBackground === true) raw.unref();
    const connection = new ServerConnection(raw, options, readers);
    open.add(connection);
    connection.attach(accept(connection), () => open.delete(connection));
  });
  return listenOn(server, host, port, options.inBackground === true, async () => {
    const gone = [...open].map((connection) => connection.gone);
    for (const connection of open) connection.destroy();
    await new Promise((closed) => server.close(closed));
    await Promise.all(gone);
  });
}

interface TlsHandle {
  readStart?: unknown;
  readStop?: unknown;
  useUserBuffer?: (buffer: Uint8Array) => void;
  /** Called for each hello, and each change of keys, in an open connection too: node's take the handle's owner for a TLSSocket. */
  onhandshakestart?: () => void;
  onhandshakedone?: () => void;
}

interface Inside {
  _handle: TlsHandle | null;
}

/** Writes into a socket of Node's that encrypts; what it has taken when `write` returns may be used again. */
abstract class EncryptedSocket implements Socket {
  readonly remoteHost: string;
  readonly remotePort: number;
  readonly pieceBytes = PIECE_BYTES;
  protected receiver: Receiver | null = null;
  #isFull = false;

  constructor(raw: NodeSocket) {
    this.remoteHost = remoteHostOf(raw);
    this.remotePort = raw.remotePort ?? 0;
  }

  protected abstract readonly socket: NodeSocket;

  /**
   * TLS never tells within the call that the kernel has taken something. What is encrypted is copied by that, so that `data` is free
   * where nothing was before it; else it is copied here. Only a client that is far behind is waited for.
   */
  send(data: Uint8Array): boolean {
    const { socket } = this;
    if (socket.destroyed || socket.errored !== null) return false;
    const isFirst = socket.writableLength === 0;
    socket.write(isFirst ? data : Buffer.from(data), () => this.#sent(socket));
    this.#isFull = !isFirst && socket.writableLength > MOST_QUEUED_BYTES;
    return !this.#isFull;
  }

  #sent(socket: NodeSocket): void {
    if (!this.#isFull || socket.destroyed || socket.writableLength > MOST_QUEUED_BYTES / 2) return;
    this.#isFull = false;
    this.receiver?.drained();
  }

  abstract pause(): void;
  abstract resume(): void;
  abstract end(): void;
  abstract destroy(): void;
}

class ServerConnection extends EncryptedSocket {
  readonly gone: Promise<void>;
  readonly #raw: NodeSocket;
  readonly #options: TlsServerOptions;
  readonly #readers: RecordReaders;
  #hasBegun = false;
  /** What is read from and written to, once the handshake is done. */
  #wrapped: NodeSocket | null = null;
  #isPaused = false;

  constructor(raw: NodeSocket, options: TlsServerOptions, readers: RecordReaders) {
    super(raw);
    this.#raw = raw;
    this.#options = options;
    this.#readers = readers;
    raw.on('error', () => {}); // 'close' follows, and says all that the receiver needs
    this.gone = new Promise((resolve) => raw.once('close', () => resolve()));
  }

  protected get socket(): NodeSocket {
    return this.#wrapped ?? this.#raw;
  }

  /** The receiver may have it wait: then the handshake does too. */
  attach(receiver: Receiver, closed: () => void): void {
    this.receiver = receiver;
    this.#raw.once('close', () => {
      closed();
      receiver.closed();
    });
    queueMicrotask(() => {
      if (!this.#isPaused) this.#begin();
    });
  }

  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    const { context, interfere } = this.#options;
    const interfered = interfere?.() ?? null;
    if (interfered === null) return this.#handshake(context());
    void interfered.then((other) => (other === null ? this.destroy() : this.#handshake(other)));
  }

  #handshake(secureContext: SecureContext): void {
    if (this.#raw.destroyed) return;
    const clientAuth = this.#options.clientAuth();
    const tls = new TLSSocket(this.#raw, {
      isServer: true,
      secureContext,
      requestCert: clientAuth !== 'none',
      rejectUnauthorized: clientAuth === 'required',
    });
    tls.on('error', (error: NodeJS.ErrnoException) => this.#fail(reasonOf(error)));
    tls.on('close', () => this.#raw.destroy());
    tls.once('secure', () => this.#secure(tls));
  }

  #fail(reason: string): void {
    if (this.#wrapped === null) this.#options.failed(this.remoteHost, reason);
    this.destroy();
  }

  #secure(tls: TLSSocket): void {
    const certificate = tls.getPeerX509Certificate() ?? null;
    const fault = certificate === null ? null : verifyFault(tls);
    if (fault !== null) return this.#fail(`its certificate is not trusted: ${fault}`);
    const receiver = this.receiver!;
    this.#wrapped = this.#wrap(tls, receiver);
    receiver.secured?.(certificate);
    if (!this.#raw.destroyed && !this.#isPaused) this.#wrapped.resume();
  }

  #wrap(tls: TLSSocket, receiver: Receiver): NodeSocket {
    const inside = tls as unknown as Inside;
    const handle = inside._handle;
    const isWrappable = typeof handle?.readStart === 'function' && typeof handle.useUserBuffer === 'function';
    if (!isWrappable || this.#options.reading === 'events') {
      tls.on('data', (chunk: Buffer) => copyInto(receiver, chunk, () => tls.destroyed));
      return tls;
    }
    inside._handle = null; // the shell's end is not the handle's
    handle.onhandshakestart = handle.onhandshakedone = () => {}; // OpenSSL itself refuses another handshake
    const reader: RecordReader = this.#readers.reader(receiver, (buffer) => handle.useUserBuffer!(buffer));
    const wrapped = new NodeSocket({
      handle,
      onread: {
        buffer: () => reader.buffer(),
        callback: (count: number) => {
          reader.received(count);
          return true;
        },
      },
    } as unknown as ConstructorParameters<typeof NodeSocket>[0]);
    wrapped.on('error', () => {});
    wrapped.on('close', () => {
      reader.end();
      this.#raw.destroy();
    });
    return wrapped;
  }

  pause(): void {
    this.#isPaused = true;
    this.#wrapped?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#wrapped === null) this.#begin();
    else this.#wrapped.resume();
  }

  end(): void {
    this.socket.destroySoon();
  }

  destroy(): void {
    this.#wrapped?.destroy();
    this.#raw.destroy();
  }
}

/** OpenSSL's word for what is wrong with the peer's certificate; null where it is to be trusted. */
function verifyFault(tls: TLSSocket): string | null {
  const { _handle: handle } = tls as unknown as { _handle: { verifyError(): { code?: string } | null } };
  const error = handle.verifyError();
  return error === null ? null : (error.code ?? 'unknown');
}

const NOT_TLS =
  /WRONG_VERSION_NUMBER|HTTP_REQUEST|HTTPS_PROXY_REQUEST|PACKET_LENGTH|UNKNOWN_PROTOCOL|RECORD_LAYER_FAILURE/;

function reasonOf(error: NodeJS.ErrnoException): string {
  const { code = '' } = error;
  if (NOT_TLS.test(code)) return 'it does not speak TLS: set security.protocol to SSL or SASL_SSL at the client';
  if (code === 'ECONNRESET')
    return 'the client ended the connection during the handshake: it may not trust the certificate';
  if (/PEER_DID_NOT_RETURN_A_CERTIFICATE/.test(code))
    return 'it has shown no certificate, and ssl.client.auth is required';
  return error.message.replace(/^.*?:SSL routines:/, '').replace(/\n[^]*$/, '');
}

class ClientConnection extends EncryptedSocket {
  protected readonly socket: TLSSocket;

  constructor(socket: TLSSocket) {
    super(socket);
    this.socket = socket;
  }

  attach(receiver: Receiver): void {
    this.receiver = receiver;
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  end(): void {
    this.socket.destroySoon();
  }

  destroy(): void {
    this.socket.destroy();
  }
}

async function connectTls(
  to: { readonly host: string; readonly port: number },
  timeoutMs: number,
  opened: (socket: Socket) => Receiver,
  { connection, inBackground }: TlsClientOptions,
): Promise<void> {
  const servername = isAddress(to.host) ? {} : { servername: to.host };
  const socket = openTls({ ...to, ...servername, ...(await connection()) });
  return connected(socket, 'secureConnect', timeoutMs, () => {
    socket.setNoDelay(true);
    if (inBackground === true) socket.unref();
    const secure = new ClientConnection(socket);
    const receiver = opened(secure);
    secure.attach(receiver);
    socket.on('close', () => receiver.closed());
    socket.on('data', (chunk: Buffer) => copyInto(receiver, chunk, () => socket.destroyed));
  });
}

export type { X509Certificate };
