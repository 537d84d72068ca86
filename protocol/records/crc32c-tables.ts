/**
 * CRC-32C in plain JavaScript, eight bytes a step: for a Node without WebAssembly SIMD, and for short input that lies
 * outside the WebAssembly memory.
 */

const REVERSED_POLYNOMIAL = 0x82f63b78;

let tables: Int32Array | undefined;

function makeTables(): Int32Array {
  const made = new Int32Array(8 * 256);
  for (let i = 0; i < 256; i++) {
    let crc = i;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? REVERSED_POLYNOMIAL : 0);
    made[i] = crc;
  }
  for (let i = 256; i < made.length; i++) made[i] = (made[i - 256] >>> 8) ^ made[made[i - 256] & 0xff];
  return made;
}

/** The register (begin with -1, invert at the end) moved on over `length` bytes from `at`. */
export function crcByTables(register: number, bytes: Uint8Array, at: number, length: number): number {
  const t = (tables ??= makeTables());
  const end = at + length;
  for (const last = end - 7; at < last; at += 8) {
    const low = register ^ (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24));
    register =
      t[0x700 | (low & 0xff)] ^
      t[0x600 | ((low >>> 8) & 0xff)] ^
      t[0x500 | ((low >>> 16) & 0xff)] ^
      t[0x400 | (low >>> 24)] ^
      t[0x300 | bytes[at + 4]] ^
      t[0x200 | bytes[at + 5]] ^
      t[0x100 | bytes[at + 6]] ^
      t[bytes[at + 7]];
  }
  for (; at < end; at++) register = (register >>> 8) ^ t[(register ^ bytes[at]) & 0xff];
  return register;
}
