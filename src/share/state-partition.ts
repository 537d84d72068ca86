/** All share partitions whose state one partition of __share_group_state holds, as its records tell. Changed by replayed records only. */
import type { CoordinatorShard } from '../coordination/coordinator-shard.ts';
import type { ReplayedRecord } from '../partitions/record-pieces.ts';
import { SharePartitionState } from './share-partition-state.ts';
import { decodeStateKey, decodeStateOf, type ShareStateRecord, type StateRecordKey } from './state-records.ts';

/** The same with the log behind it, while this broker coordinates it. */
export type ShareStateShard = CoordinatorShard<ShareStatePartition>;

export class ShareStatePartition {
  /** By the names of their keys. */
  readonly states = new Map<string, SharePartitionState>();
  /** Of the first record that is still there; -1 while there is none. */
  #startOffset = -1;
  /** Behind the last record. */
  #endOffset = 0;

  /** `writtenMs`: milliseconds since 1970. */
  replay({ key, value }: ShareStateRecord, offset: number, writtenMs: number): void {
    const { name } = key;
    if (this.#startOffset === -1) this.#startOffset = offset;
    this.#endOffset = offset + 1;
    if (value === null) this.states.delete(name);
    else if ('stateEpoch' in value) {
      this.states.set(name, new SharePartitionState(key, value, offset, this.states.get(name)?.fencingEpoch));
    } else this.states.get(name)?.update(value, writtenMs);
  }

  /** The same from the log, record by record. Kinds of records it does not know are passed over. */
  reader(): (record: ReplayedRecord) => void {
    // Thousands of records have the same key: it is decoded once.
    const keys = new Map<string, StateRecordKey | null>();
    return ({ key, value, offset, timestamp }) => {
      if (key === null) return;
      const bytes = key.toString('latin1');
      let known = keys.get(bytes);
      if (known === undefined) keys.set(bytes, (known = decodeStateKey(key)));
      const record = known === null ? null : decodeStateOf(known, value);
      if (record !== null) this.replay(record, offset, timestamp);
    };
  }

  /** No snapshot that counts lies before it, and no update of one: what does says nothing that is not said again. */
  firstNeededOffset(): number {
    let first = this.#endOffset;
    for (const { snapshotOffset } of this.states.values()) first = Math.min(first, snapshotOffset);
    return first;
  }

  /** What lies before has been deleted. */
  pruned(startOffset: number): void {
    this.#startOffset = startOffset;
  }

  /** More records than one for each state. */
  get hasNeedless(): boolean {
    const first = this.firstNeededOffset();
    return first > this.#startOffset || this.#endOffset - first > this.states.size;
  }
}
