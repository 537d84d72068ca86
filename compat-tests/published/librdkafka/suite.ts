/**
 * librdkafka's own tests that need a broker, as the package of its binding for Node has them: in plain text, and once more over TLS with
 * every client signed in by SCRAM.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KAFKA_VERSION } from '../../../scripts/kafka/index.ts';
import packageJson from '../../../test/clients/librdkafka/package.json' with { type: 'json' };
import type { SignIn } from '../../brokers/peer.ts';
import { ALICE } from '../../brokers/secured.ts';
import { cache } from '../../provide/cache.ts';
import { mustRun, runCommand, versionOf } from '../../provide/command.ts';
import { npmDirectory } from '../../provide/npm.ts';
import { Missing, type Suite } from '../../suites/suite.ts';
import { change } from '../change.ts';
import { allowList, verdictLines } from '../published.ts';

const BINDING = '@confluentinc/kafka-javascript';
const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
const NOT = new URL('not.txt', import.meta.url);
const BUILD_MS = 1_800_000;
const PATIENCE_MS = 2_400_000;
/** Only tests that need a broker, without those that are known to fail, some at a time. */
const FLAGS = ['-L', '-K', '-p4'];
/** Quick mode has no part of it. */
const NEVER_QUICK = '0142_reauthentication';

export const librdkafkaTests: Suite = suite('librdkafka-tests', '', (_signIn, bootstrap) => ({
  'bootstrap.servers': bootstrap,
}));

export const librdkafkaTestsSignedIn: Suite = suite(
  'librdkafka-tests-sasl-ssl',
  ', over SASL_SSL by SCRAM-SHA-512',
  ({ saslSsl, authority }) => ({
    'bootstrap.servers': saslSsl,
    'security.protocol': 'SASL_SSL',
    'ssl.ca.location': authority,
    'sasl.mechanisms': 'SCRAM-SHA-512',
    'sasl.username': ALICE.name,
    'sasl.password': ALICE.password,
  }),
);

type Properties = Readonly<Record<string, string>>;

function suite(name: string, how: string, properties: (signIn: SignIn, bootstrap: string) => Properties): Suite {
  return {
    name,
    // In plain text as well: some of its tests add ACLs, and all count on four partitions.
    signsIn: true,
    prepare: async () => {
      const { version, tests } = await built();
      return {
        title: `librdkafka ${version}, tests${how}`,
        run: async (bootstrap, _run, signIn) =>
          verdictLines(await verdicts(tests, bootstrap, properties(signIn!, bootstrap))),
      };
    },
  };
}

interface Built {
  readonly version: string;
  /** Where the test runner is. */
  readonly tests: string;
}

async function built(): Promise<Built> {
  for (const tool of ['make', 'c++', 'python3']) {
    if ((await versionOf(tool, '--version')) === null) throw new Missing(`needs ${tool}, to build librdkafka's tests`);
  }
  const wanted = `${BINDING}@${packageJson.dependencies[BINDING]}`;
  const binding = join(await npmDirectory(wanted), 'node_modules', BINDING);
  const { librdkafka: version } = JSON.parse(readFileSync(join(binding, 'package.json'), 'utf8')) as {
    librdkafka: string;
  };
  const source = join(cache('librdkafka'), version);
  const tests = join(source, 'tests');
  if (existsSync(join(tests, 'test-runner'))) return { version, tests };
  const room = `${source}.${process.pid}`;
  await mustRun('cp', ['-r', join(binding, 'deps/librdkafka'), room]);
  // It wants three brokers for three replicas; here is one.
  change(join(room, 'tests/test.c'), [
    [
      'rd_kafka_NewTopic_new(topicname, partition_cnt, replication_factor,',
      'rd_kafka_NewTopic_new(topicname, partition_cnt, -1,',
    ],
  ]);
  const options = { cwd: room, timeoutMs: BUILD_MS };
  await mustRun('./configure', ['--disable-gssapi', '--disable-lz4-ext', '--disable-curl'], options);
  const jobs = `-j${availableParallelism()}`;
  await mustRun('make', [jobs, 'libs'], options);
  await mustRun('make', [jobs, '-C', 'tests', 'build'], options);
  rmSync(source, { recursive: true, force: true });
  renameSync(room, source);
  return { version, tests };
}

/** Of those that ran, whether they passed; those that skip themselves are left out. */
async function verdicts(tests: string, bootstrap: string, properties: Properties): Promise<Map<string, boolean>> {
  const room = mkdtempSync(join(tmpdir(), 'librdkafka-tests-'));
  try {
    const all = { 'test.timeout.multiplier': '3', 'broker.address.family': 'v4', ...properties };
    const lines = Object.entries(all).map(([key, value]) => `${key}=${value}\n`);
    writeFileSync(join(room, 'test.conf'), lines.join(''));
    const env = {
      ...process.env,
      LD_LIBRARY_PATH: `${tests}/../src:${tests}/../src-cpp`,
      RDKAFKA_TEST_CONF: join(room, 'test.conf'),
      TEST_KAFKA_VERSION: KAFKA_VERSION,
      KAFKA_PATH: toolsIn(room),
      BROKERS: bootstrap,
    };
    const run = async (flags: readonly string[], chosen: Properties): Promise<[string, boolean][]> => {
      const report = join(room, 'report.json');
      const options = { cwd: tests, env: { ...env, ...chosen, TEST_REPORT: report }, timeoutMs: PATIENCE_MS };
      await runCommand(join(tests, 'test-runner'), flags, options);
      return verdictsIn(readFileSync(report, 'utf8'));
    };
    const quick = await run([...FLAGS, '-Q'], { TESTS_SKIP: [NEVER_QUICK, ...allowList(NOT)].join() });
    return new Map([...quick, ...(await run(FLAGS, { TESTS: NEVER_QUICK }))]);
  } finally {
    rmSync(room, { recursive: true, force: true });
  }
}

function verdictsIn(report: string): [string, boolean][] {
  const { tests } = JSON.parse(report) as { tests: Readonly<Record<string, { readonly state: string }>> };
  return Object.entries(tests).flatMap(([name, { state }]): [string, boolean][] =>
    name !== '<MAIN>' && ['PASSED', 'FAILED', 'RUNNING'].includes(state) ? [[name, state === 'PASSED']] : [],
  );
}

/** Tools that some tests call by their places in Apache Kafka. They are Ottla's, for either broker, and do not sign in. */
function toolsIn(room: string): string {
  mkdirSync(join(room, 'bin'));
  for (const tool of ['kafka-topics', 'kafka-acls']) {
    const file = join(room, 'bin', `${tool}.sh`);
    // The first two words say where the broker is.
    const run = `exec '${process.execPath}' '${MAIN}' ${tool} --bootstrap-server "$BROKERS" "$@"`;
    writeFileSync(file, `#!/bin/sh\nshift 2\n${run}\n`);
    chmodSync(file, 0o755);
  }
  return room;
}
