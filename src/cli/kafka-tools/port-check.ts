/** `nc -z host port`: whether a port answers, which is all of netcat that scripts around Kafka need. */
import { connect } from '../../../protocol/client.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage.ts';

interface Wanted {
  readonly host: string;
  readonly port: number;
  readonly isLoud: boolean;
  readonly waitMs: number;
}

const WAIT_MS = 5000;

export async function portCheck(args: readonly string[], terminal: Terminal): Promise<number> {
  const { host, port, isLoud, waitMs } = read(args);
  const say = (what: string): void => {
    if (isLoud) terminal.stderr.write(`${host} ${port} ${what}\n`);
  };
  try {
    const client = await connect({ host, port, connectTimeoutMs: waitMs });
    await client.close();
    say('open');
    return 0;
  } catch (error) {
    say((error as Error).message);
    return 1;
  }
}

function read(args: readonly string[]): Wanted {
  const places: string[] = [];
  let letters = '';
  let waitMs = WAIT_MS;
  for (let at = 0; at < args.length; at++) {
    const [, flags] = /^-([zvnw46]+)$/.exec(args[at]) ?? [];
    if (flags === undefined) places.push(args[at]);
    else letters += flags;
    if (flags?.endsWith('w')) waitMs = Number(args[++at]) * 1000;
  }
  const [host, port] = places;
  const isCheck = letters.includes('z') && places.length === 2 && /^\d+$/.test(port) && waitMs > 0;
  if (!isCheck) throw new UsageError('of netcat there is only `nc -z host port` here, with -v and -w SECONDS');
  return { host, port: Number(port), isLoud: letters.includes('v'), waitMs };
}
