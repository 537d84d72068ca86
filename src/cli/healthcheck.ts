/** `ottla healthcheck [host:port]`: asks a broker which APIs it answers, as the container's HEALTHCHECK does. */
import { ApiVersions } from '../../protocol/apis/18-api-versions.ts';
import { connect } from '../../protocol/client.ts';
import { UsageError } from './usage.ts';

const DEFAULT_ADDRESS = '127.0.0.1:9092';

export async function healthcheck(args: string[]): Promise<number> {
  const [address = DEFAULT_ADDRESS] = args;
  const match = /^\[?(.+?)\]?:(\d+)$/.exec(address);
  if (match === null) throw new UsageError(`'${address}' is no address: write host:port, such as ${DEFAULT_ADDRESS}`);
  try {
    const client = await connect({ host: match[1], port: Number(match[2]), clientId: 'ottla-healthcheck' });
    const { errorCode } = await client.send(ApiVersions, 0, {});
    await client.close();
    return errorCode === 0 ? 0 : 1;
  } catch (error) {
    process.stderr.write(`ottla: no broker answers at ${address}: ${(error as Error).message}\n`);
    return 1;
  }
}
