/** A suite whose cases are a program in TypeScript beside it. */
import { runCommand } from '../provide/command.ts';
import type { Suite } from './suite.ts';

const PATIENCE_MS = 400_000;

export function nodeProgram(
  name: string,
  program: URL,
  /** The client's title; what the program needs to find it, as a third argument. */
  prepare: () => Promise<{ title: string; argument?: string }>,
): Suite {
  return {
    name,
    prepare: async () => {
      const { title, argument = '' } = await prepare();
      return {
        title,
        run: async (bootstrap, run) => {
          const asked = ['--no-warnings', program.pathname, bootstrap, run, argument];
          const { stdout, stderr } = await runCommand(process.execPath, asked, { timeoutMs: PATIENCE_MS });
          if (!/^(not )?ok\t/m.test(stdout)) throw new Error(`${name} said nothing: ${errorIn(stderr)}`);
          return stdout;
        },
      };
    },
  };
}

/** The line that names the error, of all that a runtime prints about it. */
function errorIn(stderr: string): string {
  const lines = stderr.trim().split('\n');
  return lines.find((line) => /\w*Error\b.*:/.test(line)) ?? lines[0];
}
