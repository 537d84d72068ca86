/** The listeners of a broker or of a controller: open ports, and the connections that were made to them. */
import type { Client } from '../../protocol/client.ts';
import { Reader } from '../../protocol/reader.ts';
import { wasmMemory } from '../../protocol/records/crc32c.ts';
import { Writer } from '../../protocol/writer.ts';
import { isWildcard, type Endpoint } from '../config/listeners.ts';
import type { ServerConfig } from '../config/server.ts';
import { MAX_RESPONSE_BYTES } from '../apis/size-limits.ts';
import { Buffers, OUTPUT_BYTES } from '../net/buffers.ts';
import { Connection, type ConnectionShared } from '../net/connection.ts';
import type { Dispatcher } from '../net/dispatch.ts';
import { RequestMemory } from '../net/request-memory.ts';
import { UnsentResponses } from '../net/unsent-responses.ts';
import { RequestContexts } from '../net/request-contexts.ts';
import { Unauthenticated } from '../net/unauthenticated.ts';
import { ConnectionCounts } from '../net/connection-counts.ts';
import { ConnectionQuotas, type LimitsInForce, type PendingConnection } from '../net/connection-quotas.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { LoopTurn } from '../platform/loop-turn.ts';
import type { Listener, Socket } from '../platform/network.ts';
import type { StoreReloads } from '../security/tls/reloads.ts';
import { anonymousSession, sessionOf, type Session } from '../security/session.ts';
import type { Authorizer } from '../security/stages.ts';
import { connectWithin } from '../peers/peer-client.ts';
import type { ListenerSecurity, SecureListener } from './listener-security.ts';
import { peopleAt, type OpenedListener, type People } from './people.ts';

/** A listener that could not be opened; the message says what to do. */
export class ListenError extends Error {
  override name = 'ListenError';
}

export interface ListenersOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly secure: SecureListener;
  readonly config: () => ServerConfig;
  readonly limits: LimitsInForce;
  /** Who answers requests; asked once, before the first listener opens. */
  readonly dispatcher: () => Dispatcher;
  /** Who answers those that people make on the broker's page; asked once, when somebody first does. */
  readonly innerDispatcher: () => Dispatcher;
  /** Null where everybody may do everything. */
  readonly authorizer: Authorizer | null;
  readonly counts?: ConnectionCounts;
  /** See ConnectionShared. */
  readonly settle: () => void;
  readonly turn: LoopTurn;
  /** Before that, connections are closed as they are accepted. */
  readonly isReady: () => boolean;
  readonly closed: (connectionId: number) => void;
}

const LONGEST_SWEEP_MS = 60_000;
/** Of refused connections that are held at the same time; others are closed at once. */
const MOST_REFUSED = 1000;

/** What is shown of a connection. */
export interface OpenConnection {
  readonly listenerName: string;
  readonly clientHost: string;
  /** Of its latest request; null before the first. */
  readonly clientId: string | null;
}

/** The key and trust stores of listeners. */
export interface Stores {
  /** Whether any listener has some. */
  readonly hasStores: boolean;
  /** Reads all of them again. Connections that are open stay. */
  reloadStores(): Promise<void>;
}

export class Listeners implements Stores {
  readonly counts: ConnectionCounts;
  readonly #options: ListenersOptions;
  readonly #connections = new Set<Connection>();
  readonly #listeners: Listener[] = [];
  readonly #stores: StoreReloads[] = [];
  /** The connections that the quotas have counted. */
  readonly #counted = new Map<Connection, PendingConnection>();
  readonly #quotas: ConnectionQuotas;
  /** Refused, and held until they are closed. */
  readonly #refused = new Map<Connection, Timer>();
  readonly #unauthenticated: Unauthenticated;
  #idleTimer: Timer | null = null;
  #shared: ConnectionShared | null = null;
  /** Of this process itself: nobody is shown them. */
  readonly #inner = new Set<Connection>();
  readonly #opened: OpenedListener[] = [];
  #innerShared: ConnectionShared | null = null;
  #nextConnectionId = 0;
  /** Where the broker's page is; browsers that come to a port for clients are sent there. */
  pageUrl: string | null = null;

