/**
 * Where the records of the cluster's state are kept. One broker keeps them in a file of its own; a cluster keeps them in
 * an engine that many controllers see. A batch is one change: all of it is there afterwards, or nothing. Several controllers
 * may append: each says which batch it has seen last, and is told 'conflict' where another was faster.
 */
import type { MetadataDraft, MetadataRecord } from './metadata-records.ts';

export interface MetadataBatch {
  readonly records: readonly MetadataRecord[];
  /** The offset of its last record: the image's revision after it. Offsets are dense. */
  readonly revision: number;
}

export interface MetadataStore {
  /** A commit takes long: operations that come meanwhile decide one after the other, and share the next commit. */
  readonly sharesCommits?: boolean;
  /** Every batch since the beginning, since the state was last written anew, or behind what is known already; oldest first. */
  load(): Promise<readonly MetadataBatch[]>;
  /**
   * Appends where the last batch has this revision. 'stored': the batch is durable, and those who watch are told of it
   * before the promise resolves, or later. 'conflict': there are batches behind it, which those who watch are told of;
   * nothing was appended. Rejects when the disk refuses; nothing is kept then.
   */
  append(records: readonly MetadataDraft[], expectedRevision: number): Promise<'stored' | 'conflict'>;
  /** From now on `listener` is told of every batch that is appended, by whomever, in order. Answers how to end that. */
  watch(listener: (batch: MetadataBatch) => void): () => void;
  /** Replaces all batches by one with the same meaning, so that the store does not grow for ever; at a start. */
  rewrite?(records: readonly MetadataDraft[], revision: number): Promise<void>;
  close(): Promise<void>;
}
