/** Finds the batches of a log that one read is to give: which file, from where, how much. */
import type { OpenFile } from '../platform/files.ts';
import type { Range } from './log-options.ts';
import { PlaceMemo } from './place-memo.ts';
import type { Segment } from './segment.ts';
import { segmentIndexOf } from './segment-files.ts';

export class LogReader {
  readonly memo = new PlaceMemo();
  readonly #segments: readonly Segment[];
  readonly #range: Range = {
    file: null as unknown as OpenFile,
    position: 0,
    length: 0,
    nextOffset: 0,
    segment: null as unknown as Segment,
    offset: 0,
    endOffset: 0,
  };

  /** `segments` is the log's own, changing list. */
  constructor(segments: readonly Segment[]) {
    this.#segments = segments;
  }

  /** See Log.locate; `upTo` is `endOffset` at most. */
  locate(
    offset: number,
    upTo: number,
    endOffset: number,
    maxBytes: number,
    minOneBatch: boolean,
    skipsDamage: boolean,
  ): Range | null {
    const segments = this.#segments;
    for (let i = segmentIndexOf(segments, offset); i < segments.length; i++) {
      const segment = segments[i];
      let start = this.#positionOf(segment, offset);
      if (!segment.damage.isEmpty) start = passDamage(segment, start, offset, skipsDamage);
      if (start >= segment.size) continue; // compaction left nothing from `offset` on in this one
      const next = i + 1 < segments.length ? segments[i + 1].baseOffset : endOffset;
      const limit = upTo >= next ? segment.size : this.#positionOf(segment, upTo);
      this.#range.offset = offset;
      this.#range.endOffset = next;
      const damage = segment.damage.firstIn(start, limit);
      if (damage === null) return this.#fill(segment, start, limit, Math.min(upTo, next), maxBytes, minOneBatch);
      return this.#fill(segment, start, damage.start, -1, maxBytes, minOneBatch);
    }
    return null;
  }

  #fill(
    segment: Segment,
    start: number,
    limit: number,
    limitOffset: number,
    maxBytes: number,
    minOneBatch: boolean,
  ): Range | null {
    if (limit <= start) return null;
    let end = limit;
    let nextOffset = limitOffset;
    if (limit - start > maxBytes) {
      end = segment.boundaryBefore(start, start + maxBytes);
      if (end === start) {
        if (!minOneBatch) return null;
        end = start + segment.batchSizeAt(start);
      }
      if (end < limit) nextOffset = segment.baseOffsetAt(end);
    }
    this.memo.add(segment, nextOffset, end);
    const range = this.#range;
    range.segment = segment;
    range.file = segment.file;
    range.position = start;
    range.length = end - start;
    range.nextOffset = nextOffset < 0 ? Number.MAX_SAFE_INTEGER : nextOffset; // damage follows: who knows
    return range;
  }

  /** As Segment.positionOf, but first asks where the last reads ended. */
  #positionOf(segment: Segment, offset: number): number {
    const position = this.memo.find(segment, offset);
    return position >= 0 ? position : segment.positionOf(offset);
  }
}

/** `start`, or behind the damage that is there. @throws {CorruptBatchError} unless damage is skipped */
function passDamage(segment: Segment, start: number, offset: number, skipsDamage: boolean): number {
  let position = start;
  for (let damage; (damage = segment.damage.at(position)) !== null; position = damage.end) {
    if (!skipsDamage) throw segment.corrupt(position, offset);
  }
  return position;
}
