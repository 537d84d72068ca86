/** The `cleaner-offset-checkpoint` of a log directory: up to where each of its logs has been compacted. */
import { join } from 'node:path';
import type { Files } from '../../platform/files.ts';
import { decodeOffsetCheckpoint, encodeOffsetCheckpoint } from '../offset-checkpoint.ts';

const NAME = 'cleaner-offset-checkpoint';

export class CleanerCheckpoint {
  readonly #files: Files;
  readonly #path: string;
  readonly #offsets: Map<string, number>;
  /** Which topic an offset is of; from the file it is not known, and the first to ask has it. */
  readonly #topicIds = new Map<string, string>();

  constructor(files: Files, logDirectory: string) {
    this.#files = files;
    this.#path = join(logDirectory, NAME);
    const text = files.exists(this.#path) ? files.readAll(this.#path).toString('latin1') : '';
    this.#offsets = decodeOffsetCheckpoint(text) ?? new Map();
  }

  /** `name` is `<topic>-<partition>`. A topic made again under its old name has none. */
  get(name: string, topicId: string): number | null {
    const known = this.#topicIds.get(name);
    if (known !== undefined && known !== topicId) this.#offsets.delete(name);
    this.#topicIds.set(name, topicId);
    return this.#offsets.get(name) ?? null;
  }

  /**
   * Notes how far a log is compacted, and forgets logs that are not among `names` any more. Not synced: from an older
   * file more is compacted again, nothing less.
   */
  set(name: string, offset: number, names: ReadonlySet<string>): void {
    this.#offsets.set(name, offset);
    for (const known of this.#offsets.keys()) {
      if (names.has(known)) continue;
      this.#offsets.delete(known);
      this.#topicIds.delete(known);
    }
    this.#files.replace(this.#path, encodeOffsetCheckpoint(this.#offsets), false);
  }
}
