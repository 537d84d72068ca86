/**
 * Starts a real Apache Kafka on this machine: one KRaft broker with the settings that Kafka ships with, as far as one broker
 * alone can have them. `const kafka = await startKafka({ dir, port }); … await kafka.stop();` Or a controller without a broker,
 * which brokers of any make may join: `startKafka({ dir, port, role: 'controller' })`.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ApiVersions } from '../../protocol/apis/index.ts';
import { connect } from '../../protocol/client.ts';
import { install } from './install.ts';
import { BROKER_JVM, javaCommand, runTool } from './tools.ts';

export interface KafkaOptions {
  /** For its data, log and configuration; made where it is missing, and formatted at first use. */
  readonly dir: string;
  /**
   * 'controller': no broker, and `port` is where the controller listens. 'broker': no controller, and `controllers` says where one
   * is. Both in one process unless given.
   */
  readonly role?: 'controller' | 'broker';
  /** host:port of the controller that a broker joins. */
  readonly controllers?: string;
  /** On 127.0.0.1; the controller listens on `controllerPort`. */
  readonly port: number;
  /** Default port + 10000 or, where that is no port, port - 10000. */
  readonly controllerPort?: number;
  /** Lines of server.properties; they win over the defaults. */
  readonly config?: Readonly<Record<string, string | number>>;
  /** More arguments for `kafka-storage format`, for example ['--add-scram', …]. */
  readonly formatArguments?: readonly string[];
  /** More flags for the JVM. */
  readonly jvm?: readonly string[];
  /** How long it may take to answer; default two minutes. */
  readonly timeoutMs?: number;
}

export interface RunningKafka {
  readonly port: number;
  readonly bootstrap: string;
  readonly pid: number;
  /** From the start of the JVM to the first answer; milliseconds. */
  readonly startMs: number;
  /** Ends in order, by force after half a minute. */
  stop(): Promise<void>;
}

/** Of every Kafka that is formatted here. */
export const KAFKA_CLUSTER_ID = '4L6g3nShT-eMCtK--X86sw';

const HEAP = ['-Xmx1G', '-Xms1G']; // kafka-server-start.sh
const STOP_MS = 30_000;
const LOGGING = `<Configuration status="OFF">
  <Appenders>
    <File name="file" fileName="\${sys:kafka.logs.dir}/server.log"><PatternLayout pattern="[%d] %p %m (%c)%n"/></File>
  </Appenders>
  <Loggers><Root level="info"><AppenderRef ref="file"/></Root></Loggers>
</Configuration>
`;

/** @throws when the port is taken, or Kafka ends or stays silent while it starts: with the end of its log. */
export async function startKafka(options: KafkaOptions): Promise<RunningKafka> {
  const { port } = options;
  const { classpath } = await install();
  const dir = resolve(options.dir);
  if (await answers(port)) throw new Error(`port ${port} is taken: choose another one`);
  const properties = prepare(dir, options);
  const first = options.role === 'broker' ? [] : ['--standalone'];
  await format(dir, properties, [...first, ...(options.formatArguments ?? [])]);

  const output = openSync(join(dir, 'stdout.log'), 'w');
  const logging = [`-Dkafka.logs.dir=${dir}`, `-Dlog4j2.configurationFile=${join(dir, 'log4j2.xml')}`];
  const flags = [...HEAP, ...BROKER_JVM, ...(options.jvm ?? []), ...logging];
  const startedMs = performance.now();
  const child = spawn(javaCommand(), [...flags, '-cp', classpath, 'kafka.Kafka', properties], {
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  const ended = once(child, 'exit');
  const killWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', killWithUs);
  void ended.catch(() => {}).then(() => process.off('exit', killWithUs));
  await untilReady(child, dir, port, options.timeoutMs ?? 120_000);
  return {
    port,
    bootstrap: `127.0.0.1:${port}`,
    pid: child.pid!,
    startMs: performance.now() - startedMs,
    stop: () => stop(child, ended),
  };
}

function prepare(dir: string, { role, port, controllerPort, controllers, config }: KafkaOptions): string {
  mkdirSync(dir, { recursive: true });
  rmSync(join(dir, 'server.log'), { force: true }); // of an earlier life here: it would say that it has started
  const apart = controllerPort ?? (port + 10_000 <= 65_535 ? port + 10_000 : port - 10_000);
  const controller = `127.0.0.1:${role === 'controller' ? port : apart}`;
  const listeners = [
    ...(role === 'controller' ? [] : [`PLAINTEXT://127.0.0.1:${port}`]),
    ...(role === 'broker' ? [] : [`CONTROLLER://${controller}`]),
  ].join();
  const settings: Record<string, string | number> = {
    'process.roles': role ?? 'broker,controller',
    'node.id': 1,
    'controller.quorum.bootstrap.servers': controllers ?? controller,
    listeners,
    'advertised.listeners': listeners,
    'controller.listener.names': 'CONTROLLER',
    ...(role === 'controller' ? {} : { 'inter.broker.listener.name': 'PLAINTEXT' }),
    'listener.security.protocol.map':
      'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL',
    'log.dirs': join(dir, 'data'),
    // One broker cannot hold three replicas.
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    ...config,
  };
  const path = join(dir, 'server.properties');
  writeFileSync(
    path,
    Object.entries(settings)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
  writeFileSync(join(dir, 'log4j2.xml'), LOGGING);
  return path;
}

async function format(dir: string, properties: string, more: readonly string[]): Promise<void> {
  const logDirs = /^log\.dirs=([^,\n]*)/m.exec(readFileSync(properties, 'utf8'))?.[1] ?? join(dir, 'data');
  if (existsSync(join(logDirs, 'meta.properties'))) return;
  const asked = ['format', '--ignore-formatted', '-t', KAFKA_CLUSTER_ID, '-c', properties, ...more];
  const { code, output } = await runTool('storage', asked);
  if (code !== 0) throw new Error(`Apache Kafka could not format ${logDirs}:\n${output}`);
}

async function untilReady(child: ChildProcess, dir: string, port: number, timeoutMs: number): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await answers(port))) {
    // A listener that wants a password or a certificate first never answers us: its log says when it is there.
    if (logOf(dir).includes('Kafka Server started')) return;
    const hasEnded = child.exitCode !== null || child.signalCode !== null;
    if (hasEnded || performance.now() > deadlineMs) {
      child.kill('SIGKILL');
      const why = hasEnded ? 'ended while it started' : `did not answer within ${timeoutMs} ms`;
      throw new Error(`Apache Kafka ${why}:\n${logOf(dir).split('\n').slice(-20).join('\n')}`);
    }
    await wait(20);
  }
}

async function answers(port: number): Promise<boolean> {
  try {
    const client = await connect({ host: '127.0.0.1', port });
    try {
      const late = wait(2000, null, { ref: false });
      const asked = client.send(ApiVersions, 0, {}); // which any version of Kafka reads
      return (await Promise.race([asked, late])) !== null;
    } finally {
      await client.close();
    }
  } catch {
    return false;
  }
}

function logOf(dir: string): string {
  return ['stdout.log', 'server.log']
    .map((name) => join(dir, name))
    .map((path) => (existsSync(path) ? readFileSync(path, 'utf8') : ''))
    .join('\n');
}

async function stop(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(force);
}
