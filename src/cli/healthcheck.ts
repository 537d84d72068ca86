/** `ottla healthcheck [host:port]`: asks a broker which APIs it answers, as the container's HEALTHCHECK does. */
import { ApiVersions } from '../../protocol/apis/18-api-versions.ts';
import { connect, type Client } from '../../protocol/client.ts';
import { systemClock } from '../platform/clock.ts';
import { parseAddress } from './client/address.ts';
import { attach, parse } from './command-line.ts';
import { healthcheckCommand } from './start-command.ts';
import { processTerminal } from './terminal.ts';
import { UsageError } from './usage.ts';

const DEFAULT_TIMEOUT_MS = 5000;

export async function healthcheck(args: string[]): Promise<number> {
  const asked = await read(args);
  if (asked === null) return 0;
  const { address, host, port, timeoutMs } = asked;
  const opened: Client[] = [];
  let isOver = false;
  try {
    return await within(timeoutMs, async () => {
      const client = await connect({ host, port, clientId: 'ottla-healthcheck' });
      opened.push(client);
      if (isOver) await client.close(); // it came too late, and would keep this process alive
      const { errorCode } = await client.send(ApiVersions, 0, {});
      return errorCode === 0 ? 0 : 1;
    });
  } catch (error) {
    process.stderr.write(`ottla: no broker answers at ${address}: ${(error as Error).message}\n`);
    return 1;
  } finally {
    isOver = true;
    for (const client of opened) await client.close();
  }
}

async function read(
  args: string[],
): Promise<{ address: string; host: string; port: number; timeoutMs: number } | null> {
  const command = attach(healthcheckCommand(), processTerminal());
  if (!(await parse(command, args))) return null;
  const flags = command.opts<{ timeoutMs?: string; container?: boolean }>();
  const timeoutMs = Number(flags.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  if (!(timeoutMs > 0)) throw new UsageError('--timeout-ms needs a number of milliseconds');
  const address = flags.container ? await addressHere() : (command.processedArgs as string[])[0];
  if (!/:\d+$/.test(address))
    throw new UsageError(`'${address}' is no address: write host:port, such as 127.0.0.1:9092`);
  return { address, ...parseAddress(address), timeoutMs };
}

/** Reading the configuration takes its tables, which no other health check needs. */
async function addressHere(): Promise<string> {
  const { containerAddress } = await import('./container.ts');
  const { host, port } = containerAddress(process.env);
  return `${host}:${port}`;
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
