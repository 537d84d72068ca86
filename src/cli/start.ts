/** `ottla start`: flags, environment and file become a configuration; the broker runs until it is told to end. */
import { resolve } from 'node:path';
import { OF_BROKER, startBroker, type BrokerOptions, type RunningBroker } from '../broker/broker.ts';
import { readEnvironment, type EnvironmentSettings, type TopicToCreate } from '../config/environment.ts';
import { serverConfig, type ServerConfig } from '../config/server.ts';
import { combineSettings } from '../config/settings.ts';
import { testDefaults } from '../config/test-defaults.ts';
import { bitnamiSecurity } from '../credentials/bitnami.ts';
import { isDiskError } from '../platform/disk-error.ts';
import type { RunningProcesses, SupervisorOptions } from '../processes/supervisor.ts';
import { nodeFiles } from '../platform/files.ts';
import { nodeNetwork } from '../platform/network.ts';
import { isRunByNpm, onParentEnd, StdinPipe } from '../platform/parent-process.ts';
import { systemClock } from '../platform/clock.ts';
import { systemRandom } from '../platform/random.ts';
import { lineLogger, type Level, type Logger } from '../platform/logger.ts';
import type { Controlled } from '../control/server.ts';
import { attach, parse } from './command-line.ts';
import { CONTAINER_DIRECTORY, mountedSettings, upLines } from './container.ts';
import { portOf } from './option-values.ts';
import { openPage, pagePlace, refusePage } from './page-door.ts';
import { settingsGiven, settingsIn } from './settings-flags.ts';
import {
  controlledSecurity,
  loginFlags,
  provideAccess,
  provideScramUsers,
  secureSettings,
  securityFlags,
  type SecurityFlags,
} from './start-security.ts';
import { startCommand, type StartFlags } from './start-command.ts';
import { painter, processTerminal, type Terminal } from './terminal.ts';
import { UsageError } from './usage.ts';

const DEFAULT_DIRECTORY = 'ottla-data';
const PLAIN_ALONE =
  'in a cluster, the users of KAFKA_CLIENT_USERS sign in by PLAIN alone: `ottla users add NAME PASSWORD` lets one sign in by SCRAM, too';

export async function start(args: string[], terminal = processTerminal()): Promise<number> {
  if (args[0] === '--supervised') return supervised();
  const command = attach(startCommand(), terminal);
  if (!(await parse(command, args))) return 0;
  const flags = command.opts<StartFlags>();
  const stdin = StdinPipe.open();
  const environment = readEnvironment(process.env, textOf);
  const { values, warnings } = combineSettings({
    set: settingsOf(flags),
    environment: environment.values,
    file: fileSettings(flags),
    strict: flags.strict === true,
  });
  const isMemory = flags.memory === true;
  if (isMemory && flags.dir !== undefined) throw new UsageError('--memory keeps nothing in a --dir: leave one out');
  const bitnami = bitnamiSecurity({ variables: process.env, given: values, readFile: textOf });
  const settings = new Map([...values, ...bitnami.settings]);
  if (!isMemory && !settings.has('log.dirs') && !settings.has('log.dir')) {
    settings.set('log.dirs', flags.container ? CONTAINER_DIRECTORY : DEFAULT_DIRECTORY);
  }
  // A broker that keeps nothing is there to develop and test with: consumers need not wait for each other.
  if (isMemory) for (const [key, value] of testDefaults) if (!settings.has(key)) settings.set(key, value);
  const security = securityFlags(flags);
  if (security !== null) refuseInCluster(serverConfig(settings));

  const logger = lineLogger(
    levelOf(flags),
    (line) => void process.stderr.write(line),
    () => systemClock.now(),
  );
  for (const message of [...environment.warnings, ...warnings, ...bitnami.warnings])
    logger.warn('configuration', { message });
  const scramUsers = isAlone(serverConfig(settings)) ? bitnami.users : new Map<string, string>();
  if (scramUsers.size < bitnami.users.size) logger.warn('configuration', { message: PLAIN_ALONE });
  process.on('uncaughtException', (error) => logger.error('bug', { error: error.stack ?? error.message }));
  const { KAFKA_OPTS: javaOptions } = process.env;
  const control = controlOf(flags);
  const place = pagePlace(flags, control !== null);
  const options = { settings, memory: isMemory, clusterId: environment.clusterId, logger, javaOptions };
  if (serverConfig(settings)['ottla.processes'] > 1)
    return processes({ ...options, security, topics: environment.createTopics }, flags, stdin);
  if (settings.get('process.roles') === 'controller') {
    refusePage(flags, 'a controller has');
    return controller(options, flags.container === true);
  }
  const running = await run({ ...options, security, scramUsers }, environment, control).catch((error: Error) => {
    if (!isDiskError(error)) throw error;
    throw new Error(`${error.message}: make room in log.dirs, or make them writable, and start again`, {
      cause: error,
    });
  });
  reloadAtSighup(() => running.broker().stores);
  const end = Promise.race([toldToEnd(), parentEnded(flags.exitWithParent, stdin)]); // before the line: whoever reads it may end the broker at once
  process.stdout.write(`ready ${running.bootstrap}\n`);
  if (running.control !== null) process.stdout.write(`control ${running.control}\n`);
  const warnPage = (message: string): void => logger.warn('page', { message });
  const page =
    place === null
      ? null
      : await openPage({ broker: () => running.broker(), shown: running.shown, isMemory }, place, warnPage);
  if (page !== null) {
    running.listeners.pageUrl = page.url;
    process.stdout.write(`page ${page.url}\n`);
  }
  if (security?.certificates) process.stdout.write(`certificates ${resolve(security.certificates)}\n`);
  if (flags.container) process.stdout.write(upLines(settings.get('node.id')!));
  welcome(terminal, running.bootstrap, security);
  const code = await Promise.race([end.then(() => 0), running.failed.then(() => 1)]);
  await page?.close();
  await running.stop();
  return running.isWhole() ? code : 1;
}

