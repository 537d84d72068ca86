/** One connection to a broker: requests out, answers back in order. For tests, tools and peers; it never retries. */
import { connect as openSocket, isIP } from 'node:net';
import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { requestCodec, responseCodec } from './compile.ts';
import { FrameCutter, frame } from './frame.ts';
import { readResponseHeader, writeRequestHeader } from './header.ts';
import { InvalidRequest, Reader } from './reader.ts';
import type { Api, Draft, Fields, Values } from './schema.ts';
import { Writer } from './writer.ts';

/** What carries the bytes: TCP, TLS, or whatever else a caller brings. */
export interface Transport {
  /** Called once, before all else. */
  listen(listener: TransportListener): void;
  write(bytes: Uint8Array): void;
  /** At once; `closed` follows. */
  destroy(): void;
  readonly localPort?: number;
}

export interface TransportListener {
  /** Where the next bytes are best read to: then `received` is given that part of it. Null where memory of the transport's serves. */
  room(): Buffer | null;
  /** The piece is the listener's from then on. */
  received(piece: Buffer): void;
  /** Why it ends; `closed` follows. */
  failed(error: Error): void;
  closed(): void;
}

/** Of a client over any transport. */
export interface ExchangeOptions {
  readonly clientId?: string | null;
  /** A larger response ends the connection; 100 MiB unless given. */
  readonly maxResponseBytes?: number;
}

export interface ClientOptions extends ExchangeOptions {
  readonly host: string;
  readonly port: number;
  /** Speaks TLS, with these options of Node's; the host is the server name unless they say otherwise. */
  readonly tls?: ConnectionOptions;
  /** Rejects with ETIMEDOUT when the connection is not there by then; the operating system's patience unless given. */
  readonly connectTimeoutMs?: number;
}

/** The connection is gone: requests without an answer fail with this, and all that are sent later. */
export class ConnectionClosed extends Error {
  override readonly name = 'ConnectionClosed';
}

/** SaslHandshake and SaslAuthenticate. */
const SIGNING_IN: ReadonlySet<number> = new Set([17, 36]);

interface Waiting {
  readonly take: (contents: Buffer) => void;
  readonly fail: (error: Error) => void;
}

/** Rejects with node's error (ECONNREFUSED, ENOTFOUND …) where nobody listens. */
export async function connect(options: ClientOptions): Promise<Client> {
  const { host, port, tls, connectTimeoutMs } = options;
  const servername = isIP(host) === 0 ? host : undefined;
  const openTls = tls === undefined ? null : (await import('node:tls')).connect; // it reads certificates when loaded
  return new Promise((resolve, reject) => {
    const socket = openTls?.({ host, port, servername, ...tls }) ?? openSocket({ host, port });
    const late = (): void => void socket.destroy(Object.assign(new Error('no connection'), { code: 'ETIMEDOUT' }));
    if (connectTimeoutMs !== undefined) socket.setTimeout(connectTimeoutMs, late);
    socket.once('error', reject);
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      socket.off('error', reject);
      socket.off('timeout', late);
      socket.setTimeout(0);
      socket.setNoDelay(true);
      resolve(new Client(overSocket(socket), options));
    });
  });
}

function overSocket(socket: Socket): Transport {
  return {
    listen(listener) {
      socket.on('data', (piece: Buffer) => listener.received(piece));
      socket.on('error', (error) => listener.failed(error));
      socket.on('close', () => listener.closed());
    },
    write: (bytes) => void socket.write(bytes),
    destroy: () => void socket.destroy(),
    get localPort() {
      return socket.localPort;
    },
  };
}

export class Client {
  readonly #transport: Transport;
  readonly #clientId: string | null;
  readonly #cutter: FrameCutter;
  readonly #writer = new Writer();
  /** Brokers answer in the order of the requests, so the first that waits is the one that is answered. */
  readonly #waiting: Waiting[] = [];
  readonly #gone: Promise<void>;
  #nextCorrelationId = 1;
  #closed: Error | null = null;
  /** Over when the connection has been signed in anew, or cannot be. */
  #signingIn: Promise<void> | null = null;

