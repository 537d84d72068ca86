/**
 * What a log holds: its segments, where it begins and ends, its leader epochs and producers; and how its end and its front are
 * cut off. What is staged (LogAppender) must have been written before anything here is called.
 */
import type { LogConfig } from '../config/log-config.ts';
import type { EpochFile } from './epoch-file.ts';
import type { Flusher } from './flusher.ts';
import type { PlaceMemo } from './place-memo.ts';
import type { ProducerSnapshots } from './producer-snapshots.ts';
import type { ProducerState } from './producer-state.ts';
import type { SegmentList } from './segment-list.ts';
import type { Segment } from './segment.ts';
import { segmentIndexOf } from './segment-files.ts';

export interface LogParts {
  readonly directory: string;
  readonly config: LogConfig;
  readonly logStartOffset: number;
  readonly endOffset: number;
  readonly list: SegmentList;
  readonly epochs: EpochFile;
  readonly producers: ProducerState;
  readonly snapshots: ProducerSnapshots;
  readonly flusher: Flusher;
  readonly memo: PlaceMemo;
}

export class LogState {
  /** The first offset readers may ask for. */
  logStartOffset: number;
  /** The offset the next record gets. */
  endOffset: number;
  config: LogConfig;
  producers: ProducerState;
  readonly directory: string;
  readonly list: SegmentList;
  readonly epochs: EpochFile;
  readonly snapshots: ProducerSnapshots;
  readonly flusher: Flusher;
  readonly memo: PlaceMemo;

  constructor(parts: LogParts) {
    this.directory = parts.directory;
    this.config = parts.config;
    this.logStartOffset = parts.logStartOffset;
    this.endOffset = parts.endOffset;
    this.list = parts.list;
    this.epochs = parts.epochs;
    this.producers = parts.producers;
    this.snapshots = parts.snapshots;
    this.flusher = parts.flusher;
    this.memo = parts.memo;
  }

  get segments(): readonly Segment[] {
    return this.list.all;
  }

  /** Begins a new segment at the end. The old one goes to the disk in the background. */
  roll(): void {
    const { active: old } = this.list;
    const upTo = this.endOffset;
    old.seal();
    this.snapshots.take(upTo, this.producers);
    this.list.add(upTo, this.config);
    this.flusher.noteNewNames(this.directory, upTo);
    this.flusher.syncRolled(old, upTo);
  }

  /** See Log.truncateTo. */
  truncateTo(offset: number): void {
    if (offset <= this.segments[0].baseOffset) return this.truncateFullyAndStartAt(offset);
    const kept = segmentIndexOf(this.segments, offset);
    this.#deleteSegments(this.list.all.splice(kept + 1));
    const { active } = this.list;
    active.truncate(active.positionOf(offset), offset);
    this.#afterCut(offset);
  }

  truncateFullyAndStartAt(offset: number): void {
    this.#deleteSegments(this.list.all.splice(0));
    this.list.add(offset, this.config);
    this.flusher.noteNewNames(this.directory, offset);
    this.logStartOffset = offset;
    this.#afterCut(offset);
  }

  /** Forgets what lies from `position` of the active segment on, where `endOffset` begins: it did not reach the file. */
  forgetFrom(position: number, endOffset: number): void {
    const { active } = this.list;
    this.list.size -= active.size - position;
    this.endOffset = endOffset;
    active.cutTo(position, endOffset);
    this.memo.clear();
    this.epochs.truncateTo(endOffset);
  }

  /** The producers again, from the last snapshot and what is in the segments since. */
  reloadProducers(): void {
    this.producers = this.snapshots.load(this.segments, this.logStartOffset, this.endOffset);
  }

  /** Deletes the first `count` segments; readers may ask from `logStartOffset` on. */
  deleteFront(count: number, logStartOffset: number): void {
    this.#deleteSegments(this.list.all.splice(0, count));
    this.snapshots.removeBefore(this.segments[0].baseOffset);
    if (logStartOffset > this.logStartOffset) this.logStartOffset = logStartOffset;
    this.epochs.truncateFrom(this.logStartOffset);
  }

  /** See Log.replaceSegments. */
  replace(replaced: readonly Segment[], take: () => Segment): void {
    this.memo.clear();
    this.list.replace(replaced, take, this.config);
    this.snapshots.removeStray(this.segments);
  }

  #afterCut(offset: number): void {
    this.endOffset = offset;
    if (this.logStartOffset > offset) this.logStartOffset = offset;
    this.list.recount();
    this.flusher.cutTo(offset);
    this.memo.clear();
    this.epochs.truncateTo(offset);
    this.reloadProducers();
  }

  #deleteSegments(segments: readonly Segment[]): void {
    if (segments.length === 0) return;
    this.memo.clear();
    this.list.remove(segments, this.config);
  }
}
