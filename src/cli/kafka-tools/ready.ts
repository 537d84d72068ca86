/** `cub kafka-ready` and `kafka-ready`: waits until so many brokers answer, as confluentinc's images have it. */
import { Cluster } from '../client/cluster.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage.ts';
import { connecting, readPropertiesFile, type Properties } from './command-config.ts';

const USAGE =
  'write kafka-ready -b host:port BROKERS SECONDS, with -c FILE for the properties of a client and -s PROTOCOL';
const RETRY_MS = 200;

/** The other subcommands wait for servers that are not needed here. */
export function cub(args: readonly string[], terminal: Terminal): Promise<number> {
  const [subcommand, ...rest] = args;
  if (subcommand === 'kafka-ready') return kafkaReady(rest, terminal);
  if (subcommand === 'zk-ready') return Promise.resolve(0);
  throw new UsageError(`cub ${subcommand ?? ''} is not there; ${USAGE}`);
}

export async function kafkaReady(args: readonly string[], terminal: Terminal): Promise<number> {
  const { brokers, counts, properties } = read(args);
  const [wanted, seconds] = counts;
  const { security, clientId } = await connecting(properties);
  const { clock } = terminal;
  const until = clock.monotonic() + seconds * 1000;
  let seen = 0;
  let why = '';
  while (clock.monotonic() < until) {
    const timeoutMs = Math.max(100, until - clock.monotonic());
    const cluster = new Cluster({
      brokers,
      clock,
      timeoutMs,
      security,
      ...(clientId === undefined ? {} : { clientId }),
    });
    try {
      seen = (await cluster.metadata([])).brokers.length;
      if (seen >= wanted) return 0;
    } catch (error) {
      why = `: ${(error as Error).message}`;
    } finally {
      await cluster.close();
    }
    await new Promise<void>((resolve) => void clock.after(RETRY_MS, resolve));
  }
  terminal.stderr.write(`${seen} of ${wanted} brokers answered within ${seconds} s${seen > 0 ? '' : why}\n`);
  return 1;
}

const VALUE_OF: Readonly<Record<string, 'brokers' | 'config' | 'protocol'>> = {
  '-b': 'brokers',
  '--bootstrap-broker-list': 'brokers',
  '--bootstrap_broker_list': 'brokers',
  '--bootstrap-server': 'brokers',
  '-c': 'config',
  '--config': 'config',
  '-s': 'protocol',
  '--security-protocol': 'protocol',
};

function read(args: readonly string[]): { brokers: string; counts: [number, number]; properties: Properties } {
  const given: { brokers?: string; config?: string; protocol?: string } = {};
  const numbers: number[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at];
    if (Object.hasOwn(VALUE_OF, arg)) {
      given[VALUE_OF[arg]] = args[++at];
      if (args[at] === undefined) throw new UsageError(`write ${arg} and its value`);
    } else if (/^\d+$/.test(arg)) numbers.push(Number(arg));
    else if (arg === '-z' || arg.startsWith('--zookeeper')) {
      throw new UsageError('Kafka has no ZooKeeper since 4.0: write -b host:port instead');
    } else throw new UsageError(`${arg} is not understood: ${USAGE}`);
  }
  const { brokers, config, protocol } = given;
  if (brokers === undefined || numbers.length !== 2) throw new UsageError(USAGE);
  const properties = new Map(config === undefined ? [] : readPropertiesFile('config', config));
  if (protocol !== undefined) properties.set('security.protocol', protocol);
  return { brokers, counts: [numbers[0], numbers[1]], properties };
}
