/** The tests of kafka-go that sign in, as the Go module proxy has them. They have the addresses of their broker written down. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SignIn } from '../../brokers/peer.ts';
import { cache } from '../../provide/cache.ts';
import { mustRun, runCommand } from '../../provide/command.ts';
import { KAFKA_VERSION } from '../../../scripts/kafka/index.ts';
import type { Suite } from '../../suites/suite.ts';
import { change } from '../change.ts';
import { copiedModule, goVerdicts } from '../go-tests.ts';
import { verdictLines } from '../published.ts';

const PATIENCE_MS = 300_000;
const ADDRESSES = `import "os"

var plainAddress, saslAddress = os.Getenv("PLAIN_ADDRESS"), os.Getenv("SASL_ADDRESS")
`;

/** By package: what -test.run is told, and the tests that are to pass. */
const TESTS = {
  sasl: {
    run: '^TestSASL$',
    names: ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) =>
      ['success', 'failure', 'is_reusable'].map((what) => `TestSASL/${mechanism}_${what}`),
    ),
  },
  '.': {
    run: '^(TestUnsupportedSASLMechanism|TestWriter)$/^writing_a_message_with_SASL_Plain_authentication$',
    names: ['TestUnsupportedSASLMechanism', 'TestWriter/writing_a_message_with_SASL_Plain_authentication'],
  },
} as const;

export const kafkaGoTests: Suite = {
  name: 'kafka-go-tests',
  signsIn: true,
  prepare: async () => {
    const { version, directory } = await copiedModule('github.com/segmentio/kafka-go', 'kafka-go-tests');
    writeFileSync(join(directory, 'addresses_test.go'), `package kafka\n\n${ADDRESSES}`);
    writeFileSync(join(directory, 'sasl/addresses_test.go'), `package sasl_test\n\n${ADDRESSES}`);
    change(join(directory, 'sasl/sasl_test.go'), [
      ['const (\n\tsaslTestConnect', 'var (\n\tsaslTestConnect'],
      ['"localhost:9093"', 'saslAddress'],
    ]);
    for (const name of readdirSync(directory).filter((each) => each.endsWith('_test.go')))
      toldAddresses(directory, name);
    const programs: [keyof typeof TESTS, string][] = [];
    for (const each of Object.keys(TESTS) as (keyof typeof TESTS)[]) {
      const program = join(cache('go'), `kafka-go-${each === '.' ? 'root' : each}.test`);
      await mustRun('go', ['test', '-mod=mod', '-c', '-o', program, `./${each}`], { cwd: directory });
      programs.push([each, program]);
    }
    return {
      title: `kafka-go ${version}, tests of SASL`,
      run: async (bootstrap, _run, signIn) => {
        const env = environmentOf(bootstrap, signIn!);
        const found = new Map<string, boolean>();
        for (const [each, program] of programs) {
          const { run, names } = TESTS[each];
          const options = { cwd: directory, env, timeoutMs: PATIENCE_MS };
          const { stdout } = await runCommand(program, ['-test.v', '-test.run', run], options);
          for (const [name, passed] of goVerdicts(stdout, names)) found.set(name, passed);
        }
        return verdictLines(found);
      },
    };
  },
};

/** Of the package kafka: where a test names a broker, it asks what it was told. Constants, which others use, stay. */
function toldAddresses(directory: string, name: string): void {
  const file = join(directory, name);
  const text = readFileSync(file, 'utf8');
  if (!text.startsWith('package kafka\n')) return;
  const changed = text
    .replaceAll(/(?<!= )"(localhost|127\.0\.0\.1):9092"/g, 'plainAddress')
    .replaceAll(/(?<!= )"(localhost|127\.0\.0\.1):9093"/g, 'saslAddress');
  if (changed !== text) writeFileSync(file, changed);
}

function environmentOf(bootstrap: string, { saslPlaintext }: SignIn): NodeJS.ProcessEnv {
  return { ...process.env, PLAIN_ADDRESS: bootstrap, SASL_ADDRESS: saslPlaintext, KAFKA_VERSION };
}