  constructor(options: ListenersOptions) {
    this.#options = options;
    const { clock, limits, config, counts = new ConnectionCounts() } = options;
    this.counts = counts;
    this.#quotas = new ConnectionQuotas(clock, limits);
    this.#unauthenticated = new Unauthenticated(clock, {
      timeoutMs: () => config()['ottla.authentication.timeout.ms'],
      most: () => config()['ottla.unauthenticated.connections.max'],
    });
  }

  /**
   * Opens a port and answers its number, as bound.
   * @throws {ListenError} when the port is taken
   * @throws {ConfigError} when its security protocol cannot be served as it is set up
   */
  async open(endpoint: Endpoint): Promise<number> {
    const security = await this.#options.secure(endpoint);
    const { network, stores } = security;
    if (stores !== null) this.#stores.push(stores);
    const shared = (this.#shared ??= this.#share());
    try {
      const listener = await network.listen(isWildcard(endpoint.host) ? '' : endpoint.host, endpoint.port, (socket) =>
        this.#accept(socket, endpoint, security, shared),
      );
      this.#idleTimer ??= this.#sweepLater();
      this.#listeners.push(listener);
      this.#opened.push({ endpoint, security });
      return listener.port;
    } catch (error) {
      throw listenError(endpoint, error as NodeJS.ErrnoException);
    }
  }

  #accept(socket: Socket, endpoint: Endpoint, security: ListenerSecurity, shared: ConnectionShared): Connection {
    const session = anonymousSession(endpoint, socket.remoteHost);
    const contexts = new RequestContexts(this.#nextConnectionId++, session, this.#options.authorizer);
    const connection = new Connection(socket, contexts, shared);
    contexts.gate = security.gate(session, {
      authenticated: (authenticated, isOver) => {
        this.#unauthenticated.delete(connection);
        const counts = this.counts.of(endpoint.name);
        if (contexts.session.mechanism === null) counts.authenticated++;
        else counts.reauthenticated++;
        contexts.authenticated(authenticated);
        if (isOver) contexts.gate = null;
      },
      expired: () => void this.counts.of(endpoint.name).expired++,
    });
    if (security.isTls) this.#secure(connection, security);
    if (contexts.gate !== null || security.isTls) this.#unauthenticated.add(connection);
    this.#connections.add(connection);
    this.counts.of(endpoint.name).created++;
    if (!this.#options.isReady()) connection.close('the broker is starting');
    else this.#receive(connection, session);
    return connection;
  }

  /** Once its handshake is done, the client is who its certificate says, unless SASL is to say that. */
  #secure(connection: Connection, { principalOf }: ListenerSecurity): void {
    const { contexts } = connection;
    connection.onSecured = (certificate) => {
      const principal = principalOf === null ? null : principalOf(certificate);
      if (typeof principal === 'string') return connection.close(principal);
      if (contexts.gate === null) {
        this.#unauthenticated.delete(connection);
        this.counts.of(contexts.session.listenerName).authenticated++;
      }
      if (principal !== null) contexts.authenticated(sessionOf({ ...contexts.session, principal }));
    };
  }

  /**
   * A client within this process, in a session that has been signed in elsewhere: its requests go the way of all others, past what
   * watches and disturbs those of a test. @throws {Error} before the first listener is open
   */
  enter(session: Session, clientId: string): Client {
    const shared = this.#shared;
    if (shared === null) throw new Error('the broker is starting');
    const inner = (this.#innerShared ??= { ...shared, dispatcher: this.#options.innerDispatcher() });
    const accept = (socket: Socket): Connection => {
      const contexts = new RequestContexts(this.#nextConnectionId++, session, this.#options.authorizer);
      const connection = new Connection(socket, contexts, inner);
      this.#inner.add(connection);
      return connection;
    };
    return connectWithin(session.clientHost, accept, { clientId });
  }

  /** Who may look at the broker's page, and how they say who they are. */
  get people(): People {
    return peopleAt(this.#opened);
  }

  /** The configuration or the quotas have changed: pending connections may be admitted now, stores may be others. */
  settingsChanged(): void {
    this.#quotas.limitsChanged();
    for (const stores of this.#stores) stores.settingsChanged();
  }

  /** Admits a connection, now or once the quotas allow it, or closes it. */
  #receive(connection: Connection, { listenerName: listener, clientHost: address }: Session): void {
    const pending = { listener, address, hold: () => connection.hold(), admit: () => connection.release() };
    const refusal = this.#quotas.enter(pending);
    if (refusal === null) this.#counted.set(connection, pending);
    else if (refusal.afterMs === 0 || this.#refused.size >= MOST_REFUSED) connection.close(refusal.reason);
    else {
      connection.hold();
      const close = (): void => connection.close(refusal.reason);
      this.#refused.set(connection, this.#options.clock.after(refusal.afterMs, close));
    }
  }

  /** Closes connections that have been quiet for connections.max.idle.ms, up to a tenth of it later. */
  #sweepLater(): Timer {
    const { clock, config } = this.#options;
    const idleMs = config()['connections.max.idle.ms'];
    const everyMs = Math.min(LONGEST_SWEEP_MS, Math.max(1, Math.ceil(idleMs / 10)));
    return clock.after(idleMs < 0 ? LONGEST_SWEEP_MS : everyMs, () => {
      for (const connection of this.#connections) {
        connection.quietMs = connection.isBusy ? 0 : connection.quietMs + everyMs;
        if (idleMs >= 0 && connection.quietMs > idleMs)
          connection.close(`idle for ${idleMs} ms (connections.max.idle.ms)`);
      }
      this.#idleTimer = this.#sweepLater();
    });
  }

  get hasStores(): boolean {
    return this.#stores.length > 0;
  }

  async reloadStores(): Promise<void> {
    await Promise.all(this.#stores.map((stores) => stores.reload()));
  }

  connections(): readonly OpenConnection[] {
    return Array.from(this.#connections, openConnection);
  }

  connectionsByListener(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { listenerName } of this.connections()) counts.set(listenerName, (counts.get(listenerName) ?? 0) + 1);
    return counts;
  }

  /** Closes all connections, or those that `which` selects; their clients may connect again. */
  disconnect(reason: string, which: (connection: OpenConnection) => boolean = () => true): void {
    for (const connection of this.#connections) if (which(openConnection(connection))) connection.close(reason);
  }

  /** Closes all listeners and connections; resolves when their sockets are closed. */
  async close(reason: string): Promise<void> {
    this.#idleTimer?.cancel();
    this.#quotas.stop();
    for (const stores of this.#stores) stores.stop();
    this.disconnect(reason);
    for (const connection of this.#inner) connection.close(reason);
    await Promise.all(this.#listeners.splice(0).map((listener) => listener.close()));
  }

  #share(): ConnectionShared {
    const { clock, dispatcher, settle, turn, closed, isReady, logger } = this.#options;
    const config = this.#options.config();
    return {
      dispatcher: dispatcher(),
      buffers: new Buffers(receiveBuffer),
      output: new Writer(OUTPUT_BYTES, MAX_RESPONSE_BYTES),
      unsent: new UnsentResponses(),
      reader: new Reader(),
      maxFrameBytes: config['socket.request.max.bytes'],
      memory: new RequestMemory(config['queued.max.request.bytes']),
      turn,
      settle,
      after: (delayMs, run) => clock.after(delayMs, run),
      handleLater: (run) => turn.handleLater(run),
      answerLater: (run) => turn.answerLater(run),
      sendLater: (run) => turn.sendLater(run),
      pageUrl: () => this.pageUrl,
      closed: (connection, reason) => {
        this.#connections.delete(connection);
        this.counts.of(connection.contexts.session.listenerName).closed++;
        this.#inner.delete(connection);
        this.#unauthenticated.delete(connection);
        const counted = this.#counted.get(connection);
        if (counted !== undefined) this.#quotas.leave(counted);
        this.#counted.delete(connection);
        this.#refused.get(connection)?.cancel();
        this.#refused.delete(connection);
        closed(connection.contexts.connectionId);
        if (reason !== null && isReady()) {
          const { session, clientId } = connection.contexts;
          logger.info('connection-closed', { from: session.clientHost, client: clientId, reason });
        }
      },
    };
  }
}

function openConnection({ contexts: { session, clientId } }: Connection): OpenConnection {
  return { listenerName: session.listenerName, clientHost: session.clientHost, clientId };
}

let received: Buffer | undefined;

/** One buffer for all brokers of this process: memory of the CRC's module is never freed. */
function receiveBuffer(bytes: number): Buffer {
  return (received ??= wasmMemory.available >= bytes ? wasmMemory.allocate(bytes) : Buffer.allocUnsafeSlow(bytes));
}

function listenError(endpoint: Endpoint, error: NodeJS.ErrnoException): Error {
  const where = `${isWildcard(endpoint.host) ? '' : `${endpoint.host}:`}${endpoint.port}`;
  if (error.code === 'EADDRINUSE') {
    return new ListenError(`port ${where} is taken: stop what listens there, or choose another with --port`);
  }
  if (error.code === 'EACCES') {
    return new ListenError(`port ${where} may not be opened by this user: choose one above 1023 with --port`);
  }
  return new ListenError(`cannot listen on ${where} (${error.message}): correct listeners`);
}
