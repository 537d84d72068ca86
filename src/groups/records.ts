/** The records of __consumer_offsets that groups and offsets are kept in, in Kafka's own bytes. */
import { messageCodec } from '../../protocol/compile.ts';
import { Reader } from '../../protocol/reader.ts';
import type { RecordDraft } from '../../protocol/records/encode.ts';
import type { Draft, Fields, Message, Values } from '../../protocol/schema.ts';
import { GroupMetadataKey, GroupMetadataValue } from '../../protocol/topics/classic-group.ts';
import { LegacyOffsetCommitKey, OffsetCommitKey, OffsetCommitValue } from '../../protocol/topics/offset-commit.ts';
import { Writer } from '../../protocol/writer.ts';
import type { GroupMetadata } from './classic/state.ts';
import type { ConsumerRecord } from './consumer/records.ts';
import { readConsumerRecord, writeConsumerRecord } from './consumer/records.ts';
import type { CommittedOffset } from './offsets/group-offsets.ts';

export interface OffsetRecord {
  readonly type: 'offset';
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  /** Null: a tombstone. */
  readonly committed: CommittedOffset | null;
}

export interface GroupMetadataRecord {
  readonly type: 'group';
  readonly groupId: string;
  /** Null: a tombstone. */
  readonly metadata: GroupMetadata | null;
}

export type GroupRecord = OffsetRecord | GroupMetadataRecord | ConsumerRecord;

/** In front of each key stands the number of its kind, in front of each value its version. These are what Apache Kafka 4.3
 * writes. Of offsets, only version 1 has a time of expiry. */
const GROUP_VALUE_VERSION = 3;
const OFFSET_VALUE_VERSION = 4;
const EXPIRING_OFFSET_VALUE_VERSION = 1;

const writer = new Writer();
const valueWriter = new Writer();

/** `timestamp`: milliseconds since 1970. */
export function encodeRecord(record: GroupRecord, timestamp: number): RecordDraft {
  if (record.type === 'group') {
    const { groupId: group, metadata } = record;
    const key = encode(GroupMetadataKey.apiKey, GroupMetadataKey, 0, { group });
    const value = metadata && encode(GROUP_VALUE_VERSION, GroupMetadataValue, GROUP_VALUE_VERSION, metadata);
    return { key, value, timestamp };
  }
  if (record.type !== 'offset') {
    writer.reset();
    valueWriter.reset();
    const value = writeConsumerRecord(record, writer, valueWriter) ? valueWriter.finish() : null;
    return { key: writer.finish(), value, timestamp };
  }
  const { groupId: group, topic, partition, committed } = record;
  const key = encode(OffsetCommitKey.apiKey, OffsetCommitKey, 0, { group, topic, partition });
  if (committed === null) return { key, value: null, timestamp };
  const version = committed.expireTimestamp >= 0 ? EXPIRING_OFFSET_VALUE_VERSION : OFFSET_VALUE_VERSION;
  return { key, value: encode(version, OffsetCommitValue, version, committed), timestamp };
}

/** Null where the record is of a kind that is not kept here (yet): a share group's, a streams group's. */
export function decodeRecord(key: Uint8Array, value: Uint8Array | null): GroupRecord | null {
  const reader = readerOf(key);
  const kind = reader.int16();
  if (kind === GroupMetadataKey.apiKey) {
    const { group } = messageCodec(GroupMetadataKey, 0).decode(reader);
    return { type: 'group', groupId: group, metadata: decode(GroupMetadataValue, value) };
  }
  // The legacy key differs in its number only.
  if (kind !== OffsetCommitKey.apiKey && kind !== LegacyOffsetCommitKey.apiKey) {
    return readConsumerRecord(kind, reader, value && readerOf(value));
  }
  const { group, topic, partition } = messageCodec(OffsetCommitKey, 0).decode(reader);
  return { type: 'offset', groupId: group, topic, partition, committed: decode(OffsetCommitValue, value) };
}

function encode<F extends Fields>(prefix: number, message: Message<F>, version: number, draft: Draft<F>): Uint8Array {
  writer.reset();
  writer.int16(prefix);
  messageCodec(message, version).encode(writer, draft);
  return writer.finish();
}

function decode<F extends Fields>(message: Message<F>, value: Uint8Array | null): Values<F> | null {
  if (value === null) return null;
  const reader = readerOf(value);
  return messageCodec(message, reader.int16()).decode(reader);
}

export function readerOf(bytes: Uint8Array): Reader {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return new Reader(buffer, 0, buffer.length);
}
