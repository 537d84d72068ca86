/** `ottla healthcheck [host:port]`: asks a broker which APIs it answers, as the container's HEALTHCHECK does. */
import { parseArgs } from 'node:util';
import { ApiVersions } from '../../protocol/apis/18-api-versions.ts';
import { connect, type Client } from '../../protocol/client.ts';
import { systemClock } from '../platform/clock.ts';
import { UsageError } from './usage.ts';

const DEFAULT_ADDRESS = '127.0.0.1:9092';
const DEFAULT_TIMEOUT_MS = 5000;

export async function healthcheck(args: string[]): Promise<number> {
  const { address, host, port, timeoutMs } = parse(args);
  const opened: Client[] = [];
  try {
    return await within(timeoutMs, async () => {
      const client = await connect({ host, port, clientId: 'ottla-healthcheck' });
      opened.push(client);
      const { errorCode } = await client.send(ApiVersions, 0, {});
      return errorCode === 0 ? 0 : 1;
    });
  } catch (error) {
    process.stderr.write(`ottla: no broker answers at ${address}: ${(error as Error).message}\n`);
    return 1;
  } finally {
    for (const client of opened) await client.close();
  }
}

function parse(args: string[]): { address: string; host: string; port: number; timeoutMs: number } {
  const options = { 'timeout-ms': { type: 'string' } } as const;
  let parsed;
  try {
    parsed = parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}; ottla --help lists the options`);
  }
  const [address = DEFAULT_ADDRESS] = parsed.positionals;
  const match = /^\[?(.+?)\]?:(\d{1,5})$/.exec(address);
  if (match === null || Number(match[2]) > 65535) {
    throw new UsageError(`'${address}' is no address: write host:port, such as ${DEFAULT_ADDRESS}`);
  }
  const timeoutMs = Number(parsed.values['timeout-ms'] ?? DEFAULT_TIMEOUT_MS);
  if (!(timeoutMs > 0)) throw new UsageError('--timeout-ms wants a number of milliseconds');
  return { address, host: match[1], port: Number(match[2]), timeoutMs };
}

/** What listens but never answers must not be taken for well, nor waited for. */
async function within(timeoutMs: number, ask: () => Promise<number>): Promise<number> {
  let stop = (): void => {};
  const late = new Promise<never>((_resolve, reject) => {
    const timer = systemClock.after(timeoutMs, () => reject(new Error(`no answer within ${timeoutMs} ms`)));
    stop = () => timer.cancel();
  });
  try {
    return await Promise.race([ask(), late]);
  } finally {
    stop();
  }
}
