/**
 * The last offset of every key in the part of a log that is being compacted, in memory that is fixed from the start: 24
 * bytes a key, however long keys are. PURE.
 */
import { hashKey, HASH_WORDS, type HashSeed } from './key-hash.ts';

export const SLOT_BYTES = HASH_WORDS * 4 + 8;

export class OffsetMap {
  /** Keys in here. */
  size = 0;
  /** The last offset the map has seen; what lies behind it stays in the log. */
  latestOffset = -1;
  readonly slots: number;
  readonly #maxSize: number;
  readonly #hashes: Int32Array;
  /** One more than the offset; 0 where the slot is free. */
  readonly #offsets: Float64Array;
  readonly #seed: HashSeed;
  readonly #hash = new Int32Array(HASH_WORDS);

  /** Room for `keys` keys, or as many as fit `maxBytes` filled up to `loadFactor` (0 to 1). */
  constructor(keys: number, maxBytes: number, loadFactor: number, seed: HashSeed) {
    const most = Math.max(1, Math.floor(maxBytes / SLOT_BYTES));
    this.slots = Math.min(most, Math.ceil(Math.max(1, keys) / loadFactor) + 1);
    this.#maxSize = Math.max(1, Math.min(this.slots - 1, Math.floor(this.slots * loadFactor)));
    this.#hashes = new Int32Array(this.slots * HASH_WORDS);
    this.#offsets = new Float64Array(this.slots);
    this.#seed = seed;
  }

  get bytes(): number {
    return this.slots * SLOT_BYTES;
  }

  /** Whether `put` may be refused. */
  get isFull(): boolean {
    return this.size >= this.#maxSize;
  }

  /** Notes that a record with the key lies at `offset`, behind all before; false when there is no room for another. */
  put(bytes: Uint8Array, at: number, length: number, offset: number): boolean {
    if (this.isFull) return false;
    const slot = this.#find(bytes, at, length);
    if (this.#offsets[slot] === 0) {
      this.#hashes.set(this.#hash, slot * HASH_WORDS);
      this.size++;
    }
    this.#offsets[slot] = offset + 1;
    return true;
  }

  /** The last offset with this key, or -1. */
  get(bytes: Uint8Array, at: number, length: number): number {
    return this.#offsets[this.#find(bytes, at, length)] - 1;
  }

  /** The slot of the key, or the free one where it belongs; there always is one. */
  #find(bytes: Uint8Array, at: number, length: number): number {
    const hash = this.#hash;
    hashKey(bytes, at, length, this.#seed, hash);
    let slot = (hash[0] >>> 0) % this.slots;
    while (this.#offsets[slot] !== 0 && !this.#isAt(slot)) slot = slot + 1 === this.slots ? 0 : slot + 1;
    return slot;
  }

  #isAt(slot: number): boolean {
    const hashes = this.#hashes;
    const hash = this.#hash;
    const at = slot * HASH_WORDS;
    return (
      hashes[at] === hash[0] && hashes[at + 1] === hash[1] && hashes[at + 2] === hash[2] && hashes[at + 3] === hash[3]
    );
  }
}
