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
  const decoded = decodeStateKey(key);
  return decoded === null ? null : decodeStateOf(decoded, value);
}

export interface StateRecordKey {
  readonly key: ShareStateRecord['key'];
  /** Of the whole state, or of an update. */
  readonly isSnapshot: boolean;
}

/** Null where the record is of a kind of a later Kafka. */
export function decodeStateKey(key: Uint8Array): StateRecordKey | null {
  switch (recordTypeOf(key)) {
    case ShareSnapshotKey.apiKey:
      return { key: decodeRecordKey(ShareSnapshotKey, key), isSnapshot: true };
    case ShareUpdateKey.apiKey:
      return { key: decodeRecordKey(ShareUpdateKey, key), isSnapshot: false };
    default:
      return null;
  }
}

/** Null where it says nothing: an update cannot be taken back. */
export function decodeStateOf({ key, isSnapshot }: StateRecordKey, value: Uint8Array | null): ShareStateRecord | null {
  if (isSnapshot) return { key, value: value === null ? null : decodeVersioned(ShareSnapshotValue, value) };
  return value === null ? null : { key, value: decodeVersioned(ShareUpdateValue, value) };
}
