/**
 * Apache Kafka's own tests of what a cluster does, on Apache Kafka and on Ottla, both seen from outside alone; see README.md.
 *
 *     npm run test:kafka-tests                                            # all
 *     npm run test:kafka-tests -- --only share,consumer                   # some groups of classes.ts
 *     npm run test:kafka-tests -- --only share --tests 'Test.testClose'   # whose names fit a pattern
 *     npm run test:kafka-tests -- --brokers ottla                         # what Kafka does is taken from results.json
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startEtcd } from '../../scripts/etcd/cluster.ts';
import { etcds } from '../../scripts/etcd/install.ts';
import { installJars, installVersion } from '../../scripts/kafka/install.ts';
import { javaCommand } from '../../scripts/kafka/tools.ts';
import { cache } from '../provide/cache.ts';
import { compiled } from '../provide/java.ts';
import { groups, type Group } from './classes.ts';
import pins from './jars.json' with { type: 'json' };
import { results, type BrokerName, type Outcome, type Verdict } from './results.ts';

/** Of the test jars: Maven has none of a later version. */
const VERSION = '4.3.1';
const HARNESS = [
  'AdminAuthorizer',
  'AdminCredentials',
  'AdminMetadata',
  'AdminQuotas',
  'Advised',
  'Answering',
  'Bare',
  'Brokers',
  'DetectThreadLeak',
  'HarnessBroker',
  'HarnessCluster',
  'HarnessSettings',
  'Inside',
  'KafkaBrokers',
  'KafkaPeer',
  'MiniKdc',
  'OttlaBrokers',
  'OttlaPeer',
  'OutsideBroker',
  'OutsideCluster',
  'OutsideController',
  'OutsideSocketServer',
  'Peer',
  'Ports',
  'QuorumTestHarness',
  'RaftClusterInvocationContext',
  'Relay',
  'RunTests',
  'SharedKeys',
  'WithoutKerberos',
];
const OTTLA = fileURLToPath(new URL('../../bin/ottla.cjs', import.meta.url));
const FLAGS = ['-Xmx768m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Dorg.apache.logging.log4j.level=OFF'];

/** Tests mostly wait: for heartbeats, and for locks that run out. Apache Kafka's brokers are in the same virtual machine. */
const AT_ONCE: Readonly<Record<BrokerName, number>> = { kafka: 3, ottla: 6 };

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, tests: { type: 'string', default: '' }, brokers: { type: 'string' } },
  });
  const names = values.only?.split(',') ?? groups.map(({ name }) => name);
  const unknown = names.filter((name) => !groups.some((group) => group.name === name));
  if (unknown.length > 0) {
    say(`There is no ${unknown.join(', ')}. There are ${groups.map(({ name }) => name).join(', ')}.`);
    return 2;
  }
  const brokers = (values.brokers?.split(',') ?? ['kafka', 'ottla']) as BrokerName[];
  const classpath = await prepare();
  const wanted = groups.filter(({ name }) => names.includes(name));
  await using etcd = brokers.includes('ottla') ? await etcdFor(wanted) : null;
  for (const group of wanted) {
    for (const broker of brokers) {
      const found = await run({ group, broker, tests: values.tests, classpath, etcd: etcd?.endpoint ?? null });
      results.keep(group.name, broker, found, values.tests === '');
    }
    say(results.tells(group.name));
    results.save();
  }
  const failed = names.flatMap((name) => results.failures(name));
  say(failed.length === 0 ? '\nNothing fails on Ottla alone.' : `\nFails on Ottla alone:\n${failed.join('\n')}`);
  return failed.length === 0 ? 0 : 1;
}

/** @returns the class path: the harness, Kafka's tests, Kafka */
async function prepare(): Promise<string> {
  const kafka = await installVersion(VERSION);
  const tests = await installJars(`kafka-tests-${VERSION}`, pins);
  const sources = HARNESS.map((name) => fileURLToPath(new URL(`harness/${name}.java`, import.meta.url)));
  return compiled(sources, [...tests, ...kafka.jars]);
}

/** For several Ottlas that are one cluster; null where no group has any. */
async function etcdFor(wanted: readonly Group[]): Promise<({ endpoint: string } & AsyncDisposable) | null> {
  if (!wanted.some(({ needsEtcd }) => needsEtcd)) return null;
  const [found] = etcds(say);
  if (found === undefined) throw new Error('there is no etcd here: install it, or apt-get or Go');
  const directory = mkdtempSync(join(tmpdir(), 'kafka-tests-etcd-'));
  const running = await startEtcd({ program: found.path, directory });
  return {
    endpoint: running.endpoints[0],
    [Symbol.asyncDispose]: async () => {
      await running.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

interface Run {
  readonly group: Group;
  readonly broker: BrokerName;
  /** A pattern for the names of those that run. */
  readonly tests: string;
  readonly classpath: string;
  /** host:port */
  readonly etcd: string | null;
}

async function run({ group, broker, tests, classpath, etcd }: Run): Promise<Map<string, Outcome>> {
  const kept = join(cache('kafka-tests'), `${group.name}-${broker}`);
  say(`\n${group.name} on ${broker}; what each does goes to ${kept}.txt, stack traces to ${kept}.log`);
  const told = createWriteStream(`${kept}.txt`);
  const settings = [
    `-Dottla.brokers=${broker}`,
    `-Dottla.command=${[process.execPath, OTTLA].join('\t')}`,
    `-Dottla.tests=${tests}`,
    `-Dottla.parallel=${group.isAlone === true ? 1 : AT_ONCE[broker]}`,
    ...(group.hasController === true ? ['-Dottla.controller=apart'] : []),
    ...(etcd === null ? [] : [`-Dottla.etcd=${etcd}`]),
  ];
  const java = spawn(javaCommand(), [...FLAGS, ...settings, '-cp', classpath, 'ottla.RunTests', ...group.classes], {
    stdio: ['ignore', 'pipe', openSync(`${kept}.log`, 'w')],
    cwd: cache('kafka-tests'), // where some tests make directories
    // Ottla takes variables of this kind for settings.
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KAFKA_'))),
  });
  const killWithUs = (): void => void java.kill('SIGKILL');
  process.once('exit', killWithUs);
  const found = new Map<string, Outcome>();
  const lines = createInterface(java.stdout!);
  lines.on('line', (line) => {
    told.write(`${line}\n`);
    const [verdict, name, seconds, why] = line.split('\t');
    found.set(name, { verdict: verdict as Verdict, why });
    if (verdict !== 'ok') say(`${verdict}  ${name}  ${seconds} s  ${why.slice(0, 300)}`);
  });
  const [[code]] = await Promise.all([once(java, 'exit'), once(lines, 'close')]);
  process.off('exit', killWithUs);
  told.end();
  if (code !== 0) throw new Error(`the virtual machine of ${group.name} has ended with ${code}: see ${kept}.log`);
  return found;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exitCode = await main();