function levelOf({ logLevel = 'warn' }: StartFlags): Level {
  return logLevel as Level;
}

type ServedSession = Controlled['session'];

interface Running {
  readonly listeners: Pick<RunningBroker['listeners'], 'pageUrl'>;
  readonly bootstrap: string;
  /** Where the control port is, when it is anywhere. */
  readonly control: string | null;
  readonly failed: Promise<void>;
  /** The one that runs now. */
  broker(): RunningBroker;
  /** What is shown of it as of a test's; null without a control port. */
  readonly shown: (() => ServedSession['test']['shown']) | null;
  /** See RunningBroker. */
  isWhole(): boolean;
  stop(): Promise<void>;
}

function isAlone(config: ServerConfig): boolean {
  const roles = config['process.roles'];
  const isOne = config['ottla.processes'] === 1 && config['ottla.etcd.endpoints'].length === 0;
  return isOne && roles.includes('controller') && roles.includes('broker');
}

/** Of a broker alone, or of several that this process starts. */
function refuseInCluster(config: ServerConfig): void {
  const isOfThisMachine = config['ottla.processes'] > 1 && config['ottla.etcd.endpoints'].length === 0;
  if (isAlone(config) || isOfThisMachine) return;
  throw new UsageError(
    '--tls, --user, --super-user and --acl make certificates and a password that other processes of the cluster do not have: ' +
      'set up the listeners of each (docs/security.md#between-brokers)',
  );
}

type RunOptions = BrokerOptions & {
  readonly settings: ReadonlyMap<string, string>;
  readonly memory: boolean;
  readonly logger: Logger;
  /** Null: as settings have it. */
  readonly security: SecurityFlags | null;
  /** Passwords by name. */
  readonly scramUsers: ReadonlyMap<string, string>;
};

/** The broker, with a control port where one is asked for, and the topics that the environment wants. */
async function run(
  { security, scramUsers, ...options }: RunOptions,
  environment: EnvironmentSettings,
  control: Control | null,
): Promise<Running> {
  const { logger } = options;
  if (control === null) {
    const settings = security === null ? options.settings : await secureSettings(security, options.settings);
    const broker = await startBroker({ ...options, settings });
    try {
      if (security !== null) await provideAccess(security, broker.parts);
      await provideScramUsers(scramUsers, broker.parts);
      await createTopics(broker, environment.createTopics, logger);
    } catch (error) {
      await broker.stop();
      throw error;
    }
    return {
      listeners: broker.listeners,
      bootstrap: broker.bootstrap,
      control: null,
      failed: broker.failed,
      broker: () => broker,
      shown: null,
      isWhole: () => broker.isWhole,
      stop: () => broker.stop(),
    };
  }
  const { startControlled } = await import('../control/server.ts');
  const controlled = await startControlled({
    ...options,
    ...control,
    ...(security === null ? {} : await controlledSecurity(security, options.settings)),
    start: startBroker,
    topics: environment.createTopics.map(topicSpecOf),
  });
  const { session, url } = controlled;
  await provideScramUsers(scramUsers, session.broker.parts);
  await createTopics(session.broker, environment.createTopics, logger);
  const { bootstrap } = session.broker;
  return {
    listeners: session.broker.listeners,
    bootstrap,
    control: url,
    failed: session.failed,
    broker: () => session.broker,
    shown: () => session.test.shown,
    isWhole: () => session.broker.isWhole,
    stop: () => controlled.stop(),
  };
}

