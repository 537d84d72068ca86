/** The records of __share_group_state, in Kafka's own bytes. Pure. */
import type { RecordDraft } from '../../protocol/records/encode.ts';
import {
  ShareSnapshotKey,
  ShareSnapshotValue,
  ShareUpdateKey,
  ShareUpdateValue,
} from '../../protocol/topics/share-state.ts';
import {
  decodeRecordKey,
  decodeVersioned,
  encodeRecordKey,
  encodeVersioned,
  recordTypeOf,
} from '../../protocol/versioned.ts';
import type { Snapshot, Update } from './share-partition-state.ts';
import type { StatePartitionId } from './share-state.ts';

export interface ShareStateRecord {
  readonly key: StatePartitionId & { readonly groupId: string };
  /** Null: the state is no more. */
  readonly value: Snapshot | Update | null;
}

/** `timestamp`: milliseconds since 1970. */
export function encodeState({ key, value }: ShareStateRecord, timestamp: number): RecordDraft {
  if (value !== null && !('stateEpoch' in value)) {
    return {
      key: encodeRecordKey(ShareUpdateKey, key),
      value: encodeVersioned(ShareUpdateValue, 0, { ...value, stateBatches: [...value.stateBatches] }),
      timestamp,
    };
  }
  const snapshotKey = encodeRecordKey(ShareSnapshotKey, key);
  if (value === null) return { key: snapshotKey, value: null, timestamp };
  const draft = { ...value, stateBatches: [...value.stateBatches] };
  return { key: snapshotKey, value: encodeVersioned(ShareSnapshotValue, 0, draft), timestamp };
}

/** Null where the record is of a kind of a later Kafka. */
export function decodeState(key: Uint8Array, value: Uint8Array | null): ShareStateRecord | null {
  switch (recordTypeOf(key)) {
    case ShareSnapshotKey.apiKey: {
      const snapshot = value === null ? null : decodeVersioned(ShareSnapshotValue, value);
      return { key: decodeRecordKey(ShareSnapshotKey, key), value: snapshot };
    }
    case ShareUpdateKey.apiKey:
      if (value === null) return null;
      return { key: decodeRecordKey(ShareUpdateKey, key), value: decodeVersioned(ShareUpdateValue, value) };
    default:
      return null;
  }
}
