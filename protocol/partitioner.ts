/** Which partition a key belongs to: the same as with Java's clients, so that all producers agree. */

/** MurmurHash2 of 32 bits with Kafka's seed, as a signed number. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length;
  const wholes = length & ~3;
  let hash = 0x9747b28c ^ length;
  for (let at = 0; at < wholes; at += 4) {
    let word = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    word = Math.imul(word, MULTIPLIER);
    word ^= word >>> 24;
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(word, MULTIPLIER);
  }
  let tail = 0;
  for (let at = length - 1; at >= wholes; at--) tail = (tail << 8) | bytes[at];
  if (wholes < length) hash = Math.imul(hash ^ tail, MULTIPLIER);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, MULTIPLIER);
  return hash ^ (hash >>> 15);
}

const MULTIPLIER = 0x5bd1e995;

/** The partition that Kafka's clients choose for a key: murmur2, without its sign. */
export function partitionOfKey(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}
