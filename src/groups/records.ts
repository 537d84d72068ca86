/** The records of __consumer_offsets that groups and offsets are kept in, in Kafka's own bytes. */
import type { RecordDraft } from '../../protocol/records/encode.ts';
import { Writer } from '../../protocol/writer.ts';
import type { GroupRecord } from './group-record.ts';
import { RECORD_FORMATS } from './kinds.ts';
import { isOffsetRecord, readOffsetRecord, writeOffsetRecord } from './offsets/records.ts';
import { readerOf } from './record-bytes.ts';

const keyWriter = new Writer();
const valueWriter = new Writer();
const FORMATS = [...new Set(RECORD_FORMATS.values())];

/** `timestamp`: milliseconds since 1970. */
export function encodeRecord(record: GroupRecord, timestamp: number): RecordDraft {
  keyWriter.reset();
  valueWriter.reset();
  const hasValue = isOffsetRecord(record)
    ? writeOffsetRecord(record, keyWriter, valueWriter)
    : RECORD_FORMATS.get(record.type)!.write(record, keyWriter, valueWriter);
  return { key: keyWriter.finish(), value: hasValue ? valueWriter.finish() : null, timestamp };
}

/** Null where the record is of a kind that is not kept here (yet): a share group's, a streams group's. */
export function decodeRecord(key: Uint8Array, value: Uint8Array | null): GroupRecord | null {
  const reader = readerOf(key);
  const kind = reader.int16();
  const valueReader = value && readerOf(value);
  const offset = readOffsetRecord(kind, reader, valueReader);
  if (offset !== null) return offset;
  for (const format of FORMATS) {
    const record = format.read(kind, reader, valueReader);
    if (record !== null) return record;
  }
  return null;
}
