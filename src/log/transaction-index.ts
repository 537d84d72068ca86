/**
 * The `.txnindex` of a segment: the aborted transactions whose markers lie in it, in the order of the markers, so that
 * Fetch can tell read_committed consumers what to pass over (KIP-98). 34 bytes each: version int16, then producerId,
 * firstOffset, lastOffset (of the marker) and lastStableOffset as int64. Without aborted transactions there is no file.
 */
import { readInt16, readInt53, writeInt16, writeInt53 } from '../../protocol/records/batch.ts';
import type { Files } from '../platform/files.ts';
import type { CompletedTransaction, ProducerState } from './producer-state.ts';

const VERSION = 0;
export const TRANSACTION_ENTRY_BYTES = 34;

export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
  /** Of its marker. */
  readonly lastOffset: number;
  /** Where read_committed readers had come to when it ended: no earlier transaction ends behind it. */
  readonly lastStableOffset: number;
}

const NONE: readonly AbortedTransaction[] = [];

export class TransactionIndex {
  readonly path: string;
  /** Whether entries were written that fdatasync has not confirmed. */
  dirty = false;
  readonly #files: Files;
  /** Bytes in the file as found or written. */
  #size: number;
  /** Null until asked for: most segments have none, and old ones are hardly read. */
  #entries: AbortedTransaction[] | null = null;

  /** `size` is that of the file as found, 0 or less where there is none. */
  constructor(files: Files, path: string, size: number) {
    this.#files = files;
    this.path = path;
    this.#size = Math.max(0, size);
  }

  get entries(): readonly AbortedTransaction[] {
    return this.#size === 0 ? NONE : (this.#entries ??= this.#load());
  }

  get bytes(): number {
    return this.#size;
  }

  /** Whether the file cannot be what was written: the log has to tell. */
  get isBroken(): boolean {
    if (this.#size % TRANSACTION_ENTRY_BYTES !== 0) return true;
    if (this.#size === 0) return false;
    const bytes = this.#files.readAll(this.path);
    for (let at = 0; at < bytes.length; at += TRANSACTION_ENTRY_BYTES)
      if (readInt16(bytes, at) !== VERSION) return true;
    return false;
  }

  /** Takes note of a transaction that has ended in this segment, if it was aborted. `producers` has seen its marker. */
  note(ended: CompletedTransaction | null, producers: ProducerState): void {
    const aborted = abortedTransaction(ended, producers);
    if (aborted !== null) this.append([aborted]);
  }

  /** Written at once: there are few, and a lost one would show a reader what was taken back. */
  append(added: readonly AbortedTransaction[]): void {
    if (added.length === 0) return;
    const entries = this.#size === 0 ? [] : (this.#entries ?? this.#load());
    const bytes = encode(added);
    const file = this.#files.open(this.path, 'write');
    try {
      file.write(bytes, 0, bytes.length, this.#size);
    } finally {
      file.close();
    }
    for (const entry of added) entries.push(entry);
    this.#entries = entries;
    this.#size += bytes.length;
    this.dirty = true;
  }

  /** Forgets transactions whose markers lie at `offset` or behind. */
  truncateTo(offset: number): void {
    if (this.#size === 0) return;
    const kept = this.entries.filter((entry) => entry.lastOffset < offset);
    if (kept.length === this.entries.length) return;
    this.#entries = kept;
    this.#cut(kept.length * TRANSACTION_ENTRY_BYTES);
  }

  /** Forgets all, whatever the file holds. */
  reset(): void {
    this.#entries = null;
    if (this.#size > 0) this.#cut(0);
  }

  sync(): void {
    if (!this.dirty) return;
    const file = this.#files.open(this.path, 'write');
    try {
      file.sync();
      this.dirty = false;
    } finally {
      file.close();
    }
  }

  async syncLater(): Promise<void> {
    if (!this.dirty) return;
    this.dirty = false;
    const file = this.#files.open(this.path, 'write');
    try {
      await file.syncLater();
    } catch (error) {
      this.dirty = true;
      throw error;
    } finally {
      file.close();
    }
  }

  #cut(size: number): void {
    const file = this.#files.open(this.path, 'write');
    try {
      file.truncate(size);
    } finally {
      file.close();
    }
    this.#size = size;
    this.dirty = true;
  }

  #load(): AbortedTransaction[] {
    const bytes = this.#files.readAll(this.path);
    const entries: AbortedTransaction[] = [];
    for (
      let at = 0;
      at + TRANSACTION_ENTRY_BYTES <= Math.min(bytes.length, this.#size);
      at += TRANSACTION_ENTRY_BYTES
    ) {
      if (readInt16(bytes, at) !== VERSION)
        throw new Error(`${this.path} has an entry of a version other than ${VERSION}`);
      entries.push({
        producerId: readInt53(bytes, at + 2),
        firstOffset: readInt53(bytes, at + 10),
        lastOffset: readInt53(bytes, at + 18),
        lastStableOffset: readInt53(bytes, at + 26),
      });
    }
    return entries;
  }
}

/** What an index says of a transaction that has ended, null where it was committed. `producers` has seen its marker. */
export function abortedTransaction(
  ended: CompletedTransaction | null,
  producers: ProducerState,
): AbortedTransaction | null {
  if (ended === null || !ended.isAborted) return null;
  const { producerId, firstOffset, lastOffset } = ended;
  const unstable = producers.firstUndecidedOffset;
  return { producerId, firstOffset, lastOffset, lastStableOffset: unstable < 0 ? lastOffset + 1 : unstable };
}

function encode(entries: readonly AbortedTransaction[]): Buffer {
  const bytes = Buffer.allocUnsafe(entries.length * TRANSACTION_ENTRY_BYTES);
  for (const [i, entry] of entries.entries()) {
    const at = i * TRANSACTION_ENTRY_BYTES;
    writeInt16(bytes, at, VERSION);
    writeInt53(bytes, at + 2, entry.producerId);
    writeInt53(bytes, at + 10, entry.firstOffset);
    writeInt53(bytes, at + 18, entry.lastOffset);
    writeInt53(bytes, at + 26, entry.lastStableOffset);
  }
  return bytes;
}

/** What abortedTransactionsIn needs of a segment. */
export interface IndexedSegment {
  readonly baseOffset: number;
  readonly transactions: Pick<TransactionIndex, 'entries'>;
}

/**
 * The aborted transactions that may have records in [from, upTo), by their first offsets: clients take them up in that
 * order as they go through the batches. `first` is the index of the segment `from` lies in.
 */
export function abortedTransactionsIn(
  segments: readonly IndexedSegment[],
  first: number,
  from: number,
  upTo: number,
): readonly AbortedTransaction[] {
  let found: AbortedTransaction[] | null = null;
  for (let i = first; i < segments.length; i++) {
    const { entries } = segments[i].transactions;
    for (let at = firstEndingFrom(entries, from); at < entries.length; at++) {
      const entry = entries[at];
      if (entry.firstOffset < upTo) (found ??= []).push(entry);
      // Whatever ends later began behind this point.
      if (entry.lastStableOffset >= upTo) return sorted(found);
    }
  }
  return sorted(found);
}

/** The first that ends at `offset` or behind: a consumer that goes through a log asks for each piece of it. */
function firstEndingFrom(entries: readonly AbortedTransaction[], offset: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (entries[middle].lastOffset < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function sorted(found: AbortedTransaction[] | null): readonly AbortedTransaction[] {
  return found === null ? NONE : found.sort((a, b) => a.firstOffset - b.firstOffset);
}
