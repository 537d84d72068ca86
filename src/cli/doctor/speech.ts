/** What speaks at the other end, told from the first bytes it says to a Kafka client. */
import type { Talk } from '../../platform/probe.ts';

/** Of the request that `greeting` holds. */
const CORRELATION_ID = 0x6f74746c;

/** An ApiVersions request of version 0, with its size in front: every broker answers it, before any sign-in. */
export function greeting(): Buffer {
  const bytes = Buffer.alloc(20);
  bytes.writeInt32BE(16, 0);
  bytes.writeInt16BE(18, 4);
  bytes.writeInt16BE(0, 6);
  bytes.writeInt32BE(CORRELATION_ID, 8);
  bytes.writeInt16BE(6, 12);
  bytes.write('doctor', 14);
  return bytes;
}

export type Speech = 'kafka' | 'http' | 'tls' | 'ssh' | 'postgres' | 'redis' | 'other' | 'closed' | 'reset' | 'silent';

export function speechOf({ bytes, end }: Pick<Talk, 'bytes' | 'end'>): Speech {
  if (bytes.length === 0) return end === 'answered' ? 'closed' : end;
  if (bytes.length >= 8 && bytes.readInt32BE(4) === CORRELATION_ID) return 'kafka';
  const text = bytes.toString('latin1');
  if (/^HTTP\/|^<(!DOCTYPE|html)/i.test(text)) return 'http';
  if (bytes.length >= 3 && (bytes[0] === 0x15 || bytes[0] === 0x16) && bytes[1] === 3) return 'tls';
  if (text.startsWith('SSH-')) return 'ssh';
  if (/^-(ERR|NOAUTH)/.test(text)) return 'redis';
  if (/^E\0\0\0|^N$/.test(text)) return 'postgres';
  return 'other';
}
