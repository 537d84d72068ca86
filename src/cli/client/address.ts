/** Addresses of brokers as people write them: `host`, `host:port`, `[::1]:9092`, a list with commas. */
import { UsageError } from '../usage.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export const DEFAULT_PORT = 9092;

/** The addresses of a list with commas; a listener's name in front, as in PLAINTEXT://host:9092, is passed over. */
export function parseAddresses(text: string): Address[] {
  const parts = text.split(',').map((part) => part.trim());
  return parts.filter((part) => part !== '').map(parseAddress);
}

/** One address. Throws a UsageError that shows how one is written. */
export function parseAddress(text: string): Address {
  const bare = text.trim().replace(/^[A-Za-z_]+:\/\//, '');
  const match =
    /^\[([0-9a-fA-F:.%a-z]+)\](?::(\d{1,5}))?$/.exec(bare) ??
    /^([^:\s/[\]]+)(?::(\d{1,5}))?$/.exec(bare) ??
    /^(?=.*::|(?:[^:]*:){7}[^:]*$)([0-9a-fA-F:.]+)$/.exec(bare);
  const port = Number(match?.[2] ?? DEFAULT_PORT);
  if (match === null || port === 0 || port > 65535) {
    throw new UsageError(`'${text}' is no address of a broker: write host:port, such as localhost:9092 or [::1]:9092`);
  }
  return { host: match[1], port };
}

export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
