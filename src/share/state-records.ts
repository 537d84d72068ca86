/** The records of __share_group_state, in Kafka's own bytes. Pure. */
import type { RecordDraft } from '../../protocol/records/encode.ts';
import {
  ShareSnapshotKey,
  ShareSnapshotValue,
  ShareUpdateKey,
  ShareUpdateValue,
} from '../../protocol/topics/share-state.ts';
import { decodeRecordKey, decodeVersioned, encodeVersioned, recordTypeOf } from '../../protocol/versioned.ts';
import type { Snapshot, Update } from './share-partition-state.ts';
import type { StatePartitionId } from './share-state.ts';
import { StateKey } from './state-key.ts';

export interface ShareStateRecord {
  readonly key: StateKey;
  /** Null: the state is no more. */
  readonly value: Snapshot | Update | null;
}

/** `timestamp`: milliseconds since 1970. */
export function encodeState({ key, value }: ShareStateRecord, timestamp: number): RecordDraft {
  if (value !== null && !('stateEpoch' in value)) {
    return { key: key.ofUpdates(), value: encodeVersioned(ShareUpdateValue, 0, value), timestamp };
  }
  const encoded = value === null ? null : encodeVersioned(ShareSnapshotValue, 0, value);
  return { key: key.ofSnapshot(), value: encoded, timestamp };
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
      return { key: keyOf(decodeRecordKey(ShareSnapshotKey, key)), isSnapshot: true };
    case ShareUpdateKey.apiKey:
      return { key: keyOf(decodeRecordKey(ShareUpdateKey, key)), isSnapshot: false };
    default:
      return null;
  }
}

function keyOf({ groupId, ...partition }: StatePartitionId & { readonly groupId: string }): StateKey {
  return new StateKey(groupId, partition);
}

/** Null where it says nothing: an update cannot be taken back. */
export function decodeStateOf({ key, isSnapshot }: StateRecordKey, value: Uint8Array | null): ShareStateRecord | null {
  if (isSnapshot) return { key, value: value === null ? null : decodeVersioned(ShareSnapshotValue, value) };
  return value === null ? null : { key, value: decodeVersioned(ShareUpdateValue, value) };
}
