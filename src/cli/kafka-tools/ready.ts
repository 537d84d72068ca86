/** `cub kafka-ready` and `kafka-ready`: waits until so many brokers answer, as confluentinc's images have it. */
import { withCluster } from '../connection-options.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage.ts';

const USAGE = 'write kafka-ready -b host:port BROKERS SECONDS';
const RETRY_MS = 200;

/** The other subcommands wait for servers that are not needed here. */
export function cub(args: readonly string[], terminal: Terminal): Promise<number> {
  const [subcommand, ...rest] = args;
  if (subcommand === 'kafka-ready') return kafkaReady(rest, terminal);
  if (subcommand === 'zk-ready') return Promise.resolve(0);
  throw new UsageError(`cub ${subcommand ?? ''} is not there; ${USAGE}`);
}

export async function kafkaReady(args: readonly string[], terminal: Terminal): Promise<number> {
  const { brokers, counts } = read(args);
  const [wanted, seconds] = counts;
  const until = terminal.clock.monotonic() + seconds * 1000;
  let seen = 0;
  let why = '';
  while (terminal.clock.monotonic() < until) {
    try {
      const timeout = Math.max(0.1, (until - terminal.clock.monotonic()) / 1000);
      seen = await withCluster(terminal, { brokers, timeout }, async (cluster) => {
        return (await cluster.metadata([])).brokers.length;
      });
      if (seen >= wanted) return 0;
    } catch (error) {
      why = `: ${(error as Error).message}`;
    }
    await new Promise<void>((resolve) => void terminal.clock.after(RETRY_MS, resolve));
  }
  terminal.stderr.write(`${seen} of ${wanted} brokers answered within ${seconds} s${seen > 0 ? '' : why}\n`);
  return 1;
}

function read(args: readonly string[]): { brokers: string; counts: [number, number] } {
  let brokers: string | undefined;
  const numbers: number[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at];
    if (['-b', '--bootstrap-broker-list', '--bootstrap_broker_list', '--bootstrap-server'].includes(arg))
      brokers = args[++at];
    else if (['-c', '--config', '-z', '-s', '--security-protocol'].includes(arg)) at++;
    else if (/^\d+$/.test(arg)) numbers.push(Number(arg));
    else throw new UsageError(`${arg} is not understood: ${USAGE}`);
  }
  if (brokers === undefined || numbers.length !== 2) throw new UsageError(USAGE);
  return { brokers, counts: [numbers[0], numbers[1]] };
}
