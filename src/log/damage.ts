/**
 * Stretches of a log file that cannot be what was written: found when they are read, remembered while the broker runs, and
 * never given to anybody. Where one ends is found by looking for the next sound batch, byte by byte.
 */
import * as batch from '../../protocol/records/batch.ts';
import type { OpenFile } from '../platform/files.ts';

const SEARCH_BYTES = 256 * 1024;

export interface Damage {
  /** Positions in the file: of its first byte, and of the sound batch behind it (or the end). */
  readonly start: number;
  readonly end: number;
  /** Base offset of that sound batch, or -1 at the end of the file. */
  readonly nextOffset: number;
}

/** Thrown to readers that would get damaged bytes otherwise. */
export class CorruptBatchError extends Error {
  readonly damage: Damage;

  constructor(path: string, damage: Damage) {
    super(`${path} is damaged from byte ${damage.start} to ${damage.end}`);
    this.name = 'CorruptBatchError';
    this.damage = damage;
  }
}

export class DamageList {
  /** By position. */
  #list: Damage[] = [];

  get isEmpty(): boolean {
    return this.#list.length === 0;
  }

  /** The damage that `position` lies in. */
  at(position: number): Damage | null {
    return this.#list.find(({ start, end }) => start <= position && position < end) ?? null;
  }

  /** The first damage that begins in [from, to). */
  firstIn(from: number, to: number): Damage | null {
    return this.#list.find(({ start }) => start >= from && start < to) ?? null;
  }

  add(damage: Damage): void {
    this.#list = [...this.#list.filter(({ start, end }) => end <= damage.start || start >= damage.end), damage].sort(
      (a, b) => a.start - b.start,
    );
  }

  /** Forgets damage from `position` on: the file was cut there. */
  cutTo(position: number): void {
    this.#list = this.#list.filter(({ start }) => start < position);
  }
}

/** How far the damage at `start` reaches. Offsets below `leastOffset` are none of a batch behind it. */
export function extentOfDamage(file: OpenFile, start: number, fileEnd: number, leastOffset: number): Damage {
  const bytes = Buffer.allocUnsafe(Math.min(SEARCH_BYTES, Math.max(1, fileEnd - start)));
  for (let from = start + 1; from + batch.BATCH_OVERHEAD <= fileEnd; from += bytes.length - batch.BATCH_OVERHEAD + 1) {
    const length = file.read(bytes, 0, Math.min(bytes.length, fileEnd - from), from);
    for (let at = 0; at + batch.BATCH_OVERHEAD <= length; at++) {
      if (!looksLikeBatch(bytes, at, fileEnd - from - at, leastOffset)) continue;
      const size = batch.sizeInBytes(bytes, at);
      const whole = Buffer.allocUnsafe(size);
      if (file.read(whole, 0, size, from + at) === size && batch.isCrcValid(whole, 0)) {
        return { start, end: from + at, nextOffset: batch.baseOffset(whole, 0) };
      }
    }
    if (length < bytes.length || bytes.length <= batch.BATCH_OVERHEAD) break;
  }
  return { start, end: fileEnd, nextOffset: -1 };
}

function looksLikeBatch(bytes: Buffer, at: number, available: number, leastOffset: number): boolean {
  if (batch.magic(bytes, at) !== batch.CURRENT_MAGIC) return false;
  const size = batch.sizeInBytes(bytes, at);
  if (size < batch.BATCH_OVERHEAD || size > available) return false;
  return batch.baseOffset(bytes, at) >= leastOffset && batch.lastOffsetDelta(bytes, at) >= 0;
}

/**
 * Checks the batches in bytes[at, at + length), the first of which must reach `offset`: whole, sound by their CRC, and
 * one behind the other in their offsets, which the CRC leaves out, all below `endOffset`. Answers the index of the first
 * that is not, or -1.
 */
export function firstUnsound(bytes: Buffer, at: number, length: number, offset: number, endOffset: number): number {
  const end = at + length;
  let next = -1;
  for (let position = at; position < end;) {
    if (end - position < batch.BATCH_OVERHEAD || batch.magic(bytes, position) !== batch.CURRENT_MAGIC) return position;
    const size = batch.sizeInBytes(bytes, position);
    if (size < batch.BATCH_OVERHEAD || size > end - position || !batch.isCrcValid(bytes, position)) return position;
    if (batch.baseOffset(bytes, position) < next || batch.lastOffsetDelta(bytes, position) < 0) return position;
    next = batch.nextOffset(bytes, position);
    if (next > endOffset || (position === at && next <= offset)) return position;
    position += size;
  }
  return -1;
}
