/** The segments of one log in their order; the last one is appended to. Makes them, and deletes their files. */
import type { LogConfig } from '../config/log-config.ts';
import type { Clock } from '../platform/clock.ts';
import type { Files } from '../platform/files.ts';
import type { Logger } from '../platform/logger.ts';
import type { Deletions } from './deletions.ts';
import { Segment } from './segment.ts';

export interface SegmentListOptions {
  readonly directory: string;
  readonly files: Files;
  readonly clock: Clock;
  readonly deletions: Deletions;
  readonly logger: Logger;
}

export class SegmentList {
  readonly all: Segment[];
  /** Bytes in all of them, those only staged included. */
  size = 0;
  readonly #report: Segment['report'];
  readonly #options: SegmentListOptions;

  constructor(found: Segment[], options: SegmentListOptions) {
    this.all = found;
    this.#report = (event, facts) => options.logger.error(event, facts);
    this.#options = options;
    this.recount();
  }

  get active(): Segment {
    return this.all[this.all.length - 1];
  }

  add(baseOffset: number, config: LogConfig): void {
    const segment = new Segment(this.#options.files, this.#options.directory, baseOffset, this.#options.clock.now());
    segment.report = this.#report;
    if (segment.file.size() > 0) segment.file.truncate(0); // left by a start that failed half way
    if (config.preallocate) segment.file.truncate(config.segmentBytes);
    this.all.push(segment);
  }

  /** Renames the files of segments that are in the list no more, and removes them after file.delete.delay.ms. */
  remove(segments: readonly Segment[], config: LogConfig): void {
    for (const segment of segments) {
      this.size -= segment.size;
      segment.delete();
      this.#options.deletions.renamed(config.fileDeleteDelayMs, segment.paths, () => segment.close());
    }
  }

  /** Puts what `take` answers in the place of `replaced`, neighbours in this list. */
  replace(replaced: readonly Segment[], take: () => Segment, config: LogConfig): void {
    const first = this.all.indexOf(replaced[0]);
    this.remove(replaced, config);
    const segment = take();
    segment.report = this.#report;
    this.all.splice(first, replaced.length, segment);
    this.size += segment.size;
  }

  recount(): void {
    this.size = this.all.reduce((sum, { size }) => sum + size, 0);
  }

  close(): void {
    for (const segment of this.all) segment.close();
  }

  /** Before the log's directory is renamed; their handles stay open for those who read, until `close`. */
  delete(): void {
    for (const segment of this.all) segment.delete();
  }
}
