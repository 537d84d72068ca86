/**
 * The integration tests of franz-go's client, as the Go module proxy has them: in plain text, and once more over TLS with every client
 * signed in by SCRAM.
 */
import { join } from 'node:path';
import { cache } from '../../provide/cache.ts';
import { mustRun, runCommand } from '../../provide/command.ts';
import { ALICE } from '../../brokers/secured.ts';
import type { SignIn } from '../../brokers/peer.ts';
import type { Suite } from '../../suites/suite.ts';
import { change } from '../change.ts';
import { copiedModule, goVerdicts, type GoModule } from '../go-tests.ts';
import { allowList, verdictLines } from '../published.ts';

const PATIENCE_MS = 900_000;
/** What its tests write and read; half a million unless told. */
const RECORDS = '20000';
const LIST = new URL('tests.txt', import.meta.url);
/** They skip themselves without a listener with SASL. */
const SCRAM_TESTS = ['TestSCRAMAuth', 'TestSCRAMAuthBadCredentials'];
/** They dial by themselves, which franz-go refuses beside TLS; and the first that does it ends the whole run. */
const OWN_DIALERS = ['TestIssue769'];

export const franzGoTests: Suite = {
  name: 'franz-go-tests',
  prepare: async () => {
    const { version, directory } = await copied('franz-go-plain');
    const program = await built(directory, 'kgo.test');
    return {
      title: `franz-go ${version}, pkg/kgo`,
      run: (bootstrap) => verdicts(program, allowList(LIST), { KGO_SEEDS: bootstrap }),
    };
  },
};

export const franzGoTestsSignedIn: Suite = {
  name: 'franz-go-tests-sasl-ssl',
  signsIn: true,
  prepare: async () => {
    const { version, directory } = await copied('franz-go-signed-in');
    // Only two tests sign in by themselves, and those do it in plain text.
    const tls = 'opts = append(opts, DialTLSConfig(testCert))\n\t}';
    const sasl = 'if saslScram != nil {\n\t\topts = append(opts, SASL(saslScram))\n\t}';
    change(join(directory, 'pkg/kgo/helpers_test.go'), [[tls, `${tls}\n\t${sasl}`]]);
    const program = await built(directory, 'kgo-signed-in.test');
    return {
      title: `franz-go ${version}, pkg/kgo, over SASL_SSL by SCRAM-SHA-512`,
      run: (_bootstrap, _run, signIn) =>
        verdicts(
          program,
          [...allowList(LIST).filter((name) => !OWN_DIALERS.includes(name)), ...SCRAM_TESTS],
          environmentOf(signIn!),
        ),
    };
  },
};

function copied(as: string): Promise<GoModule> {
  return copiedModule('github.com/twmb/franz-go', as);
}

async function built(directory: string, name: string): Promise<string> {
  const program = join(cache('go'), name);
  await mustRun('go', ['test', '-c', '-o', program, './pkg/kgo'], { cwd: directory });
  return program;
}

function environmentOf({ saslSsl, saslPlaintext, authority }: SignIn): Record<string, string> {
  return {
    KGO_SEEDS: saslSsl,
    KGO_TEST_TLS: `ca:${authority}`,
    KGO_TEST_SCRAM: `${ALICE.name}:${ALICE.password}:512`,
    KGO_TEST_SCRAM_SEEDS: saslPlaintext,
  };
}

async function verdicts(program: string, names: readonly string[], where: Record<string, string>): Promise<string> {
  const env = { ...process.env, ...where, KGO_TEST_RF: '1', KGO_TEST_RECORDS: RECORDS, KGO_LOG_LEVEL: 'none' };
  const args = ['-test.v', '-test.timeout', `${PATIENCE_MS / 1000 - 10}s`, '-test.run', `^(${names.join('|')})$`];
  const { stdout } = await runCommand(program, args, { cwd: cache('go'), env, timeoutMs: PATIENCE_MS });
  return verdictLines(goVerdicts(stdout, names));
}
