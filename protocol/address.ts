/** Internet addresses as bytes, as Java's InetAddress has them, and as text. */

const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;
const GROUP = /^[0-9a-f]{1,4}$/i;
const GROUPS = 8;
const IPV4_BYTES = 4;

/** 4 or 16 bytes; null for text that is no address. The zone of a link-local address does not count. */
export function parseAddress(text: string): Buffer | null {
  if (!text.includes(':')) return parseIpv4(text);
  const [address] = text.split('%');
  const halves = address.split('::');
  if (halves.length > 2) return null;
  const first = groupsOf(halves[0]);
  const last = halves.length === 1 ? [] : groupsOf(halves[1]);
  if (first === null || last === null) return null;
  const count = first.length + last.length;
  if (halves.length === 1 ? count !== GROUPS : count >= GROUPS) return null;
  const bytes = Buffer.alloc(GROUPS * 2);
  for (const [i, group] of first.entries()) bytes.writeUInt16BE(group, i * 2);
  for (const [i, group] of last.entries()) bytes.writeUInt16BE(group, (GROUPS - last.length + i) * 2);
  return bytes;
}

/** As Java's getHostAddress writes it: of 16 bytes all groups, none shortened. */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === IPV4_BYTES) return bytes.join('.');
  const groups: string[] = [];
  for (let at = 0; at < bytes.length; at += 2) groups.push(((bytes[at] << 8) | bytes[at + 1]).toString(16));
  return groups.join(':');
}

function parseIpv4(text: string): Buffer | null {
  const parts = IPV4.exec(text)?.slice(1).map(Number);
  return parts === undefined || parts.some((part) => part > 255) ? null : Buffer.from(parts);
}

/** An IPv4 address at the end of an IPv6 one is two groups. */
function groupsOf(half: string): number[] | null {
  if (half === '') return [];
  const parts = half.split(':');
  const last = parseIpv4(parts.at(-1)!);
  const hex = last === null ? parts : parts.slice(0, -1);
  if (!hex.every((part) => GROUP.test(part))) return null;
  const groups = hex.map((part) => Number.parseInt(part, 16));
  return last === null ? groups : [...groups, last.readUInt16BE(0), last.readUInt16BE(2)];
}
