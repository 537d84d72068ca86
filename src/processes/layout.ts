/**
 * What each process of `ottla start --processes N` is started with. On one machine there are N brokers, each with a number, a port and
 * directories of its own, and the supervisor, which is the controller:
 *
 *     --port 9092 --dir data --node-id 1 --processes 3
 *     supervisor   node 3001   CONTROLLER on 127.0.0.1:9095   data/controller
 *     brokers      node 1 2 3  on 9092 9093 9094              data/broker-1 data/broker-2 data/broker-3
 *
 * PURE.
 */
import { join } from 'node:path';
import { ConfigError } from '../config/definition.ts';
import { resolveListeners, type Endpoint } from '../config/listeners.ts';
import { serverConfig } from '../config/server.ts';

export interface Layout {
  /** As they were given: each process has a folder in there. */
  readonly directories: readonly string[];
  readonly controller: ReadonlyMap<string, string>;
  /** Without where the controller listens, which is known once it does. */
  readonly brokers: readonly ReadonlyMap<string, string>[];
}

/** Brokers and controllers of a cluster have numbers that differ. */
const CONTROLLER_ID = 3000;
/** With so many processes a topic has three replicas, unless settings say otherwise: one process may be lost then. */
const REPLICATED_FROM = 3;
const REPLICATED: readonly (readonly [string, string])[] = [
  ['default.replication.factor', '3'],
  ['min.insync.replicas', '2'],
];
/** With fewer there is nothing to replicate to that would help. */
const FACTORS = [
  'offsets.topic.replication.factor',
  'transaction.state.log.replication.factor',
  'share.coordinator.state.topic.replication.factor',
];
const MIN_ISRS = ['transaction.state.log.min.isr', 'share.coordinator.state.topic.min.isr'];
/** Of the supervisor alone. */
const NOT_OF_BROKERS =
  /^(ottla\.processes|ottla\.etcd\..*|controller\.quorum\..*|advertised\.listeners|metadata\.log\.dir|log\.dir)$/;
const NOT_OF_CONTROLLER = /^(ottla\.processes|advertised\.listeners|metadata\.log\.dir|log\.dir|ottla\.metrics\.port)$/;

/**
 * `machine` is the rack of all of them, unless broker.rack names one.
 * @throws {ConfigError} for settings that do not go together with several processes
 */
export function layoutOf(settings: ReadonlyMap<string, string>, machine: string): Layout {
  const config = serverConfig(settings);
  const { 'ottla.processes': count, 'node.id': first, 'process.roles': roles } = config;
  if (roles.length < 2) {
    throw new ConfigError(
      `process.roles=${roles.join()} and ottla.processes=${count} do not go together: take process.roles away`,
    );
  }
  const endpoints = resolveListeners(config, (key) => settings.has(key));
  if (endpoints.open.length > 1) {
    throw new ConfigError(
      `listeners opens ${endpoints.open.length} ports for clients, and ottla.processes=${count} gives each process one: leave one, ` +
        'or start each process by itself (docs/cluster.md)',
    );
  }
  const [open] = endpoints.open;
  const directories = config['log.dirs'] ?? config['log.dir'];
  const common = new Map([...replication(count), ...settings]);
  const ids = Array.from({ length: count }, (_, i) => first + i);
  return {
    directories,
    controller: without(common, NOT_OF_CONTROLLER, [
      ['process.roles', 'controller'],
      ['node.id', String(CONTROLLER_ID + first)],
      ['log.dirs', join(directories[0], 'controller')],
      ['listeners', urlOf(controllerOf(endpoints.controller, open, count, settings))],
    ]),
    brokers: ids.map((id, i) =>
      without(common, NOT_OF_BROKERS, [
        ['process.roles', 'broker'],
        ['node.id', String(id)],
        ['log.dirs', directories.map((path) => join(path, `broker-${id}`)).join(',')],
        ['listeners', urlOf(moved(open, i))],
        ...(settings.has('advertised.listeners')
          ? [['advertised.listeners', urlOf(moved(endpoints.advertised.get(open.name)!, i))] as const]
          : []),
        ['broker.rack', config['broker.rack'] ?? machine],
        ...(config['ottla.metrics.port'] > 0
          ? [['ottla.metrics.port', String(config['ottla.metrics.port'] + i)] as const]
          : []),
      ]),
    ),
  };
}

/** Of internal topics, too: what must outlive a process, where there are enough of them. */
function replication(count: number): Map<string, string> {
  const isReplicated = count >= REPLICATED_FROM;
  return new Map([
    ...(isReplicated ? REPLICATED : []),
    ...FACTORS.map((key) => [key, isReplicated ? '3' : '1'] as const),
    ...MIN_ISRS.map((key) => [key, isReplicated ? '2' : '1'] as const),
  ]);
}

/** Without a place of its own: behind the brokers' ports, and where brokers of other machines have etcd to find it by, on their address. */
function controllerOf(
  controller: Endpoint,
  open: Endpoint,
  count: number,
  settings: ReadonlyMap<string, string>,
): Endpoint {
  const isGiven = settings.get('listeners')?.toUpperCase().includes(`${controller.name}://`) === true;
  if (isGiven) return controller;
  const host = settings.has('ottla.etcd.endpoints') ? open.host : '127.0.0.1';
  return { ...controller, host, port: open.port === 0 ? 0 : open.port + count };
}

function moved(endpoint: Endpoint, by: number): Endpoint {
  return { ...endpoint, port: endpoint.port === 0 ? 0 : endpoint.port + by };
}

function urlOf({ name, host, port }: Endpoint): string {
  return `${name}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function without(
  settings: ReadonlyMap<string, string>,
  keys: RegExp,
  others: readonly (readonly [string, string])[],
): Map<string, string> {
  return new Map([...[...settings].filter(([key]) => !keys.test(key)), ...others]);
}
