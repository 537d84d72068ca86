/** Hosts of ACLs that are blocks of addresses, as 10.0.0.0/8 (CIDR, KIP-1276). */
import { parseAddress } from '../../../protocol/address.ts';

export interface HostBlock {
  readonly address: Buffer;
  readonly prefixBits: number;
}

/** metadata.version 4.4-IV1: before it Kafka stores such hosts as text, which no address equals. */
export const BLOCKS_SINCE = 32;

export function isBlockText(host: string): boolean {
  return host.includes('/');
}

/** Null for text that is none. */
export function parseBlock(text: string): HostBlock | null {
  const [, host, length] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const address = host === undefined ? null : parseAddress(host);
  if (address === null) return null;
  const prefixBits = Number(length);
  return prefixBits > address.length * 8 ? null : { address, prefixBits };
}

export function isIn({ address, prefixBits }: HostBlock, host: Uint8Array): boolean {
  if (host.length !== address.length) return false;
  const whole = prefixBits >> 3;
  for (let at = 0; at < whole; at++) if (host[at] !== address[at]) return false;
  const rest = 8 - (prefixBits & 7);
  return rest === 8 || host[whole] >> rest === address[whole] >> rest;
}
