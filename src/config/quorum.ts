/** Which controllers a process asks that is none itself, and what does not go together with that. PURE. */
import { ConfigError } from './definition.ts';
import type { ServerConfig } from './server.ts';

export interface ControllerAddress {
  readonly host: string;
  readonly port: number;
}

const BOOTSTRAP = 'controller.quorum.bootstrap.servers';
const VOTERS = 'controller.quorum.voters';

/**
 * The controllers of a process with process.roles=broker; null for one that is its own controller.
 * @throws {ConfigError} as Kafka refuses such settings
 */
export function controllersOf(config: ServerConfig): readonly ControllerAddress[] | null {
  const roles = config['process.roles'];
  const voters = config[VOTERS].map(voterOf);
  if (roles.includes('controller')) {
    refuseOwnQuorum(config);
    return null;
  }
  refuseControllerListeners(config);
  const bootstrap = config[BOOTSTRAP].map((text) => addressOf(BOOTSTRAP, text));
  if (bootstrap.length === 0 && voters.length === 0) {
    throw new ConfigError(
      `process.roles=broker needs controllers to ask: set ${BOOTSTRAP} to host:port of each, or take process.roles away for a broker alone`,
    );
  }
  const nodeId = config['node.id'];
  if (voters.some(({ id }) => id === nodeId)) {
    throw new ConfigError(
      `node.id ${nodeId} is among ${VOTERS}, which are controllers, while process.roles=broker: give it another node.id`,
    );
  }
  return bootstrap.length > 0 ? bootstrap : voters;
}

/** @throws {ConfigError} where a controller is to agree with others, which Ottla's do by etcd */
export function refuseOwnQuorum(config: ServerConfig): void {
  const voters = config[VOTERS];
  if (voters.length < 2 || config['ottla.etcd.endpoints'].length > 0) return;
  throw new ConfigError(
    `${VOTERS} names ${voters.length} controllers, which agree by etcd: set ottla.etcd.endpoints (--etcd host:port), or leave one`,
  );
}

/** As Kafka does: a broker that is no controller opens no listener for one. */
function refuseControllerListeners(config: ServerConfig): void {
  const controllers = config['controller.listener.names'].map((name) => name.toUpperCase());
  for (const text of config.listeners) {
    const name = text.slice(0, Math.max(0, text.indexOf(':'))).toUpperCase();
    if (!controllers.includes(name)) continue;
    throw new ConfigError(
      `listeners opens ${name}, which controller.listener.names has for controllers, while process.roles=broker: take it out`,
    );
  }
}

function voterOf(text: string): ControllerAddress & { readonly id: number } {
  const match = /^(\d+)@(.+)$/.exec(text.trim());
  if (match === null) throw new ConfigError(`Invalid value ${text} for configuration ${VOTERS}: write id@host:port`);
  return { id: Number(match[1]), ...addressOf(VOTERS, match[2]) };
}

function addressOf(key: string, text: string): ControllerAddress {
  const match = /^(?:\[([0-9a-fA-F:.%]+)\]|([^:/[\]]+)):(\d{1,5})$/.exec(text.trim());
  const port = Number(match?.[3]);
  if (match === null || port === 0 || port > 65_535) {
    throw new ConfigError(
      `Invalid value ${text} for configuration ${key}: write host:port, an IPv6 address in brackets`,
    );
  }
  return { host: match[1] ?? match[2], port };
}
