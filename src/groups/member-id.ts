/** New member ids as Kafka makes them: the instance or client id, a dash, and a uuid as Java prints it. */
import type { Random } from '../platform/random.ts';

export function newMemberId(clientId: string, groupInstanceId: string | null, random: Random): string {
  const bytes = Buffer.alloc(16);
  random.fill(bytes);
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  const uuid = [0, 8, 12, 16, 20].map((at, i, all) => hex.slice(at, all[i + 1])).join('-');
  return `${groupInstanceId ?? clientId}-${uuid}`;
}
