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
  if (roles.includes('controller')) return null;
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
