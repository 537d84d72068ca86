/** Runs Apache Kafka's own command line tools, by the names of its bin/kafka-*.sh: `await runTool('topics', ['--list', …])`. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { install, KAFKA_VERSION } from './install.ts';

export interface ToolResult {
  readonly code: number;
  /** What it said on both streams, in the order it came. */
  readonly output: string;
}

export interface ToolOptions {
  /** Given on standard input. */
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Flags for the JVM. */
  readonly jvm?: readonly string[];
  /** The class path in the place of Kafka's jars alone. */
  readonly classpath?: string;
  /** Killed after so long; default two minutes. */
  readonly timeoutMs?: number;
}

/** The flags of kafka-run-class.sh, for what runs long. */
export const BROKER_JVM: readonly string[] = [
  '-server',
  '-XX:+UseG1GC',
  '-XX:MaxGCPauseMillis=20',
  '-XX:InitiatingHeapOccupancyPercent=35',
  '-XX:+ExplicitGCInvokesConcurrent',
  '-XX:MaxInlineLevel=15',
  '-Djava.awt.headless=true',
];
/** For what ends soon: a quick start counts more than speed later. */
export const TOOL_JVM = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Djava.awt.headless=true'];
export const QUIET = '-Dorg.apache.logging.log4j.level=WARN';

const TOOLS = 'org.apache.kafka.tools';
const CLASSES: Readonly<Record<string, string>> = {
  acls: `${TOOLS}.AclCommand`,
  'broker-api-versions': `${TOOLS}.BrokerApiVersionsCommand`,
  'client-metrics': `${TOOLS}.ClientMetricsCommand`,
  cluster: `${TOOLS}.ClusterTool`,
  configs: KAFKA_VERSION.startsWith('4.3.') ? 'kafka.admin.ConfigCommand' : `${TOOLS}.ConfigCommand`,
  'connect-distributed': 'org.apache.kafka.connect.cli.ConnectDistributed',
  'connect-standalone': 'org.apache.kafka.connect.cli.ConnectStandalone',
  'console-consumer': `${TOOLS}.consumer.ConsoleConsumer`,
  'console-producer': `${TOOLS}.ConsoleProducer`,
  'console-share-consumer': `${TOOLS}.consumer.ConsoleShareConsumer`,
  'consumer-groups': `${TOOLS}.consumer.group.ConsumerGroupCommand`,
  'consumer-perf-test': `${TOOLS}.ConsumerPerformance`,
  'delegation-tokens': `${TOOLS}.DelegationTokenCommand`,
  'delete-records': `${TOOLS}.DeleteRecordsCommand`,
  'dump-log': `${TOOLS}.DumpLogSegments`,
  'e2e-latency': `${TOOLS}.EndToEndLatency`,
  features: `${TOOLS}.FeatureCommand`,
  'get-offsets': `${TOOLS}.GetOffsetShell`,
  groups: `${TOOLS}.GroupsCommand`,
  'leader-election': `${TOOLS}.LeaderElectionCommand`,
  'log-dirs': `${TOOLS}.LogDirsCommand`,
  'metadata-quorum': `${TOOLS}.MetadataQuorumCommand`,
  'metadata-shell': 'org.apache.kafka.shell.MetadataShell',
  'producer-perf-test': `${TOOLS}.ProducerPerformance`,
  'reassign-partitions': `${TOOLS}.reassign.ReassignPartitionsCommand`,
  'replica-verification': `${TOOLS}.ReplicaVerificationTool`,
  'share-consumer-perf-test': `${TOOLS}.ShareConsumerPerformance`,
  'share-groups': `${TOOLS}.consumer.group.ShareGroupCommand`,
  storage: 'kafka.tools.StorageTool',
  'streams-application-reset': `${TOOLS}.StreamsResetter`,
  'streams-groups': `${TOOLS}.streams.StreamsGroupCommand`,
  topics: `${TOOLS}.TopicCommand`,
  'transactional-message-copier': `${TOOLS}.TransactionalMessageCopier`,
  transactions: `${TOOLS}.TransactionsCommand`,
  'verifiable-consumer': `${TOOLS}.VerifiableConsumer`,
  'verifiable-producer': `${TOOLS}.VerifiableProducer`,
  'verifiable-share-consumer': `${TOOLS}.VerifiableShareConsumer`,
};
const RUNS_LONG = /perf-test$|^e2e-latency$|^verifiable-|^connect-/;

export const toolNames: readonly string[] = Object.keys(CLASSES);

/** The class of bin/kafka-NAME.sh; a name with a dot in it is one. @throws where there is no such tool */
export function toolClass(name: string): string {
  const mainClass = name.includes('.') ? name : CLASSES[name];
  if (mainClass === undefined) throw new Error(`Apache Kafka has no tool '${name}': ${toolNames.join(', ')}`);
  return mainClass;
}

export function javaCommand(): string {
  const home = process.env['JAVA_HOME'];
  return home === undefined || home === '' ? 'java' : join(home, 'bin', 'java');
}

/** A tool that runs until it is killed; `name` as in bin/kafka-NAME.sh, or a class of the jars (with a dot in it). */
export async function spawnTool(
  name: string,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<ChildProcess> {
  const mainClass = toolClass(name);
  const classpath = options.classpath ?? (await install()).classpath;
  const flags = RUNS_LONG.test(name) ? ['-Xmx512M', ...BROKER_JVM] : TOOL_JVM;
  const child = spawn(javaCommand(), [...flags, QUIET, ...(options.jvm ?? []), '-cp', classpath, mainClass, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: options.env ?? process.env,
  });
  await started(child);
  return child;
}

/** @throws when there is no Java to start */
export async function started(child: ChildProcess): Promise<void> {
  try {
    await once(child, 'spawn');
  } catch (error) {
    const why = (error as Error).message;
    throw new Error(`Java cannot be started (${why}): install Java 17 or later, or set JAVA_HOME`, { cause: error });
  }
}

/** Runs a tool to its end. */
export async function runTool(name: string, args: readonly string[], options: ToolOptions = {}): Promise<ToolResult> {
  const child = await spawnTool(name, args, options);
  const chunks: Buffer[] = [];
  child.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr!.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stdin!.on('error', () => {}); // a tool may end without having read
  child.stdin!.end(options.input ?? '');
  const late = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 120_000);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(late);
  return { code: code ?? -1, output: Buffer.concat(chunks).toString('utf8') };
}
