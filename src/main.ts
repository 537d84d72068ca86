/** The command `ottla`: finds the sub-command, runs it, and turns what goes wrong into one sentence and an exit code. */
import { healthcheck } from './cli/healthcheck.ts';
import { start } from './cli/start.ts';
import { UsageError } from './cli/usage.ts';

const USAGE = `usage: ottla [start] [options]       run a broker
       ottla healthcheck [host:port]   exit 0 when a broker answers there (--timeout-ms N, default 5000)

options of start:
  --port N            listen on port N of every interface (default 9092; 0: any free port)
  --host HOST         listen on this address only
  --dir DIR           keep everything in DIR (default ./ottla-data)
  --memory            keep everything in memory and lose it at the end
  --set KEY=VALUE     a broker setting by Kafka's name; may be repeated
  --config FILE       settings from a server.properties
  --log-level LEVEL   debug, info, warn (default), error or silent
  --version, --help

Environment variables named KAFKA_… work as in the apache/kafka image. Flags come before them, they before the file.`;

const commands: Readonly<Record<string, (args: string[]) => Promise<number>>> = { start, healthcheck };

async function run(args: string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) return print(USAGE);
  if (args.includes('--version')) return print(process.env.OTTLA_VERSION ?? 'from source');
  const [first] = args;
  if (first === undefined || first.startsWith('-')) return start(args);
  const command = Object.hasOwn(commands, first) ? commands[first] : undefined;
  if (command === undefined) throw new UsageError(`there is no command '${first}'; ottla --help lists them`);
  return command(args.slice(1));
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

async function main(): Promise<void> {
  try {
    process.exitCode = await run(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`ottla: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

void main();