/** As a reset makes it anew. */
function topicSpecOf({ name, partitions, cleanupPolicy }: TopicToCreate) {
  return { name, partitions, ...(cleanupPolicy === undefined ? {} : { configs: { 'cleanup.policy': cleanupPolicy } }) };
}

type ProcessesOptions = Omit<SupervisorOptions, 'logLevel' | 'begin'> & {
  readonly memory: boolean;
  /** Null: as settings have it. */
  readonly security: SecurityFlags | null;
};

interface StartOptions {
  readonly settings: ReadonlyMap<string, string>;
  readonly javaOptions: string | undefined;
  readonly memory: boolean;
  readonly clusterId: string | undefined;
  readonly logger: Logger;
}

/** Several brokers on this machine: one line when all of them are ready, one signal that ends them all. */
async function processes(
  { memory, security, ...options }: ProcessesOptions,
  flags: StartFlags,
  stdin: StdinPipe | null,
): Promise<number> {
  if (memory) throw new UsageError('--processes keep their records on the disk: take --memory away');
  if (controlOf(flags) !== null) throw new UsageError('--processes have no control port: take --control-port away');
  refusePage(flags, '--processes have');
  const { startProcesses } = await import('../processes/supervisor.ts');
  let running: RunningProcesses | null = null;
  const end = Promise.race([toldToEnd(() => running?.kill()), parentEnded(flags.exitWithParent, stdin)]);
  const secured =
    security === null ? {} : await (await import('./secured-processes.ts')).secureProcesses(security, options.settings);
  const all = { ...options, ...secured, logLevel: levelOf(flags) };
  running = await startProcesses(all);
  const hasStores = [...all.settings.keys()].some((key) => key.includes('ssl.keystore.'));
  if (hasStores) process.on('SIGHUP', () => running?.reloadStores());
  process.stdout.write(`ready ${running.bootstrap}\n`);
  if (security?.certificates) process.stdout.write(`certificates ${resolve(security.certificates)}\n`);
  if (flags.container === true) process.stdout.write(upLines(options.settings.get('node.id') ?? '1'));
  await end;
  await running.stop();
  return 0;
}

/** One of those brokers. */
async function supervised(): Promise<number> {
  const { superviseBroker } = await import('../processes/supervised-broker.ts');
  return superviseBroker(toldToEnd, createTopics);
}

/** Without stores it ends the process, as a terminal that is closed wants it. */
function reloadAtSighup(stores: () => RunningBroker['stores']): void {
  if (stores().hasStores) process.on('SIGHUP', () => void stores().reloadStores());
}

/** A controller of a cluster without a broker. */
async function controller(
  { settings, memory, clusterId, javaOptions, logger }: StartOptions,
  isContainer: boolean,
): Promise<number> {
  const [directory] = (settings.get('log.dirs') ?? settings.get('log.dir') ?? '').split(',');
  const { startController } = await import('../broker/controller-process.ts');
  const running = await startController({
    settings,
    platform: { files: nodeFiles, clock: systemClock, random: systemRandom, logger },
    network: nodeNetwork(),
    directory: memory ? null : directory.trim(),
    javaOptions,
    ...(clusterId === undefined ? {} : { clusterId }),
  });
  reloadAtSighup(() => running.stores);
  const end = toldToEnd();
  const { host, port } = running.address;
  process.stdout.write(`ready ${host}:${port}\n`);
  if (isContainer) process.stdout.write(upLines(settings.get('node.id') ?? '1'));
  await end;
  await running.stop();
  return 0;
}

function textOf(path: string): string | null {
  return nodeFiles.exists(path) ? nodeFiles.readAll(path).toString() : null;
}

