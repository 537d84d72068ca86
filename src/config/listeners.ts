/** Reads `listeners` and the keys around it into the sockets to open and the addresses to advertise. */
import { ConfigError } from './definition.ts';
import type { ServerConfig } from './server.ts';

/** Each at its id in Kafka's records and requests. */
export const SECURITY_PROTOCOLS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const;
export type SecurityProtocol = (typeof SECURITY_PROTOCOLS)[number];

export interface Endpoint {
  /** In capitals, as Kafka's tools show it. */
  readonly name: string;
  readonly protocol: SecurityProtocol;
  /** Empty for a socket on all interfaces, IPv4 and IPv6. */
  readonly host: string;
  readonly port: number;
}

export interface ListenerEndpoints {
  /** The sockets that a broker opens; none for a process that is controller only. */
  readonly open: readonly Endpoint[];
  /** Where a controller of a cluster listens: as `listeners` says, else on the port behind the first of `open`. */
  readonly controller: Endpoint;
  /** What brokers and other controllers are told of it. Port 0 stands for the port that it gets. */
  readonly advertisedController: Endpoint;
  /** What clients are told, by listener name. Port 0 stands for the port that the open socket gets. */
  readonly advertised: ReadonlyMap<string, Endpoint>;
  /** The listener that brokers use among themselves. */
  readonly interBroker: string;
}

/** Reads the listeners out of a configuration. Throws ConfigError with what to change. */
export function resolveListeners(config: ServerConfig, given: (key: string) => boolean): ListenerEndpoints {
  const protocols = protocolMap(config['listener.security.protocol.map']);
  const controllers = new Set(config['controller.listener.names'].map((name) => name.toUpperCase()));
  const isOpen = (endpoint: Endpoint) => !controllers.has(endpoint.name);
  const protocolOf = (name: string): SecurityProtocol => {
    // The image leaves the controller out of the map only where its name is a protocol; be as lenient for all.
    const protocol = protocols.get(name) ?? (controllers.has(name) ? 'PLAINTEXT' : undefined);
    if (protocol !== undefined) return protocol;
    throw new ConfigError(
      `No security protocol defined for listener ${name}: add ${name}:PLAINTEXT (or SSL, ` +
        'SASL_PLAINTEXT, SASL_SSL) to listener.security.protocol.map',
    );
  };
  const parse = (key: string, texts: readonly string[]) => texts.map((text) => parseEndpoint(key, text, protocolOf));

  const allAdvertised = parse('advertised.listeners', config['advertised.listeners'] ?? []);
  const advertisedGiven = allAdvertised.filter(isOpen);
  const listeners =
    given('listeners') || advertisedGiven.length === 0
      ? parse('listeners', config.listeners)
      : // As the image does: whoever says only what to advertise wants those ports on all interfaces.
        advertisedGiven.map((endpoint) => ({ ...endpoint, host: '' }));
  checkUnique('listeners', listeners);
  const open = config['process.roles'].includes('broker') ? listeners.filter(isOpen) : [];
  if (open.length === 0 && config['process.roles'].includes('broker')) {
    throw new ConfigError('listeners names only controllers: add one for clients, such as PLAINTEXT://:9092');
  }

  const advertised = advertisedOf(open, advertisedGiven);
  const controller = listeners.find((endpoint) => !isOpen(endpoint)) ?? besides(listeners[0], config, protocolOf);
  const told = allAdvertised.find(({ name }) => name === controller.name) ?? advertisedBesides(controller, advertised);
  const interBroker = open.length === 0 ? '' : interBrokerName(config, open, given);
  return { open, advertised, controller, advertisedController: told, interBroker };
}

/**
 * In a cluster: the listener of this broker that others connect to. Their addresses are found in the same way (src/peers/broker-address.ts).
 * @throws {ConfigError} where there is none
 */
export function listenerOfPeers({ open, interBroker }: ListenerEndpoints, config: ServerConfig): Endpoint {
  const protocol = config['security.inter.broker.protocol'];
  const found = open.find((endpoint) =>
    config['inter.broker.listener.name'] === null ? endpoint.protocol === protocol : endpoint.name === interBroker,
  );
  if (found !== undefined) return found;
  throw new ConfigError(
    `security.inter.broker.protocol=${protocol}, and no listener has that protocol: set inter.broker.listener.name to one of ` +
      open.map(({ name }) => name).join(', '),
  );
}

/** Where `listeners` names none for the controller. */
function besides(first: Endpoint, config: ServerConfig, protocolOf: (name: string) => SecurityProtocol): Endpoint {
  const name = config['controller.listener.names'][0].toUpperCase();
  return { name, protocol: protocolOf(name), host: first.host, port: first.port === 0 ? 0 : first.port + 1 };
}

/** A controller that listens on all interfaces is reached where the broker beside it is. */
function advertisedBesides(controller: Endpoint, advertised: ReadonlyMap<string, Endpoint>): Endpoint {
  if (!isWildcard(controller.host)) return controller;
  const [first] = advertised.values();
  return { ...controller, host: first?.host ?? 'localhost' };
}