  constructor(transport: Transport, options: ExchangeOptions) {
    this.#transport = transport;
    this.#clientId = options.clientId === undefined ? 'ottla' : options.clientId;
    this.#cutter = new FrameCutter(options.maxResponseBytes ?? 100 * 1024 * 1024);
    this.#gone = new Promise((resolve) => {
      transport.listen({
        room: () => this.#cutter.room(),
        received: (piece) => this.#receive(piece),
        failed: (error) => this.#fail(error),
        closed: () => {
          this.#end('the broker closed the connection: its log says why');
          resolve();
        },
      });
    });
  }

  /** The local end, as the broker sees it. */
  get localPort(): number | undefined {
    return this.#transport.localPort;
  }

  get isClosed(): boolean {
    return this.#closed !== null;
  }

  /** Resolves when the connection is gone, whoever ended it. */
  get closed(): Promise<void> {
    return this.#gone;
  }

  /** Many may be under way at once. Fields of type records in the response live as long as they are kept. */
  send<Req extends Fields, Res extends Fields>(
    api: Api<Req, Res>,
    version: number,
    draft: Draft<Req>,
  ): Promise<Values<Res>> {
    if (this.#signingIn !== null && !SIGNING_IN.has(api.key)) {
      return this.#signingIn.then(() => this.send(api, version, draft));
    }
    const correlationId = this.#nextCorrelationId++;
    const contents = this.#encode(api, version, draft, correlationId);
    return this.#exchange(contents, (response) => {
      const reader = new Reader(response);
      const answered = readResponseHeader(reader, api, version);
      if (answered !== correlationId) {
        throw new InvalidRequest(`request ${correlationId} was answered as ${answered}: responses came out of order`);
      }
      return responseCodec(api, version).decode(reader);
    });
  }

  /** Holds what is sent back until the connection has been signed in anew: a broker refuses all else meanwhile (KIP-368). */
  holdFor(signingIn: Promise<unknown>): void {
    const over = (): void => {
      this.#signingIn = null;
    };
    this.#signingIn = signingIn.then(over, over);
  }

  /** For the one request without a response, Produce with acks=0. */
  sendWithoutResponse<Req extends Fields, Res extends Fields>(
    api: Api<Req, Res>,
    version: number,
    draft: Draft<Req>,
  ): void {
    const contents = this.#encode(api, version, draft, this.#nextCorrelationId++);
    if (this.#closed !== null) throw this.#closed;
    this.#transport.write(frame(contents));
  }

  /** Nothing is looked at any more of fields of type records in the responses so far: the next may lie where they did. */
  reuseMemory(): void {
    this.#cutter.reuse();
  }

  /** Sends a request as it is (header and body, no size in front); answers the response likewise. */
  sendRaw(contents: Uint8Array): Promise<Buffer> {
    return this.#exchange(contents, (response) => Buffer.from(response));
  }

  /** Sends bytes outside any frame, as only a broken client would; no answer is waited for. */
  write(bytes: Uint8Array): void {
    this.#transport.write(bytes);
  }

  /** Closes at once; requests without an answer fail. */
  close(): Promise<void> {
    this.#end('this client was closed');
    this.#transport.destroy();
    return this.#gone;
  }

  #encode<Req extends Fields, Res extends Fields>(
    api: Api<Req, Res>,
    version: number,
    draft: Draft<Req>,
    correlationId: number,
  ): Buffer {
    const codec = requestCodec(api, version);
    this.#writer.reset();
    writeRequestHeader(this.#writer, api, version, correlationId, this.#clientId);
    codec.encode(this.#writer, draft);
    return this.#writer.buffer.subarray(0, this.#writer.position);
  }

  #exchange<T>(contents: Uint8Array, read: (response: Buffer) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== null) return reject(this.#closed);
      this.#waiting.push({ take: (response) => resolve(read(response)), fail: reject });
      this.#transport.write(frame(contents));
    });
  }

  #receive(piece: Buffer): void {
    try {
      for (const response of this.#cutter.push(piece)) {
        const waiting = this.#waiting.shift();
        if (waiting === undefined) throw new InvalidRequest('a response came that no request asked for');
        try {
          waiting.take(response);
        } catch (error) {
          waiting.fail(error as Error); // a response that cannot be read spoils only its own request
        }
      }
    } catch (error) {
      this.#fail(error as Error);
      this.#transport.destroy();
    }
  }

  /** Why it has ended is said once: the stack of an error costs more than the rest of a connection. */
  #end(message: string): void {
    if (this.#closed === null) this.#fail(new ConnectionClosed(message));
  }

  #fail(error: Error): void {
    this.#closed ??= error;
    for (const waiting of this.#waiting.splice(0)) waiting.fail(this.#closed);
  }
}
