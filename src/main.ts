/** The command `ottla`: finds the command, loads no more than it needs, and turns failures into words and an exit code. */

/** These load the broker; every other command does without it. */
function startsBroker(first: string | undefined): boolean {
  if (first === 'start') return true;
  return (
    first !== undefined &&
    first.startsWith('-') &&
    !['--help', '-h', '--version', '-b', '--brokers', '--bootstrap-server'].includes(first)
  );
}

async function run(args: string[]): Promise<number> {
  const [first, ...rest] = args;
  if (startsBroker(first)) {
    const { start } = await import('./cli/start.ts');
    return start(first === 'start' ? rest : args);
  }
  if (/^(kafka-[a-z-]+|cub|nc)$/.test(first ?? '')) {
    const { runKafkaTool } = await import('./cli/kafka-tools/index.ts');
    return runKafkaTool(first, rest);
  }
  const { runTool } = await import('./cli/program.ts');
  return runTool(first === undefined ? ['--help'] : args);
}

/** 1: it failed. 2: the command line was not understood. */
function exitCodeOf(error: unknown): number {
  return error instanceof Error && error.name === 'UsageError' ? 2 : 1;
}

async function main(): Promise<void> {
  try {
    process.exitCode = await run(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`ottla: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = exitCodeOf(error);
  }
}

void main();
