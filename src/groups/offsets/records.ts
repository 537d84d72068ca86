/** The records that committed offsets are kept in, in Kafka's own bytes. */
import { messageCodec } from '../../../protocol/compile.ts';
import type { Reader } from '../../../protocol/reader.ts';
import { LegacyOffsetCommitKey, OffsetCommitKey, OffsetCommitValue } from '../../../protocol/topics/offset-commit.ts';
import type { Writer } from '../../../protocol/writer.ts';
import type { GroupRecord } from '../group-record.ts';
import { readValue, writeMessage } from '../record-bytes.ts';
import type { CommittedOffset } from './group-offsets.ts';

export interface OffsetRecord extends GroupRecord {
  readonly type: 'offset';
  readonly topic: string;
  readonly partition: number;
  /** Null: a tombstone. */
  readonly committed: CommittedOffset | null;
}

/** What Apache Kafka 4.3 writes. Only version 1 has a time of expiry. */
const VALUE_VERSION = 4;
const EXPIRING_VALUE_VERSION = 1;

export function isOffsetRecord(record: GroupRecord): record is OffsetRecord {
  return record.type === 'offset';
}

export function writeOffsetRecord({ groupId, topic, partition, committed }: OffsetRecord, key: Writer, value: Writer) {
  writeMessage(key, OffsetCommitKey.apiKey, OffsetCommitKey, 0, { group: groupId, topic, partition });
  if (committed === null) return false;
  const version = committed.expireTimestamp >= 0 ? EXPIRING_VALUE_VERSION : VALUE_VERSION;
  writeMessage(value, version, OffsetCommitValue, version, committed);
  return true;
}

/** Null where the key is of another kind. */
export function readOffsetRecord(kind: number, key: Reader, value: Reader | null): OffsetRecord | null {
  // The legacy key differs in its number only.
  if (kind !== OffsetCommitKey.apiKey && kind !== LegacyOffsetCommitKey.apiKey) return null;
  const { group, topic, partition } = messageCodec(OffsetCommitKey, 0).decode(key);
  return { type: 'offset', groupId: group, topic, partition, committed: readValue(OffsetCommitValue, value) };
}
