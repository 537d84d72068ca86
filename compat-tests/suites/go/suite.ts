/** Clients in Go: franz-go as it is and as it talks to an old Kafka, Sarama, kafka-go. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cache } from '../../provide/cache.ts';
import { mustRun, runCommand, versionOf } from '../../provide/command.ts';
import { Missing, type Suite } from '../suite.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const PATIENCE_MS = 400_000;

export const go: readonly Suite[] = [
  suite('franz-go', 'github.com/twmb/franz-go'),
  suite('franz-go-2.4', 'github.com/twmb/franz-go', 'v2.4.0'),
  suite('sarama', 'github.com/IBM/sarama'),
  suite('kafka-go', 'github.com/segmentio/kafka-go'),
];

function suite(name: string, module: string, pinned = ''): Suite {
  return {
    name,
    prepare: async () => {
      if ((await versionOf('go', 'version')) === null) throw new Missing('needs Go');
      const folder = module.split('/').at(-1)!;
      const program = join(cache('go'), folder);
      await mustRun('go', ['build', '-o', program, `./${folder}`], { cwd: HERE });
      const version = versionIn(readFileSync(join(HERE, 'go.mod'), 'utf8'), module);
      return {
        title: pinned === '' ? `${folder} ${version}` : `${folder} ${version} as for Kafka ${pinned.slice(1)}`,
        run: async (bootstrap, run) =>
          (await runCommand(program, [bootstrap, run, pinned], { timeoutMs: PATIENCE_MS })).stdout,
      };
    },
  };
}

function versionIn(goMod: string, module: string): string {
  const line = goMod.split('\n').find((each) => each.trim().startsWith(`${module} v`));
  return line?.trim().split(' ')[1].slice(1) ?? '';
}
