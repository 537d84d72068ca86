/** Bytes of UTF-8 that are cut into pieces. PURE. */

/** `at`, or where the character begins that it stands in: bytes 10xxxxxx go on with one, of which none has more than four bytes. */
export function characterStart(bytes: Uint8Array, at: number): number {
  let start = at;
  while (start > at - 4 && start > 0 && (bytes[start] & 0xc0) === 0x80) start--;
  return start;
}
