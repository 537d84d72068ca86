/**
 * Where the records of the cluster's state are kept. One broker keeps them in a file of its own; a cluster will keep them in
 * an engine that many brokers see. A batch is one change: all of it is there afterwards, or nothing.
 */
import type { MetadataDraft, MetadataRecord } from './metadata-records.ts';

export interface MetadataBatch {
  readonly records: readonly MetadataRecord[];
  /** The offset of its last record: the image's revision after it. */
  readonly revision: number;
}

export interface MetadataStore {
  /** Every batch since the beginning, or since the state was last written anew, oldest first. Called once, at start. */
  load(): MetadataBatch[];
  /** Durable when it returns. Answers the batch as a reader will see it. Throws when the disk refuses; nothing is kept then. */
  append(records: readonly MetadataDraft[]): MetadataBatch;
  /** Replaces all batches by one with the same meaning, so that the store does not grow for ever. */
  rewrite(records: readonly MetadataDraft[], revision: number): void;
  close(): void;
}
