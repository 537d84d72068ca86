/** The integration tests of franz-go's client, as the Go module proxy has them, built from the module that ../../suites/go names. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cache } from '../../provide/cache.ts';
import { mustRun, runCommand, versionOf } from '../../provide/command.ts';
import { Missing, type Suite } from '../../suites/suite.ts';
import { allowList, verdictLines } from '../published.ts';

const MODULE = fileURLToPath(new URL('../../suites/go/', import.meta.url));
const PACKAGE = 'github.com/twmb/franz-go/pkg/kgo';
const PATIENCE_MS = 600_000;
/** What its tests write and read; half a million unless told. */
const RECORDS = '20000';

export const franzGoTests: Suite = {
  name: 'franz-go-tests',
  prepare: async () => {
    if ((await versionOf('go', 'version')) === null) throw new Missing('needs Go');
    const program = join(cache('go'), 'kgo.test');
    await mustRun('go', ['test', '-c', '-o', program, PACKAGE], { cwd: MODULE });
    const version = (
      await mustRun('go', ['list', '-m', '-f', '{{.Version}}', 'github.com/twmb/franz-go'], { cwd: MODULE })
    ).trim();
    const names = allowList(new URL('tests.txt', import.meta.url));
    return {
      title: `franz-go ${version.slice(1)}, pkg/kgo`,
      run: async (bootstrap) => {
        const env = {
          ...process.env,
          KGO_SEEDS: bootstrap,
          KGO_TEST_RF: '1',
          KGO_TEST_RECORDS: RECORDS,
          KGO_LOG_LEVEL: 'none',
        };
        const args = ['-test.v', '-test.timeout', '590s', '-test.run', `^(${names.join('|')})$`];
        const { stdout } = await runCommand(program, args, { cwd: cache('go'), env, timeoutMs: PATIENCE_MS });
        const passed = [...stdout.matchAll(/^--- (PASS|FAIL): (\w+)/gm)].map(([, verdict, name]): [string, boolean] => [
          name,
          verdict === 'PASS',
        ]);
        return verdictLines(new Map([...names.map((name): [string, boolean] => [name, false]), ...passed]));
      },
    };
  },
};