/** --set, and the flags that are shorthands for settings. */
function settingsOf(flags: StartFlags): Map<string, string> {
  const settings = settingsGiven(flags.set);
  const { port, host, dir, metricsPort, nodeId, etcd, rack, processes: count } = flags;
  if (nodeId !== undefined) settings.set('node.id', nodeId);
  if (etcd !== undefined) settings.set('ottla.etcd.endpoints', etcd);
  if (rack !== undefined) settings.set('broker.rack', rack);
  if (count !== undefined) settings.set('ottla.processes', count);
  if (port !== undefined) portOf('--port', port);
  if (port !== undefined || host !== undefined) {
    const address = host?.includes(':') ? `[${host}]` : (host ?? '');
    settings.set('listeners', `PLAINTEXT://${address}:${port ?? 9092}`);
  }
  if (dir !== undefined) settings.set('log.dirs', dir);
  if (metricsPort !== undefined) settings.set('ottla.metrics.port', metricsPort);
  return settings;
}

interface Control {
  readonly controlPort: number;
  readonly controlHost: string;
}

/** The control port as flags or OTTLA_CONTROL_… say; null where nobody asks for one. */
function controlOf({ controlPort, controlHost }: StartFlags): Control | null {
  const { OTTLA_CONTROL_PORT, OTTLA_CONTROL_HOST } = process.env;
  const port = controlPort ?? (OTTLA_CONTROL_PORT || undefined);
  if (port === undefined) {
    if (controlHost === undefined) return null;
    throw new UsageError('--control-host needs a port: add --control-port N');
  }
  return {
    controlPort: portOf(controlPort === undefined ? 'OTTLA_CONTROL_PORT' : '--control-port', port),
    controlHost: controlHost ?? (OTTLA_CONTROL_HOST || '127.0.0.1'),
  };
}

function fileSettings({ config, container }: StartFlags): Map<string, string> {
  if (config !== undefined) return settingsIn(config);
  return container ? mountedSettings() : new Map<string, string>();
}

async function createTopics(broker: RunningBroker, topics: readonly TopicToCreate[], logger: Logger): Promise<void> {
  const { metadata, channel } = broker.parts;
  const missing = topics.filter(({ name }) => !metadata.image.topicsByName.has(name));
  if (missing.length === 0) return;
  const results = await channel.createTopics(
    missing.map(({ name, partitions, replicas, cleanupPolicy }) => ({
      name,
      numPartitions: partitions,
      replicationFactor: replicas,
      assignments: [],
      configs: cleanupPolicy === undefined ? [] : [{ name: 'cleanup.policy', value: cleanupPolicy }],
    })),
    OF_BROKER,
  );
  for (const { name, errorMessage } of results) {
    if (errorMessage !== null) logger.warn('topic-not-created', { topic: name, reason: errorMessage });
  }
}

/** What to do next, for someone who looks on; scripts see the line `ready` only. */
function welcome({ stderr, environment }: Terminal, bootstrap: string, security: SecurityFlags | null): void {
  if (stderr.isTTY !== true) return;
  const paint = painter(stderr, environment);
  const brokers = `${bootstrap === 'localhost:9092' ? '' : ` -b ${bootstrap}`}${security === null ? '' : loginFlags(security)}`;
  stderr.write(
    paint('dim', `in another terminal: ottla produce greetings hello${brokers}; ottla consume greetings${brokers}`) +
      `\n${paint('dim', 'Ctrl-C ends the broker')}\n`,
  );
}

/**
 * The process that started this one is gone, as `npx` when it is killed, or whoever held the pipe of stdin: without being told,
 * such a broker would go on for ever. Never, where that is not asked for and nobody else's life is tied to it.
 */
function parentEnded(asked: boolean | undefined, stdin: StdinPipe | null): Promise<void> {
  return new Promise((resolve) => {
    const tell = (why: string) => (): void => {
      process.stderr.write(`ottla: ${why}, so the broker ends; --no-exit-with-parent lets it go on\n`);
      resolve();
    };
    if (asked ?? isRunByNpm()) onParentEnd(tell('the process that started it has ended'));
    if (asked ?? true) stdin?.onEnd(tell('its standard input was closed'));
  });
}

/** The first SIGTERM or SIGINT; a second one ends the process at once, after `before`. */
function toldToEnd(before: () => void = () => {}): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        process.once(signal, () => {
          before();
          process.exit(1);
        });
        resolve();
      });
    }
  });
}
