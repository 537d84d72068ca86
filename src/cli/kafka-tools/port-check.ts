/** `nc -z host port`: whether ports answer, which is all of netcat that scripts around Kafka need. */
import { connect } from '../../../protocol/client.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage.ts';

interface Wanted {
  readonly host: string;
  readonly ports: readonly number[];
  readonly isLoud: boolean;
  readonly waitMs: number;
}

const WAIT_MS = 5000;
const MOST_PORTS = 1000;
const USAGE = 'of netcat there is only `nc -z host port` here, with -v, -n, -4, -6 and -w SECONDS';

/** 0 where one of the ports answers. */
export async function portCheck(args: readonly string[], terminal: Terminal): Promise<number> {
  const { host, ports, isLoud, waitMs } = read(args);
  let code = 1;
  for (const port of ports) {
    const say = (what: string): void => {
      if (isLoud) terminal.stderr.write(`${host} ${port} ${what}\n`);
    };
    try {
      const client = await connect({ host, port, connectTimeoutMs: waitMs });
      await client.close();
      say('open');
      code = 0;
    } catch (error) {
      say((error as Error).message);
    }
  }
  return code;
}

/** Letters may stand together, and the seconds behind the w or in a word of their own: -zvw5, -z -w 5. */
function read(args: readonly string[]): Wanted {
  const places: string[] = [];
  const letters = new Set<string>();
  let seconds = String(WAIT_MS / 1000);
  for (let at = 0; at < args.length; at++) {
    if (!args[at].startsWith('-')) {
      places.push(args[at]);
      continue;
    }
    const [whole, flags, wait] = /^-([zvn46]*)(?:w(.*))?$/.exec(args[at]) ?? [];
    if (whole === undefined || whole === '-') throw new UsageError(`${args[at]}: ${USAGE}`);
    for (const letter of flags) letters.add(letter);
    if (wait !== undefined) seconds = wait === '' ? (args[++at] ?? '') : wait;
  }
  const [host, ...rest] = places;
  const ports = rest.flatMap(portsOf);
  const isTime = /^\d{1,6}(\.\d+)?$/.test(seconds) && Number(seconds) > 0;
  if (!letters.has('z') || host === undefined || ports.length === 0 || !isTime) throw new UsageError(USAGE);
  return { host: ofFamily(host, letters), ports, isLoud: letters.has('v'), waitMs: Number(seconds) * 1000 };
}

/** One port, or a range such as 9092-9094. */
function portsOf(text: string): number[] {
  const [whole, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (whole === undefined || from < 1 || to > 65535 || to < from || to - from >= MOST_PORTS) {
    throw new UsageError(`${text} is no port: ${USAGE}`);
  }
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** -n asks for an address; -4 and -6 for one of that kind, which a name does not tell, localhost apart. */
function ofFamily(host: string, letters: ReadonlySet<string>): string {
  const isSix = host.includes(':');
  const isFour = /^\d+(\.\d+){3}$/.test(host);
  if (letters.has('n') && !isSix && !isFour) throw new UsageError(`-n needs an address, and ${host} is a name`);
  const wanted = letters.has('6') ? 'IPv6' : letters.has('4') ? 'IPv4' : null;
  if (wanted === null || (wanted === 'IPv6' ? isSix : isFour)) return host;
  if (host === 'localhost') return wanted === 'IPv6' ? '::1' : '127.0.0.1';
  throw new UsageError(`${host} is no address of ${wanted}: write one`);
}
