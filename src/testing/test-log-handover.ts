/**
 * The one place where the brokers of a test share logs, until followers copy what their leader has: the log of a partition
 * lies with the broker that leads it. A new leader has the one before close it, and moves its folder into its own directory.
 */
import { join } from 'node:path';
import type { LogState, LogHandover } from '../broker/log-handover.ts';
import type { MemoryFiles } from '../platform/memory-files.ts';

type Hosted = Parameters<LogHandover['take']>[0];

/** The broker that opened a log last. */
interface Holder {
  readonly topicId: string;
  readonly directory: string;
  readonly giveUp: () => LogState | null;
}

/** A log directory of a broker, as the start of that broker found it. */
export interface FoundDirectory {
  readonly path: string;
  partitions(): readonly { readonly name: string; readonly topicId: string | null }[];
  checkpointOf(topic: string, partition: number): LogState;
}

export class TestLogHandover implements LogHandover {
  readonly #files: MemoryFiles;
  readonly #directories: () => readonly FoundDirectory[];
  /** By folder. */
  readonly #holders = new Map<string, Holder>();

  /** `directories` are those of all brokers, the ones that are stopped among them. */
  constructor(files: MemoryFiles, directories: () => readonly FoundDirectory[]) {
    this.#files = files;
    this.#directories = directories;
  }

  take({ topic, index }: Hosted, directory: string, giveUp: () => LogState | null): LogState | null {
    const folder = `${topic.name}-${index}`;
    const holder = this.#holders.get(folder);
    this.#holders.set(folder, { topicId: topic.id, directory, giveUp });
    if (holder?.topicId === topic.id && holder.directory !== directory) {
      const state = holder.giveUp();
      if (state !== null) this.#files.rename(join(holder.directory, folder), join(directory, folder));
      if (state !== null) return state;
    }
    return this.#find(topic, index, directory);
  }

  /** Brokers that begin from a snapshot find logs where the brokers before them had them. */
  #find(topic: Hosted['topic'], index: number, directory: string): LogState | null {
    const folder = `${topic.name}-${index}`;
    if (this.#files.exists(join(directory, folder))) return null; // its own start has found it
    for (const other of this.#directories()) {
      if (!this.#files.exists(join(other.path, folder))) continue;
      if (!other.partitions().some(({ name, topicId }) => name === folder && topicId === topic.id)) continue;
      this.#files.rename(join(other.path, folder), join(directory, folder));
      return other.checkpointOf(topic.name, index);
    }
    return null;
  }
}
