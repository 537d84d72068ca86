/** `ottla`: a broker inside your own process, durable unless it is told to keep all in memory. */
import { startBroker } from './broker/broker.ts';
import { ListenError as PortError } from './broker/listeners.ts';
import { nearest } from './config/did-you-mean.ts';
import { LogDirectoryError as DirectoryError } from './log/directory.ts';
import type { Logger } from './platform/logger.ts';

export { ConfigError } from './config/definition.ts';
export type { Logger };

/** A class of errors, for `instanceof`; what else its module declares is not for users. */
type ErrorClass = abstract new (...args: never[]) => Error;

/** A port is taken, or a host is not this machine's. */
export const ListenError: ErrorClass = PortError;
/** A log directory is used by another broker, or belongs to another cluster. */
export const LogDirectoryError: ErrorClass = DirectoryError;

export interface ServerOptions {
  /** Configuration by Kafka's keys: `{ listeners: 'PLAINTEXT://127.0.0.1:0', 'num.partitions': 3 }`. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  /** Keeps everything in memory: nothing is read from or written to a disk. */
  readonly memory?: boolean;
  /** For a new log directory; an old one keeps its own. */
  readonly clusterId?: string;
  readonly logger?: Logger;
}

export interface Server {
  /** host:port for a client on this machine: of the first listener. */
  readonly bootstrap: string;
  /** Where /metrics is, when it is anywhere (ottla.metrics.port). */
  readonly metricsPort: number | null;
  /** Ends in order: everything on the disk, no connection, timer or file left open. */
  stop(): Promise<void>;
  /** Resolves when it has ended by itself: no log directory is left that it could use. Its log says why. */
  readonly failed: Promise<void>;
}

const OPTIONS: Readonly<Record<keyof ServerOptions, true>> = {
  settings: true,
  memory: true,
  clusterId: true,
  logger: true,
};

/**
 * Starts a broker; resolves when it answers requests. For tests there is `startBroker` of ottla/testing.
 * @throws {TypeError} for an option that there is not
 * @throws {ConfigError} for a setting that cannot be used
 * @throws {LogDirectoryError} when another broker uses the directory, or it belongs to another cluster
 * @throws {ListenError} when a port is taken
 */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  for (const key of Object.keys(options)) {
    if (Object.hasOwn(OPTIONS, key)) continue;
    const near = nearest(key, Object.keys(OPTIONS));
    const advice = near === null ? `it takes ${Object.keys(OPTIONS).join(', ')}` : `did you mean '${near}'?`;
    throw new TypeError(`startServer does not know '${key}': ${advice}`);
  }
  const settings = Object.fromEntries(Object.entries(options.settings ?? {}).map(([key, said]) => [key, String(said)]));
  return startBroker({ ...options, settings });
}