/** Every open listener has one advertised address; `localhost` stands in for "all interfaces". */
function advertisedOf(open: readonly Endpoint[], given: readonly Endpoint[]): Map<string, Endpoint> {
  const advertised = new Map(open.map((endpoint) => [endpoint.name, { ...endpoint, host: reachable(endpoint.host) }]));
  if (given.length === 0) return advertised;
  for (const endpoint of given) {
    if (!advertised.has(endpoint.name)) {
      throw new ConfigError(
        `advertised.listeners names ${endpoint.name}, which listeners does not open: ` +
          `add ${endpoint.name}://:${endpoint.port || 9092} to listeners or take it out of advertised.listeners`,
      );
    }
    if (isWildcard(endpoint.host)) {
      throw new ConfigError(
        `advertised.listeners cannot use the address ${endpoint.host || "''"}, which means all ` +
          'interfaces: give the host name or address by which clients reach this broker',
      );
    }
  }
  // A listener that is not advertised is open and told to nobody, as in Kafka.
  return new Map(given.map((endpoint) => [endpoint.name, endpoint]));
}

function reachable(host: string): string {
  return isWildcard(host) ? 'localhost' : host;
}

/** Whether a socket bound to it listens on all interfaces. */
export function isWildcard(host: string): boolean {
  return host === '' || host === '0.0.0.0' || host === '::';
}

function protocolMap(text: string): Map<string, SecurityProtocol> {
  const map = new Map<string, SecurityProtocol>();
  for (const entry of text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)) {
    const [name, protocol] = [entry.slice(0, entry.lastIndexOf(':')), entry.slice(entry.lastIndexOf(':') + 1)];
    const known = SECURITY_PROTOCOLS.find((each) => each === protocol.toUpperCase());
    if (name === '' || known === undefined) {
      throw new ConfigError(
        `Invalid value ${text} for configuration listener.security.protocol.map: ` +
          `'${entry}' is not LISTENER:PROTOCOL with a protocol of ${SECURITY_PROTOCOLS.join(', ')}`,
      );
    }
    map.set(name.toUpperCase(), known);
  }
  return map;
}

function parseEndpoint(key: string, text: string, protocolOf: (name: string) => SecurityProtocol): Endpoint {
  const match = /^([^:/]+):\/\/(?:\[([0-9a-fA-F:.%]*)\]|([^:/[\]]*)):(\d{1,5})$/.exec(text.trim());
  const port = Number(match?.[4]);
  if (match === null || port > 65535) {
    throw new ConfigError(
      `Unable to parse ${text} in ${key} to a broker endpoint: write NAME://host:port, ` +
        'an IPv6 address in brackets, and no host for all interfaces',
    );
  }
  const name = match[1].toUpperCase();
  return { name, protocol: protocolOf(name), host: match[2] ?? match[3] ?? '', port };
}

function checkUnique(key: string, endpoints: readonly Endpoint[]): void {
  const names = new Set<string>();
  for (const { name } of endpoints) {
    if (names.has(name)) throw new ConfigError(`Each listener must have a different name: ${key} holds ${name} twice`);
    names.add(name);
  }
  const byPort = new Map<number, Endpoint[]>();
  for (const endpoint of endpoints) byPort.set(endpoint.port, [...(byPort.get(endpoint.port) ?? []), endpoint]);
  for (const [port, sharing] of byPort) {
    if (port === 0 || sharing.length === 1 || isPairOfFamilies(sharing)) continue;
    throw new ConfigError(
      `Each listener must have a different port: ${key} uses ${port} for ` +
        sharing.map(({ name }) => name).join(' and '),
    );
  }
}

/** One IPv4 and one IPv6 address may share a port (KIP-797). */
function isPairOfFamilies(endpoints: readonly Endpoint[]): boolean {
  const sixes = endpoints.filter(({ host }) => host.includes(':')).length;
  const fours = endpoints.filter(({ host }) => /^\d+(\.\d+){3}$/.test(host)).length;
  return endpoints.length === 2 && sixes === 1 && fours === 1;
}

function interBrokerName(config: ServerConfig, open: readonly Endpoint[], given: (key: string) => boolean): string {
  const name = config['inter.broker.listener.name']?.toUpperCase();
  if (name !== undefined) {
    if (given('security.inter.broker.protocol')) {
      throw new ConfigError(
        'Only one of inter.broker.listener.name and security.inter.broker.protocol may be set: remove the latter',
      );
    }
    if (open.some((endpoint) => endpoint.name === name)) return name;
    throw new ConfigError(
      `inter.broker.listener.name is ${name}, which is not among listeners: ` +
        `use one of ${open.map((endpoint) => endpoint.name).join(', ')}`,
    );
  }
  const protocol = config['security.inter.broker.protocol'];
  const byProtocol = open.find((endpoint) => endpoint.name === protocol);
  // A single broker speaks to nobody: where Kafka refuses, the first listener will do.
  return (byProtocol ?? open[0]).name;
}
