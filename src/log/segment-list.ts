/** The segments of one log in their order; the last one is appended to. Makes them, and deletes their files. */
import type { LogConfig } from '../config/log-config.ts';
import type { Clock } from '../platform/clock.ts';
import type { Files } from '../platform/files.ts';
import type { Deletions } from './deletions.ts';
import { Segment } from './segment.ts';

export interface SegmentDoors {
  readonly files: Files;
  readonly clock: Clock;
  readonly deletions: Deletions;
}

export class SegmentList {
  readonly all: Segment[];
  /** Bytes in all of them, those only staged included. */
  size = 0;
  readonly #directory: string;
  readonly #doors: SegmentDoors;

  constructor(directory: string, found: Segment[], doors: SegmentDoors) {
    this.all = found;
    this.#directory = directory;
    this.#doors = doors;
    this.recount();
  }

  get active(): Segment {
    return this.all[this.all.length - 1];
  }

  add(baseOffset: number, config: LogConfig): void {
    const segment = new Segment(this.#doors.files, this.#directory, baseOffset, this.#doors.clock.now());
    if (segment.file.size() > 0) segment.file.truncate(0); // left by a start that failed half way
    if (config.preallocate) segment.file.truncate(config.segmentBytes);
    this.all.push(segment);
  }

  /** Renames the files of segments that are in the list no more, and removes them after file.delete.delay.ms. */
  remove(segments: readonly Segment[], config: LogConfig): void {
    for (const segment of segments) {
      this.size -= segment.size;
      this.#doors.deletions.renamed(config.fileDeleteDelayMs, segment.paths, () => segment.close());
    }
  }

  recount(): void {
    this.size = this.all.reduce((sum, { size }) => sum + size, 0);
  }

  close(): void {
    for (const segment of this.all) segment.close();
  }
}
