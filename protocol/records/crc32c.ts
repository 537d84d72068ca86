/**
 * CRC-32C (Castagnoli), the check sum of record batches.
 */

const REVERSED_POLYNOMIAL = 0x82f63b78;

let table: Int32Array | undefined;

function makeTable(): Int32Array {
  const made = new Int32Array(8 * 256);
  for (let i = 0; i < 256; i++) {
    let crc = i;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? REVERSED_POLYNOMIAL : 0);
    made[i] = crc;
  }
  for (let i = 256; i < made.length; i++) made[i] = (made[i - 256] >>> 8) ^ made[made[i - 256] & 0xff];
  return made;
}

/** The CRC-32C of `length` bytes from `at`, as uint32. */
export function crc32c(bytes: Buffer, at: number, length: number): number {
  const t = (table ??= makeTable());
  let crc = -1;
  for (let i = at, end = at + length; i < end; i++) crc = (crc >>> 8) ^ t[(crc ^ bytes[i]) & 0xff];
  return ~crc >>> 0;
}
