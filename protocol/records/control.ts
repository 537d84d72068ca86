/**
 * Control records: what brokers write between the records of producers, in batches with the control bit. The key
 * says which kind; consumers skip them all.
 */
import type { Record, RecordDraft } from './record.ts';

/** By the type in their key. The last five live in the metadata log only. */
export const ControlRecordType = {
  ABORT: 0,
  COMMIT: 1,
  LEADER_CHANGE: 2,
  SNAPSHOT_HEADER: 3,
  SNAPSHOT_FOOTER: 4,
  KRAFT_VERSION: 5,
  KRAFT_VOTERS: 6,
} as const;

export type ControlRecordName = keyof typeof ControlRecordType;

const names = Object.keys(ControlRecordType) as ControlRecordName[];

const KEY_SIZE = 4; // version int16, type int16
const MARKER_SIZE = 6; // version int16, coordinatorEpoch int32: consumers since KIP-98 read both

/** The kind of a control record by its key; null for kinds of a later Kafka, which readers must skip. */
export function controlRecordName(key: Uint8Array | null): ControlRecordName | null {
  if (key === null || key.length < KEY_SIZE) return null;
  return names[(key[2] << 8) | key[3]] ?? null;
}

/** The record that ends a transaction in a partition (KIP-98). Its batch is transactional and a control batch. */
export function endTxnMarker(type: 'ABORT' | 'COMMIT', coordinatorEpoch: number, timestamp: number): RecordDraft {
  const key = Buffer.alloc(KEY_SIZE);
  key.writeInt16BE(ControlRecordType[type], 2);
  const value = Buffer.alloc(MARKER_SIZE);
  value.writeInt32BE(coordinatorEpoch, 2);
  return { key, value, timestamp };
}

/** What a control record says if it ends a transaction, null for other kinds and for a marker cut short. */
export function readEndTxnMarker(
  record: Pick<Record, 'key' | 'value'>,
): { type: 'ABORT' | 'COMMIT'; coordinatorEpoch: number } | null {
  const type = controlRecordName(record.key);
  if (type !== 'ABORT' && type !== 'COMMIT') return null;
  if (record.value === null || record.value.length < MARKER_SIZE) return null;
  return { type, coordinatorEpoch: record.value.readInt32BE(2) };
}
