/** Where clients come in: the broker's open ports and the connections that came through them, by the node they speak to. */
import { Reader } from '../protocol/reader.ts';
import { wasmMemory } from '../protocol/records/crc32c.ts';
import { Writer } from '../protocol/writer.ts';
import type { BrokerParts } from './apis/broker-parts.ts';
import type { Context } from './apis/handler.ts';
import { handlers } from './apis/index.ts';
import { ConfigError } from './config/definition.ts';
import type { Endpoint } from './config/listeners.ts';
import { Buffers, OUTPUT_BYTES } from './net/buffers.ts';
import { Connection, type ConnectionShared } from './net/connection.ts';
import { Dispatcher } from './net/dispatch.ts';
import { RequestMemory } from './net/request-memory.ts';
import type { Interceptor } from './net/interceptor.ts';
import type { RequestMeter } from './net/request-meter.ts';
import type { Listener, Network } from './platform/network.ts';

/** A listener that could not be opened; the message says what to do. */
export class ListenError extends Error {
  override name = 'ListenError';
}

export interface DoorsOptions {
  readonly parts: BrokerParts;
  readonly network: Network;
  readonly interceptor: Interceptor | null;
  /** Asked once, before the first listener opens. */
  readonly meter: () => RequestMeter | null;
  /** Until then connections are closed as they come. */
  readonly isReady: () => boolean;
}

interface OpenListener {
  readonly nodeId: number;
  readonly listener: Listener;
}

export class Doors {
  readonly #options: DoorsOptions;
  readonly #connections = new Set<Connection>();
  readonly #listeners: OpenListener[] = [];
  #shared: ConnectionShared | null = null;
  #nextConnectionId = 0;

  constructor(options: DoorsOptions) {
    this.#options = options;
  }

  /**
   * Listens; answers the port, as bound. `asked` are the parts as this door's node has them.
   * @throws {ListenError} when the port is taken
   */
  async open(endpoint: Endpoint, asked: BrokerParts = this.#options.parts): Promise<number> {
    if (endpoint.protocol !== 'PLAINTEXT') {
      throw new ConfigError(
        `listener ${endpoint.name} asks for ${endpoint.protocol}, which this version does not have: use PLAINTEXT`,
      );
    }
    const { network, isReady } = this.#options;
    const shared = (this.#shared ??= this.#share());
    try {
      const listener = await network.listen(isWildcard(endpoint.host) ? '' : endpoint.host, endpoint.port, (socket) => {
        const context: Context = {
          broker: asked,
          connectionId: this.#nextConnectionId++,
          apiVersion: 0,
          clientId: null,
          clientHost: socket.remoteHost,
          principal: 'User:ANONYMOUS',
          listener: endpoint.name,
        };
        const connection = new Connection(socket, context, shared);
        this.#connections.add(connection);
        if (!isReady()) connection.close('the broker is starting');
        return connection;
      });
      this.#listeners.push({ nodeId: asked.nodeId, listener });
      return listener.port;
    } catch (error) {
      throw listenError(endpoint, error as NodeJS.ErrnoException);
    }
  }

  /** Every connection open now. */
  connections(): readonly Context[] {
    return [...this.#connections].map(({ context }) => context);
  }

  connectionsByListener(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { context } of this.#connections) {
      counts.set(context.listener, (counts.get(context.listener) ?? 0) + 1);
    }
    return counts;
  }

  /** Closes connections, all of them or those that `which` names; their clients may come again. */
  disconnect(reason: string, which: (context: Context) => boolean = () => true): void {
    for (const connection of this.#connections) if (which(connection.context)) connection.close(reason);
  }

  /** Closes what stands open for a node, or for all; resolves when none of its sockets is left. */
  async close(reason: string, nodeId?: number): Promise<void> {
    const isMeant = (id: number): boolean => nodeId === undefined || id === nodeId;
    this.disconnect(reason, ({ broker }) => isMeant(broker.nodeId));
    const closing = this.#listeners.filter((one) => isMeant(one.nodeId));
    for (const one of closing) this.#listeners.splice(this.#listeners.indexOf(one), 1);
    await Promise.all(closing.map(({ listener }) => listener.close()));
  }

  #share(): ConnectionShared {
    const { parts, interceptor, meter, isReady } = this.#options;
    const { config, partitions, groups, logger } = parts;
    const settle = (): void => partitions.settle();
    return {
      dispatcher: new Dispatcher(handlers, settle, interceptor, meter()),
      buffers: new Buffers(receiveBuffer),
      output: new Writer(OUTPUT_BYTES),
      reader: new Reader(),
      maxFrameBytes: config['socket.request.max.bytes'],
      memory: new RequestMemory(config['queued.max.request.bytes']),
      settle,
      closed: (connection, reason) => {
        this.#connections.delete(connection);
        groups.connectionClosed(connection.context.connectionId, parts.config['ottla.evict.on.disconnect']);
        if (reason !== null && isReady()) {
          const { clientHost, clientId } = connection.context;
          logger.info('connection-closed', { from: clientHost, client: clientId, reason });
        }
      },
    };
  }
}

let received: Buffer | undefined;

/** One for all brokers of this process, as for all connections of a broker: memory beside the CRC's code is never freed. */
function receiveBuffer(bytes: number): Buffer {
  return (received ??= wasmMemory.available >= bytes ? wasmMemory.allocate(bytes) : Buffer.allocUnsafeSlow(bytes));
}

export function isWildcard(host: string): boolean {
  return host === '' || host === '0.0.0.0' || host === '::';
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
